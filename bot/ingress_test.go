package bot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"okolo/actors"
	"okolo/bot/sandbox"
	"okolo/bot/sender"
)

// TestManyInputs: what a person sends faster than a session takes it is held back, in order, and
// not refused.
func TestManyInputs(t *testing.T) {
	const atOnce = 4
	var offsets offsets
	few := worldOptions{sessions: func(c *actors.Config) { c.MaxInFlight = atOnce }, trouble: offsets.between}
	w := newWorld(t, few)
	anna, boris := w.visitor(1, "Anna", "en"), w.visitor(2, "Boris", "en")
	check(t, w.stop()) // so that all of it comes at once
	anna.Say("/create")
	anna.Say("Just this")
	for range 40 {
		anna.Say("Not that")
	}
	boris.Say("/help")
	w.startBot(few)
	boris.See("the help", contains("What I can do"))
	var chat []sandbox.Message
	soon, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := anna.Person.Wait(soon, func(all []sandbox.Message) bool {
		chat = sandbox.FromBot(all, 0)
		return len(chat) == 42
	})
	check(t, err)
	for i, m := range chat {
		if i > 0 && !strings.Contains(m.Text, "Just this") {
			t.Errorf("answer %d is not about the draft:\n%s", i, m.Text)
		}
	}
	s, err := w.bot.Stats(t.Context())
	check(t, err)
	if s.Sessions.InputsBusy != 0 {
		t.Errorf("%d inputs were refused", s.Sessions.InputsBusy)
	}
	if n := offsets.distinct(); n < 42/atOnce {
		t.Errorf("42 updates were confirmed in only %d steps", n)
	}
	check(t, anna.Err())
	check(t, boris.Err())
}

// TestAnswerGivenUp: an answer that cannot be delivered is given up. It holds up nobody, and what
// it was to say is seen by pressing again.
func TestAnswerGivenUp(t *testing.T) {
	var away atomic.Bool
	noEdits := func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if away.Load() && path.Base(r.URL.Path) == "editMessageText" {
				http.Error(w, "away", http.StatusBadGateway)
				return
			}
			api.ServeHTTP(w, r)
		})
	}
	w := newWorld(t, worldOptions{trouble: noEdits, sending: sender.Options{MaxAttempts: 2}})
	anna, boris := w.visitor(1, "Anna", "en"), w.visitor(2, "Boris", "en")
	m := preview(anna, "Saved in silence")
	away.Store(true)
	anna.Press(m, "Publish")
	boris.Say("/help")
	boris.See("the help", contains("What I can do"))
	boris.Say("/help") // after the batch before was confirmed
	boris.See("the help", contains("What I can do"))
	s, err := w.bot.Stats(t.Context())
	check(t, err)
	if s.Ingress.Undelivered != 1 {
		t.Errorf("%d answers were given up", s.Ingress.Undelivered)
	}
	away.Store(false)
	anna.Press(m, "Publish")
	anna.SeeEdited(m, "the saved event", contains("Saved."))
	check(t, anna.Err())
	check(t, boris.Err())
	if n := query[int](w, `SELECT count(*) FROM events`); n != 1 {
		t.Errorf("%d events of one draft", n)
	}
}

// offsets listens to which offsets the bot asks for updates from.
type offsets struct {
	mu   sync.Mutex
	seen []int
}

func (o *offsets) between(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Base(r.URL.Path) == "getUpdates" {
			body, err := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			var params struct{ Offset int }
			if err == nil && json.Unmarshal(body, &params) == nil && params.Offset > 0 {
				o.mu.Lock()
				o.seen = append(o.seen, params.Offset)
				o.mu.Unlock()
			}
		}
		api.ServeHTTP(w, r)
	})
}

// distinct returns how many there were.
func (o *offsets) distinct() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	slices.Sort(o.seen)
	return len(slices.Compact(o.seen))
}
