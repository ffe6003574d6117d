package bot_test

import (
	"context"
	"net/http"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"okolo/bot/sandbox"
	"okolo/bot/sender"
)

// TestOutbox: what cannot be delivered now is delivered later, in order and once, also by the next
// process; nobody waits for it, and the session knows the messages as its own.
func TestOutbox(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna, boris := w.visitor(1, "Anna", "en"), w.visitor(2, "Boris", "en")
	anna.Say("/start")
	menu := anna.See("the menu", has("Create"))
	boris.Say("/start")
	boris.See("the menu", has("Create"))

	check(t, w.sandbox.SetFaults(sandbox.Faults{Calls: always(
		sandbox.CallFaults{TooManyRequests: sandbox.Chance{Share: 1}, RetryAfter: 60}, "editMessageText")}))
	anna.Press(menu, "Create")
	eventually(t, "the question is in the outbox", func() bool { return query[int](w, `SELECT count(*) FROM outbox`) == 1 })
	anna.Say("A title") // its answer is a new message, and must not come ahead of the question
	eventually(t, "two replies wait", func() bool { return query[int](w, `SELECT count(*) FROM outbox`) == 2 })
	eventually(t, "nothing else waits", func() bool {
		s, err := w.bot.Stats(t.Context())
		check(t, err)
		return s.Outbox.Waiting == 2 && query[int](w, `SELECT count(*) FROM inbox`) == 0
	})
	boris.Say("/help")
	boris.See("the help", contains("What I can do"))

	check(t, w.stop())
	check(t, w.sandbox.SetFaults(sandbox.Faults{}))
	w.startBot(worldOptions{})
	anna.SeeEdited(menu, "the question", contains("the title"))
	m := anna.See("the next question", contains("What kind"))
	eventually(t, "the outbox is empty", func() bool { return query[int](w, `SELECT count(*) FROM outbox`) == 0 })
	anna.Press(m, "walks") // in place: the session knows the message
	anna.SeeEdited(m, "the question where", contains("Where"))
	check(t, anna.Err())
	check(t, boris.Err())
	chat, err := anna.Person.Chat(t.Context())
	check(t, err)
	if n := len(sandbox.FromBot(chat, 0)); n != 3 {
		t.Errorf("%d messages in place of a greeting, a menu and a question", n)
	}
}

// unsendable is a world in which editMessageText fails, and sendMessage too, while away is set; the
// outbox takes over after two attempts.
func unsendable(t *testing.T) (w *world, o worldOptions, away *atomic.Bool) {
	t.Helper()
	away = new(atomic.Bool)
	o = worldOptions{sending: sender.Options{MaxAttempts: 2}, trouble: func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if m := path.Base(r.URL.Path); away.Load() && (m == "editMessageText" || m == "sendMessage") {
				http.Error(rw, "away", http.StatusBadGateway)
				return
			}
			api.ServeHTTP(rw, r)
		})
	}}
	return newWorld(t, o), o, away
}

func (w *world) waiting() int { return query[int](w, `SELECT count(*) FROM outbox`) }

// TestOutboxOfAnother: a process that was deposed and does not know it delivers nothing from the
// outbox, and removes nothing; the one that deposed it delivers all, once.
func TestOutboxOfAnother(t *testing.T) {
	t.Parallel()
	w, o, away := unsendable(t)
	anna := w.visitor(1, "Anna", "en")
	anna.Say("/help")
	anna.See("the help", contains("What I can do"))
	away.Store(true)
	anna.Say("/create")
	eventually(t, "the question waits", func() bool { return w.waiting() == 1 })
	old, end := w.bot, w.stop
	w.startBot(o) // takes the next epoch
	away.Store(false)
	anna.See("the question", contains("the title"))
	eventually(t, "nothing waits", func() bool { return w.waiting() == 0 })
	check(t, anna.Err())
	was, err := old.Stats(t.Context())
	check(t, err)
	if is, err := w.bot.Stats(t.Context()); err != nil || was.Outbox.Delivered != 0 || is.Outbox.Delivered != 1 {
		t.Errorf("the deposed process delivered %d, its successor %d, %v", was.Outbox.Delivered, is.Outbox.Delivered, err)
	}
	_ = end() // it may have something to complain of
}

// TestOutboxOrder: what waits for a chat comes in its order, however often it is tried, and once; of
// what is more than may wait for a chat, nothing.
func TestOutboxOrder(t *testing.T) {
	t.Parallel()
	const most, more = 64, 3
	w, _, away := unsendable(t)
	anna := w.visitor(1, "Anna", "en")
	anna.Say("/help")
	anna.See("the help", contains("What I can do"))
	away.Store(true)
	commands := []string{"/help", "/privacy", "/x"}
	for i := range most + more {
		anna.Say(commands[i%len(commands)])
	}
	eventually(t, "the rest is given up", func() bool {
		s, err := w.bot.Stats(t.Context())
		return err == nil && s.Outbox.Waiting == most && s.Outbox.Full == more && w.waiting() == most
	})
	check(t, w.sandbox.SetFaults(sandbox.Faults{Calls: always(sandbox.CallFaults{ServerError: sandbox.Chance{Every: 9}, CutBefore: sandbox.Chance{Every: 10}}, "sendMessage")}))
	away.Store(false)
	soon, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var chat []sandbox.Message
	_, err := anna.Person.Wait(soon, func(all []sandbox.Message) bool {
		chat = sandbox.FromBot(all, 0)
		return len(chat) >= 1+most
	})
	check(t, err)
	says := []string{"What I can do", "What I keep", "don't know that command"}
	for i, m := range chat[1:] {
		if !strings.Contains(m.Text, says[i%len(says)]) {
			t.Errorf("message %d is\n%s", i, m.Text)
		}
	}
	eventually(t, "none waits", func() bool { return w.waiting() == 0 })
	check(t, anna.Err())
}
