package actors

import (
	"fmt"
	"iter"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"okolo/actors/trace"
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
	// that the input caused is done and the state that came of it, the results of its
	// effects included, is stored. It must not block.
	Settled func(Outcome)
	// Span, where it is not nil, records the stations. It is left to who made it to finish it.
	Span *trace.Span
}

// Outcome says how an input ended.
type Outcome uint8

// The outcomes.
const (
	// Applied: the state it led to was taken and stored, and its effects are done. Where the
	// store is away, see [Config.SnapshotDeadline], it settles without being stored.
	Applied Outcome = iota
	// Repeated: it was a duplicate; the effects of showing the screen again are done.
	Repeated
	// Busy: a bound was hit, the snapshot could not be loaded, or memory is under pressure
	// and the user is unknown. Nothing changed; it may be sent again later.
	Busy
	// Poisoned: Step panicked twice on it. The state is the one from before.
	Poisoned
	// Stopped: the runtime is shutting down or has shut down. Nothing changed, or what
	// changed is not stored: the input has to be delivered again to the next runtime.
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
	next     *item        // in a fifo
	entry    *entry       // where it is counted as in flight; nil: it is not
	parent   *item        // the input one of whose effects has this one as its result
	session  *actor.PID   // that applied it, where its state has to be stored
	revision uint64       // of the state it led to
	pending  atomic.Int32 // emitted effects that are not done; and unstored
	outcome  Outcome      // what it will be settled with
	panics   uint8
	lasting  bool // see [Turn.Lasting]
}

// unstored is added to an item's pending until the state it led to is stored or given up. It
// is more than an input can have effects.
const unstored = 1 << 24

// within reports whether it is the result of an effect. Such an input belongs to one that
// was let in, so no bound refuses it.
func (it *item) within() bool { return it.parent != nil }

// fifo is a queue of items that are in no other queue, a ring entered at its end. Whoever
// fills it bounds it.
type fifo struct{ last *item }

func (q *fifo) empty() bool { return q.last == nil }

func (q *fifo) push(it *item) {
	if q.last == nil {
		it.next = it
	} else {
		it.next, q.last.next = q.last.next, it
	}
	q.last = it
}

// first returns the item that pop would; nil where the queue is empty.
func (q *fifo) first() *item {
	if q.last == nil {
		return nil
	}
	return q.last.next
}

// all goes over the items from the first to the last.
func (q *fifo) all() iter.Seq[*item] {
	return func(yield func(*item) bool) {
		for it := q.first(); it != nil && yield(it) && it != q.last; {
			it = it.next
		}
	}
}

// pop returns nil where the queue is empty.
func (q *fifo) pop() *item {
	it := q.first()
	switch it {
	case nil:
		return nil
	case q.last:
		q.last = nil
	default:
		q.last.next = it.next
	}
	it.next = nil
	return it
}
