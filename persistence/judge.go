package persistence

import (
	"okolo/persistence/model"
)

func (l *ledger) report(c model.ReportEvent) (model.Answer, string) {
	e := l.events[c.Event]
	switch {
	case e == nil || e.Status.Gone():
		return model.Answer{}, missing
	case l.banned(c.By):
		return model.Answer{}, banned
	}
	l.know(c.By)
	l.reports[report{e.ID, c.By.ID}] = c.Reason
	return model.Answer{Event: e.ID, Part: e.seat(c.By.ID).part}, done
}

// hide takes an event out of sight or puts it back; one that was called off stays so.
func (l *ledger) hide(c model.HideEvent) (model.Answer, string) {
	e := l.events[c.Event]
	switch {
	case e == nil || e.Status == model.Deleted:
		return model.Answer{}, missing
	case c.Hidden && e.Status == model.Open:
		e.Status = model.Hidden
		e.revise()
	case !c.Hidden && e.Status == model.Hidden:
		e.Status = model.Open
		e.revise()
	}
	return model.Answer{Event: e.ID, Part: e.seat(c.By.ID).part}, done
}

// delete takes an event out of sight for good, and tells those who joined. To do it twice is no
// error.
func (l *ledger) delete(bot int64, c model.DeleteEvent) (model.Answer, string) {
	e := l.events[c.Event]
	if e == nil {
		return model.Answer{}, missing
	}
	expected := e.Status != model.Cancelled && e.Status != model.Deleted
	if expected && e.Going+e.Waiting > 0 {
		l.notices = append(l.notices, model.Notice{Bot: bot, Event: e.ID, News: model.NewsDeleted, By: c.By.ID, Text: e.Title})
	}
	if e.Status != model.Deleted {
		e.Status = model.Deleted
		e.revise()
	}
	return model.Answer{Event: e.ID, Part: e.seat(c.By.ID).part}, done
}

// dismiss forgets the reports that the operator has seen: one that came since stays.
func (l *ledger) dismiss(c model.DismissReports) (model.Answer, string) {
	e := l.events[c.Event]
	if e == nil {
		return model.Answer{}, missing
	}
	if until := l.dismissed[e.ID]; c.Until.After(until) {
		l.dismissed[e.ID] = c.Until
	}
	if !c.Until.Before(l.now) {
		for r := range l.reports {
			if r.event == e.ID {
				delete(l.reports, r)
			}
		}
	}
	return model.Answer{Event: e.ID, Part: e.seat(c.By.ID).part}, done
}

// ban keeps a person out, or lets them in again. A second ban has the reason of the second.
func (l *ledger) ban(c model.BanPerson) model.Answer {
	p := l.person(c.Person)
	p.banned, p.banReason, p.judged = c.Banned, "", true
	if c.Banned {
		p.banReason = c.Reason
	}
	return model.Answer{}
}
