package persistence

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"okolo/persistence/model"
)

// maxUnderWay is how many batches may be carried out at a time. With two, PostgreSQL has the one
// to work on while the other is between two statements or in its COMMIT.
const maxUnderWay = 2

// gatherer is the writer's actor: it queues commands, and gives the next batch to the committing
// goroutines when one comes back, or beside one of which it touches nothing.
type gatherer struct {
	writer  *Writer
	most    int         // commands in a batch
	batches chan *batch // to be committed; has room for all that may be under way

	queue    []*pending // bounded by the writer's count of what it accepted
	underWay []*batch
	held     bool // the next batch, until one that it touches comes back
	draining bool
}

// The gatherer's messages, beside *pending.
type (
	committed struct {
		batch   *batch
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
		g.underWay = slices.DeleteFunc(g.underWay, func(b *batch) bool { return b == m.batch })
		g.held = false
		var refused []*pending
		if !m.reached {
			refused = g.refuseAll()
		}
		g.next()
		g.writer.answer(refused)
	case drain:
		g.draining = true
		g.next()
	}
}

// next begins the commits whose time it is.
func (g *gatherer) next() {
	for g.mayBegin() {
		n := min(len(g.queue), g.most)
		b := newBatch(g.queue[:n:n])
		if slices.ContainsFunc(g.underWay, b.meets) {
			g.held = true
			break
		}
		g.queue = append([]*pending(nil), g.queue[n:]...)
		g.underWay = append(g.underWay, b)
		g.batches <- b
	}
	if g.draining && len(g.queue)+len(g.underWay) == 0 {
		g.draining = false
		close(g.batches)
	}
}

// mayBegin reports whether it is time for another batch: beside one that is under way, only once
// as many commands wait as that one has. Were the few that come meanwhile begun at once, batches
// would get ever smaller, and COMMIT would cost each command more.
func (g *gatherer) mayBegin() bool {
	if len(g.underWay) == 0 {
		return len(g.queue) > 0
	}
	return !g.held && len(g.underWay) < maxUnderWay && len(g.queue) >= len(g.underWay[0].commands)
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
