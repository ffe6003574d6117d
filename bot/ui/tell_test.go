package ui

import (
	"strings"
	"testing"

	"okolo/persistence/model"
)

func TestTellJoined(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.owns(func(e *model.Seen) { e.Going, e.Waiting = 2, 1 })
		card := c.newest
		c.presses("button_tell")
		c.did(0, card)
		c.sees("ask_tell", "Chess", "⏳ 1")
		c.presses("button_back")
		c.sees("button_tell")
		c.presses("button_tell")
		c.says(strings.Repeat("ж", model.MaxMessage+1))
		c.sees("message_too_long", "1001")
		c.says("Bring <b>boards</b>!\r\nSee you")
		c.sees("message_passed_on", "Chess")
		if m := last[model.TellJoined](c); m.Event != 1 || m.Text != "Bring <b>boards</b>!\nSee you" || m.By.ID != 7 {
			t.Fatalf("wrote %+v", m)
		}
		save := c.world.write
		c.world.write = func(model.Command) (model.Answer, error) { return model.Answer{}, model.ErrTooOften }
		c.presses("button_tell")
		c.says("Once more?")
		c.sees("too_many_messages")
		c.world.write = save
		c.says("/start e_1")
		c.world.written = c.world.written[:1]
		c.says("Once more?") // is no message any more
		if n := len(c.world.written); n != 1 {
			t.Fatalf("%d writes", n)
		}
		m, ok := Notice(Reader{Lang: c.lang}, model.Notice{News: model.NewsMessage, Text: "Bring <b>boards</b>!"}, c.world.events[1].Event, monday)
		checkMessage(t, m)
		if !ok || !strings.Contains(shown(m.Text), "Bring <b>boards</b>!") || !strings.Contains(m.Text, "Chess") {
			t.Fatalf("they read %q", m.Text)
		}

		c.owns(func(e *model.Seen) { e.Going, e.Capacity = 0, 0 })
		c.seesNot("button_tell")
		c.owns(func(e *model.Seen) { e.Owner = 99 })
		c.seesNot("button_tell")
		c.pressesData(c.newest, c.state.encode(actTell, 1))
		c.isTold("not_owner")
		c.owns(func(e *model.Seen) { e.Status = model.Cancelled })
		c.pressesData(c.newest, c.state.encode(actTell, 1))
		c.isTold("event_closed")
	})
}
