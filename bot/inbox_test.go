package bot_test

import (
	"fmt"
	"testing"
	"time"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
)

// TestSlowChat: one person's chat that takes nothing for a minute, and calls of five seconds, cost
// the others nothing; what that person sends meanwhile is kept, in order, and is not fetched again.
func TestSlowChat(t *testing.T) {
	const kept = `SELECT (SELECT count(*) FROM inbox) + (SELECT count(*) FROM outbox)`
	for name, faults := range map[string]sandbox.CallFaults{
		"retry after": {TooManyRequests: sandbox.Chance{Share: 1}, RetryAfter: 60},
		"slow call":   {Latency: 15 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{})
			anna, boris := w.visitor(1, "Anna", "en"), w.visitor(2, "Boris", "en")
			m := preview(anna, "Held up")
			boris.Say("/help") // the first batch after the start is kept in any case
			boris.See("the help", contains("What I can do"))
			check(t, w.sandbox.SetFaults(sandbox.Faults{Calls: always(faults, "editMessageText")}))
			anna.Press(m, "How many")
			eventually(t, "the press or its reply is kept", func() bool {
				return query[int](w, kept) == 1
			})
			before, err := w.bot.Stats(t.Context())
			check(t, err)
			const times = 20
			for i := range times {
				boris.Say("/help")
				boris.See("the help", contains("What I can do"))
				if n := query[int](w, kept); i == 0 && n != 1 {
					t.Error("somebody else was answered only when the press was settled")
				}
			}
			after, err := w.bot.Stats(t.Context())
			check(t, err)
			if n := after.Ingress.Received - before.Ingress.Received; n != times {
				t.Errorf("%d updates were fetched in place of %d", n, times)
			}
			check(t, anna.Err())
			check(t, boris.Err())
			check(t, w.sandbox.SetFaults(sandbox.Faults{}))
		})
	}
}

// TestInboxAtStart: what the inbox has is handled at the start, before anything new. What was begun
// too often is set aside, and nothing of the others is, though they were begun as often beside it.
func TestInboxAtStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	boris := w.visitor(2, "Boris", "en")
	for _, v := range []*visit.Visitor{anna, boris} { // or the bot may not write to them
		v.Say("/start")
		v.See("the menu", has("Create"))
	}
	check(t, w.stop())
	said := func(update, person, attempts int, text string) {
		query[int](w, `INSERT INTO inbox (bot, update_id, payload, attempts) VALUES (4242, $1, convert_to($2, 'UTF8'), $3) RETURNING 1`, update,
			fmt.Sprintf(`{"update_id":%d,"message":{"message_id":1,"date":1,"text":%q,"chat":{"id":%d,"type":"private"},"from":{"id":%d,"first_name":"X","language_code":"en"}}}`,
				update, text, person, person), attempts)
	}
	said(900001, 1, 1, "/create")
	said(900002, 1, 4, "An old title")
	said(900003, 2, 5, "/help")
	said(900004, 2, 0, "/create")
	w.startBot(worldOptions{})
	anna.See("the question for a title", contains("the title"))
	anna.See("the question for a category", contains("An old title"))
	boris.See("the question for a title", contains("the title"))
	check(t, anna.Err())
	check(t, boris.Err())
	eventually(t, "the others are settled", func() bool { return query[int](w, `SELECT count(*) FROM inbox WHERE set_aside IS NULL`) == 0 })
	if n := query[int](w, `SELECT update_id FROM inbox`); n != 900003 {
		t.Errorf("update %d was set aside", n)
	}
	s, err := w.bot.Stats(t.Context())
	check(t, err)
	if s.Ingress.SetAside != 1 {
		t.Errorf("the statistics have %d set aside", s.Ingress.SetAside)
	}

	// An operator replays it.
	replayed, err := w.store.Inbox(4242, 0).Replay(t.Context(), []int64{900003})
	check(t, err)
	if replayed != 1 {
		t.Errorf("%d were replayed", replayed)
	}
	boris.See("the help", contains("What I can do"))
	check(t, boris.Err())
}
