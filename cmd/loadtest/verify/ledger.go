package verify

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Part is what a person was told of their part in an event.
type Part uint8

// The parts.
const (
	Left Part = iota
	Going
	Waiting
)

// Event is what a person published, as they entered it.
type Event struct {
	Owner    int64
	Number   uint32 // among the owner's, from 1
	Category string
	Minute   int16 // of the day on which it starts, by the time of the place
	Lat, Lon float64
}

// Ledger is what people did and were told. Safe for concurrent use.
type Ledger struct {
	tag string

	mu     sync.Mutex
	events map[eventKey]*eventEntry
	parts  map[partKey]*partEntry
	acked  int
}

type eventKey struct {
	owner  int64
	number uint32
}

type eventEntry struct {
	entered    []Event // one for each version of the draft that was pressed for, in this order
	shown      int     // the version on the card that the person saw, from 1; 0: they saw none
	saved      bool    // was told so
	cancelling bool    // the button was pressed
	cancelled  bool    // was told so
}

type partKey struct {
	person int64
	title  string
}

type partEntry struct {
	told    Part
	pending bool // a press whose outcome the person has not seen
}

// NewLedger makes the ledger of a run. The tag tells its events from those of other runs in
// the same database.
func NewLedger(tag string) *Ledger {
	return &Ledger{tag: tag, events: map[eventKey]*eventEntry{}, parts: map[partKey]*partEntry{}}
}

// Title is what the owner calls their n-th event: no two events of any run share one.
func (l *Ledger) Title(owner int64, number uint32) string {
	return fmt.Sprintf("Event %d of %d, %s", number, owner, l.tag)
}

// Seeded is the title of an event that was there before the people came.
func (l *Ledger) Seeded(n int) string { return fmt.Sprintf("Sample %d, %s", n, l.tag) }

// Publishing takes down that a person pressed for an event to be published: from now on it
// may exist. Who is set back after a crash may answer otherwise, and press for that.
func (l *Ledger) Publishing(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := eventKey{e.Owner, e.Number}
	entry := l.events[k]
	if entry == nil {
		entry = &eventEntry{}
		l.events[k] = entry
	}
	if n := len(entry.entered); n == 0 || entry.entered[n-1] != e {
		entry.entered = append(entry.entered, e)
	}
}

// Shown takes down what the card says that the person saw of their event: that, of all they entered,
// has to be stored. It reports whether they entered it at all, and whether as the last.
func (l *Ledger) Shown(owner int64, number uint32, category string, minute int16) (entered, last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.events[eventKey{owner, number}]
	if e == nil {
		return false, false
	}
	for i, version := range slices.Backward(e.entered) {
		if version.Category == category && version.Minute == minute {
			e.shown = i + 1
			return true, i == len(e.entered)-1
		}
	}
	return false, false
}

// Published takes down that the person read that it is saved.
func (l *Ledger) Published(owner int64, number uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.events[eventKey{owner, number}]; e != nil && !e.saved {
		e.saved = true
		l.acked++
	}
}

// CallingOff takes down that an owner pressed to call an event off.
func (l *Ledger) CallingOff(owner int64, number uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.events[eventKey{owner, number}]; e != nil {
		e.cancelling = true
	}
}

// CalledOff takes down that the owner read that it is off.
func (l *Ledger) CalledOff(owner int64, number uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.events[eventKey{owner, number}]; e != nil && !e.cancelled {
		e.cancelled = true
		l.acked++
	}
}

// Changing takes down that a person pressed to join or to leave an event: until they read the
// outcome, either may be so.
func (l *Ledger) Changing(person int64, title string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.part(person, title).pending = true
}

// Changed takes down what the person read of their part.
func (l *Ledger) Changed(person int64, title string, part Part) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.part(person, title)
	p.told, p.pending = part, false
	l.acked++
}

// Concerned reports whether a person has ever asked for a part in an event: only they are told of
// it unasked.
func (l *Ledger) Concerned(person int64, title string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.parts[partKey{person, title}] != nil
}

func (l *Ledger) part(person int64, title string) *partEntry {
	k := partKey{person, title}
	p := l.parts[k]
	if p == nil {
		p = &partEntry{}
		l.parts[k] = p
	}
	return p
}

// Acked returns how many writes people were told of so far.
func (l *Ledger) Acked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acked
}

// Unchanged takes down that the person read that nothing was done.
func (l *Ledger) Unchanged(person int64, title string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.part(person, title).pending = false
}

// Knows reports whether a title is of this run.
func (l *Ledger) Knows(title string) bool { return strings.HasSuffix(title, ", "+l.tag) }
