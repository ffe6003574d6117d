package main

import (
	"fmt"
	"net/url"

	"okolo/bot"
)

// webhookSettings say how Telegram brings updates by itself.
type webhookSettings struct {
	WebhookURL         string `env:"WEBHOOK_URL" mask:"url" placeholder:"URL" help:"Where Telegram brings the updates, at a proxy that passes them on to WEBHOOK_LISTEN, the path included. Without it they are fetched." name:"webhook-url"`
	WebhookListen      string `env:"WEBHOOK_LISTEN" default:"127.0.0.1:8082" placeholder:"HOST:PORT" help:"Where updates are taken that Telegram brings, once this process owns the bot."`
	WebhookSecret      string `env:"WEBHOOK_SECRET" mask:"all" placeholder:"SECRET" help:"What Telegram proves itself by with each update (16 to 256 of A-Z, a-z, 0-9, _ and -). Default: a new one with every start."`
	WebhookConnections int    `env:"WEBHOOK_CONNECTIONS" default:"40" placeholder:"N" help:"Most updates that Telegram brings at a time (1 to 100)."`
}

// telegramPorts are those to which Telegram brings updates. A Bot API server of one's own takes any
// address.
var telegramPorts = map[string]bool{"": true, "443": true, "80": true, "88": true, "8443": true}

// config checks the settings; ownServer says that the Bot API is not Telegram's own.
func (s webhookSettings) config(ownServer bool) (bot.Webhook, error) {
	if s.WebhookSecret != "" {
		if err := bot.CheckSecret(s.WebhookSecret); err != nil {
			return bot.Webhook{}, usageError{fmt.Sprintf("WEBHOOK_SECRET cannot be used: %v.", err)}
		}
	}
	if err := within("WEBHOOK_CONNECTIONS", s.WebhookConnections, 1, bot.MaxWebhookConnections); err != nil {
		return bot.Webhook{}, err
	}
	if err := checkListen("WEBHOOK_LISTEN", s.WebhookListen, true); err != nil {
		return bot.Webhook{}, err
	}
	if s.WebhookURL == "" {
		return bot.Webhook{}, nil
	}
	u, err := url.Parse(s.WebhookURL)
	if err != nil || !isWebAddress(s.WebhookURL) || u.RawQuery != "" || u.Fragment != "" {
		return bot.Webhook{}, usageError{"WEBHOOK_URL is not an address that updates can be brought to: it should look like https://bot.example.org/okolo."}
	}
	if !ownServer && (u.Scheme != "https" || !telegramPorts[u.Port()]) {
		return bot.Webhook{}, usageError{"WEBHOOK_URL is not an address that Telegram brings updates to: it begins with https, and its port is 443, 80, 88 or 8443."}
	}
	return bot.Webhook{URL: s.WebhookURL, Listen: s.WebhookListen, Secret: s.WebhookSecret, Connections: s.WebhookConnections}, nil
}
