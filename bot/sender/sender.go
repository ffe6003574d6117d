// Package sender carries out calls to the Bot API within Telegram's limits.
//
// It knows the limits (per chat, per group, for the whole bot), the pauses Telegram asks
// for, which failures may be repeated, and the order within a chat. It knows no message:
// an operation brings its own call. It keeps nothing beyond the process; what must survive
// one belongs to a durable outbox.
//
// Every chat with work has a line. A line stands in one of three heaps: ready (by urgency),
// waiting (by the moment it may go on), idle (by the moment its allowance is whole again and
// it can be forgotten). A fixed number of workers take the first operation of the first
// ready line; one timer wakes them up when something falls due. There is no goroutine and no
// timer per chat.
package sender

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// answersAhead puts callback answers ahead of whatever became ready in the last hour.
	answersAhead = time.Hour
	// bulkYields is how long a Bulk operation lets those pass that become ready after it.
	// It is finite, so that a busy bot still sends its notices.
	bulkYields = 30 * time.Second
	// maxBackoff is the longest pause between attempts that Telegram did not ask for.
	maxBackoff = 30 * time.Second
	// idleGrain is how exactly the end of an idle chat is kept, so that the timer need not
	// go off for each one.
	idleGrain = time.Second
)

// Options configure a [Sender]. A limit of 0 is no limit; any other field of 0 takes its
// default.
type Options struct {
	// GlobalPerSecond is the limit of the whole bot; Telegram's is about 30. A tenth of it
	// may come at once.
	GlobalPerSecond float64
	// ChatPerSecond is the limit of a private chat, ChatBurst (default 5) how many may
	// come at once. Telegram's is about 1.
	ChatPerSecond float64
	ChatBurst     int
	// GroupPerMinute is the most operations in a group in any minute; Telegram's is 20. A
	// quarter of it may come at once.
	GroupPerMinute int

	Workers          int // most calls at a time; default 64
	MaxQueued        int // most operations taken that wait; default 10,000. Retries may exceed it by Workers
	MaxQueuedPerChat int // default 64
	// MaxChats is the most chats in the table; default twice MaxQueued, and never less than
	// MaxQueued. Where there are more, the one whose allowance is whole first is forgotten.
	MaxChats int

	MaxAttempts    int           // default 5; waits for 429 do not count
	Backoff        time.Duration // before the second attempt, doubling from there; default 250 ms
	Deadline       time.Duration // of an operation, from Submit; default 1 min
	AttemptTimeout time.Duration // of one call; default 20 s

	Logger *slog.Logger // default: none
}

// Limits returns options with Telegram's published limits.
// https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
func Limits() Options {
	return Options{GlobalPerSecond: 30, ChatPerSecond: 1, GroupPerMinute: 20}
}

func (o *Options) complete() {
	fill := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	fill(&o.ChatBurst, 5)
	fill(&o.Workers, 64)
	fill(&o.MaxQueued, 10_000)
	fill(&o.MaxQueuedPerChat, 64)
	fill(&o.MaxChats, 2*o.MaxQueued)
	o.MaxChats = max(o.MaxChats, o.MaxQueued)
	fill(&o.MaxAttempts, 5)
	fillTime := func(field *time.Duration, value time.Duration) {
		if *field <= 0 {
			*field = value
		}
	}
	fillTime(&o.Backoff, 250*time.Millisecond)
	fillTime(&o.Deadline, time.Minute)
	fillTime(&o.AttemptTimeout, 20*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// Sender carries out operations. It is safe for concurrent use.
type Sender struct {
	options Options
	start   time.Time          // moments are kept as the time since then
	calls   context.Context    // of all calls
	cancel  context.CancelFunc // ends them
	workers sync.WaitGroup
	items   sync.Pool // of *item

	mu       sync.Mutex
	work     sync.Cond // there may be something for a worker
	chats    map[int64]*line
	ready    lines
	waiting  lines
	idle     lines
	global   *rate.Limiter // nil: no limit
	pause    time.Duration // the bot's, end of
	floods   floods
	timer    *time.Timer
	alarm    time.Duration // when the timer goes off; 0: it does not
	queued   int
	inFlight int
	closed   bool // takes no more
	dropped  bool // and gives up what it has
	stats    Stats
}

// New starts the workers. The caller ends them with Close.
func New(o Options) *Sender {
	o.complete()
	s := &Sender{
		options: o,
		start:   time.Now(),
		chats:   make(map[int64]*line),
		items:   sync.Pool{New: func() any { return new(item) }},
	}
	s.calls, s.cancel = context.WithCancel(context.Background())
	s.work.L = &s.mu
	if o.GlobalPerSecond > 0 {
		s.global = rate.NewLimiter(rate.Limit(o.GlobalPerSecond), max(1, int(o.GlobalPerSecond/10)))
	}
	s.timer = time.AfterFunc(time.Hour, s.ring)
	for range o.Workers {
		s.workers.Go(s.run)
	}
	return s
}

// Submit hands an operation over. It never blocks: where a queue is full, Done gets
// [ErrBusy] at once.
func (s *Sender) Submit(op Op) {
	it := s.items.Get().(*item)
	*it = item{Op: op}
	older, err := s.enqueue(it)
	if older != nil {
		s.finish(older, nil, ErrSuperseded)
	}
	if err != nil {
		s.finish(it, nil, err)
	}
}

// enqueue puts the item in its line and returns the one it makes pointless, if any.
func (s *Sender) enqueue(it *item) (older *item, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	it.deadline = now + s.options.Deadline
	if s.closed {
		s.stats.Closed++
		return nil, ErrClosed
	}
	var l *line
	if it.Kind != Answer {
		l = s.chats[it.Chat]
	}
	if l != nil {
		older = l.replace(&it.Op)
	}
	switch {
	case older != nil: // whose place it takes
		s.stats.Superseded++
		s.queued--
	case s.queued >= s.options.MaxQueued, l != nil && l.length >= s.options.MaxQueuedPerChat:
		s.stats.Busy++
		return nil, ErrBusy
	case l == nil:
		l = s.open(&it.Op)
	}
	l.push(it)
	s.queued++
	s.settle(l, now)
	s.work.Signal()
	return older, nil
}

// open returns a new line for an operation.
func (s *Sender) open(op *Op) *line {
	if op.Kind == Answer {
		return &line{chat: op.Chat}
	}
	if len(s.chats) >= s.options.MaxChats && len(s.idle) > 0 {
		s.forget(s.idle[0])
	}
	l := &line{chat: op.Chat, limiter: s.limiter(op.Chat)}
	s.chats[op.Chat] = l
	return l
}

// limiter returns what a chat is allowed; nil is no limit.
func (s *Sender) limiter(chat int64) *rate.Limiter {
	if chat >= 0 {
		if s.options.ChatPerSecond <= 0 {
			return nil
		}
		return rate.NewLimiter(rate.Limit(s.options.ChatPerSecond), s.options.ChatBurst)
	}
	n := s.options.GroupPerMinute
	if n <= 0 {
		return nil
	}
	// The burst and what comes back within a minute are n together.
	burst := max(1, n/4)
	perMinute := max(1, n-burst)
	return rate.NewLimiter(rate.Limit(float64(perMinute)/60), burst)
}

// forget takes a line without operations out of the table.
func (s *Sender) forget(l *line) {
	l.leave()
	if s.chats[l.chat] == l {
		delete(s.chats, l.chat)
	}
}

// Close takes no more operations, carries out those it has, and stops. Where ctx ends
// first, calls in flight are cancelled, what waits gets [ErrClosed], and Close returns an
// error that wraps it and the reason.
func (s *Sender) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.work.Broadcast()
	s.mu.Unlock()

	drained := make(chan struct{})
	go func() {
		s.workers.Wait()
		close(drained)
	}()
	var err error
	select {
	case <-drained:
	case <-ctx.Done():
		left := s.drop()
		err = fmt.Errorf("%w with %d operations left: %w", ErrClosed, left, context.Cause(ctx))
		<-drained
	}
	s.cancel()
	s.timer.Stop()
	return err
}

// drop gives up every operation and returns their number.
func (s *Sender) drop() int {
	s.mu.Lock()
	s.dropped = true
	left := s.inFlight
	var waiting []*item
	for _, h := range []*lines{&s.ready, &s.waiting} {
		for len(*h) > 0 {
			l := (*h)[0]
			for l.head != nil {
				waiting = append(waiting, l.pop())
			}
			l.leave()
		}
	}
	for _, l := range s.chats { // behind an operation in flight
		for l.head != nil {
			waiting = append(waiting, l.pop())
		}
	}
	s.queued = 0
	s.stats.Closed += uint64(len(waiting))
	s.work.Broadcast()
	s.mu.Unlock()

	s.cancel()
	for _, it := range waiting {
		s.finish(it, nil, ErrClosed)
	}
	return left + len(waiting)
}

// ring wakes a worker up. It takes the lock, or the signal could fall between a worker's
// last look and its sleep.
func (s *Sender) ring() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.work.Signal()
}

// finish hands the outcome to the one who submitted.
func (s *Sender) finish(it *item, result any, err error) {
	done := it.Done
	*it = item{}
	s.items.Put(it)
	done(result, err)
}

// now returns the present moment.
func (s *Sender) now() time.Duration { return time.Since(s.start) }
