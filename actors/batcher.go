package actors

import "sync"

// maxBatch is the most snapshots loaded or saved in one call of the store.
const maxBatch = 512

// batcher hands what was added while the previous batch ran to a function, one batch at a
// time: no timer, no delay when idle. Its queue is bounded by the sessions in memory, each
// of which waits for one thing at a time.
type batcher[T any] struct {
	mu    sync.Mutex
	queue []T
	wake  chan struct{}
}

func newBatcher[T any]() *batcher[T] { return &batcher[T]{wake: make(chan struct{}, 1)} }

// add never blocks.
func (b *batcher[T]) add(x T) {
	b.mu.Lock()
	b.queue = append(b.queue, x)
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// len returns how many wait, the running batch left out.
func (b *batcher[T]) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.queue)
}

// run calls do with one batch after the other until stop is closed.
func (b *batcher[T]) run(stop <-chan struct{}, do func([]T)) {
	for {
		select {
		case <-stop:
			return
		case <-b.wake:
		}
		for batch := b.take(); len(batch) > 0; batch = b.take() {
			do(batch)
		}
	}
}

// take removes the longest batch from the head of the queue. An emptied queue is let go,
// so that a burst does not stay in memory.
func (b *batcher[T]) take() []T {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) <= maxBatch {
		batch := b.queue
		b.queue = nil
		return batch
	}
	batch := b.queue[:maxBatch:maxBatch]
	b.queue = b.queue[maxBatch:]
	return batch
}
