package bot_test

import (
	"context"
	"net/http"
	"path"
	"strings"
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
	few := worldOptions{sessions: func(c *actors.Config) { c.MaxInFlight = atOnce }}
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
	eventually(t, "the inbox is empty", func() bool { return query[int](w, `SELECT count(*) FROM inbox`) == 0 })
	check(t, anna.Err())
	check(t, boris.Err())
}

// TestAnswerLater: an answer that cannot be delivered holds up nobody, and is delivered when it can
// be.
func TestAnswerLater(t *testing.T) {
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
	away.Store(false)
	anna.SeeEdited(m, "the saved event", contains("Saved."))
	check(t, anna.Err())
	check(t, boris.Err())
	if n := query[int](w, `SELECT count(*) FROM events`); n != 1 {
		t.Errorf("%d events of one draft", n)
	}
}

// TestTooManyInputs: of what a person sends, so much is held back behind what their session takes; of
// what is more they are told.
func TestTooManyInputs(t *testing.T) {
	t.Parallel()
	const taken, more = 1 + 256, 3
	hold, held := make(chan struct{}), atomic.Bool{}
	o := worldOptions{sessions: func(c *actors.Config) { c.MaxInFlight = 1 }, trouble: func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if held.Load() && path.Base(r.URL.Path) == "sendMessage" {
				<-hold
			}
			api.ServeHTTP(rw, r)
		})
	}}
	w := newWorld(t, o)
	anna := w.visitor(1, "Anna", "en")
	anna.Say("/help")
	anna.See("the help", contains("What I can do"))
	check(t, w.stop()) // so that all of it comes at once
	for range taken + more {
		anna.Say("/help")
	}
	held.Store(true)
	w.startBot(o)
	eventually(t, "all came", func() bool { return w.ingress().Received == taken+more })
	close(hold)
	refused := 0
	eventually(t, "who sends too much is told", func() bool {
		chat, err := anna.Person.Chat(t.Context())
		check(t, err)
		refused = 0
		for _, m := range sandbox.FromBot(chat, 0) {
			if strings.Contains(m.Text, "Too much is going on") {
				refused++
			}
		}
		return refused >= more
	})
	if refused != more {
		t.Errorf("%d were refused in place of %d", refused, more)
	}
	check(t, anna.Err())
}
