package bot

import (
	"sync"
)

// crew is a bounded number of workers behind a bounded queue.
type crew struct {
	mu     sync.RWMutex
	closed bool
	queue  chan func()
	wg     sync.WaitGroup
}

func newCrew(workers, waiting int) *crew {
	c := &crew{queue: make(chan func(), waiting)}
	for range workers {
		c.wg.Go(func() {
			for work := range c.queue {
				work()
			}
		})
	}
	return c
}

// try hands work to the crew; it reports false, at once, where the queue is full or the
// crew has been closed.
func (c *crew) try(work func()) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return false
	}
	select {
	case c.queue <- work:
		return true
	default:
		return false
	}
}

// waiting returns how much work is queued, and the most there may be.
func (c *crew) waiting() (n, bound int) { return len(c.queue), cap(c.queue) }

// close waits for the work that is queued.
func (c *crew) close() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.queue)
	}
	c.mu.Unlock()
	c.wg.Wait()
}
