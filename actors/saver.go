package actors

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Pauses between the tries to save a batch: the first, doubled up to the longest.
const (
	savePause    = 10 * time.Millisecond
	maxSavePause = 250 * time.Millisecond
)

// save is a session's request to store its snapshot before it leaves.
type save struct {
	snapshot Snapshot
	to       *actor.PID
	deadline time.Time
}

// saved tells a session that its snapshot was stored or given up, so it may go.
type saved struct{}

// saver stores snapshots in batches. A batch is tried until the deadlines of its requests.
// Once requests were given up, the store counts as down until a batch succeeds: then a
// batch is tried once, and what comes meanwhile is given up at once. So memory is released
// at full speed however long the store is away.
type saver struct {
	*batcher[save]
	core  *core
	store SnapshotStore
	down  bool
	// probing: the store is down and a batch is being tried.
	probing atomic.Bool
}

func newSaver(c *core, store SnapshotStore) *saver {
	return &saver{batcher: newBatcher[save](), core: c, store: store}
}

// submit takes a snapshot; the session gets a saved message. It returns false where the
// snapshot is given up at once.
func (s *saver) submit(snapshot Snapshot, to *actor.PID) bool {
	if s.probing.Load() {
		s.core.count.snapshotsGivenUp.Add(1)
		return false
	}
	s.add(save{snapshot: snapshot, to: to, deadline: time.Now().Add(s.core.cfg.SnapshotDeadline)})
	return true
}

// write stores a batch or gives it up.
func (s *saver) write(batch []save) {
	s.probing.Store(s.down)
	defer s.probing.Store(false)
	for pause := savePause; len(batch) > 0; pause = min(2*pause, maxSavePause) {
		err := s.try(batch)
		if err == nil {
			s.succeeded(len(batch))
			s.answer(batch)
			return
		}
		next := time.Now().Add(pause)
		batch = s.giveUp(batch, next, err)
		if len(batch) > 0 {
			rest(s.core.ctx, time.Until(next))
		}
	}
}

// try saves a batch once, until the first of its deadlines.
func (s *saver) try(batch []save) error {
	snapshots := make([]Snapshot, len(batch))
	first := batch[0].deadline
	for i := range batch {
		snapshots[i] = batch[i].snapshot
		if batch[i].deadline.Before(first) {
			first = batch[i].deadline
		}
	}
	ctx, cancel := context.WithDeadline(s.core.ctx, first)
	defer cancel()
	return s.store.Save(ctx, snapshots)
}

func (s *saver) succeeded(n int) {
	s.core.count.snapshotsSaved.Add(uint64(n))
	if s.down {
		s.down = false
		s.core.log.Info("the snapshot store is back")
	}
}

// giveUp lets go of those whose deadline comes before the next try, of all where the store
// is known to be down or the runtime may wait no longer, and returns the others.
func (s *saver) giveUp(batch []save, next time.Time, err error) []save {
	all := s.down || s.core.ctx.Err() != nil
	gone, kept := batch[:0:0], batch[:0]
	for _, req := range batch {
		if all || req.deadline.Before(next) {
			gone = append(gone, req)
		} else {
			kept = append(kept, req)
		}
	}
	if len(gone) == 0 {
		return kept
	}
	s.core.count.snapshotsGivenUp.Add(uint64(len(gone)))
	if !s.down {
		s.down = true
		s.core.log.Error("the snapshot store is down, snapshots are given up", slog.Any("error", err))
	}
	s.answer(gone)
	return kept
}

func (s *saver) answer(batch []save) {
	for i := range batch {
		s.core.root.Send(batch[i].to, &saved{})
	}
}
