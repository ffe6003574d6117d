package bot

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/mymmrac/telego"

	"okolo/bot/sender"
)

// API is a client of the Bot API.
type API struct {
	*telego.Bot
	updates *updatesCaller
}

// NewAPI makes the client of the Bot API at a server; empty: Telegram's own. It asks nothing
// yet. Its errors never hold the token.
func NewAPI(token, server string) (*API, error) {
	updates := &updatesCaller{next: &sender.Caller{Client: httpClient()}}
	options := []telego.BotOption{telego.WithDiscardLogger(), telego.WithAPICaller(updates)}
	if server != "" {
		options = append(options, telego.WithAPIServer(server))
	}
	api, err := telego.NewBot(token, options...)
	if err != nil {
		return nil, fmt.Errorf("make the client of the Bot API: %w", err)
	}
	return &API{api, updates}, nil
}

// httpClient keeps as many connections as the sender has calls under way; its timeout is
// above the longest that Telegram holds a poll.
func httpClient() *http.Client {
	return &http.Client{
		Timeout: 2 * pollWait,
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			MaxIdleConns:          128,
			MaxIdleConnsPerHost:   128,
			IdleConnTimeout:       90 * time.Second,
			TLSHandshakeTimeout:   10 * time.Second,
			ForceAttemptHTTP2:     true,
			ResponseHeaderTimeout: pollWait + 15*time.Second,
		},
	}
}
