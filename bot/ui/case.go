package ui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"okolo/persistence/model"
)

// LoadCase asks for an event as operators see it: the one of that id or, with Next, the first
// with a higher id that was reported. Its result is [CaseLoaded].
type LoadCase struct {
	Context
	Event int64
	Next  bool
}

// CaseLoaded is the result of [LoadCase].
type CaseLoaded struct {
	LoadCase
	Case model.Case
	Err  error
}

var statusNames = map[model.Status]string{
	model.Open: "case_open", model.Cancelled: "case_cancelled", model.Hidden: "case_hidden", model.Deleted: "case_deleted",
}

// openCase loads an event as operators see it; presentCase shows it.
func (s State) openCase(c Context, id int64) Turn {
	s.Screen, s.Event = ScreenCase, id
	return Turn{Next: s, Await: []any{LoadCase{Context: c, Event: id}}}
}

// nextCase loads the next event that people reported.
func (s State) nextCase(c Context, after int64) Turn {
	s.Screen, s.Event = ScreenCase, 0
	return Turn{Next: s, Await: []any{LoadCase{Context: c, Event: after, Next: true}}}
}

// askDelete loads the event that is to be deleted; presentDelete asks once more.
func (s State) askDelete(c Context, id int64) Turn {
	s.Screen, s.Event = ScreenDelete, id
	return Turn{Next: s, Await: []any{LoadCase{Context: c, Event: id}}}
}

// showCase shows an operators' screen once more, to operators.
func (s State) showCase(c Context) Turn {
	switch {
	case !c.Operator:
		return s.showHome(c)
	case s.Event == 0:
		return s.nextCase(c, 0)
	case s.Screen == ScreenDelete:
		return s.askDelete(c, s.Event)
	}
	return s.openCase(c, s.Event)
}

func (s State) caseLoaded(in CaseLoaded) Turn {
	c := in.Context
	switch {
	case errors.Is(in.Err, model.ErrNotFound) && in.Next && in.Event > 0:
		return s.nextCase(c, 0) // from the front
	case errors.Is(in.Err, model.ErrNotFound) && in.Next:
		return s.presentNoCase(c)
	case errors.Is(in.Err, model.ErrNotFound):
		return s.tell(c, "event_gone")
	case in.Err != nil:
		return s.unread(c)
	case s.Screen == ScreenDelete:
		return s.presentDelete(c, in.Case)
	}
	return s.presentCase(c, in.Case)
}

func (s State) presentNoCase(c Context) Turn {
	t := s.tongue(c)
	return s.present(c, Message{Text: t.html("reports_none"), Buttons: [][]Button{{s.bansButton(t), s.menuButton(t)}}})
}

func (s State) presentCase(c Context, e model.Case) Turn {
	s.Screen, s.Event = ScreenCase, e.ID
	t := s.tongue(c)
	var b strings.Builder
	fmt.Fprintf(&b, "🛡 %s\n\n", t.html("case_title", "ID", e.ID, "Status", t.say(statusNames[e.Status])))
	b.WriteString(t.card(model.Seen{Event: e.Event}, escape(t.period(e.Details, c.Now)), placeName(e.Event)))
	b.WriteString("\n\n" + t.maker(e))
	if e.Reports > 0 {
		b.WriteString("\n\n" + t.count("case_reports", e.Reports))
		for _, r := range e.Complaints {
			fmt.Fprintf(&b, "\n· %s", escape(clip(r.Reason, complaintShown)))
			if r.Times > 1 {
				fmt.Fprintf(&b, " × %d", r.Times)
			}
		}
	}
	return s.present(c, Message{Text: b.String(), Buttons: s.caseButtons(t, c, e)})
}

// maker tells who made an event.
func (t *tongue) maker(e model.Case) string {
	if e.Owner == 0 {
		return t.html("case_nobodys")
	}
	text := t.html("case_owner", "Name", t.name(e.OwnerName), "ID", e.Owner)
	if e.OwnerBanned {
		text += " · " + t.html("case_owner_banned")
	}
	return text
}

func (s State) caseButtons(t *tongue, c Context, e model.Case) [][]Button {
	var first, second []Button
	switch e.Status {
	case model.Open:
		first = append(first, Button{Text: t.say("button_hide"), Data: s.encode(actHide, e.ID, 1)})
	case model.Hidden:
		first = append(first, Button{Text: t.say("button_show_again"), Data: s.encode(actHide, e.ID, 0)})
	}
	if e.Status != model.Deleted {
		first = append(first, Button{Text: t.say("button_delete"), Data: s.encode(actDelete, e.ID)})
	}
	if e.Reports > 0 {
		second = append(second, Button{Text: t.say("button_dismiss"), Data: s.encode(actDismiss, e.ID, e.Newest.UnixMicro())})
	}
	if e.Owner != 0 && e.Owner != c.From.ID {
		ban := Button{Text: t.say("button_ban"), Data: s.encode(actBan, e.ID, e.Owner, 1)}
		if e.OwnerBanned {
			ban = Button{Text: t.say("button_unban"), Data: s.encode(actBan, e.ID, e.Owner, 0)}
		}
		second = append(second, ban)
	}
	var rows [][]Button
	for _, row := range [][]Button{first, second} {
		if len(row) > 0 {
			rows = append(rows, row)
		}
	}
	return append(rows, []Button{
		{Text: t.say("button_next_report"), Data: s.encode(actNextCase, e.ID)},
		s.menuButton(t),
	})
}

func (s State) presentDelete(c Context, e model.Case) Turn {
	if e.Status == model.Deleted {
		return s.presentCase(c, e)
	}
	t := s.tongue(c)
	text := t.html("ask_delete", "Title", e.Title)
	if n := e.Going + e.Waiting; n > 0 && e.Status != model.Cancelled {
		text += " " + t.count("ask_delete_told", n)
	}
	return s.present(c, Message{Text: text, Buttons: [][]Button{{
		{Text: t.say("button_delete_yes"), Data: s.encode(actDeleteYes, e.ID)},
		{Text: t.say("button_back"), Data: s.encode(actCase, e.ID)},
	}}})
}

func (s State) menuButton(t *tongue) Button {
	return Button{Text: t.say("button_menu"), Data: s.encode(actHome)}
}

// timeOf reads a time that a button carries, in microseconds.
func timeOf(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
