package ui

import (
	"reflect"
	"testing"
	"time"

	"okolo/persistence/model"
)

// owns has the person own event 1, which lasts three hours, and opens its card.
func (c *chat) owns(change ...func(*model.Seen)) {
	c.t.Helper()
	c.world.events[1] = event(1, "Chess", append([]func(*model.Seen){func(e *model.Seen) {
		e.Owner, e.Ends = c.context.From.ID, e.Starts.Add(3*time.Hour)
		e.Capacity, e.Going, e.Description = 5, 3, "Blitz."
	}}, change...)...)
	c.joins()
	c.says("/start e_1")
}

// Each field can be changed by itself; the others are left to whoever changes them meanwhile.
func TestEditEachField(t *testing.T) {
	christmas := time.Date(2026, 12, 25, 17, 0, 0, 0, time.UTC)
	starts := event(1, "").Starts
	for name, c := range map[string]struct {
		field  string
		answer func(c *chat)
		want   model.Edit
	}{
		"title":    {"button_title", func(c *chat) { c.says("Go") }, model.Edit{Title: new("Go")}},
		"category": {"button_category", func(c *chat) { c.presses("category_games") }, model.Edit{Category: new(model.Category("games"))}},
		"when":     {"button_when", func(c *chat) { c.says("25.12 18:00") }, model.Edit{Time: &model.Time{Starts: christmas, Ends: christmas.Add(3 * time.Hour), Zone: "Europe/Berlin"}}},
		"until when": {"button_when", func(c *chat) { c.says(starts.In(zone("Europe/Berlin")).Format("2.1.2006 15:04") + "-20:30") }, model.Edit{
			Time: &model.Time{Starts: starts, Ends: starts.Add(90 * time.Minute), Zone: "Europe/Berlin"},
		}},
		"where": {"button_where", func(c *chat) { c.sendsVenue(berlin, "Europe/Berlin", "Mill") }, model.Edit{Place: &model.Place{Name: "Mill", Point: berlin}}},
		"where the clocks differ": {"button_where", func(c *chat) { c.sendsVenue(moscow, "Europe/Moscow", "Mill") }, model.Edit{
			Place: &model.Place{Name: "Mill", Point: moscow},
			Time:  &model.Time{Starts: starts.Add(-2 * time.Hour), Ends: starts.Add(time.Hour), Zone: "Europe/Moscow"},
		}},
		"capacity":       {"button_capacity", func(c *chat) { c.says("7") }, model.Edit{Capacity: new(7)}},
		"no limit":       {"button_capacity", func(c *chat) { c.presses("button_no_limit") }, model.Edit{Capacity: new(0)}},
		"description":    {"button_description", func(c *chat) { c.says("Rapid.") }, model.Edit{Description: new("Rapid.")}},
		"no description": {"button_description", func(c *chat) { c.presses("button_no_description") }, model.Edit{Description: new("")}},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, chat *chat) {
				chat.owns()
				card := chat.newest
				chat.presses("button_edit")
				chat.did(0, card)
				chat.sees("edit_title", "ask_edit", "Chess", "Blitz.", "19:00–22:00")
				chat.seesNot("button_save", "button_confirm", "button_step_back")
				chat.presses(c.field)
				chat.sees("edit_title", "button_step_back")
				chat.presses("button_step_back")
				chat.sees("ask_edit")
				chat.presses(c.field)
				c.answer(chat)
				chat.sees("ask_edit", "button_save")
				chat.presses("button_save")
				chat.sees("edit_saved", "button_edit")
				got := last[model.EditEvent](chat)
				if tm := got.Time; tm != nil {
					tm.Starts, tm.Ends = tm.Starts.UTC(), tm.Ends.UTC()
				}
				if !reflect.DeepEqual(got.Edit, c.want) || got.Event != 1 || got.By.ID != 7 {
					t.Fatalf("wrote %+v", got)
				}
				if chat.state.Draft != nil {
					t.Fatal("the draft is still there")
				}
			})
		})
	}
}

func TestEditWithoutChange(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.owns()
		c.presses("button_edit")
		c.presses("button_discard")
		c.hears("edit_discarded")
		c.sees("button_edit", "Chess")
		c.presses("button_edit")
		c.presses("button_title")
		c.says("Go")
		c.says("/cancel")
		c.sees("edit_discarded", "Chess", "button_edit")
		if len(c.world.written) > 0 || c.state.Draft != nil {
			t.Fatalf("wrote %+v", c.world.written)
		}
	})
}

// An unfinished new event waits while another one is changed, even if that is done twice.
func TestEditWhileCreating(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.create("New one")
		c.owns()
		c.world.events[2] = event(2, "Other", func(e *model.Seen) { e.Owner = 7 })
		c.presses("button_edit")
		c.presses("button_title")
		c.says("Go")
		c.says("/start")
		c.sees("button_resume_edit")
		c.presses("button_resume_edit")
		c.sees("📝 Go", "ask_edit")
		c.says("/start e_1")
		c.presses("button_edit") // the same one goes on
		c.sees("📝 Go", "button_save")
		c.says("/start e_2")
		c.presses("button_edit")
		c.presses("button_title")
		c.says("Another")
		c.presses("button_save")
		c.sees("edit_saved", "Another")
		if e := last[model.EditEvent](c); e.Event != 2 {
			t.Fatalf("changed %+v", e)
		}
		c.says("/create")
		c.sees("📝 New one", "wizard_title", "ask_confirm")
		c.saves()
		c.presses("button_confirm")
		c.sees("saved", "New one")
	})
}

func TestEditRefused(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.owns()
		c.presses("button_edit")
		c.presses("button_capacity")
		c.says("2")
		c.presses("button_save")
		c.sees("over_capacity", "ask_capacity")
		c.says("3")
		c.presses("button_when")
		c.says("13:00")
		c.context.Now = c.context.Now.Add(2 * time.Hour)
		c.presses("button_save")
		c.sees("in_the_past", "ask_when")
		c.says("20:00")
		c.world.write = func(model.Command) (model.Answer, error) { return model.Answer{}, errDown }
		c.presses("button_save")
		c.isTold("not_done")
		c.world.write = func(model.Command) (model.Answer, error) { return model.Answer{}, model.ErrPast }
		c.presses("button_save")
		c.isTold("event_over")
		c.joins()
		save := c.data(c.newest, "button_save")
		message := c.newest
		c.presses("button_save")
		c.sees("edit_saved", "20:00–23:00", "3")
		c.pressesData(message, save) // the second tap of a double tap
		c.sees("edit_saved")
		if n := len(c.world.written); n != 5 {
			t.Fatalf("%d writes", n)
		}
	})
}

func TestEditForeign(t *testing.T) {
	for told, change := range map[string]func(*model.Seen){
		"not_owner":    func(e *model.Seen) { e.Owner = 99 },
		"event_closed": func(e *model.Seen) { e.Status = model.Cancelled },
		"event_over":   func(e *model.Seen) { e.Starts, e.Ends = e.Starts.AddDate(0, 0, -1), e.Ends.AddDate(0, 0, -1) },
	} {
		both(t, func(t *testing.T, c *chat) {
			c.owns(change)
			c.seesNot("button_edit")
			c.pressesData(c.newest, c.state.encode(actEdit, 1))
			c.isTold(told)
			if c.state.Draft != nil || c.state.Screen != ScreenEvent {
				t.Fatal("the wizard opened")
			}
		})
	}
}

// The questions that are asked only on request can be passed over.
func TestSkipOptional(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.create("Chess")
		c.presses("button_capacity")
		c.seesNot("button_no_limit")
		c.presses("button_skip")
		c.sees("ask_confirm")
		c.presses("button_description")
		c.presses("button_skip")
		c.sees("ask_confirm")
		c.presses("button_description")
		c.says("Blitz.")
		c.presses("button_description")
		c.seesNot("button_skip")
		c.presses("button_no_description")
		c.sees("ask_confirm")
		c.seesNot("Blitz.")
	})
}
