package ui

import (
	"time"

	"okolo/persistence/model"
)

// Command is a message that begins with a slash.
type Command struct {
	Context
	Name string // without the slash, lower case
	Arg  string
}

// Text is any other message of words.
type Text struct {
	Context
	Text string
}

// Location is a place that a person sent: a location or a venue.
type Location struct {
	Context
	model.Point
	Zone  string // IANA name of the time zone there, never empty
	Title string // of a venue
	Typed string // the message, where it is one of words that [ParsePlace] reads
}

// Press is the press of a button.
type Press struct {
	Context
	Data string
}

// Unsupported is a message of a kind that the bot has no use for: a sticker, a voice.
type Unsupported struct{ Context }

// Flooded takes the place of an input of a person who sends too many.
type Flooded struct{ Context }

// NearbyFound is the result of [FindNearby].
type NearbyFound struct {
	Context
	Found []model.Found
	Err   error
}

// EventsLoaded is the result of [LoadEvents].
type EventsLoaded struct {
	Context
	Events []model.Seen
	Err    error
}

// MineLoaded is the result of [LoadMine].
type MineLoaded struct {
	Context
	Events []model.Seen
	Err    error
}

// AlikeFound is the result of [FindAlike].
type AlikeFound struct {
	Context
	Event int64 // 0: there is none
	Err   error
}

// AttendanceLoaded is the result of [LoadAttendance].
type AttendanceLoaded struct {
	Context
	Event     model.Seen
	Attendees []model.Attendee // those who come first
	Err       error
}

// Forgotten is the result of [Forget].
type Forgotten struct {
	Context
	Err error
}

// Written is the result of [Write].
type Written struct {
	Context
	Command model.Command
	Answer  model.Answer
	Err     error
}

// StatsLoaded is the result of [LoadStats].
type StatsLoaded struct {
	Context
	Lines string
	Err   error
}

// Sent is the result of [Send], and of an [Edit] that had to be sent anew because the
// message is gone.
type Sent struct {
	Slot Slot
	ID   int64 // 0: it could not be sent
	Gone int64 // the message that it takes the place of; 0: none

	Tap uint32    // of the Send
	At  time.Time // when it was sent
}

// Gone is the result of an [Edit] of a map or a list that is gone.
type Gone struct {
	Context
	ID int64
}

// gone sends the pair anew, once where both are gone, if the person is still looking at it and did
// something just now; otherwise the next press of the list will.
func (s State) gone(in Gone) Turn {
	if in.ID != s.MapMessageID && in.ID != s.ListMessageID {
		return Turn{Next: s}
	}
	s.MapMessageID, s.ListMessageID = 0, 0
	if s.Screen != ScreenNearby || in.silent {
		return Turn{Next: s}
	}
	return s.showNearby(Context{From: in.From, Now: in.Now, silent: true})
}

// sent notes the message that now shows a part of the screen, unless what it takes the
// place of is no longer a part of it.
func (s State) sent(in Sent) State {
	replace := func(id *int64) {
		if in.Gone == 0 || in.Gone == *id {
			*id = in.ID
		}
	}
	switch in.Slot {
	case SlotMap:
		replace(&s.MapMessageID)
	case SlotList:
		replace(&s.ListMessageID)
		replace(&s.Message)
	case SlotScreen:
		replace(&s.Message)
	}
	if in.Tap != 0 && in.ID != 0 {
		s.Tap, s.TapAt = in.Tap, in.At.UnixMilli()
	}
	return s
}
