package bot

import (
	"net"
	"net/http"
	"time"
)

// HTTPClient returns the client for the Bot API. It keeps as many connections as the sender
// has calls under way, and its timeout is above the longest that Telegram holds a poll.
func HTTPClient() *http.Client {
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
