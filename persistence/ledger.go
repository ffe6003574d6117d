package persistence

import (
	"time"

	"okolo/persistence/model"
)

// ledger is what a batch of commands needs to know of the database, and what becomes of that.
// Commands are carried out on it one after the other, in order of arrival, while the rows behind
// it are locked: so a batch has the rows and the answers of its commands one by one, and only
// its loading and its saving are done for all at once. It is pure: it knows neither SQL nor a
// clock of its own.
type ledger struct {
	now time.Time // of the transaction

	writes      map[model.Key]write
	events      map[int64]*event
	drafts      map[draft]*event
	people      map[int64]*person
	communities map[int64]*community
	ids         []int64 // for new events

	// What is to be saved, beside what the entries above say of themselves.
	answered []*pending // whose answers are new
	joins    int        // so far, to keep their order
	reports  map[report]string
	notices  []model.Notice
	entered  map[int64]bool // communities
	moves    []move         // in order
	// dismissed says of events up to when their reports are forgotten.
	dismissed map[int64]time.Time
	told      map[int64]int // messages of the organiser's in 24 hours, by event
	tells     []int64       // events of the new ones
}

func newLedger(ids []int64) *ledger {
	return &ledger{
		writes: map[model.Key]write{}, events: map[int64]*event{}, drafts: map[draft]*event{},
		people: map[int64]*person{}, communities: map[int64]*community{}, entered: map[int64]bool{},
		reports: map[report]string{}, dismissed: map[int64]time.Time{}, told: map[int64]int{}, ids: ids,
	}
}

// write is the stored answer of a command.
type write struct {
	hash    int64
	outcome string
	answer  model.Answer
}

// draft is the identity of an event before it has one.
type draft struct{ owner, number int64 }

// report is who reported what.
type report struct{ event, person int64 }

// event is a row of events with those of its participants that the batch may touch.
type event struct {
	model.Event
	draft int64

	isNew   bool
	counted bool  // going or waiting changed
	edited  bool  // anything else changed
	changes int   // of either, so far
	herald  int64 // the bot that is to announce the new event; 0: none

	seats map[int64]*seat // of whom the batch names or may let in
	queue []int64         // who waits, the first first, as far as the batch may let them in
	tail  int             // those who wait behind them
}

// seat is a person's place in an event.
type seat struct {
	was, part model.Part
	joined    int // order of joining in this batch; 0: before it
}

// person is what is stored of a person.
type person struct {
	name, lang string
	banned     bool
	banReason  string

	known           bool // there is a row
	changed, judged bool // name or language; banned
}

// community is a row of communities.
type community struct {
	title    string
	topic    int64
	settings model.Settings
	left     bool
	movedTo  int64 // 0: it is where it was

	known, changed bool
}

// move is a group that became a supergroup.
type move struct{ from, to int64 }

// perform carries out one command and leaves its answer in it.
func (l *ledger) perform(p *pending) {
	if w, ok := l.writes[p.key]; ok {
		p.answer, p.err = w.replay(p.hash)
		return
	}
	answer, outcome := l.rule(p)
	if p.err = outcomes[outcome]; p.err != nil {
		answer = model.Answer{Replayed: answer.Replayed}
	}
	p.answer, p.outcome = answer, outcome
	l.answered = append(l.answered, p)
	l.writes[p.key] = write{p.hash, outcome, answer}
}

// replay returns the first answer again, unless the key was another command's.
func (w write) replay(hash int64) (model.Answer, error) {
	if w.hash != hash {
		return model.Answer{}, model.ErrKeyReused
	}
	a := w.answer
	a.Replayed = true
	if err := outcomes[w.outcome]; err != nil {
		return model.Answer{Replayed: true}, err
	}
	return a, nil
}

// outcomes are the violated rules, by the name under which they are stored; done is none. They
// are stored, so the names must never change.
const (
	done       = "done"
	missing    = "missing"
	foreign    = "foreign"
	closed     = "closed"
	past       = "past"
	ahead      = "ahead"
	crowded    = "crowded"
	banned     = "banned"
	often      = "often"
	notAllowed = "not allowed"
)

var outcomes = map[string]error{
	missing:    model.ErrNotFound,
	foreign:    model.ErrNotOwner,
	closed:     model.ErrClosed,
	past:       model.ErrPast,
	ahead:      &model.InvalidError{Field: "starts", Reason: "too far ahead"},
	crowded:    model.ErrOverCapacity,
	banned:     model.ErrBanned,
	often:      model.ErrTooOften,
	notAllowed: model.ErrNotAllowed,
}

// seat returns a person's place in the event; to change it is to change the event.
func (e *event) seat(person int64) *seat {
	s := e.seats[person]
	if s == nil {
		s = new(seat)
		e.seats[person] = s
	}
	return s
}

// recount notes that the number of those who come or wait has changed.
func (e *event) recount() { e.counted, e.changes = true, e.changes+1 }

// revise notes that something else has changed.
func (e *event) revise() { e.edited, e.changes = true, e.changes+1 }

// know keeps the name and the language of a person.
func (l *ledger) know(by model.Person) {
	p := l.person(by.ID)
	lang := language(by.Lang)
	// A name is not what a command is about: one that breaks the limits is cut, not refused.
	if name := cut(by.Name, model.MaxName); !p.known || p.name != name || p.lang != lang {
		p.name, p.lang, p.changed, p.known = name, lang, true, true
	}
}

// language returns the language that a person is written to in.
func language(lang string) string {
	if lang == "ru" {
		return "ru"
	}
	return "en"
}

func (l *ledger) person(id int64) *person {
	p := l.people[id]
	if p == nil {
		p = &person{lang: "en"}
		l.people[id] = p
	}
	return p
}

// community returns a community under its newest title; without a title, under the one it has.
// Of a group that became a supergroup it returns that, whose title the group's does not change.
func (l *ledger) community(chat int64, title string) *community {
	if home := l.home(chat); home != chat {
		chat, title = home, ""
	}
	c := l.communities[chat]
	if c == nil {
		c = &community{settings: model.Settings{Creators: model.Everyone}}
		l.communities[chat] = c
	}
	if title = cut(title, maxCommunityTitle); !c.known || title != "" && c.title != title {
		c.title, c.changed, c.known = title, true, true
	}
	return c
}

// home returns where a chat is now: a group that became a supergroup has another id.
func (l *ledger) home(chat int64) int64 {
	for c := l.communities[chat]; c != nil && c.movedTo != 0; c = l.communities[chat] {
		chat = c.movedTo
	}
	return chat
}

// announces reports whether the batch leaves announcements to be shown.
func (l *ledger) announces() bool {
	if len(l.entered)+len(l.moves) > 0 {
		return true
	}
	for _, e := range l.events {
		if e.herald != 0 || e.Kind == model.Community && e.changes > 0 {
			return true
		}
	}
	return false
}
