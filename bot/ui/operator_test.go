package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"okolo/persistence/model"
)

// loadCase answers as the database does.
func (c *chat) loadCase(do LoadCase) CaseLoaded {
	in := CaseLoaded{LoadCase: do, Err: c.world.readErr}
	if in.Err != nil {
		return in
	}
	id := do.Event
	if do.Next {
		id = 0
		for event, reports := range c.world.reports {
			if event > do.Event && len(reports) > 0 && c.world.events[event].Status == model.Open && (id == 0 || event < id) {
				id = event
			}
		}
	}
	e, ok := c.world.events[id]
	if !ok {
		in.Err = fmt.Errorf("read: %w", model.ErrNotFound)
		return in
	}
	in.Case = model.Case{Event: e.Event, OwnerName: "<Olga>", Complaints: c.world.reports[id], OwnerBanned: c.banned(e.Owner)}
	for _, r := range c.world.reports[id] {
		in.Case.Reports += r.Times
		in.Case.Newest = monday
	}
	return in
}

func (c *chat) banned(person int64) bool {
	return slices.ContainsFunc(c.world.bans, func(b model.Ban) bool { return b.Person == person })
}

// judges carries out what operators ask for, as the database does.
func (c *chat) judges(command model.Command) (event int64, ok bool, err error) {
	set := func(id int64, status model.Status) {
		if e, ok := c.world.events[id]; ok {
			e.Status = status
			c.world.events[id] = e
		}
	}
	switch command := command.(type) {
	case model.HideEvent:
		set(command.Event, map[bool]model.Status{true: model.Hidden, false: model.Open}[command.Hidden])
		return command.Event, true, nil
	case model.DeleteEvent:
		set(command.Event, model.Deleted)
		return command.Event, true, nil
	case model.DismissReports:
		delete(c.world.reports, command.Event)
		return command.Event, true, nil
	case model.BanPerson:
		if err := command.Validate(); err != nil {
			return 0, true, err
		}
		c.world.bans = slices.DeleteFunc(c.world.bans, func(b model.Ban) bool { return b.Person == command.Person })
		if command.Banned {
			c.world.bans = slices.Insert(c.world.bans, 0, model.Ban{Person: command.Person, Name: "Olga", Reason: command.Reason, Since: monday})
		}
		return 0, true, nil
	}
	return 0, false, nil
}

// reported has an operator find events 1 and 2 reported.
func (c *chat) reported() {
	c.context.Operator = true
	c.lives(3)
	c.world.events[1] = event(1, "Chess", func(e *model.Seen) { e.Going, e.Waiting = 2, 1 })
	c.world.reports = map[int64][]model.Complaint{
		1: {{Reason: "spam", Times: 2}, {Reason: "<b>", Times: 1}}, 2: {{Reason: "danger", Times: 1}},
	}
	c.joins()
}

// The operators' ways, word for word.
func TestOperators(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.reported()
		c.says("/help")
		c.says("/reports")
		c.sees("Chess", "case_open", "<Olga>", "99", "🚩 3", "spam × 2", "· <b>", "button_hide")
		screen := c.newest
		c.presses("button_hide")
		c.did(0, screen)
		c.hears("event_hidden")
		c.sees("case_hidden", "button_show_again")
		c.presses("button_show_again")
		c.sees("case_open")
		c.presses("button_next_report")
		c.sees("Event 2", "danger")
		c.presses("button_dismiss")
		if d := last[model.DismissReports](c); d.Event != 2 || !d.Until.Equal(monday) {
			t.Fatalf("wrote %+v", d)
		}
		c.hears("reports_dismissed")
		c.seesNot("danger", "button_dismiss")
		c.presses("button_next_report") // from the front
		c.sees("Chess")
		c.presses("button_delete")
		c.sees("ask_delete", "Chess", "3")
		c.presses("button_back")
		c.presses("button_delete")
		c.presses("button_delete_yes")
		c.hears("event_deleted")
		c.sees("case_deleted")
		c.seesNot("button_hide", "button_show_again", "button_delete")
		c.presses("button_ban")
		c.hears("shut_out")
		c.sees("case_owner_banned", "button_unban")
		c.presses("button_next_report")
		c.sees("reports_none")
		c.says("/ban 12   for  <i>spam</i>")
		c.sees("shut_out", "12")
		if b := last[model.BanPerson](c); b.Person != 12 || b.Reason != "for <i>spam</i>" || b.By.ID != 7 || !b.Banned {
			t.Fatalf("wrote %+v", b)
		}
		c.says("/banlist")
		c.sees("bans_title", "1. Olga · 12", "<i>spam</i>", "2. Olga · 99")
		c.says("/unban 12")
		c.sees("let_in", "12")
		c.says("/event 3")
		c.sees("Event 3", "case_open")
		c.transcript(t, "operators")
	})
}

func TestOperatorsMistakes(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.reported()
		c.joins()
		for said, want := range map[string]string{
			"/event": "usage_event", "/event x": "usage_event", "/event -1": "usage_event", "/event 99": "event_gone", "/event e_": "usage_event",
			"/ban": "usage_ban", "/ban @olga": "usage_ban", "/unban 0": "usage_ban", "/ban 7": "ban_oneself",
		} {
			c.says(said)
			c.sees(want)
		}
		if len(c.world.written) > 0 {
			t.Fatalf("wrote %+v", c.world.written)
		}
		for _, arg := range []string{"#1", "e_1", "https://t.me/okolo_bot?start=e_1"} {
			c.says("/event " + arg)
			c.sees("Chess", "button_delete")
		}
		c.pressesData(c.newest, c.state.encode(actBan, 1, 7, 1))
		c.isTold("ban_oneself")
		c.says("/ban 5 " + strings.Repeat("ы", model.MaxReason+1))
		if ban := last[model.BanPerson](c); ban.Reason != strings.Repeat("ы", model.MaxReason) {
			t.Fatalf("the reason has %d characters", len([]rune(ban.Reason)))
		}
		c.world.events[1] = event(1, "Own", func(e *model.Seen) { e.Owner = 7 })
		c.says("/event 1")
		c.seesNot("button_ban")
		c.world.events[1] = event(1, "Of a calendar", func(e *model.Seen) { e.Owner, e.Kind = 0, model.Imported })
		c.says("/event 1")
		c.sees("case_nobodys")
		c.seesNot("button_ban")
		c.world.write = func(model.Command) (model.Answer, error) { return model.Answer{}, model.ErrBusy }
		c.presses("button_hide")
		c.isTold("busy")
		c.world.readErr = errDown
		c.presses("button_delete")
		c.isTold("cannot_read")
	})
}

// Nobody else learns that there are operators' commands: these and their buttons are answered as
// unknown ones are, also where somebody was an operator once.
func TestOperatorsOnly(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.reported()
		c.says("/reports")
		actions := []string{c.state.encode(actCase, 1)}
		for _, b := range buttons(c.messages[c.newest]) {
			if !strings.HasPrefix(b.Data, "1h") {
				actions = append(actions, b.Data)
			}
		}
		actions = append(actions, c.state.encode(actDeleteYes, 1), c.state.encode(actBans, 0), c.state.encode("oq"))
		c.context.Operator = false
		for _, data := range actions {
			c.pressesData(c.newest, data)
			c.isTold("old_button")
		}
		screen := c.newest
		for name := range operatorCommands {
			turn := Step(c.state, Command{Context: c.context, Name: name, Arg: "1"})
			if !turn.Refused {
				t.Errorf("/%s is not counted as refused", name)
			}
			c.says("/" + name + " 1")
			c.sees("unknown_command")
		}
		c.says("/help")
		c.seesNot("help_operators")
		if len(c.world.written) > 0 {
			t.Fatalf("wrote %+v", c.world.written)
		}
		c.context.Operator = true
		c.pressesOn(screen, "button_delete")
		c.context.Operator = false
		c.context.Callback, c.context.Message = "again", screen
		turn := Step(c.state, Duplicate{Of: Press{Context: c.context, Data: c.state.encode(actDelete, 1)}})
		if len(turn.Await) > 0 || turn.Next.Screen != ScreenHome {
			t.Fatalf("a former operator is shown %+v", turn)
		}
	})
}

func TestBanPages(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.reported()
		c.says("/banlist")
		c.sees("bans_none")
		for i := range int64(2*bansPage + 1) {
			c.world.bans = append(c.world.bans, model.Ban{Person: 1000 + i, Since: monday})
		}
		c.says("/banlist")
		c.sees("guest", "1. ", "1009")
		c.seesNot("◀", "1010")
		c.presses("▶")
		c.sees("11. ", "1010", "1019", "◀", "▶")
		c.pressesData(c.newest, c.state.encode(actBans, 1)) // a double tap shows the same page
		c.sees("11. ")
		c.presses("▶")
		c.sees("21. ", "1020")
		c.seesNot("▶")
		c.world.bans = c.world.bans[:bansPage] // meanwhile
		c.presses("◀")                         // to a page that there is no more
		c.sees("1. ", "1009")
		c.presses("button_menu")
		c.sees("home")
	})
}

func TestDigest(t *testing.T) {
	for lang, want := range map[string]string{"en": "3 new reports", "ru": "3 новые жалобы"} {
		m := Digest(model.Digest{Lang: lang, Reports: 3})
		checkMessage(t, m)
		if !strings.Contains(m.Text, want) || !strings.Contains(m.Text, "/reports") {
			t.Errorf("%s: %q", lang, m.Text)
		}
	}
	m, ok := Notice(Reader{Lang: "en"}, model.Notice{News: model.NewsDeleted, Text: "<Chess>"}, model.Event{}, monday)
	checkMessage(t, m)
	if !ok || !strings.Contains(m.Text, "&lt;Chess&gt;") {
		t.Errorf("%q", m.Text)
	}
}
