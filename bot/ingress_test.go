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
	"testing"
	"time"

	"okolo/actors"
	"okolo/bot/sandbox"
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
