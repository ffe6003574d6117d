package ui

import (
	"okolo/persistence/model"
)

// press handles a button, of whatever age the message is that it is on.
func (s State) press(in Press) Turn {
	c := in.Context
	d, err := decode(in.Data)
	if err != nil {
		return s.tell(c, "old_button")
	}
	s = s.begin()
	switch d.action {
	case actHome:
		return s.showHome(c)
	case actNearby:
		if s.Zone == "" {
			return s.tell(c, "need_location")
		}
		return s.showNearby(c)
	case actPage, actRadius, actDays, actCategories, actCategory:
		return s.nearbyPress(c, d)
	case actEvent:
		return s.openEvent(c, d.arg(0))
	case actJoin:
		return s.write(c, model.JoinEvent{By: c.From, Event: d.arg(0)})
	case actLeave:
		return s.write(c, model.LeaveEvent{By: c.From, Event: d.arg(0)})
	case actCallOff:
		return s.askCallOff(c, d.arg(0))
	case actCallOffYes:
		return s.write(c, model.CancelEvent{By: c.From, Event: d.arg(0)})
	case actBack:
		s.Screen = s.Back
		return s.show(c)
	case actMine:
		return s.openMine(c)
	case actLanguage:
		s.Lang = languages[min(max(d.arg(0), 0), int64(len(languages)-1))]
		return s.showHome(c)
	case actCreate:
		return s.openWizard(c)
	case actWizard:
		return s.wizardPress(c, d)
	}
	return s.tell(c, "old_button")
}

func (s State) write(c Context, command model.Command) Turn {
	return Turn{Next: s, Await: []any{Write{Context: c, Command: command}}}
}

// written goes on after a write, in the words that its outcome calls for.
func (s State) written(in Written) Turn {
	c, t := in.Context, s.tongue(in.Context)
	if in.Err != nil {
		return s.tell(c, refusal(in.Err))
	}
	switch in.Command.(type) {
	case model.CreateUserEvent, model.CreateCommunityEvent:
		return s.created(c, in.Answer)
	case model.JoinEvent:
		c.Toast = t.say("joined")
		if in.Answer.Part == model.Waiting {
			c.Toast = t.say("joined_waiting")
		}
	case model.LeaveEvent:
		c.Toast = t.say("left")
	case model.CancelEvent:
		c.Toast = t.say("called_off")
	}
	return s.openEvent(c, in.Answer.Event)
}
