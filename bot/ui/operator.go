package ui

import (
	"strconv"
	"strings"

	"okolo/persistence/model"
)

// operatorCommands are the commands of the operators. Nobody else learns that there are any.
var operatorCommands = map[string]func(s State, c Context, arg string) Turn{
	"stats":   func(s State, c Context, _ string) Turn { return Turn{Next: s, Await: []any{LoadStats{Context: c}}} },
	"event":   State.caseCommand,
	"reports": func(s State, c Context, _ string) Turn { return s.nextCase(c, 0) },
	"ban":     func(s State, c Context, arg string) Turn { return s.banCommand(c, arg, true) },
	"unban":   func(s State, c Context, arg string) Turn { return s.banCommand(c, arg, false) },
	"banlist": func(s State, c Context, _ string) Turn { return s.openBans(c, 0) },
}

// operate handles a command of the operators; false: it is none.
func (s State) operate(in Command) (Turn, bool) {
	command, ok := operatorCommands[in.Name]
	switch {
	case !ok:
		return Turn{}, false
	case !in.Operator:
		t := s.tell(in.Context, "unknown_command")
		t.Refused = true
		return t, true
	}
	return command(s, in.Context, in.Arg), true
}

// operatePress handles a button of the operators' screens; false: it is none.
func (s State) operatePress(c Context, d data) (Turn, bool) {
	if !strings.HasPrefix(d.action, operatorAction) {
		return Turn{}, false
	}
	if !c.Operator {
		t := s.tell(c, "old_button")
		t.Refused = true
		return t, true
	}
	event := d.arg(0)
	switch d.action {
	case actCase:
		return s.openCase(c, event), true
	case actHide:
		return s.judge(c, event, model.HideEvent{By: s.by(c), Event: event, Hidden: d.arg(1) != 0}), true
	case actDelete:
		return s.askDelete(c, event), true
	case actDeleteYes:
		return s.judge(c, event, model.DeleteEvent{By: s.by(c), Event: event}), true
	case actDismiss:
		return s.judge(c, event, model.DismissReports{By: s.by(c), Event: event, Until: timeOf(d.arg(1))}), true
	case actBan:
		if d.arg(1) == c.From.ID {
			return s.tell(c, "ban_oneself"), true
		}
		return s.judge(c, event, model.BanPerson{By: s.by(c), Person: d.arg(1), Banned: d.arg(2) != 0}), true
	case actNextCase:
		return s.nextCase(c, event), true
	case actBans:
		return s.openBans(c, d.arg(0)), true
	}
	return Turn{}, false
}

// judge asks for a write after which the event is shown as it is then.
func (s State) judge(c Context, event int64, command model.Command) Turn {
	s.Screen, s.Event = ScreenCase, event
	return s.write(c, command)
}

// judged goes on after an operator's write; false: it was none.
func (s State) judged(c Context, command model.Command) (Turn, bool) {
	t := s.tongue(c)
	switch command := command.(type) {
	case model.HideEvent:
		c.Toast = t.say("case_shown_again")
		if command.Hidden {
			c.Toast = t.say("event_hidden")
		}
	case model.DeleteEvent:
		c.Toast = t.say("event_deleted")
	case model.DismissReports:
		c.Toast = t.say("reports_dismissed")
	case model.BanPerson:
		sentence := "let_in"
		if command.Banned {
			sentence = "shut_out"
		}
		if c.Callback == "" {
			s.checkpoint(&c)
			return s.tell(c, sentence, "ID", command.Person), true
		}
		c.Toast = t.say(sentence, "ID", command.Person)
	default:
		return Turn{}, false
	}
	s.checkpoint(&c)
	return s.openCase(c, s.Event), true
}

// caseCommand opens the event of a number or of a link that people share.
func (s State) caseCommand(c Context, arg string) Turn {
	id, err := strconv.ParseInt(strings.TrimPrefix(arg, "#"), 10, 64)
	if i := strings.LastIndex(arg, deepLinkPrefix); err != nil && i >= 0 {
		if shared, ok := parseDeepLink(arg[i:]); ok {
			id, err = shared, nil
		}
	}
	if err != nil || id <= 0 {
		return s.tell(c, "usage_event")
	}
	return s.openCase(c, id)
}

// banCommand keeps a person out, for a reason that may follow their id, or lets them in again.
func (s State) banCommand(c Context, arg string, banned bool) Turn {
	number, reason, _ := strings.Cut(line(arg), " ")
	person, err := strconv.ParseInt(number, 10, 64)
	switch {
	case err != nil || person <= 0:
		return s.tell(c, "usage_ban")
	case person == c.From.ID:
		return s.tell(c, "ban_oneself")
	}
	if r := []rune(reason); len(r) > model.MaxReason {
		reason = string(r[:model.MaxReason])
	}
	return s.write(c, model.BanPerson{By: s.by(c), Person: person, Banned: banned, Reason: reason})
}
