package persistence

import (
	"fmt"
	"runtime/debug"

	"github.com/asynkron/protoactor-go/actor"

	"okolo/persistence/model"
)

// gatherer is the writer's actor: it queues commands, and gives the next batch to the commit
// goroutine when the one before comes back.
type gatherer struct {
	writer  *Writer
	most    int // commands in a batch
	batches chan []*pending

	queue      []*pending // bounded by the writer's count of what it accepted
	committing bool
	draining   bool
}

// The gatherer's messages, beside *pending.
type (
	committed struct {
		batch   []*pending
		reached bool // the database
	}
	drain struct{}
)

// Receive implements [actor.Actor].
func (g *gatherer) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *pending:
		g.queue = append(g.queue, m)
		g.next()
	case committed:
		g.committing = false
		var refused []*pending
		if !m.reached {
			refused = g.refuseAll()
		}
		g.next() // the next commit runs while this one's senders are answered
		g.answer(m.batch)
		g.answer(refused)
	case drain:
		g.draining = true
		g.next()
	}
}

// next begins the next commit, unless one is under way.
func (g *gatherer) next() {
	switch {
	case g.committing:
	case len(g.queue) > 0:
		n := min(len(g.queue), g.most)
		batch := g.queue[:n:n]
		g.queue = append([]*pending(nil), g.queue[n:]...)
		g.committing = true
		g.batches <- batch // has room for one, and there is but one
	case g.draining:
		g.draining = false
		close(g.batches)
	}
}

// refuseAll takes everything out of the queue: when the database could not be reached, what
// waited behind that attempt has waited long enough, and people are to hear of it.
func (g *gatherer) refuseAll() []*pending {
	refused := g.queue
	g.queue = nil
	g.writer.counters.failed.Add(int64(len(refused)))
	for _, p := range refused {
		p.err = model.ErrUnavailable
	}
	return refused
}

func (g *gatherer) answer(batch []*pending) {
	for _, p := range batch {
		g.writer.queued.Add(-1)
		g.answerOne(p)
	}
}

// answerOne calls a sender back. One that panics must not cost the others their answers.
func (g *gatherer) answerOne(p *pending) {
	defer func() {
		if r := recover(); r != nil {
			g.writer.log.Error("a sender of a command panicked over its answer",
				"panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		}
	}()
	p.done(p.answer, p.err)
}
