package persistence

import (
	"time"

	"okolo/persistence/model"
)

const (
	// startGrace is how far in the past a new event may start: who fills in a form takes a while.
	startGrace = 5 * time.Minute
	// letInByEdit is the most people whom one edit lets in from the waiting list: each is owed
	// a notice. Where still more could come, they do with the next edit, or two by two as
	// others leave.
	letInByEdit  = 1000
	letInByLeave = 2
)

// rule decides a command that was not carried out before. Where its outcome is not done it has
// changed nothing.
func (l *ledger) rule(p *pending) (model.Answer, string) {
	switch c := p.cmd.(type) {
	case model.CreateUserEvent:
		return l.create(c.By, c.Draft, c.Details, model.Personal, 0)
	case model.CreateCommunityEvent:
		return l.createFor(p.key.Bot, c)
	case model.EditEvent:
		return l.edit(p.key.Bot, c)
	case model.CancelEvent:
		return l.cancel(p.key.Bot, c)
	case model.JoinEvent:
		return l.join(c)
	case model.LeaveEvent:
		return l.leave(p.key.Bot, c)
	case model.ReportEvent:
		return l.report(c)
	case model.HideEvent:
		return l.hide(c)
	case model.DeleteEvent:
		return l.delete(p.key.Bot, c)
	case model.DismissReports:
		return l.dismiss(c)
	case model.BanPerson:
		return l.ban(c), done
	case model.TellJoined:
		return l.tell(p.key.Bot, c)
	case model.ForgetPerson:
		return l.forget(p.key.Bot, c), done
	case model.SetCommunity:
		s := l.community(c.Community, c.Title)
		s.settings, s.changed = c.Settings, true
		return model.Answer{}, done
	case model.EnterCommunity:
		l.enter(c)
		return model.Answer{}, done
	case model.LeaveCommunity:
		l.quit(c)
		return model.Answer{}, done
	case model.MoveCommunity:
		l.move(c)
		return model.Answer{}, done
	}
	return model.Answer{}, missing // validate lets no other command through
}

// create makes an event of a draft, once: a draft that already is an event answers with that
// event, and says where its details differ.
func (l *ledger) create(by model.Person, number int64, d model.Details, kind model.Kind, chat int64) (model.Answer, string) {
	d = stored(d)
	if e := l.drafts[draft{by.ID, number}]; e != nil {
		a := model.Answer{Event: e.ID, Part: e.seat(by.ID).part, Replayed: true}
		a.Changed = e.Details != d || e.Community != chat
		return a, done
	}
	if l.banned(by) {
		return model.Answer{}, banned
	}
	if o := l.timely(d.Starts); o != done {
		return model.Answer{}, o
	}
	l.know(by)
	e := &event{draft: number, isNew: true, seats: map[int64]*seat{}}
	e.Event = model.Event{ID: l.ids[0], Kind: kind, Owner: by.ID, Community: chat, Details: d, Status: model.Open}
	l.ids = l.ids[1:]
	l.events[e.ID] = e
	l.drafts[draft{by.ID, number}] = e
	return model.Answer{Event: e.ID}, done
}

// createFor makes an event of a community, where its settings let the person, and owes an
// announcement of it.
func (l *ledger) createFor(bot int64, c model.CreateCommunityEvent) (model.Answer, string) {
	chat, creators := l.home(c.Community), model.Everyone
	if known := l.communities[chat]; known != nil {
		creators = known.settings.Creators
	}
	if l.drafts[draft{c.By.ID, c.Draft}] == nil && !creators.Let(c.Admin) {
		return model.Answer{}, notAllowed
	}
	a, o := l.create(c.By, c.Draft, c.Details, model.Community, chat)
	if o == done && !a.Replayed {
		if into := l.community(c.Community, c.CommunityTitle); !into.settings.Quiet && !into.left {
			l.events[a.Event].herald = bot
		}
	}
	return a, o
}

// timely checks a new start against the clock.
func (l *ledger) timely(starts time.Time) string {
	switch {
	case starts.Before(l.now.Add(-startGrace)):
		return past
	case starts.After(l.now.Add(model.MaxAhead)):
		return ahead
	}
	return done
}

// edit changes an event. Those who joined are told of a new title, time or place: these decide
// whether a person comes. The rest they see on its card.
func (l *ledger) edit(bot int64, c model.EditEvent) (model.Answer, string) {
	e := l.events[c.Event]
	if o := l.ownOpen(e, c.By); o != done {
		return model.Answer{}, o
	}
	if l.banned(c.By) {
		return model.Answer{}, banned
	}
	d := stored(c.Apply(e.Details))
	if d.Capacity > 0 && d.Capacity < e.Going {
		return model.Answer{}, crowded
	}
	if !d.Starts.Equal(e.Starts) {
		if o := l.timely(d.Starts); o != done {
			return model.Answer{}, o
		}
	}
	news := d.Title != e.Title || d.Starts != e.Starts || d.Ends != e.Ends || d.Place != e.Place || d.Point != e.Point
	if d != e.Details {
		e.Details = d
		e.revise()
	}
	if news {
		l.notify(bot, e, model.NewsEdited, 0, c.By.ID)
	}
	l.letIn(bot, e, letInByEdit, c.By.ID)
	return model.Answer{Event: e.ID, Part: e.seat(c.By.ID).part}, done
}

// cancel calls an event off; to do it twice is no error.
func (l *ledger) cancel(bot int64, c model.CancelEvent) (model.Answer, string) {
	e := l.events[c.Event]
	o := l.ownOpen(e, c.By)
	again := o == closed && e.Status == model.Cancelled && e.Ends.After(l.now)
	if o != done && !again {
		return model.Answer{}, o
	}
	if !again {
		e.Status = model.Cancelled
		e.revise()
		l.notify(bot, e, model.NewsCancelled, 0, c.By.ID)
	}
	return model.Answer{Event: e.ID, Part: e.seat(c.By.ID).part}, done
}

// ownOpen checks that an event is the person's own, and neither closed nor over.
func (l *ledger) ownOpen(e *event, by model.Person) string {
	switch {
	case e == nil:
		return missing
	case e.Owner != by.ID:
		return foreign
	case e.Status.Gone():
		return missing
	case !e.Ends.After(l.now):
		return past
	case e.Status != model.Open:
		return closed
	}
	return done
}

// join puts a person on an event's list, or on its waiting list where it is full. Who is on a
// list already stays there.
func (l *ledger) join(c model.JoinEvent) (model.Answer, string) {
	e := l.events[c.Event]
	switch {
	case e == nil || e.Status.Gone():
		return model.Answer{}, missing
	case e.Status != model.Open:
		return model.Answer{}, closed
	case !e.Ends.After(l.now):
		return model.Answer{}, past
	case l.banned(c.By):
		return model.Answer{}, banned
	}
	s := e.seat(c.By.ID)
	if s.part == model.Absent {
		l.know(c.By)
		l.joins++
		s.joined = l.joins
		e.recount()
		if e.hasRoom() && e.Waiting == 0 {
			s.part = model.Going
			e.Going++
		} else {
			s.part = model.Waiting
			e.wait(c.By.ID)
		}
	}
	return model.Answer{Event: e.ID, Part: s.part}, done
}

// leave takes a person off both lists. The first who waits moves up, unless the event is over
// or called off.
func (l *ledger) leave(bot int64, c model.LeaveEvent) (model.Answer, string) {
	e := l.events[c.Event]
	if e == nil {
		return model.Answer{}, missing
	}
	a := model.Answer{Event: e.ID}
	s := e.seat(c.By.ID)
	switch s.part {
	case model.Waiting:
		e.stopWaiting(c.By.ID)
		e.recount()
	case model.Going:
		e.Going--
		e.recount()
		if e.Status == model.Open && e.Ends.After(l.now) {
			a.Promoted = l.letIn(bot, e, letInByLeave, c.By.ID)
		}
	}
	s.part = model.Absent
	return a, done
}

// tell owes a message of the organiser's, where there is anybody to read it.
func (l *ledger) tell(bot int64, c model.TellJoined) (model.Answer, string) {
	e := l.events[c.Event]
	if o := l.ownOpen(e, c.By); o != done {
		return model.Answer{}, o
	}
	if l.banned(c.By) {
		return model.Answer{}, banned
	}
	if l.told[e.ID] >= model.MaxMessages {
		return model.Answer{}, often
	}
	if e.Going+e.Waiting > 0 {
		l.told[e.ID]++
		l.tells = append(l.tells, e.ID)
		l.notices = append(l.notices, model.Notice{Bot: bot, Event: e.ID, News: model.NewsMessage, By: c.By.ID, Text: c.Text})
	}
	return model.Answer{Event: e.ID, Part: e.seat(c.By.ID).part}, done
}

// forget takes a person out of events, as far as they are in them.
func (l *ledger) forget(bot int64, c model.ForgetPerson) model.Answer {
	for _, id := range c.Events {
		l.leave(bot, model.LeaveEvent{By: c.By, Event: id})
		l.cancel(bot, model.CancelEvent{By: c.By, Event: id})
	}
	return model.Answer{}
}

func (l *ledger) banned(by model.Person) bool {
	p := l.people[by.ID]
	return p != nil && p.banned
}

// notify owes a notice to those who joined, where there is anybody.
func (l *ledger) notify(bot int64, e *event, news model.News, person, by int64) {
	if person != 0 || e.Going+e.Waiting > 0 {
		l.notices = append(l.notices, model.Notice{Bot: bot, Event: e.ID, News: news, Person: person, By: by})
	}
}

// letIn moves people up from the waiting list while there is room, at most so many, and returns
// the first of them.
func (l *ledger) letIn(bot int64, e *event, most int, by int64) (first int64) {
	for range most {
		if len(e.queue) == 0 || !e.hasRoom() {
			break
		}
		person := e.promote()
		l.notify(bot, e, model.NewsPromoted, person, by)
		if first == 0 {
			first = person
		}
	}
	return first
}

func (e *event) hasRoom() bool { return e.Capacity == 0 || e.Going < e.Capacity }

// wait puts a person at the end of the waiting list. Behind a tail that was not loaded nobody is
// let in by this batch, so there they need not be remembered.
func (e *event) wait(person int64) {
	e.Waiting++
	if e.tail == 0 {
		e.queue = append(e.queue, person)
	} else {
		e.tail++
	}
}

// stopWaiting takes a person off the waiting list.
func (e *event) stopWaiting(person int64) {
	e.Waiting--
	for i, p := range e.queue {
		if p == person {
			e.queue = append(e.queue[:i], e.queue[i+1:]...)
			return
		}
	}
	e.tail--
}

// promote lets the first who waits in, and returns them.
func (e *event) promote() int64 {
	first := e.queue[0]
	e.queue = e.queue[1:]
	e.seat(first).part = model.Going
	e.Waiting--
	e.Going++
	e.recount()
	return first
}

// stored returns details as the database gives them back: times in microseconds, in UTC.
func stored(d model.Details) model.Details {
	d.Starts = d.Starts.Truncate(time.Microsecond).UTC()
	d.Ends = d.Ends.Truncate(time.Microsecond).UTC()
	return d
}
