package actors

import (
	"fmt"
	"sync/atomic"
)

// Input is something for a user's session to handle.
type Input struct {
	User int64
	// ID is the update's id. An id that the session has applied is not applied again; 0
	// is an input from within, never a duplicate.
	ID int64
	// Press is the key of a button press (a hash of message, revision and action), which
	// acts once however many updates bring it; 0: not a press.
	Press   uint64
	Payload any
	// Settled, where it is not nil, is called exactly once, from any goroutine, when all
	// that the input caused is done. It must not block.
	Settled func(Outcome)
}

// Outcome says how an input ended.
type Outcome uint8

// The outcomes.
const (
	// Applied: the state it led to was taken, and its effects are done.
	Applied Outcome = iota
	// Repeated: it was a duplicate; the effects of showing the screen again are done.
	Repeated
	// Busy: a bound was hit, the snapshot could not be loaded, or memory is under pressure
	// and the user is unknown. Nothing changed; it may be sent again later.
	Busy
	// Poisoned: Step panicked twice on it. The state is the one from before.
	Poisoned
	// Stopped: the runtime is shutting down or has shut down. Nothing changed.
	Stopped
	outcomes // how many there are
)

// String returns the outcome's name in lower case.
func (o Outcome) String() string {
	switch o {
	case Applied:
		return "applied"
	case Repeated:
		return "repeated"
	case Busy:
		return "busy"
	case Poisoned:
		return "poisoned"
	case Stopped:
		return "stopped"
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// item is an input on its way. It is the message to the supervisor and on to the session,
// so that a delivery allocates once.
type item struct {
	Input
	next    *item        // in a fifo
	entry   *entry       // where it is counted as in flight; nil: it is not
	parent  *item        // the input one of whose effects has this one as its result
	pending atomic.Int32 // emitted effects that are not done
	outcome Outcome      // what it will be settled with
	panics  uint8
}

// within reports whether it is the result of an effect. Such an input belongs to one that
// was let in, so no bound refuses it.
func (it *item) within() bool { return it.parent != nil }

// fifo is a queue of items that are in no other queue. Whoever fills it bounds it.
type fifo struct{ first, last *item }

func (q *fifo) push(it *item) {
	if q.first == nil {
		q.first = it
	} else {
		q.last.next = it
	}
	q.last = it
}

// pop returns nil where the queue is empty.
func (q *fifo) pop() *item {
	it := q.first
	if it == nil {
		return nil
	}
	q.first, it.next = it.next, nil
	if q.first == nil {
		q.last = nil
	}
	return it
}
