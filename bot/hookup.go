package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/mymmrac/telego"
	"golang.org/x/net/netutil"

	"okolo/persistence/model"
)

const (
	// maxConns is the most connections to the webhook's server, those of strangers included.
	maxConns = 512
	// webhookLook is the time between two looks at whether the webhook is still set.
	webhookLook = 10 * time.Second
)

// errNotSet is why a bot with a webhook that has just started is not ready.
var errNotSet = errors.New("the webhook is not set yet")

// listen handles what the inbox has, and then takes what Telegram brings, until ctx is done. It
// returns when every request has been answered; to end the sessions meanwhile has those answered
// whose updates do not settle.
func (w *webhook) listen(ctx context.Context) error {
	if !w.bot.inbox.recover(ctx) {
		return interrupted(ctx)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", w.Listen)
	if err != nil {
		return fmt.Errorf("listen for the webhook: %w", err)
	}
	server := &http.Server{
		Handler: w, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: answerWithin + 15*time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(w.bot.Logger.Handler(), slog.LevelDebug),
	}
	w.bot.Logger.Info("listening for the webhook", "address", listener.Addr())
	served := make(chan error, 1)
	go func() { served <- server.Serve(netutil.LimitListener(listener, maxConns)) }()
	attending, stop := context.WithCancel(ctx)
	attended := make(chan error, 1)
	go func() { attended <- w.attend(attending) }()
	select {
	case err = <-served:
		stop()
		<-attended
	case err = <-attended: // ctx is done, or it is of no use
		stop()
		err = errors.Join(err, server.Shutdown(context.WithoutCancel(ctx))) // each request ends by itself
		<-served
	}
	if err != nil {
		return fmt.Errorf("serve the webhook: %w", err)
	}
	return nil
}

// interrupted is why handling the inbox came to no end: nil where ctx is done.
func interrupted(ctx context.Context) error {
	if ctx.Err() != nil {
		return nil
	}
	return model.ErrDeposed
}

// attend sets the webhook, and looks whether it stays, until ctx is done. The webhook is left set at
// the end: what comes meanwhile waits at Telegram for the next process.
func (w *webhook) attend(ctx context.Context) error {
	pause := time.Duration(0)
	for ctx.Err() == nil {
		err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case isUnauthorized(err):
			return fmt.Errorf("%w: %w", ErrUnauthorized, err)
		case err != nil:
			if pause == 0 || pause == webhookLook {
				w.bot.Logger.Warn("the webhook could not be set, will try again", "error", err)
				pause = 0
			}
			pause = min(max(2*pause, 250*time.Millisecond), pollBackOff)
		default:
			pause = webhookLook
		}
		w.note(err)
		sleep(ctx, pause)
	}
	return nil
}

// look sets the webhook where it is not.
func (w *webhook) look(ctx context.Context) error {
	if w.set {
		info, err := w.bot.API.GetWebhookInfo(ctx)
		if err != nil {
			w.bot.Logger.Warn("Telegram does not say how the webhook is", "error", err)
			return nil // it was set
		}
		w.pending.Store(int64(info.PendingUpdateCount))
		if info.LastErrorDate > w.lastError {
			w.lastError = info.LastErrorDate
			w.bot.Logger.Warn("Telegram could not bring an update", "error", info.LastErrorMessage, "waiting", info.PendingUpdateCount)
		}
		if info.URL == w.URL {
			return nil
		}
		w.bot.Logger.Warn("somebody else took the webhook away, it is set again")
	}
	err := w.bot.API.SetWebhook(ctx, &telego.SetWebhookParams{
		URL: w.URL, SecretToken: w.Secret, MaxConnections: w.Connections, AllowedUpdates: allowedUpdates,
	})
	w.set = err == nil
	return err
}

// note keeps what an operator has to know.
func (w *webhook) note(err error) {
	if err != nil {
		err = fmt.Errorf("%w: %w", errNotSet, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trouble = err
}

// ready returns nil when Telegram knows where to bring updates.
func (w *webhook) ready() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trouble
}
