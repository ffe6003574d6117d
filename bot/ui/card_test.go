package ui

import (
	"strings"
	"testing"
	"time"

	"okolo/persistence/model"
)

func TestCard(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(7)
		c.joins()
		c.world.events[7] = event(7, "A <b> & B", func(e *model.Seen) {
			e.Description = "Line 1\n<script>"
			e.Going, e.Names = 7, []string{"Bo", "<Cy>", "Di"}
		})
		c.sendsLocation(berlin, "Europe/Berlin")
		list := c.newest
		c.presses("▶")
		c.presses("7")
		c.did(0, list)
		c.hears("")
		c.sees("A <b> & B", "category_music", "19:00–21:00 (CET, Europe/Berlin)", "Club · 700", "Line 1\n<script>",
			"7", "Bo, <Cy>, Di, …", "button_join", "🧭 Google · Yandex · OSM")
		c.seesNot("button_call_off", "card_you_go")

		c.presses("button_join")
		c.did(0, list)
		c.hears("joined")
		c.sees("card_you_go", "8", "button_leave")
		c.presses("button_leave")
		c.hears("left")
		c.sees("button_join")
		c.presses("button_join")
		c.hears("joined")
		if n := len(c.world.written); n != 3 {
			t.Fatalf("join, leave, join made %d writes", n)
		}
		by := last[model.JoinEvent](c).By
		if by.ID != 7 || by.Name != "Ann" || by.Lang != c.lang {
			t.Fatalf("written by %+v", by)
		}

		c.presses("button_back") // to the page that it was opened from
		c.did(0, list)
		c.sees("6. Event 6", "2 / 2")
	})
}

func TestFullEvent(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(1)
		c.joins()
		c.world.events[1] = event(1, "Small", func(e *model.Seen) { e.Capacity, e.Going = 2, 2 })
		c.sendsLocation(berlin, "Europe/Berlin")
		c.presses("1")
		c.presses("button_join")
		c.hears("joined_waiting")
		c.sees("card_you_wait", "card_waiting", "button_leave", "2")
		c.presses("button_leave")
		c.hears("left")
		c.seesNot("card_you_wait")
	})
}

func TestJoinRefused(t *testing.T) {
	for name, refusal := range map[string]struct {
		err  error
		told string
	}{
		"gone":        {model.ErrNotFound, "event_gone"},
		"closed":      {model.ErrClosed, "event_closed"},
		"over":        {model.ErrPast, "event_over"},
		"busy":        {model.ErrBusy, "busy"},
		"unknown":     {model.ErrUnknown, "outcome_unknown"},
		"unavailable": {model.ErrUnavailable, "not_done"},
		"key":         {model.ErrKeyReused, "not_done"},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, c *chat) {
				c.lives(1)
				c.sendsLocation(berlin, "Europe/Berlin")
				c.presses("1")
				before := c.state
				c.world.write = func(model.Command) (model.Answer, error) { return model.Answer{}, refusal.err }
				c.presses("button_join")
				c.isTold(refusal.told)
				if c.state.Revision != before.Revision || c.state.Screen != ScreenEvent {
					t.Fatalf("a refused press changed the state to %+v", c.state)
				}
				c.joins() // and the same button acts once it may
				c.presses("button_join")
				c.hears("joined")
			})
		})
	}
}

func TestJoinedButUnread(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(1)
		c.joins()
		c.sendsLocation(berlin, "Europe/Berlin")
		c.presses("1")
		write := c.world.write
		c.world.write = func(command model.Command) (model.Answer, error) {
			c.world.readErr = errDown
			return write(command)
		}
		c.presses("button_join")
		c.isTold("joined")
		c.isTold("done_but_cannot_read")
	})
}

func TestEventGone(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(3)
		c.sendsLocation(berlin, "Europe/Berlin")
		delete(c.world.events, 2)
		c.presses("2")
		c.isTold("event_gone")
		if c.state.Screen != ScreenNearby {
			t.Fatalf("left the list for screen %v", c.state.Screen)
		}
		// Also where a wizard was open: its question is still the one to answer.
		list := c.state.ListMessageID
		c.says("/create")
		c.pressesOn(list, "2")
		c.isTold("event_gone")
		c.says("Chess")
		c.sees("Chess", "ask_category")
	})
}

func TestPastEvent(t *testing.T) {
	c := newChat(t, "en")
	c.world.events[1] = event(1, "Yesterday", func(e *model.Seen) {
		e.Owner, e.Starts, e.Ends = 7, e.Starts.AddDate(0, 0, -1), e.Ends.AddDate(0, 0, -1)
	})
	c.says("/start e_1")
	c.seesNot("button_join", "button_call_off")
}

func TestCallOff(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.joins()
		c.world.events[1] = event(1, "Mine <3", func(e *model.Seen) { e.Owner = 7 })
		c.world.mine = []model.Seen{c.world.events[1]}
		c.says("/mine")
		card := c.newest
		c.presses("1")
		c.sees("Mine <3", "button_call_off")
		ask := c.data(card, "button_call_off")
		c.presses("button_call_off")
		c.sees("ask_call_off", "Mine <3", "button_call_off_yes", "button_call_off_no")
		c.pressesData(card, ask) // the second tap of a double tap shows the question, too
		c.sees("ask_call_off")
		c.presses("button_call_off_no")
		c.did(0, card)
		c.sees("19:00", "button_call_off")
		if len(c.world.written) != 0 {
			t.Fatalf("wrote %+v", c.world.written)
		}
		c.presses("button_call_off")
		c.presses("button_call_off_yes")
		c.hears("called_off")
		c.sees("card_cancelled")
		c.seesNot("button_join", "button_call_off", "card_nobody")
		if last[model.CancelEvent](c).Event != 1 {
			t.Fatalf("called off %+v", c.world.written)
		}
		c.presses("button_back")
		c.sees("mine_title")
	})
}

// Nobody goes to what was called off, those who joined included.
func TestCalledOffCard(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		for _, part := range []model.Part{model.Going, model.Waiting} {
			c.world.events[1] = event(1, "Chess", func(e *model.Seen) { e.Part, e.Going, e.Names = part, 1, []string{"Bo"} })
			c.says("/start e_1")
			c.sees("Bo", map[model.Part]string{model.Going: "card_you_go", model.Waiting: "card_you_wait"}[part])
			c.world.events[1] = event(1, "Chess", func(e *model.Seen) {
				e.Part, e.Going, e.Names, e.Status = part, 1, []string{"Bo"}, model.Cancelled
			})
			c.says("/start e_1")
			c.sees("Chess", "card_cancelled", "card_had_joined", "Bo",
				map[model.Part]string{model.Going: "card_you_had_joined", model.Waiting: "card_you_had_waited"}[part])
			c.seesNot("card_you_go", "card_you_wait")
		}
	})
}

func TestCallOffForeign(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.joins()
		c.world.events[1] = event(1, "Theirs")
		c.says("/start e_1")
		c.seesNot("button_call_off")
		c.pressesData(c.newest, c.state.encode(actCallOff, 1))
		c.isTold("not_owner")
		c.pressesData(c.newest, c.state.encode(actCallOffYes, 1))
		c.isTold("not_owner")
		if c.world.events[1].Status != model.Open || c.state.Screen != ScreenEvent {
			t.Fatal("a forged press had an effect")
		}
		c.world.events[1] = event(1, "Off", func(e *model.Seen) { e.Owner, e.Status = 7, model.Cancelled })
		c.pressesData(c.newest, c.state.encode(actCallOff, 1))
		c.isTold("event_closed")
	})
}

func TestBackFromOldCards(t *testing.T) {
	c := newChat(t, "en")
	c.lives(3)
	c.sendsLocation(berlin, "Europe/Berlin")
	fromList := c.newest
	c.presses("3")
	c.world.mine = []model.Seen{c.world.events[1]}
	c.says("/mine")
	fromMine := c.newest
	c.pressesOn(fromMine, "1")
	c.pressesOn(fromList, "button_back") // each card leads back to where it was opened
	c.seesOn(fromList, "nearby_title")
	c.pressesOn(fromMine, "button_back")
	c.seesOn(fromMine, "mine_title")
}

func TestLongestCard(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.joins()
		name := strings.Repeat("👩", model.MaxName)
		for _, description := range []string{
			strings.Repeat("ж", model.MaxDescription),
			strings.Repeat("<&>\"'", model.MaxDescription/5),
			strings.Repeat("👨‍👩‍👧‍👦", model.MaxDescription/7),
		} {
			c.world.events[1] = event(1, strings.Repeat("🎷", model.MaxTitle), func(e *model.Seen) {
				e.Owner, e.Part, e.Description = 7, model.Waiting, description
				e.Place, e.Zone = strings.Repeat("🏛", model.MaxPlace), "America/Argentina/ComodRivadavia"
				e.Starts, e.Ends = e.Starts.AddDate(1, 0, 0), e.Ends.AddDate(2, 0, 0)
				e.Capacity, e.Going, e.Waiting = model.MaxCapacity, model.MaxCapacity, 123_456
				e.Names = []string{name, name, name, name, name}
			})
			c.says("/start e_1")
			if strings.Contains(description, "👨") {
				c.sees("👨‍👩‍👧‍👦…")
			} else {
				c.sees(description)
			}
		}
	})
}

func TestPeriod(t *testing.T) {
	in := func(name string) model.Details {
		return model.Details{Zone: name, Starts: monday, Ends: monday.Add(2 * time.Hour)}
	}
	en := tongues["en"]
	for want, d := range map[string]model.Details{
		"today 12:00–14:00 (CET, Europe/Berlin)":           in("Europe/Berlin"),
		"today 16:45–18:45 (+0545, Asia/Kathmandu)":        in("Asia/Kathmandu"),
		"today 11:00–13:00 (UTC, Not/A/Zone)":              in("Not/A/Zone"),
		"today 23:00 – tomorrow 01:00 (+12, Pacific/Fiji)": in("Pacific/Fiji"),
	} {
		if got := en.period(d, monday); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
