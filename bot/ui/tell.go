package ui

import (
	"unicode/utf8"

	"okolo/persistence/model"
)

// askTell loads an event; presentTell asks its organiser what to write to those who joined.
func (s State) askTell(c Context, id int64) Turn {
	s.Screen, s.Event = ScreenTell, id
	return Turn{Next: s, Await: []any{LoadEvents{Context: c, IDs: []int64{id}}}}
}

func (s State) presentTell(c Context, e model.Seen) Turn {
	switch {
	case e.Owner != c.From.ID:
		return s.tell(c, "not_owner")
	case e.Status != model.Open:
		return s.tell(c, "event_closed")
	}
	t := s.tongue(c)
	return s.present(c, Message{
		Text:    t.html("ask_tell", "Title", e.Title, "N", model.MaxMessages) + "\n" + t.attendance(e),
		Buttons: [][]Button{{{Text: t.say("button_back"), Data: s.encode(actEvent, e.ID)}}},
	})
}

// tellJoined passes on what the organiser wrote.
func (s State) tellJoined(c Context, text string) Turn {
	text = lines(text)
	if n := utf8.RuneCountInString(text); n > model.MaxMessage {
		return s.tell(c, "message_too_long", "N", n, "Max", model.MaxMessage)
	}
	return s.write(c, model.TellJoined{By: s.by(c), Event: s.Event, Text: text})
}
