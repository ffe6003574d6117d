package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/asynkron/protoactor-go/actor"
)

// Errors of asking a runtime.
var (
	// ErrStopped: the runtime is shutting down or has shut down.
	ErrStopped = errors.New("the session runtime has stopped")
	// ErrPurging: a purge is under way.
	ErrPurging = errors.New("a purge is under way")
)

// Runtime keeps a session for each user. Its methods are safe for concurrent use.
type Runtime[S any] struct {
	core
	behavior Behavior[S]
	clock    context.CancelFunc // stops what happens periodically
	kinds    Kinds[S]           // nil: the behavior does not tell
	blanks   Blanks[S]          // nil: every state is kept
	unlimit  func()             // puts Go's soft memory limit back
	quit     chan struct{}      // closed when the workers may stop
	shut     sync.Once
	report   ShutdownReport
	err      error
}

// New starts a runtime. Without a store (nil) a session that leaves memory is forgotten.
// It fails where cfg is out of range. [Runtime.Shutdown] releases all it holds.
func New[S any](cfg Config, b Behavior[S], p Performer, store SnapshotStore) (*Runtime[S], error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("configure the session runtime: %w", err)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Runtime[S]{
		core: core{
			cfg: cfg, log: cfg.Logger, performer: p,
			sampler: newSampler(cfg.RSS, cfg.Logger),
			ctx:     ctx, cancel: cancel,
			system:  NewSystem(cfg.Logger),
			stopped: make(chan struct{}), settled: make(chan struct{}, 1),
			count: newCounters(),
		},
		behavior: b,
		quit:     make(chan struct{}),
	}
	r.root = r.system.Root
	if kinds, ok := b.(Kinds[S]); ok {
		r.kinds, r.count.kinds = kinds, newKindCounts(kinds.Kinds())
	}
	r.pool = newPool(&r.workers)
	r.blanks, _ = b.(Blanks[S])
	r.setThreshold()
	r.limit.Store(int32(cfg.MaxPrepared))
	if err := r.start(store); err != nil {
		cancel()
		r.unlimit()
		r.system.Shutdown()
		r.pool.close()
		return nil, fmt.Errorf("start the session runtime: %w", err)
	}
	return r, nil
}

// setThreshold brings the threshold below what the container may have and Go's soft memory
// limit below the threshold. Where RSS cannot be read, there is no guard and no limit.
func (r *Runtime[S]) setThreshold() {
	r.unlimit = func() {}
	asked := r.cfg.MemoryThreshold
	now := r.sampler.read(r.cfg.Now())
	if asked == 0 || !now.readable {
		return
	}
	if r.cfg.MemoryThreshold = belowContainer(asked, memlimit.FromCgroup); r.cfg.MemoryThreshold < asked {
		r.log.Warn(fmt.Sprintf("MEMORY GUARD: the threshold of %s is more than the container may have, it is lowered to %s",
			megabytes(asked), megabytes(r.cfg.MemoryThreshold)))
	}
	r.heapLimit, r.unlimit = limitHeap(r.cfg.MemoryThreshold, outside(now.rss))
}

// start spawns the supervisor and the workers.
func (r *Runtime[S]) start(store SnapshotStore) error {
	s := newSupervisor(&r.core)
	s.sessions = sessionProps(func(e *entry, incarnation uint64) actor.Actor {
		return &session[S]{rt: r, entry: e, incarnation: incarnation, stranger: e.stranger, stage: opening}
	}, s)
	pid, err := spawnSupervisor(s)
	if err != nil {
		return err
	}
	r.supervisor = pid
	if store != nil {
		r.loader, r.saver = newLoader(&r.core, store), newSaver(&r.core, store)
		r.workers.Go(func() { r.loader.run(r.quit, r.loader.read) })
		r.workers.Go(func() { r.saver.run(r.quit, r.saver.write) })
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.clock = cancel
	r.workers.Go(func() { r.tick(ctx) })
	return nil
}

// Deliver hands an input to its user's session. It never blocks; the end of the input is
// told to its Settled. Inputs delivered for a user by one goroutine are handled in the
// order of delivery.
func (r *Runtime[S]) Deliver(in Input) { r.deliver(&item{Input: in}) }

// PreparedLimit is the most entries that a prepared list may have now: MaxPrepared, or
// GuardedPrepared while the memory guard is active.
func (r *Runtime[S]) PreparedLimit() int { return int(r.limit.Load()) }

// Stored returns the states of those users who have a snapshot that can be read, as they were last
// stored: a session in memory may have gone on since. It fails where the store does, within
// [Config].SnapshotDeadline. Without a store there are none.
func (r *Runtime[S]) Stored(ctx context.Context, users []int64) (map[int64]S, error) {
	if r.loader == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.SnapshotDeadline)
	defer cancel()
	snapshots, err := r.loader.store.Load(ctx, users)
	if err != nil {
		return nil, fmt.Errorf("read stored sessions: %w", err)
	}
	states := make(map[int64]S, len(snapshots))
	for _, s := range snapshots {
		if _, _, state, err := decode[S](s.Data, r.cfg.StateVersion); err == nil { // its session says what is wrong
			states[s.User] = state
		}
	}
	return states, nil
}

// Stats asks the supervisor. It fails with [ErrStopped], or when ctx ends.
func (r *Runtime[S]) Stats(ctx context.Context) (Stats, error) {
	return ask[Stats](ctx, &r.core, func(reply chan<- answer[Stats]) any { return &statsQuery{reply} })
}

// Purge makes the oldest half of the sessions leave memory, as the memory guard does, and
// returns how many left. It fails with [ErrPurging] or [ErrStopped]; when ctx ends the
// purge goes on.
func (r *Runtime[S]) Purge(ctx context.Context) (removed int, err error) {
	return ask[int](ctx, &r.core, func(reply chan<- answer[int]) any { return &purgeOrder{reply} })
}

// answer is the reply to an ask.
type answer[T any] struct {
	value T
	err   error
}

// ask sends the supervisor a message that carries a channel for one answer.
func ask[T any](ctx context.Context, c *core, message func(chan<- answer[T]) any) (T, error) {
	reply := make(chan answer[T], 1) // so that the supervisor never waits for who asked
	var none T
	if !c.tell(message(reply)) {
		return none, ErrStopped
	}
	select {
	case a := <-reply:
		return a.value, a.err
	case <-ctx.Done():
		return none, ctx.Err()
	case <-c.stopped:
		return none, ErrStopped
	}
}

// tick sends the supervisor what happens periodically. Memory is read and lines are
// written here, so that the supervisor does no I/O.
func (r *Runtime[S]) tick(ctx context.Context) {
	guard, sweep, sizes := time.NewTicker(r.cfg.GuardEvery), time.NewTicker(r.cfg.SweepEvery), time.NewTicker(r.cfg.LogEvery)
	defer guard.Stop()
	defer sweep.Stop()
	defer sizes.Stop()
	r.warnWhereAbove()
	r.logSizes(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-guard.C:
			r.tell(r.sampler.read(r.cfg.Now()))
		case <-sweep.C:
			r.tell(&sweepOrder{})
		case <-sizes.C:
			r.logSizes(ctx)
		}
	}
}

// warnWhereAbove says at the start that a purge can free nothing: no session is there yet.
func (r *Runtime[S]) warnWhereAbove() {
	now, threshold := r.sampler.read(r.cfg.Now()), r.cfg.MemoryThreshold
	if threshold > 0 && now.rss > threshold {
		r.log.Warn(fmt.Sprintf("MEMORY GUARD: memory is above the threshold without any session (%s > %.0fMB): the threshold is too low",
			megabytes(now.rss), float64(threshold)/mebibyte))
	}
}

// logSizes writes the line that operators look for.
func (r *Runtime[S]) logSizes(ctx context.Context) {
	now := r.sampler.read(r.cfg.Now())
	r.tell(now)
	s, err := r.Stats(ctx)
	if err != nil {
		return // shutting down
	}
	r.log.Info(fmt.Sprintf("MEMORY STATS: user_state=%d, prepared_events=%d, memory=%s",
		s.Sessions, s.PreparedEvents, megabytesOf(now)))
}
