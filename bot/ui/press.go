package ui

import (
	"encoding/binary"
	"hash/fnv"
	"time"

	"okolo/persistence/model"
)

// doubleTap is how soon after its answer a press of the same button is the second tap of a
// double tap, and not a wish to see the answer again.
const doubleTap = 2 * time.Second

// hash tells the presses of a message's buttons apart. It is never 0.
func (p Press) hash() uint32 {
	h := fnv.New32a()
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, 72), uint64(p.Message))
	_, _ = h.Write(append(b, p.Data...)) // never fails
	return max(h.Sum32(), 1)
}

// tappedTwice reports whether the press is the second tap on a button that new messages
// answered. The button is still there, so the press may act again, but not so soon.
func (s State) tappedTwice(p Press) bool {
	return p.tap == s.Tap && p.Now.UnixMilli() < s.TapAt+doubleTap.Milliseconds()
}

// maxRevision is more than a conversation comes to, and far from where a forged one would make it overflow.
const maxRevision = 1 << 31

// press handles a button, of whatever age the message is that it is on.
func (s State) press(in Press) Turn {
	c := in.Context
	d, err := decode(in.Data)
	if err != nil {
		return s.tell(c, "old_button")
	}
	// Where the state is lost that showed the button, no button of what follows may be taken for this one.
	if d.revision < maxRevision {
		s.Revision = max(s.Revision, d.revision+1)
	}
	switch d.action {
	case actHome:
		return s.showHome(c)
	case actNearby:
		return s.search(c)
	case actPage, actRadius, actDays, actCategories, actCategory, actAgain, actWider:
		return s.nearbyPress(c, d)
	case actEvent:
		if list := d.arg(1); list == int64(ScreenNearby) || list == int64(ScreenMine) {
			s.Back = Screen(list)
		}
		return s.openEvent(c, d.arg(0))
	case actJoin:
		return s.write(c, model.JoinEvent{By: s.by(c), Event: d.arg(0)})
	case actLeave:
		return s.write(c, model.LeaveEvent{By: s.by(c), Event: d.arg(0)})
	case actCallOff:
		return s.askCallOff(c, d.arg(0))
	case actCallOffYes:
		return s.write(c, model.CancelEvent{By: s.by(c), Event: d.arg(0)})
	case actPin:
		return s.load(c, d.arg(0), wantPin)
	case actCalendar:
		return s.load(c, d.arg(0), wantCalendar)
	case actEdit:
		return s.openEdit(c, d.arg(0))
	case actAttendance:
		return s.openAttendance(c, d.arg(0))
	case actMute:
		return Turn{Next: s, Await: []any{Mute{Context: c, Event: d.arg(0), Muted: d.arg(1) != 0}}}
	case actMuteAll:
		return Turn{Next: s, Await: []any{MuteAll{Context: c, Person: s.by(c), Muted: d.arg(0) != 0}}}
	case actTell:
		return s.askTell(c, d.arg(0))
	case actPrivacy:
		return s.showPrivacy(c)
	case actForget:
		return s.askForget(c)
	case actForgetSure:
		return s.askForgetSure(c)
	case actForgetYes:
		return s.forget(c, d)
	case actReport:
		return s.askReport(c, d.arg(0))
	case actReportFor:
		return s.reportFor(c, d.arg(0), d.arg(1))
	case actBack:
		return s.back(c, d.arg(0))
	case actMine:
		return s.openMine(c)
	case actLanguage:
		return s.speak(c, d.arg(0))
	case actCreate:
		return s.openWizard(c)
	case actWizard:
		return s.wizardPress(c, d)
	}
	if t, ok := s.operatePress(c, d); ok {
		return t
	}
	return s.tell(c, "old_button")
}

// back leaves the card for the screen that it was opened from. A list that lacks the event
// is older than the event, and is looked up anew.
func (s State) back(c Context, to int64) Turn {
	switch to {
	case int64(ScreenNearby):
		if _, listed := s.distance(s.Event); listed {
			return s.showNearby(c)
		}
		return s.search(c)
	case int64(ScreenMine):
		return s.openMine(c)
	}
	return s.showHome(c)
}

func (s State) write(c Context, command model.Command) Turn {
	return Turn{Next: s, Await: []any{Write{Context: c, Command: command}}}
}

// by returns the person as commands name them, with the language of the conversation.
func (s State) by(c Context) model.Person {
	return model.Person{ID: c.From.ID, Name: line(c.From.Name), Lang: s.tongue(c).lang}
}

// written goes on after a write, in the words that its outcome calls for. What it changed
// stays, also where the event cannot be shown.
func (s State) written(in Written) Turn {
	c, t := in.Context, s.tongue(in.Context)
	if c.Group.ID != 0 {
		return s.groupWritten(in)
	}
	if in.Err != nil {
		return s.refused(c, in.Command, in.Err)
	}
	switch command := in.Command.(type) {
	case model.CreateUserEvent:
		s = s.created(command.Draft, in.Answer, "saved")
	case model.CreateCommunityEvent:
		s = s.created(command.Draft, in.Answer, announced(c))
	case model.EditEvent:
		s = s.edited(command.Event)
	case model.JoinEvent, model.LeaveEvent:
		c.Toast = t.say(outcome(in))
	case model.CancelEvent:
		c.Toast = t.say("called_off")
	case model.TellJoined:
		s.Headline = "message_passed_on"
	case model.ReportEvent:
		c.Toast = t.say("reported")
		if c.Callback == "" {
			s.Headline = "reported"
		}
	}
	if turn, ok := s.judged(c, in.Command); ok {
		return turn
	}
	s.checkpoint(&c)
	return s.openEvent(c, in.Answer.Event)
}
