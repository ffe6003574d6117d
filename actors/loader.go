package actors

import (
	"context"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// loadTries is how often a load is tried before its sessions are told that it failed.
const loadTries = 3

// loadPause is the pause before the second try; it doubles before each further one.
const loadPause = 50 * time.Millisecond

// load is a session's request for its snapshot.
type load struct {
	user int64
	to   *actor.PID
}

// loaded answers a load.
type loaded struct {
	snapshot Snapshot
	found    bool
	err      error
}

// loader reads snapshots in batches.
type loader struct {
	*batcher[load]
	core  *core
	store SnapshotStore
	// down: the last batch failed. The next is tried once only, so that those who wait
	// behind it are not kept for long.
	down bool
}

func newLoader(c *core, store SnapshotStore) *loader {
	return &loader{batcher: newBatcher[load](), core: c, store: store}
}

// read answers a batch of loads.
func (l *loader) read(batch []load) {
	users := make([]int64, len(batch))
	for i := range batch {
		users[i] = batch[i].user
	}
	snapshots, err := l.try(users)
	if err != nil {
		l.core.log.Error("snapshots could not be loaded", slog.Int("sessions", len(batch)), slog.Any("error", err))
	}
	byUser := make(map[int64]Snapshot, len(snapshots))
	for _, s := range snapshots {
		byUser[s.User] = s
	}
	for _, req := range batch {
		snapshot, found := byUser[req.user]
		l.core.root.Send(req.to, &loaded{snapshot: snapshot, found: found, err: err})
	}
	clear(batch) // what is left of the queue keeps its array, which would keep sessions that have left
}

// try loads, with pauses between the tries.
func (l *loader) try(users []int64) ([]Snapshot, error) {
	tries, pause := loadTries, loadPause
	if l.down {
		tries = 1
	}
	for {
		ctx, cancel := context.WithTimeout(l.core.ctx, l.core.cfg.SnapshotDeadline)
		begun := time.Now()
		snapshots, err := l.store.Load(ctx, users)
		l.core.count.loadSeconds.Observe(time.Since(begun).Seconds())
		cancel()
		tries--
		l.down = err != nil
		if err == nil || tries == 0 || !rest(l.core.ctx, pause) {
			return snapshots, err
		}
		pause *= 2
	}
}

// rest sleeps for d, and returns false where ctx ended.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
