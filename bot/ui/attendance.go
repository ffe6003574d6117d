package ui

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"okolo/persistence/model"
)

// maxAttendance is the most people on the list that an organiser sees.
const maxAttendance = 200

// openAttendance loads an event, and loadAttendance who is on its lists; attendanceLoaded shows
// them to the organiser.
func (s State) openAttendance(c Context, id int64) Turn {
	s.Screen, s.Event = ScreenAttendance, id
	return Turn{Next: s, Await: []any{LoadEvents{Context: c, IDs: []int64{id}}}}
}

func (s State) loadAttendance(c Context, e model.Seen) Turn {
	if e.Owner != c.From.ID {
		return s.tell(c, "not_owner")
	}
	return Turn{Next: s, Await: []any{LoadAttendance{Context: c, Event: e, Limit: maxAttendance}}}
}

func (s State) attendanceLoaded(in AttendanceLoaded) Turn {
	c, t, e := in.Context, s.tongue(in.Context), in.Event
	if in.Err != nil {
		return s.unread(c)
	}
	return s.present(c, Message{
		Text:    t.html("attendance_title", "Title", e.Title) + t.attendees(e, in.Attendees),
		Buttons: [][]Button{{{Text: t.say("button_back"), Data: s.encode(actEvent, e.ID)}}},
	})
}

// attendees lists people by name, as many as a message takes, and counts the others.
func (t *tongue) attendees(e model.Seen, all []model.Attendee) string {
	var b strings.Builder
	units, listed := 0, map[model.Part]int{}
	more := func(part model.Part, of int) {
		if n := of - listed[part]; listed[part] > 0 && n > 0 {
			b.WriteString("\n" + t.count("attendance_more", n))
		}
	}
	for _, a := range all {
		if units += len(utf16.Encode([]rune(a.Name))) + 8; units > attendanceShown {
			break
		}
		if listed[a.Part] == 0 {
			if a.Part == model.Waiting {
				more(model.Going, e.Going)
				b.WriteString("\n\n" + t.count("card_waiting", e.Waiting))
			} else {
				b.WriteString("\n\n" + t.count("going", e.Going))
			}
		}
		listed[a.Part]++
		fmt.Fprintf(&b, "\n%d. %s", listed[a.Part], escape(a.Name))
	}
	switch {
	case listed[model.Waiting] > 0:
		more(model.Waiting, e.Waiting)
	case listed[model.Going] > 0:
		more(model.Going, e.Going)
	default:
		b.WriteString("\n\n" + t.html("card_nobody"))
	}
	return b.String()
}
