package actors

import (
	"context"
	"fmt"

	"okolo/actors/trace"
)

// Behavior is the application: pure decisions over a state S of plain data (see
// [PlainData]). Its methods are called from many goroutines at once, though never twice at
// once for the same user. Where one panics, the state from before the input is kept and
// the input is tried once more; see [Poisoned].
type Behavior[S any] interface {
	// Fresh returns the state of a user who has none, or whose snapshot cannot be read.
	Fresh(user int64) S
	// Step decides what in, an input's payload, a [Duplicate] or an effect's result, does
	// to state. It must not change what state refers to, and the same arguments must give
	// the same turn.
	Step(state S, in any) Turn[S]
	// Prepared counts the entries of the state's prepared list.
	Prepared(state *S) int
	// Trim returns state with the prepared list cut to limit entries. It must not change
	// what state refers to.
	Trim(state S, limit int) S
}

// Turn is what Step decided.
type Turn[S any] struct {
	// Next is the state that follows.
	Next S
	// Await are effects whose results are given to Step before the turn ends. They are
	// all started at once; their results are given in this order, one Step for each, with
	// the Next of the Step before as its state. Those Steps may await more.
	Await []any
	// Emit are effects to hand out once the last Next was taken. The input is settled
	// when all of them are done. A result that is not nil comes back as an input.
	Emit []any
	// Repeatable says that the same press may act again: its button is still there, and
	// nothing was done that must not be done twice. What the last Step of a turn says counts.
	Repeatable bool
	// Lasting says that something was changed for good outside of the state, such as a row
	// in a database. While the store of snapshots is away such an input settles only when
	// its checkpoint was given up, others as soon as their effects are done. One Step of a
	// turn that says so is enough.
	Lasting bool
}

// Duplicate is what Step gets in place of the payload of an input whose update was applied
// before, or whose press was acted on: show the current screen, answer the press, and
// change nothing else.
type Duplicate struct{ Payload any }

// Performer carries out effects at the rim.
type Performer interface {
	// Perform starts e and returns without blocking. done must be called once, from any
	// goroutine and also synchronously, and promptly when ctx ends: it ends when a
	// shutdown may wait no longer. Only the first call of done counts.
	Perform(ctx context.Context, e Effect, done func(result any))
}

// Effect is something that a turn wants done outside of the state.
type Effect struct {
	User    int64
	Input   int64 // id of the update that caused it; 0: an input from within
	Ordinal int   // position among the effects of that input, from 0, the same on every replay
	Do      any
	// Span records the stations of the effect, where its input is followed; else it is nil.
	Span *trace.Span
}

// follow records the effect beside the stations of its input.
func (e *Effect) follow(it *item) {
	if it.Span != nil {
		e.Span = it.Span.Branch(fmt.Sprintf("%T", e.Do))
	}
}
