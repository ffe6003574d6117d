package actors

import (
	"runtime"
	"sync"
)

const (
	// workersPerProcessor is how many goroutines run sessions, for each processor. One would do,
	// since what they run does not block; the others are for what blocks all the same.
	workersPerProcessor = 8
	// maxReady is the most tasks of a rank that wait for a worker. Beyond it there is one goroutine
	// more for each.
	maxReady = 4096
	// soonInRow is the most tasks of the first rank that a worker runs before one of the second
	// gets its turn, so that a purge ends however many inputs come.
	soonInRow = 16
)

// rank says what a worker takes first.
type rank uint8

const (
	soon  rank = iota // somebody waits for it: an input, an effect's result
	later             // nobody does: sessions leave, are cleaned up, hear of their snapshots
	ranks
)

// task is what a pool runs: a mailbox, mostly.
type task interface{ run() }

// pool runs tasks on goroutines that it keeps: those of the first rank before those of the second,
// those of a rank in their order. A goroutine of its own for each run begins with a small stack, and to
// grow that takes longer than to handle a message.
type pool struct {
	ready   [ranks]chan task
	workers int
}

// newPool starts a pool whose goroutines the group waits for.
func newPool(group *sync.WaitGroup) *pool {
	p := &pool{workers: workersPerProcessor * runtime.GOMAXPROCS(0)}
	for r := range p.ready {
		p.ready[r] = make(chan task, maxReady)
	}
	for range p.workers {
		group.Go(p.work)
	}
	return p
}

// run has a task run, and does not wait for it.
func (p *pool) run(t task, r rank) {
	select {
	case p.ready[r] <- t:
	default:
		go t.run()
	}
}

// len returns how many tasks wait for a worker.
func (p *pool) len() int { return len(p.ready[soon]) + len(p.ready[later]) }

// work runs one task after the other.
func (p *pool) work() {
	for row := 0; ; {
		t, r := p.next(row)
		if t == nil {
			return
		}
		if row++; r == later {
			row = 0
		}
		t.run()
	}
}

// next waits for a task. row is how many of the first rank the worker has run in a row.
func (p *pool) next(row int) (t task, r rank) {
	first := soon
	if row >= soonInRow {
		first = later
	}
	select {
	case t = <-p.ready[first]:
		return t, first
	default:
	}
	select {
	case t = <-p.ready[soon]:
		return t, soon
	case t = <-p.ready[later]:
		return t, later
	}
}

// close has the goroutines end, behind what is ready of the first rank. Nothing else has to run from then on.
func (p *pool) close() {
	for range p.workers {
		p.ready[soon] <- nil
	}
}
