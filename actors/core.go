package actors

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// core is what the supervisor, the sessions and the workers of a runtime share. It does
// not depend on the type of the state.
type core struct {
	cfg       Config
	log       *slog.Logger
	performer Performer
	sampler   *sampler
	loader    *loader // nil without a store, like saver
	saver     *saver
	count     counters
	limit     atomic.Int32 // most entries in a prepared list, now
	heapLimit uint64       // Go's soft memory limit, in bytes; 0: not set

	// ctx ends when nothing may be waited for any longer: effects, loads and saves.
	ctx    context.Context
	cancel context.CancelFunc

	pool       *pool          // of the goroutines that sessions run on
	workers    sync.WaitGroup // goroutines to wait for at the end
	system     *actor.ActorSystem
	root       *actor.RootContext
	supervisor *actor.PID
	stopped    chan struct{} // closed when the supervisor has stopped

	// gate keeps senders and shutdown apart: what passed it reaches the supervisor.
	gate     sync.RWMutex
	closed   bool        // inputs from outside are refused
	draining atomic.Bool // all sessions leave, because the runtime ends
	halted   bool        // the supervisor takes nothing any more

	unsettled atomic.Int64  // inputs from outside that are not settled
	settled   chan struct{} // signalled when there are none
}

// deliver passes an input from outside to the supervisor, or refuses it.
func (c *core) deliver(it *item) {
	c.gate.RLock()
	if c.closed {
		c.gate.RUnlock()
		c.count.outcomes[Stopped].Add(1)
		c.report(it, Stopped)
		return
	}
	it.Span.Next("supervisor")
	within := c.unsettled.Add(1) <= c.cfg.maxUnsettled()
	if within {
		c.root.Send(c.supervisor, it)
	}
	c.gate.RUnlock()
	if !within {
		c.settle(it, Busy)
	}
}

// tell sends a message to the supervisor. It returns false where that has stopped.
func (c *core) tell(message any) bool {
	c.gate.RLock()
	defer c.gate.RUnlock()
	if c.halted {
		return false
	}
	c.root.Send(c.supervisor, message)
	return true
}

// emit hands out an effect of an input. A result comes back as an input of the same user,
// through the supervisor, since the session may have left meanwhile.
func (c *core) emit(it *item, e Effect) {
	e.follow(it)
	c.perform(e, func(result any) {
		if result == nil {
			c.release(it)
			return
		}
		back := &item{Input: Input{User: it.User, Payload: result, Span: it.Span.Branch("result")}, parent: it}
		back.Span.Next("supervisor")
		if !c.tell(back) {
			c.settle(back, Stopped)
		}
	})
}

// perform starts an effect. done is called once: an effect whose start panics has no result.
func (c *core) perform(e Effect, done func(any)) {
	var once atomic.Bool
	answer := func(result any) {
		if !once.Swap(true) {
			e.Span.Finish()
			done(result)
		}
	}
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("an effect could not be started", slog.Int64("user", e.User),
				slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			answer(nil)
		}
	}()
	c.performer.Perform(c.ctx, e, answer)
}

// release notes that one of an input's emitted effects is done. Where only its state is not
// stored yet, its session is asked to see to that: if the session has left meanwhile it did.
func (c *core) release(it *item) {
	switch it.pending.Add(-1) {
	case 0:
		c.settle(it, it.outcome)
	case unstored:
		it.Span.Next("checkpoint")
		c.root.Send(it.session, &checkpointDue{})
	}
}

// settle ends an input. The result of an effect ends its part of the input it belongs to.
func (c *core) settle(it *item, o Outcome) {
	if it.within() {
		it.Span.Finish()
		if o != Applied {
			c.count.resultsLost.Add(1)
		}
		c.release(it.parent)
		return
	}
	c.count.outcomes[o].Add(1)
	if it.Span != nil {
		it.Span.Note("outcome", o.String())
		it.Span.Next("settled")
	}
	if e := it.entry; e != nil && e.inFlight.Add(-1) == 0 && e.gone.Load() {
		c.tell((*forget)(e))
	}
	c.report(it, o)
	if c.unsettled.Add(-1) == 0 {
		select {
		case c.settled <- struct{}{}:
		default:
		}
	}
}

// report calls the input's Settled. A panic there must not reach an actor.
func (c *core) report(it *item, o Outcome) {
	if it.Settled == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("Settled panicked", slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		}
	}()
	it.Settled(o)
}
