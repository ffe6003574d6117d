package actors

import (
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// phase says where a user's session is.
type phase uint8

const (
	// absent: there is none. The entry is kept while inputs of the user are unsettled.
	absent phase = iota
	// waiting: there is none yet; inputs wait until there is room for it.
	waiting
	// active: inputs are passed on.
	active
	// leaving: it was told to leave; inputs wait until it is gone.
	leaving
)

// entry is the supervisor's knowledge of a user. Only the supervisor touches it, apart
// from what is atomic; sessions and items hold it only to hand it back.
type entry struct {
	user       int64
	pid        *actor.PID // of the session, in phases active and leaving
	prev, next *entry     // in the order that the phase demands
	used       int64      // time of last use, Unix nanoseconds
	waiting    fifo       // the user's part of the stash
	inFlight   atomic.Int32
	gone       atomic.Bool // phase is absent: who settles the last input asks for the entry's removal
	phase      phase
	reason     reason // why it leaves
	stranger   bool   // came under memory pressure: let in only if there is a snapshot
}

// order is an intrusive list of entries, each in at most one. Adding, removing and touching
// are O(1) and allocate nothing.
type order struct {
	first, last *entry
	n           int
	// cursor is where a walk goes on, nil at the end. It stays valid whatever is added or
	// removed between two steps.
	cursor *entry
}

// push adds e at the end.
func (o *order) push(e *entry) {
	e.prev, e.next = o.last, nil
	if o.last == nil {
		o.first = e
	} else {
		o.last.next = e
	}
	o.last = e
	o.n++
}

// remove takes e out.
func (o *order) remove(e *entry) {
	if o.cursor == e {
		o.cursor = e.next
	}
	if e.prev == nil {
		o.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		o.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.prev, e.next = nil, nil
	o.n--
}

// touch moves e to the end and notes when.
func (o *order) touch(e *entry, now int64) {
	e.used = now
	if o.last != e {
		o.remove(e)
		o.push(e)
	}
}
