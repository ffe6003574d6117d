package ui

import (
	"fmt"
	"strings"
	"testing"

	"okolo/persistence/model"
)

func TestAttendance(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.owns(func(e *model.Seen) { e.Going, e.Waiting = 2, 1 })
		c.world.attendees = []model.Attendee{{Name: "Bo", Part: model.Going}, {Name: "<Cy>", Part: model.Going}, {Name: "Di", Part: model.Waiting}}
		card := c.newest
		c.presses("button_attendance")
		c.did(0, card)
		c.sees("Chess", "👥 2", "1. Bo\n2. <Cy>", "⏳ 1", "\n1. Di")
		if q := asked[LoadAttendance](c); q.Limit != maxAttendance || q.Event.ID != 1 {
			t.Fatalf("asks for %+v", q)
		}
		c.presses("button_back")
		c.sees("button_edit")
		c.world.attendees = nil // they have left meanwhile
		c.presses("button_attendance")
		c.sees("card_nobody")

		c.owns(func(e *model.Seen) { e.Owner, e.Going = 99, 3 })
		c.seesNot("button_attendance")
		c.pressesData(c.newest, c.state.encode(actAttendance, 1))
		c.isTold("not_owner")
	})
}

// More people than a message takes are counted.
func TestLongAttendance(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.owns(func(e *model.Seen) { e.Capacity, e.Going, e.Waiting = 1000, 1000, 500 })
		for range maxAttendance {
			c.world.attendees = append(c.world.attendees, model.Attendee{Name: "Bo", Part: model.Going})
		}
		c.presses("button_attendance")
		c.sees("200. Bo", "800")
		for i := range c.world.attendees {
			c.world.attendees[i].Name = strings.Repeat("👩", model.MaxName)
			if i >= 10 {
				c.world.attendees[i].Part = model.Waiting
			}
		}
		c.presses("button_back")
		c.presses("button_attendance")
		c.sees("10. 👩", "990", "1. 👩", fmt.Sprint(500-15))
	})
}

// Who has made an event like this is asked before there are two of it.
func TestAlike(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.world.events[3] = event(3, "Chess", func(e *model.Seen) { e.Owner = 7 })
		c.saves()
		c.world.alike = 3
		c.create("Chess")
		preview := c.newest
		c.presses("button_confirm")
		c.did(0, preview)
		c.sees("made_alike", "📝 Chess", "button_confirm_alike", "button_show_alike", "button_step_back", "button_discard")
		if q := asked[FindAlike](c); q.Details.Title != "Chess" || q.Draft != c.state.Draft.ID || len(c.world.written) > 0 {
			t.Fatalf("asked for %+v, wrote %+v", q, c.world.written)
		}
		c.presses("button_show_alike")
		c.sees("Chess", "button_edit")
		c.says("/create") // the draft has waited
		c.sees("ask_confirm")
		c.presses("button_confirm")
		c.presses("button_confirm_alike")
		c.sees("saved")
		if n := len(c.world.written); n != 1 {
			t.Fatalf("%d writes", n)
		}
		c.create("Tea")
		c.world.readErr = errDown // the event is worth more than the question
		c.presses("button_confirm")
		c.isTold("saved")
	})
}
