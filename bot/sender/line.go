package sender

import (
	"container/heap"
	"time"

	"golang.org/x/time/rate"
)

// line is the queue of one chat, or of one callback answer. It stands in at most one heap:
// ready, waiting or idle; in none while one of its operations is in flight.
type line struct {
	chat       int64
	head, tail *item
	length     int
	bulk       int           // of them, those of kind Bulk
	limiter    *rate.Limiter // nil: no limit
	notBefore  time.Duration // a pause that Telegram asked for, or back-off
	inFlight   bool

	heap  *lines // nil: none
	place int    // in heap
	key   time.Duration
}

// push appends an operation.
func (l *line) push(it *item) {
	if l.tail == nil {
		l.head = it
	} else {
		l.tail.next = it
	}
	l.tail = it
	l.count(it, 1)
}

// pushFront puts an operation back that was taken.
func (l *line) pushFront(it *item) {
	it.next = l.head
	l.head = it
	if l.tail == nil {
		l.tail = it
	}
	l.count(it, 1)
}

// pop takes the first operation; there is one.
func (l *line) pop() *item {
	it := l.head
	l.head = it.next
	if l.head == nil {
		l.tail = nil
	}
	it.next = nil
	l.count(it, -1)
	return it
}

// replace takes out the operation that op makes pointless, or returns nil.
func (l *line) replace(op *Op) *item {
	var before *item
	for it := l.head; it != nil; before, it = it, it.next {
		if !op.replaces(&it.Op) {
			continue
		}
		if before == nil {
			return l.pop()
		}
		before.next = it.next
		if l.tail == it {
			l.tail = before
		}
		it.next = nil
		l.count(it, -1)
		return it
	}
	return nil
}

// replaced reports whether an operation that waits makes op pointless.
func (l *line) replaced(op *Op) bool {
	for it := l.head; it != nil; it = it.next {
		if it.Op.replaces(op) {
			return true
		}
	}
	return false
}

func (l *line) count(it *item, n int) {
	l.length += n
	if it.Kind == Bulk {
		l.bulk += n
	}
}

// urgency is the key of a line that is ready since the given moment. A line is as urgent as
// its most urgent operation, because its order is kept.
func (l *line) urgency(since time.Duration) time.Duration {
	switch {
	case l.head.Kind == Answer:
		return since - answersAhead
	case l.length == l.bulk:
		return since + bulkYields
	}
	return since
}

// lines is a heap of lines by key.
type lines []*line

// put moves a line into the heap, or to its new place in it.
func (h *lines) put(l *line, key time.Duration) {
	l.key = key
	if l.heap == h {
		heap.Fix(h, l.place)
		return
	}
	l.leave()
	l.heap = h
	heap.Push(h, l)
}

// leave takes the line out of its heap.
func (l *line) leave() {
	if l.heap != nil {
		heap.Remove(l.heap, l.place)
		l.heap = nil
	}
}

// due returns the first line if its key is not after now, else nil.
func (h lines) due(now time.Duration) *line {
	if len(h) == 0 || h[0].key > now {
		return nil
	}
	return h[0]
}

// Len, Less, Swap, Push and Pop implement [heap.Interface].
func (h lines) Len() int           { return len(h) }
func (h lines) Less(i, j int) bool { return h[i].key < h[j].key }
func (h lines) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *lines) Push(x any) {
	l := x.(*line)
	l.place = len(*h)
	*h = append(*h, l)
}

func (h *lines) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return l
}
