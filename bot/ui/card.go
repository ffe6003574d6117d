package ui

import (
	"fmt"
	"strings"
	"time"

	"okolo/persistence/model"
)

// openEvent loads an event; presentEvent shows its card.
func (s State) openEvent(c Context, id int64) Turn {
	s.Screen, s.Event = ScreenEvent, id
	return Turn{Next: s, Await: []any{LoadEvents{Context: c, IDs: []int64{id}}}}
}

// eventsLoaded shows the screen that asked for events.
func (s State) eventsLoaded(in EventsLoaded) Turn {
	switch {
	case in.inline != "":
		return s.answerInline(in.Context, in.Events)
	case in.Err != nil:
		return s.unread(in.Context)
	case in.want == wantScreen && s.Screen == ScreenNearby:
		return s.presentNearby(in.Context, in.Events)
	case len(in.Events) == 0:
		return s.tell(in.Context, "event_gone")
	case in.want == wantEdit:
		return s.edit(in.Context, in.Events[0])
	case in.want != wantScreen:
		return s.send(in.Context, in.Events[0])
	case s.Screen == ScreenCallOff:
		return s.presentCallOff(in.Context, in.Events[0])
	case s.Screen == ScreenAttendance:
		return s.loadAttendance(in.Context, in.Events[0])
	case s.Screen == ScreenTell:
		return s.presentTell(in.Context, in.Events[0])
	case s.Screen == ScreenReport:
		return s.presentReport(in.Context, in.Events[0])
	}
	return s.presentEvent(in.Context, in.Events[0])
}

// unread says that the database could not be read, and what had been done before that.
func (s State) unread(c Context) Turn {
	done := c.Toast
	if s.Headline != "" {
		done = s.tongue(c).say(s.Headline)
	}
	if done == "" {
		return s.tell(c, "cannot_read")
	}
	return s.tell(c, "done_but_cannot_read", "Done", done)
}

// presentEvent shows the card of an event.
func (s State) presentEvent(c Context, e model.Seen) Turn {
	t := s.tongue(c)
	var b strings.Builder
	if s.Headline != "" {
		fmt.Fprintf(&b, "✅ <b>%s</b>\n\n", t.html(s.Headline))
	}
	when := escape(t.period(e.Details, c.Now)) + t.elsewhere(e.Details, t.period, s.Zone, c.Now)
	b.WriteString(t.card(e, when, s.place(t, e.Event)))
	off := e.Status == model.Cancelled
	switch {
	case off && e.Part == model.Going:
		b.WriteString("\n" + t.html("card_you_had_joined"))
	case off && e.Part == model.Waiting:
		b.WriteString("\n" + t.html("card_you_had_waited"))
	case e.Part == model.Going:
		b.WriteString("\n" + t.html("card_you_go"))
	case e.Part == model.Waiting:
		b.WriteString("\n" + t.html("card_you_wait"))
	}
	return s.present(c, Message{Text: b.String(), Buttons: s.eventButtons(t, c, e)})
}

// card is what everybody may know of an event; when is HTML.
func (t *tongue) card(e model.Seen, when, place string) string {
	var b strings.Builder
	if e.Status == model.Cancelled {
		fmt.Fprintf(&b, "❌ <b>%s</b>\n\n", t.html("card_cancelled"))
	}
	fmt.Fprintf(&b, "<b>%s</b>\n%s\n🕒 %s", escape(e.Title), escape(t.category(e.Category)), when)
	fmt.Fprintf(&b, "\n📍 %s\n🧭 %s", escape(place), routeLinks(e.Point))
	if e.Description != "" {
		b.WriteString("\n\n" + escape(clip(e.Description, descriptionShown)))
	}
	if e.Status != model.Cancelled || e.Going > 0 {
		b.WriteString("\n\n" + t.attendance(e))
	}
	return b.String()
}

func (s State) eventButtons(t *tongue, c Context, e model.Seen) [][]Button {
	var rows [][]Button
	if e.Status == model.Open && e.Ends.After(c.Now) {
		act := Button{Text: t.say("button_join"), Data: s.encode(actJoin, e.ID)}
		if e.Part != model.Absent {
			act = Button{Text: t.say("button_leave"), Data: s.encode(actLeave, e.ID)}
		}
		row := []Button{act}
		if e.Part == model.Going && e.Starts.After(c.Now) {
			row = append(row, s.muteButton(t, e))
		}
		rows = append(rows, row)
		if e.Owner == c.From.ID {
			rows = append(rows, []Button{
				{Text: t.say("button_edit"), Data: s.encode(actEdit, e.ID)},
				{Text: t.say("button_call_off"), Data: s.encode(actCallOff, e.ID)},
			})
		}
	}
	last := []Button{{Text: t.say("button_back"), Data: s.encode(actBack, int64(s.Back))}}
	if e.Owner != c.From.ID {
		last = append(last, Button{Text: t.say("button_report"), Data: s.encode(actReport, e.ID)})
	}
	if e.Owner == c.From.ID && e.Going+e.Waiting > 0 {
		row := []Button{{Text: t.say("button_attendance"), Data: s.encode(actAttendance, e.ID)}}
		if e.Status == model.Open && e.Ends.After(c.Now) {
			row = append(row, Button{Text: t.say("button_tell"), Data: s.encode(actTell, e.ID)})
		}
		rows = append(rows, row)
	}
	return append(rows, []Button{
		{Text: t.say("button_pin"), Data: s.encode(actPin, e.ID)},
		{Text: t.say("button_calendar"), Data: s.encode(actCalendar, e.ID)},
		shareButton(t, c.Self, e.Event),
	}, last)
}

// want is what an event is loaded for, other than to be shown on the screen.
type want uint8

const (
	wantScreen want = iota
	wantPin
	wantCalendar
	wantEdit // to be changed by the wizard
)

// load loads an event to send something of it beside the screen, which stays as it is.
func (s State) load(c Context, id int64, w want) Turn {
	c.want = w
	return Turn{Next: *c.before, Await: []any{LoadEvents{Context: c, IDs: []int64{id}}}}
}

// send sends what the event was loaded for.
func (s State) send(c Context, e model.Seen) Turn {
	m := s.pin(e)
	if c.want == wantCalendar {
		file := calendarFile(c.Self, e.Event, c.Now)
		m = Message{Document: &file, Text: s.tongue(c).html("no_file")}
	}
	return Turn{Next: s, Await: []any{Send{Message: m, Tap: c.tap}}, Emit: c.answer()}
}

// askCallOff loads the event that is to be called off; presentCallOff asks the organiser
// once more, in place of the card.
func (s State) askCallOff(c Context, id int64) Turn {
	s.Screen, s.Event = ScreenCallOff, id
	return Turn{Next: s, Await: []any{LoadEvents{Context: c, IDs: []int64{id}}}}
}

func (s State) presentCallOff(c Context, e model.Seen) Turn {
	switch {
	case e.Owner != c.From.ID:
		return s.tell(c, "not_owner")
	case e.Status != model.Open:
		return s.tell(c, "event_closed")
	}
	t := s.tongue(c)
	return s.present(c, Message{Text: t.html("ask_call_off", "Title", e.Title), Buttons: [][]Button{{
		{Text: t.say("button_call_off_yes"), Data: s.encode(actCallOffYes, e.ID)},
		{Text: t.say("button_call_off_no"), Data: s.encode(actEvent, e.ID)},
	}}})
}

// period returns when an event takes place, in its own time zone.
func (t *tongue) period(d model.Details, now time.Time) string {
	return span(d, func(at time.Time) string { return t.moment(at, now) })
}

// dates is period without "today" and "tomorrow", for a message that is read on other days, too.
func (t *tongue) dates(d model.Details, now time.Time) string {
	return span(d, func(at time.Time) string { return t.date(at, now) })
}

func span(d model.Details, moment func(time.Time) string) string {
	z := zone(d.Zone)
	from, to := d.Starts.In(z), d.Ends.In(z)
	text := moment(from)
	if daysBetween(from, to) == 0 {
		text += to.Format("–15:04")
	} else {
		text += " – " + moment(to)
	}
	return fmt.Sprintf("%s (%s, %s)", text, from.Format("MST"), d.Zone)
}

// place returns where an event takes place, with the distance if it is known.
func (s State) place(t *tongue, e model.Event) string {
	text := placeName(e)
	if d, ok := s.distance(e.ID); ok {
		text += " · " + t.distance(d)
	}
	return text
}

// placeName returns the name of the place, or its coordinates where it has none.
func placeName(e model.Event) string {
	if e.Place == "" {
		return coordinates(e.Point)
	}
	return e.Place
}

// attendance returns who comes, and how many; of what was called off, who had joined.
func (t *tongue) attendance(e model.Seen) string {
	if e.Going == 0 && e.Capacity == 0 {
		return t.html("card_nobody")
	}
	text := t.count("going", e.Going)
	switch {
	case e.Status == model.Cancelled:
		text = t.html("card_had_joined", "N", e.Going)
	case e.Capacity > 0:
		text = t.html("card_going_of", "Going", e.Going, "Capacity", e.Capacity)
	}
	if len(e.Names) > 0 {
		shown := make([]string, len(e.Names))
		for i, name := range e.Names {
			shown[i] = t.name(name)
		}
		names := strings.Join(shown, ", ")
		if e.Going > len(e.Names) {
			names += ", …"
		}
		text += ": " + escape(names)
	}
	if e.Waiting > 0 && e.Status != model.Cancelled {
		text += "\n" + t.count("card_waiting", e.Waiting)
	}
	return text
}
