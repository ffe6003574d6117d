package actors

import (
	"runtime"
	"sync"
)

const (
	// workersPerProcessor is how many goroutines run sessions, for each processor. One would do,
	// since what they run does not block; the others are for what blocks all the same.
	workersPerProcessor = 8
	// maxReady is the most tasks that wait for a worker. Beyond it there is one goroutine
	// more for each.
	maxReady = 4096
)

// task is what a pool runs: a mailbox, mostly.
type task interface{ run() }

// pool runs tasks in their order on goroutines that it keeps. A goroutine of its own for each run begins
// with a small stack, and to grow that takes longer than to handle a message.
type pool struct {
	ready   chan task
	workers int
}

// newPool starts a pool whose goroutines the group waits for.
func newPool(group *sync.WaitGroup) *pool {
	p := &pool{ready: make(chan task, maxReady), workers: workersPerProcessor * runtime.GOMAXPROCS(0)}
	for range p.workers {
		group.Go(p.work)
	}
	return p
}

// run has a task run, and does not wait for it.
func (p *pool) run(t task) {
	select {
	case p.ready <- t:
	default:
		go t.run()
	}
}

// work runs one task after the other.
func (p *pool) work() {
	for t := <-p.ready; t != nil; t = <-p.ready {
		t.run()
	}
}

// close has the goroutines end, behind what is ready. Nothing has to run from then on.
func (p *pool) close() {
	for range p.workers {
		p.ready <- nil
	}
}
