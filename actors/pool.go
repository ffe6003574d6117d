package actors

import (
	"runtime"
	"sync"
)

const (
	// workersPerProcessor is how many goroutines run sessions, for each processor. One would do,
	// since what they run does not block; the others are for what blocks all the same.
	workersPerProcessor = 8
	// maxReady is the most mailboxes that wait for a worker. Beyond it there is one goroutine
	// more for each.
	maxReady = 4096
)

// pool runs mailboxes on goroutines that it keeps. A goroutine of its own for each run begins
// with a small stack, and to grow that takes longer than to handle a message.
type pool struct {
	ready   chan *mailbox
	workers int
}

// newPool starts a pool whose goroutines the group waits for.
func newPool(group *sync.WaitGroup) *pool {
	p := &pool{ready: make(chan *mailbox, maxReady), workers: workersPerProcessor * runtime.GOMAXPROCS(0)}
	for range p.workers {
		group.Go(p.work)
	}
	return p
}

// run has a mailbox run, and does not wait for it.
func (p *pool) run(m *mailbox) {
	select {
	case p.ready <- m:
	default:
		go m.run()
	}
}

// work runs one mailbox after the other.
func (p *pool) work() {
	for m := <-p.ready; m != nil; m = <-p.ready {
		m.run()
	}
}

// close has the goroutines end, behind what is ready. No mailbox has to run from then on.
func (p *pool) close() {
	for range p.workers {
		p.ready <- nil
	}
}
