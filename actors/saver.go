package actors

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Pauses between the tries to save a batch: the first, doubled up to the longest.
const (
	savePause    = 10 * time.Millisecond
	maxSavePause = 250 * time.Millisecond
)

// maxGranted is the most snapshots in the saver's buffer for sessions that stay: a batch that
// is written, and the next that gathers. Those that leave come on top, maxLeaving at most.
const maxGranted = 2 * maxBatch

// save is a session's snapshot on its way to the store, and back to the session as the
// message that says what became of it.
type save struct {
	snapshot Snapshot
	to       *actor.PID
	deadline time.Time
	patient  bool // waits for its deadline also where the store is known to be away
	stored   bool
}

// saves are used again, with the room for their data: there are as many as are granted at a time.
var saves = sync.Pool{New: func() any { return new(save) }}

// claim is the answer to a claim.
type claim uint8

const (
	claimGranted claim = iota // the snapshot can be submitted
	claimWaits                // a *grant or a *refusal will come
	claimRefused              // the store is away
)

// claimant is a session that waits for a place in the buffer.
type claimant struct {
	to      *actor.PID
	patient bool
}

// saver stores snapshots in batches: what gathered while the previous batch was written. A
// batch is tried until the deadlines of its snapshots. Once some were given up, the store
// counts as down until a batch succeeds: then a batch is tried once, and what comes meanwhile
// is given up at once, unless it is patient. So inputs settle and memory is released at full
// speed however long the store is away.
type saver struct {
	*batcher[*save]
	core  *core
	store SnapshotStore
	batch []Snapshot // the one that is tried, used again
	down  atomic.Bool
	// probing: the store is down and a batch is being tried.
	probing atomic.Bool

	mu      sync.Mutex
	granted int        // snapshots made or about to be, and not answered yet
	waiting []claimant // a session each
}

func newSaver(c *core, store SnapshotStore) *saver {
	return &saver{batcher: newBatcher[*save](), core: c, store: store}
}

// claim asks for a place in the buffer. One that is urgent, of a session that leaves, does not
// wait for it. Only in a shutdown, where it is not for memory that sessions leave, it waits to
// see whether a store that was away is back.
func (s *saver) claim(to *actor.PID, urgent, patient bool) claim {
	s.mu.Lock()
	defer s.mu.Unlock()
	probing, last := s.probing.Load(), urgent && s.core.draining.Load()
	if probing && !patient && !last {
		return claimRefused
	}
	if (urgent || s.granted < maxGranted) && !(probing && last) {
		s.granted++
		return claimGranted
	}
	s.waiting = append(s.waiting, claimant{to, patient})
	return claimWaits
}

// submit takes a snapshot to which there is a grant. The session gets it back.
func (s *saver) submit(m *save) {
	m.deadline = time.Now().Add(s.core.cfg.SnapshotDeadline)
	s.add(m)
}

// waive gives a grant back.
func (s *saver) waive() { s.free(1) }

// free passes places in the buffer on to those who wait.
func (s *saver) free(n int) {
	s.mu.Lock()
	s.granted -= n
	n = min(len(s.waiting), max(0, maxGranted-s.granted))
	next := s.waiting[:n]
	if s.waiting = s.waiting[n:]; len(s.waiting) == 0 {
		s.waiting = nil // so that a burst does not stay in memory
	}
	s.granted += n
	s.mu.Unlock()
	for _, c := range next {
		s.core.root.Send(c.to, &grant{})
	}
	clear(next) // what is left of the queue keeps its array, which would keep sessions that have left
}

// refuse sends those away who wait and are not patient.
func (s *saver) refuse() {
	s.mu.Lock()
	waiting := s.waiting
	s.waiting = nil
	for _, c := range waiting {
		if c.patient {
			s.waiting = append(s.waiting, c)
		}
	}
	s.mu.Unlock()
	for _, c := range waiting {
		if !c.patient {
			s.core.root.Send(c.to, &refusal{})
		}
	}
}

// sizes returns how many snapshots are in memory, and how many checkpoints have not ended.
func (s *saver) sizes() (made, open int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.granted, s.granted + len(s.waiting)
}

// write stores a batch or gives it up.
func (s *saver) write(batch []*save) {
	s.probing.Store(s.down.Load())
	defer s.probed()
	for pause := savePause; len(batch) > 0; pause = min(2*pause, maxSavePause) {
		err := s.try(batch)
		if err == nil {
			s.succeeded(batch)
			return
		}
		next := time.Now().Add(pause)
		batch = s.giveUp(batch, next, err)
		if len(batch) > 0 {
			rest(s.core.ctx, time.Until(next))
		}
	}
}

// probed notes that no probe is under way any more. Who has claimed meanwhile gets a grant.
func (s *saver) probed() {
	s.mu.Lock()
	s.probing.Store(false)
	s.mu.Unlock()
	s.free(0)
}

// try saves a batch once. It takes the deadline's time at most, counted from now: what waited
// its turn behind a store that works is stored late rather than given up.
func (s *saver) try(batch []*save) error {
	s.batch = s.batch[:0]
	for _, m := range batch {
		s.batch = append(s.batch, m.snapshot)
	}
	ctx, cancel := context.WithTimeout(s.core.ctx, s.core.cfg.SnapshotDeadline)
	defer cancel()
	begun := time.Now()
	defer func() { s.core.count.saveSeconds.Observe(time.Since(begun).Seconds()) }()
	defer clear(s.batch)
	return s.store.Save(ctx, s.batch)
}

func (s *saver) succeeded(batch []*save) {
	s.core.count.snapshotsSaved.Add(uint64(len(batch)))
	for _, m := range batch {
		m.stored = true
	}
	back := s.down.Swap(false)
	s.answer(batch)
	if back {
		s.core.log.Info("the snapshot store is back")
		s.probed() // or who is asked to store their state now would be refused
		s.core.tell(&storeBack{})
	}
}

// giveUp lets go of those whose deadline comes before the next try, of all that are not
// patient where the store is known to be down, of all where the runtime may wait no longer,
// and returns the others.
func (s *saver) giveUp(batch []*save, next time.Time, err error) []*save {
	down, over := s.down.Load(), s.core.ctx.Err() != nil
	gone, kept := batch[:0:0], batch[:0]
	for _, m := range batch {
		if over || m.deadline.Before(next) || down && !m.patient {
			gone = append(gone, m)
		} else {
			kept = append(kept, m)
		}
	}
	if len(gone) == 0 {
		return kept
	}
	s.core.count.snapshotsGivenUp.Add(uint64(len(gone)))
	if !down {
		s.down.Store(true)
		s.core.log.Error("the snapshot store is down, snapshots are given up", slog.Any("error", err))
	}
	s.answer(gone)
	s.refuse()
	return kept
}

func (s *saver) answer(batch []*save) { (&answers{s, batch}).run() }

// answers is the task to tell sessions what became of their snapshots. It does so in slices, each
// behind the sessions of the slice before, as a purge does: many of them leave now.
type answers struct {
	saver *saver
	batch []*save
}

func (a *answers) run() {
	n := min(len(a.batch), sliceLeaving)
	for _, m := range a.batch[:n] {
		a.saver.core.root.Send(m.to, m)
	}
	a.saver.free(n)
	if a.batch = a.batch[n:]; len(a.batch) > 0 {
		a.saver.core.pool.run(a, later)
	}
}
