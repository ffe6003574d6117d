// Package ui is the bot's user interface as a pure function: [Step] takes a person's state
// and one input and returns the next state and the effects to carry out.
//
// It knows screens, words and the rules of conversation. It knows no clock (the time comes
// with each input), no I/O (what it needs is asked for by an effect whose result comes back
// as an input) and no Telegram types (package bot translates). It imports only the nouns of
// package model and libraries that compute.
package ui

import (
	"slices"
	"time"

	"okolo/persistence/model"
)

// PageSize is the number of events on a page of a list.
const PageSize = 5

// Turn is what one Step decided.
type Turn struct {
	Next State
	// Await are effects whose results come back to Step before Next is taken.
	Await []any
	// Emit are effects to carry out once Next was taken.
	Emit []any
	// Repeatable says that nothing was written and that the pressed button still stands
	// where it stood: the same press may act again. What the last Step says counts.
	Repeatable bool
	// Refused says that the person has no right to what they asked for.
	Refused bool
}

// Context is what an input brings along: who asks, when, and by what button. An effect
// carries the context of its input, and its result brings it back.
type Context struct {
	From     model.Person
	Self     Self
	Operator bool      // one of the program's operators
	Now      time.Time // when the bot received the input
	Update   int64     // id of the update; mints draft ids
	Message  int64     // the message whose button was pressed; 0: not a press
	Callback string    // id of the press, to be answered
	Group    Group     // that it comes from; zero: the person's own chat with the bot

	// Toast is shown briefly above the chat when the press is answered: words about what
	// was just done.
	Toast string

	// before is the state that stays where the turn comes to nothing.
	before *State
	// tap is the hash of the press; 0: not a press.
	tap uint32
	// want is what an event is loaded for.
	want want
	// next is what a group is loaded for, or written to; see groupnext.go.
	next any
	// silent says that the person did nothing that they could be told about.
	silent bool
	// renewed says that a list has been looked up anew, as some of its events had vanished.
	renewed bool
	// inline is the id of the inline query that is to be answered, words what its titles have.
	inline, words string
}

// Duplicate stands for an input that was already acted upon: redelivered by Telegram, or
// the second tap of a double tap.
type Duplicate struct{ Of any }

// Step decides. It changes nothing that s refers to. An input or a result of a type that it
// does not know leaves everything as it is.
func Step(s State, in any) Turn {
	switch in := in.(type) {
	case Command:
		s = s.begin(&in.Context)
		return s.command(in)
	case Text:
		s = s.begin(&in.Context)
		return s.text(in)
	case Location:
		s = s.begin(&in.Context)
		return s.location(in)
	case Press:
		in.tap = in.hash()
		if s.tappedTwice(in) {
			return Turn{Next: s, Emit: in.answer(), Repeatable: true}
		}
		s = s.begin(&in.Context)
		return s.press(in)
	case Moved:
		return s.moved(in)
	case InlineQuery:
		return s.inlineQuery(in)
	case GroupCommand:
		s = s.begin(&in.Context)
		return s.groupCommand(in)
	case GroupPress:
		s = s.begin(&in.Context)
		return s.groupPress(in)
	case GroupEntered:
		s = s.begin(&in.Context)
		return s.groupEntered(in)
	case GroupLeft:
		s = s.begin(&in.Context)
		return s.groupLeft(in)
	case GroupMigrated:
		s = s.begin(&in.Context)
		return s.groupMigrated(in)
	case CommunityLoaded:
		return s.communityLoaded(in)
	case Flooded:
		return s.tell(in.Context, "slow_down")
	case Unsupported:
		return s.tell(in.Context, "unsupported")
	case Duplicate:
		return s.duplicate(in)
	case NearbyFound:
		return s.nearbyFound(in)
	case EventsLoaded:
		return s.eventsLoaded(in)
	case Forgotten:
		return s.forgotten(in)
	case AlikeFound:
		return s.alikeFound(in)
	case AttendanceLoaded:
		return s.attendanceLoaded(in)
	case MineLoaded:
		return s.mineLoaded(in)
	case Written:
		return s.written(in)
	case Muted:
		return s.muted(in)
	case MutedAllLoaded:
		return s.mutedAllLoaded(in)
	case MutedAll:
		return s.mutedAll(in)
	case StatsLoaded:
		return s.statsLoaded(in)
	case CaseLoaded:
		return s.caseLoaded(in)
	case BansLoaded:
		return s.bansLoaded(in)
	case Gone:
		return s.gone(in)
	case Sent:
		return Turn{Next: s.sent(in), Repeatable: in.Tap != 0}
	}
	return Turn{Next: s}
}

// begin begins a turn that may change the screen: what a button of the next screen carries
// differs from what those before carried.
func (s State) begin(c *Context) State {
	s.checkpoint(c)
	s.Revision++
	s.Headline = ""
	return s
}

// checkpoint makes s the state that stays where the turn comes to nothing from here on.
func (s State) checkpoint(c *Context) { c.before = &s }

// duplicate shows the outcome of a press once more, or says where it is to be seen. The reply
// to anything else was sent before its state was taken, so there nothing is left to show.
func (s State) duplicate(d Duplicate) Turn {
	if p, ok := d.Of.(GroupPress); ok {
		return s.groupPressAgain(p)
	}
	p, ok := d.Of.(Press)
	if !ok {
		return Turn{Next: s}
	}
	if p.Message != s.Message {
		p.Toast = s.tongue(p.Context).say("done_before")
		return Turn{Next: s, Emit: p.answer()}
	}
	if s.Screen == ScreenWizard {
		p.Toast = s.tongue(p.Context).say("done_before") // what it did is not to be seen on every step
	}
	s.checkpoint(&p.Context)
	return s.show(p.Context)
}

// show shows the screen that s is on: in the pressed message, or in a new one.
func (s State) show(c Context) Turn {
	switch s.Screen {
	case ScreenNearby:
		return s.showNearby(c)
	case ScreenEvent:
		return s.openEvent(c, s.Event)
	case ScreenMine:
		return s.openMine(c)
	case ScreenWizard:
		if s.Draft != nil {
			return s.showWizard(c, "")
		}
	case ScreenCategories:
		return s.showCategories(c)
	case ScreenCallOff:
		return s.askCallOff(c, s.Event)
	case ScreenAttendance:
		return s.openAttendance(c, s.Event)
	case ScreenTell:
		return s.askTell(c, s.Event)
	case ScreenPrivacy:
		return s.showPrivacy(c)
	case ScreenForget:
		return s.askForget(c)
	case ScreenForgetSure:
		return s.askForgetSure(c)
	case ScreenReport:
		return s.askReport(c, s.Event)
	case ScreenCase, ScreenDelete:
		return s.showCase(c)
	case ScreenBans:
		return s.openBans(c, int64(s.BansPage))
	}
	return s.showHome(c)
}

// present puts a message on the screen: a press edits the pressed message in place,
// everything else gets a new message.
func (s State) present(c Context, m Message) Turn {
	m.Thread = c.Group.Thread
	if c.Message == 0 {
		return Turn{
			Next:  s,
			Await: []any{Send{Slot: SlotScreen, Message: m, Tap: c.tap, Note: s.note(c)}},
			Emit:  c.answer(),
		}
	}
	s.Message = c.Message
	return Turn{Next: s, Emit: append([]any{
		Edit{Slot: SlotScreen, ID: c.Message, Message: m},
	}, c.answer()...)}
}

// answer ends the press, if it is one.
func (c Context) answer() []any {
	if c.Callback == "" {
		return nil
	}
	return []any{Answer{Callback: c.Callback, Text: c.Toast}}
}

// tell says one sentence, as an alert for a press and as a message otherwise, and leaves
// everything as it was before the turn. The press may act again.
func (s State) tell(c Context, id string, args ...any) Turn {
	if c.before != nil {
		s = *c.before
	}
	if c.silent {
		return Turn{Next: s}
	}
	text := s.tongue(c).say(id, args...)
	refused := slices.Contains(refusals, id)
	if c.Callback != "" {
		return Turn{Next: s, Emit: []any{Answer{Callback: c.Callback, Text: clip(text, maxAnswer), Alert: true}}, Repeatable: true, Refused: refused}
	}
	return Turn{Next: s, Await: []any{Send{Message: Message{Thread: c.Group.Thread, Text: escape(text)}, Note: s.note(c)}}, Refused: refused}
}
