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

// LoadMutedAll asks whether a person wants no reminders at all; its result is [MutedAllLoaded].
type LoadMutedAll struct{ Context }

// MutedAllLoaded is the result of [LoadMutedAll].
type MutedAllLoaded struct {
	Context
	Muted bool
	Err   error
}

// MuteAll asks that a person be reminded of no event at all, or again of those that they join; its
// result is [MutedAll].
type MuteAll struct {
	Context
	Person model.Person
	Muted  bool
}

// MutedAll is the result of [MuteAll].
type MutedAll struct {
	MuteAll
	Err error
}

// mutedAllLoaded shows what is kept of the person, without the switch where it is not known how it
// stands.
func (s State) mutedAllLoaded(in MutedAllLoaded) Turn {
	if in.Err != nil {
		return s.presentPrivacy(in.Context)
	}
	return s.presentPrivacy(in.Context, s.muteAllButton(in.Context, in.Muted))
}

// mutedAll shows the same once the switch has been turned.
func (s State) mutedAll(in MutedAll) Turn {
	c, t := in.Context, s.tongue(in.Context)
	if in.Err != nil {
		return s.tell(c, "not_done")
	}
	c.Toast = t.say("unmuted_all")
	if in.Muted {
		c.Toast = t.say("muted_all")
	}
	return s.presentPrivacy(c, s.muteAllButton(c, in.Muted))
}

// muteAllButton switches all reminders.
func (s State) muteAllButton(c Context, muted bool) Button {
	t := s.tongue(c)
	if muted {
		return Button{Text: t.say("button_unmute_all"), Data: s.encode(actMuteAll, 0)}
	}
	return Button{Text: t.say("button_mute_all"), Data: s.encode(actMuteAll, 1)}
}
