package bot_test

import (
	"testing"

	"okolo/bot/sandbox"
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
