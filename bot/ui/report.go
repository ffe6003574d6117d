package ui

import (
	"okolo/persistence/model"
)

// reportReasons name what may be wrong with an event. Their order is in messages that people
// keep: append only.
var reportReasons = [...]string{"report_spam", "report_false", "report_danger"}

// askReport loads the event that someone complains about; presentReport asks what is wrong.
func (s State) askReport(c Context, id int64) Turn {
	s.Screen, s.Event = ScreenReport, id
	return Turn{Next: s, Await: []any{LoadEvents{Context: c, IDs: []int64{id}}}}
}

func (s State) presentReport(c Context, e model.Seen) Turn {
	t := s.tongue(c)
	rows := make([][]Button, 0, len(reportReasons)+1)
	for i, reason := range reportReasons {
		rows = append(rows, []Button{{Text: t.say(reason), Data: s.encode(actReportFor, e.ID, int64(i))}})
	}
	rows = append(rows, []Button{{Text: t.say("button_back"), Data: s.encode(actEvent, e.ID)}})
	return s.present(c, Message{Text: t.html("ask_report", "Title", e.Title), Buttons: rows})
}

// reportFor reports an event for one of the reasons offered, in the language of the operators'
// first.
func (s State) reportFor(c Context, event, reason int64) Turn {
	if reason < 0 || reason >= int64(len(reportReasons)) {
		return s.tell(c, "old_button")
	}
	return s.report(c, event, tongues[languages[0]].say(reportReasons[reason]))
}

// report tells the operators what is wrong with an event, in the person's own words.
func (s State) report(c Context, event int64, reason string) Turn {
	reason = line(reason)
	if r := []rune(reason); len(r) > model.MaxReason {
		reason = string(r[:model.MaxReason])
	}
	return s.write(c, model.ReportEvent{By: s.by(c), Event: event, Reason: reason})
}
