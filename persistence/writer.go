package persistence

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"okolo/actors/trace"
	"okolo/persistence/model"
)

// WriterOptions bound the writer. The zero value is the defaults.
type WriterOptions struct {
	Queue   int           // most commands accepted and not answered; 0: 10,000
	Batch   int           // most commands in one transaction; 0: 256
	Timeout time.Duration // longest a batch may take before what is left of it fails; 0: 2 s
	Logger  *slog.Logger  // nil: the store's
	// Bot and Epoch say for which owner it writes: once another process owns the bot, all
	// commands fail with [model.ErrDeposed]. Epoch 0: for nobody in particular, unchecked.
	Bot   int64
	Epoch uint64
}

// Writer is the only way by which events reach the database. It is an actor that gathers
// commands while the previous ones are being committed, and commits what has gathered as one
// transaction, in order of arrival: under load commits are shared, and when idle nothing waits.
// Two transactions are under way at a time where neither touches anything of the other, so that
// nobody can tell which was first. Whoever sent a command is answered after its COMMIT.
//
// The writer has to be stopped before its actor system is.
type Writer struct {
	root *actor.RootContext
	pid  *actor.PID
	log  *slog.Logger

	bound    int64
	queued   atomic.Int64 // accepted, not answered
	counters counters

	mu      sync.RWMutex // held to send a command, locked to close
	closed  bool
	cancel  context.CancelFunc // gives up the commits
	stopped chan struct{}      // closed when everything is answered
}

// NewWriter starts a writer in an actor system.
func NewWriter(system *actor.ActorSystem, s *Store, o WriterOptions) *Writer {
	return newWriter(system, s, o, func() executor {
		return (&ledgers{owner: owner{o.Bot, o.Epoch}, jobs: s.jobs, nudge: s.nudge}).execute
	})
}

// newWriter starts a writer each of whose goroutines has an executor of its own.
func newWriter(system *actor.ActorSystem, s *Store, o WriterOptions, newExecutor func() executor) *Writer {
	if o.Queue <= 0 {
		o.Queue = 10_000
	}
	if o.Batch <= 0 {
		o.Batch = 256
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	if o.Logger == nil {
		o.Logger = s.log
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &Writer{
		root: system.Root, log: o.Logger, bound: int64(o.Queue),
		cancel: cancel, stopped: make(chan struct{}),
		counters: newCounters(),
	}
	gatherer := &gatherer{writer: w, most: o.Batch, batches: make(chan *batch, maxUnderWay)}
	// One instance for ever: were it made anew after a panic, what it had gathered would be lost.
	w.pid = system.Root.SpawnPrefix(actor.PropsFromProducer(func() actor.Actor { return gatherer }), "writer")
	var commits sync.WaitGroup
	for range maxUnderWay {
		c := &committer{pool: s.writes, timeout: o.Timeout, log: o.Logger, counters: &w.counters, execute: newExecutor()}
		commits.Go(func() { w.commit(ctx, c, gatherer.batches) })
	}
	go func() {
		commits.Wait()
		w.end()
	}()
	return w
}

// commit carries out one batch after the other until there are no more.
func (w *Writer) commit(ctx context.Context, c *committer, batches <-chan *batch) {
	for batch := range batches {
		begun := time.Now()
		reached := c.commit(ctx, batch.commands)
		w.counters.observe(batch.commands, time.Since(begun))
		// The next commit begins while this one's senders are answered, and no actor's turn is
		// between them and their answers.
		w.root.Send(w.pid, committed{batch, reached})
		w.answer(batch.commands)
	}
}

func (w *Writer) answer(batch []*pending) {
	for _, p := range batch {
		w.queued.Add(-1)
		w.answerOne(p)
	}
}

// answerOne calls a sender back. One that panics must not cost the others their answers.
func (w *Writer) answerOne(p *pending) {
	defer func() {
		if r := recover(); r != nil {
			w.log.Error("a sender of a command panicked over its answer",
				"panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		}
	}()
	p.done(p.answer, p.err)
}

// end stops the actor.
func (w *Writer) end() {
	defer close(w.stopped)
	if err := w.root.StopFuture(w.pid).Wait(); err != nil {
		w.log.Error("the writer's actor does not stop", "error", err)
	}
}

// Submit hands a command over and returns at once. done is called exactly once, from any
// goroutine, after the command was committed or refused; it has to be quick.
//
// Its error is nil or wraps one of the errors of package model (or is a [model.InvalidError]);
// any other error means that PostgreSQL rejected this command, which changed nothing.
func (w *Writer) Submit(key model.Key, cmd model.Command, done func(model.Answer, error)) {
	w.SubmitFollowed(key, cmd, nil, done)
}

// SubmitFollowed is Submit for a command whose stations are recorded: the queue, the commit.
func (w *Writer) SubmitFollowed(key model.Key, cmd model.Command, span *trace.Span, done func(model.Answer, error)) {
	if err := w.submit(key, cmd, span, done); err != nil {
		done(model.Answer{}, err)
	}
}

func (w *Writer) submit(key model.Key, cmd model.Command, span *trace.Span, done func(model.Answer, error)) error {
	p, err := newPending(key, cmd, done)
	if err != nil {
		return err
	}
	p.span = span
	span.Next("queue")
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return fmt.Errorf("%w: the writer has stopped", model.ErrUnavailable)
	}
	if w.queued.Add(1) > w.bound {
		w.queued.Add(-1)
		w.counters.busy.Add(1)
		return model.ErrBusy
	}
	w.root.Send(w.pid, p)
	return nil
}

// Do hands a command over and waits for its answer. When ctx ends first the error wraps
// [model.ErrUnknown]: the command may be carried out yet.
func (w *Writer) Do(ctx context.Context, key model.Key, cmd model.Command) (model.Answer, error) {
	type result struct {
		answer model.Answer
		err    error
	}
	results := make(chan result, 1)
	w.Submit(key, cmd, func(a model.Answer, err error) { results <- result{a, err} })
	select {
	case r := <-results:
		return r.answer, r.err
	case <-ctx.Done():
		return model.Answer{}, fmt.Errorf("%w: %w", model.ErrUnknown, ctx.Err())
	}
}

// CreateUserEvent makes a personal event and returns when it is committed; see [Writer.Do].
func (w *Writer) CreateUserEvent(ctx context.Context, key model.Key, c model.CreateUserEvent) (model.Answer, error) {
	return w.Do(ctx, key, c)
}

// CreateCommunityEvent makes an event of a community and returns when it is committed; see
// [Writer.Do].
func (w *Writer) CreateCommunityEvent(ctx context.Context, key model.Key, c model.CreateCommunityEvent) (model.Answer, error) {
	return w.Do(ctx, key, c)
}

// Stop takes no more commands and returns when those accepted have been answered. Where ctx
// ends first the rest fails with [model.ErrUnavailable].
func (w *Writer) Stop(ctx context.Context) error {
	w.mu.Lock()
	first := !w.closed
	w.closed = true
	w.mu.Unlock()
	if first {
		w.root.Send(w.pid, drain{}) // behind all that was accepted
	}
	defer w.cancel()
	select {
	case <-w.stopped:
		return nil
	case <-ctx.Done():
		w.cancel()
		<-w.stopped
		return fmt.Errorf("the writer gave up what was waiting: %w", ctx.Err())
	}
}
