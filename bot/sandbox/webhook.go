package sandbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/mymmrac/telego"
)

// Limits of webhooks: the first three by the Bot API, the others those of telegram-bot-api's
// WebhookActor.
const (
	maxConnections     = 100
	maxSecret          = 256
	defaultConnections = 40
	maxResendDelay     = 60 * time.Second
	deliveryTimeout    = 60 * time.Second
)

var secretToken = regexp.MustCompile(`^[A-Za-z0-9_-]*$`)

// webhookSlot is where a bot's webhook is, if it has one.
type webhookSlot struct {
	mu   sync.Mutex
	hook *webhook
}

// webhook delivers a bot's updates by requests to its URL: those of one chat in order, those
// of different chats side by side.
type webhook struct {
	server *Server
	bot    *bot
	client *http.Client

	url, secret, ip string
	certificate     bool
	connections     int

	cancel context.CancelFunc
	done   chan struct{} // closed when all deliveries have ended

	mu        sync.Mutex
	lanes     map[int64]*lane // by chat: busy, or waiting after a failure
	lastError string
	errorDate int64 // Unix time
}

// lane is the way of one chat's updates.
type lane struct {
	busy     bool
	until    time.Time // not before
	delay    time.Duration
	failures int
}

func (c *call) setWebhook() (any, error) {
	to := c.text("url")
	if to == "" {
		return c.deleteWebhook()
	}
	h, err := c.newWebhook(to)
	if err != nil {
		return nil, err
	}
	slot := &c.bot.hook
	slot.mu.Lock()
	defer slot.mu.Unlock()
	slot.end()
	c.bot.updates.allow(c.text("allowed_updates"))
	c.bot.updates.hookUp(true, c.boolean("drop_pending_updates"))
	if err := h.start(); err != nil {
		return nil, err
	}
	slot.hook = h
	return described{true, "Webhook was set"}, nil
}

// newWebhook checks the parameters of setWebhook.
func (c *call) newWebhook(to string) (*webhook, error) {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, badRequest("invalid webhook URL specified")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, badRequest("bad webhook: An HTTPS URL must be provided for webhook")
	}
	if port := u.Port(); port != "" && !slices.Contains([]string{"80", "88", "443", "8443"}, port) && !loopback(u.Hostname()) {
		return nil, badRequest("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
	}
	secret := c.text("secret_token")
	switch {
	case len(secret) > maxSecret:
		return nil, badRequest("secret token is too long")
	case !secretToken.MatchString(secret):
		return nil, badRequest("secret token contains unallowed characters")
	}
	n := int(min(max(c.integer("max_connections", defaultConnections), 1), maxConnections))
	transport := &http.Transport{MaxConnsPerHost: n, MaxIdleConnsPerHost: n, IdleConnTimeout: time.Minute}
	if cert := c.files["certificate"]; cert != nil {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(cert.data) {
			return nil, badRequest("bad webhook: Failed to set custom certificate file")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return &webhook{
		server: c.server, bot: c.bot,
		client: &http.Client{
			Transport: transport, Timeout: deliveryTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		url: to, secret: secret, ip: c.text("ip_address"), certificate: c.files["certificate"] != nil, connections: n,
		done: make(chan struct{}), lanes: map[int64]*lane{},
	}, nil
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func (c *call) deleteWebhook() (any, error) {
	slot := &c.bot.hook
	slot.mu.Lock()
	defer slot.mu.Unlock()
	had := slot.hook != nil
	slot.end()
	c.bot.updates.hookUp(false, c.boolean("drop_pending_updates"))
	if had {
		return described{true, "Webhook was deleted"}, nil
	}
	return described{true, "Webhook is already deleted"}, nil
}

func (c *call) getWebhookInfo() (any, error) {
	slot := &c.bot.hook
	slot.mu.Lock()
	defer slot.mu.Unlock()
	info := telego.WebhookInfo{PendingUpdateCount: c.bot.updates.len(), AllowedUpdates: c.bot.updates.allowedKinds()}
	if h := slot.hook; h != nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		info.URL, info.HasCustomCertificate, info.IPAddress = h.url, h.certificate, h.ip
		info.MaxConnections = h.connections
		info.LastErrorDate, info.LastErrorMessage = h.errorDate, h.lastError
	}
	return info, nil
}

// end stops the webhook, if there is one, and waits for its deliveries.
func (s *webhookSlot) end() {
	if s.hook != nil {
		s.hook.cancel()
		<-s.hook.done
		s.hook = nil
	}
}

// hookUp says whether a webhook takes the updates; it ends the long poll where one does.
func (q *updates) hookUp(hooked, dropPending bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.hooked = hooked
	if hooked {
		q.end(conflict("terminated by setWebhook request"))
	}
	if dropPending {
		q.drop(len(q.waiting))
		q.echoes, q.late = nil, nil
	}
	q.signal()
}

func (q *updates) allowedKinds() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.allowed
}

// start makes the webhook deliver, until its end or the server's.
func (h *webhook) start() error {
	s := h.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return &Error{500, "Internal Server Error: restart"}
	}
	ctx, cancel := context.WithCancel(s.ctx)
	h.cancel = cancel
	s.running.Add(1)
	go h.run(ctx)
	return nil
}
