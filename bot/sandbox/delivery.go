package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
)

// maxReply is how much is read of a webhook's answer.
const maxReply = 1 << 20

// idsRetry is how long a webhook waits with late updates where there are no ids for them.
const idsRetry = 5 * time.Second

// run delivers updates until the webhook is cancelled or the server closes.
func (h *webhook) run(ctx context.Context) {
	defer h.server.running.Done()
	defer close(h.done)
	defer h.client.CloseIdleConnections()
	var deliveries sync.WaitGroup
	defer deliveries.Wait()
	free := make(chan struct{}, h.connections)
	for {
		u, pause := h.next()
		if u.id == 0 {
			if !h.idle(ctx, pause) {
				return
			}
			continue
		}
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		deliveries.Go(func() {
			h.deliver(ctx, u)
			<-free
		})
	}
}

// idle waits for a new update, a lane that becomes free, or the end of a pause; false when the
// webhook ends.
func (h *webhook) idle(ctx context.Context, pause time.Duration) bool {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-h.bot.updates.notify:
	case <-t.C:
	case <-ctx.Done():
		return false
	}
	return true
}

// next takes the oldest update whose lane is free, and marks the lane busy; where there is
// none it says how long to wait at most.
func (h *webhook) next() (update, time.Duration) {
	q, now := h.bot.updates, time.Now()
	pause := time.Minute
	q.mu.Lock()
	defer q.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := q.release(h.server.now()); err != nil {
		h.server.log.Error("sandbox holds back an update without an id", "error", err, "retry_in", idsRetry)
		pause = idsRetry // what is due stays due: no waiting for that
	} else if d, held := q.untilDue(h.server.now()); held {
		pause = min(pause, d)
	}
	q.expire(h.server.now())
	for _, u := range q.waiting {
		l := h.lanes[u.chat]
		switch {
		case l == nil:
			h.lanes[u.chat] = &lane{busy: true, delay: time.Second}
			return u, 0
		case l.busy:
		case now.Before(l.until):
			pause = min(pause, l.until.Sub(now))
		default:
			l.busy = true
			return u, 0
		}
	}
	return update{}, pause
}

// deliver sends one update, and takes it from the queue where the bot took it.
func (h *webhook) deliver(ctx context.Context, u update) {
	failure := h.post(ctx, u.body)
	if failure == "" && u.repeat {
		failure = h.post(ctx, u.body)
	}
	if ctx.Err() != nil {
		return
	}
	h.settle(u.chat, failure)
	h.bot.updates.delivered(u.id, failure == "")
}

// settle frees the lane of an update, and notes what went wrong.
func (h *webhook) settle(chat int64, failure string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if failure == "" {
		delete(h.lanes, chat)
		return
	}
	h.lastError, h.errorDate = failure, h.server.now().Unix()
	h.lanes[chat].fail()
}

// fail frees a lane for a later try: at once after the first failure, then after a delay that
// doubles.
func (l *lane) fail() {
	l.busy = false
	if l.failures > 0 {
		l.delay = min(l.delay*2, maxResendDelay+rand.N(maxResendDelay))
		l.until = time.Now().Add(l.delay)
	}
	l.failures++
}

// delivered takes an update that the bot took from the queue, and wakes the webhook.
func (q *updates) delivered(id int64, taken bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if taken {
		q.remove(id)
	}
	q.signal()
}

// post sends an update and returns what went wrong, in the words of getWebhookInfo.
func (h *webhook) post(ctx context.Context, body []byte) string {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Content-Type", "application/json")
	if h.secret != "" {
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.secret)
	}
	resp, err := h.client.Do(r)
	if err != nil {
		return connectionError(err)
	}
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return connectionError(err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Sprintf("Wrong response from the webhook: %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	h.obey(ctx, reply)
	return ""
}

func connectionError(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Connection refused"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "Read timeout expired"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "Webhook connection closed"
	}
	return err.Error()
}

// obey carries out the method that the bot may name in its answer to an update. Its outcome is
// told to nobody, as in Telegram; methods that ask, or that change the webhook, are ignored.
func (h *webhook) obey(ctx context.Context, reply []byte) {
	var named struct {
		Method string `json:"method"`
	}
	if json.Unmarshal(reply, &named) != nil || named.Method == "" {
		return
	}
	switch m := strings.ToLower(named.Method); {
	case m == "setwebhook", m == "deletewebhook", m == "close", m == "logout", strings.HasPrefix(m, "get"):
		return
	}
	p := &params{values: map[string]string{}}
	if err := p.parseJSON(reply); err != nil {
		return
	}
	if _, err := h.server.call(ctx, h.bot.id, named.Method, p, nil); err != nil {
		h.server.log.Debug("sandbox refused the method in a webhook's answer", "method", named.Method, "error", err)
	}
}
