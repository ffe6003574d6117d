package ui

import (
	"errors"

	"okolo/persistence/model"
)

// Mute asks that a person be reminded of an event, or no longer; its result is [Muted].
type Mute struct {
	Context
	Event int64
	Muted bool
}

// Muted is the result of [Mute].
type Muted struct {
	Mute
	Err error
}

// muted shows the event's card once it is known whether the person is reminded of it.
func (s State) muted(in Muted) Turn {
	c, t := in.Context, s.tongue(in.Context)
	switch {
	case errors.Is(in.Err, model.ErrNotFound):
		c.Toast = t.say("mute_not_joined")
	case in.Err != nil:
		return s.tell(c, "not_done")
	case in.Muted:
		c.Toast = t.say("muted")
	default:
		c.Toast = t.say("unmuted")
	}
	return s.openEvent(c, in.Event)
}

// muteButton switches the reminders of an event that the person comes to.
func (s State) muteButton(t *tongue, e model.Seen) Button {
	if e.Muted {
		return Button{Text: t.say("button_unmute"), Data: s.encode(actMute, e.ID, 0)}
	}
	return Button{Text: t.say("button_mute"), Data: s.encode(actMute, e.ID, 1)}
}
