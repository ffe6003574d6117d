package actors

import (
	"fmt"
	"slices"
	"sync/atomic"
)

// roundKind says what a round is for.
type roundKind uint8

const (
	trimPrepared  roundKind = iota // cut prepared lists
	forgetPresses                  // drop presses too old to be pressed again
	storeStates                    // checkpoint what was given up while the store was away
)

// round is a clean-up that visits the active sessions, the oldest first, in slices. It is
// the message to each of them, and comes back to the supervisor when all have answered.
// Sessions used after it began are left out: they keep their bounds themselves.
type round struct {
	kind    roundKind
	trim    int   // the longest list that stays
	before  int64 // presses older than this Unix time in seconds are dropped
	until   int64 // sessions used later than this, in Unix nanoseconds, are left out
	removed atomic.Int64
	open    atomic.Int64 // visits without an answer, and one for the walk itself
}

// answered notes that a session was cleaned up, or that the walk is over.
func (r *round) answered(c *core, removed int) {
	r.removed.Add(int64(removed))
	if r.open.Add(-1) == 0 {
		c.tell(r)
	}
}

// startRound queues a round, unless one of its kind is queued.
func (s *supervisor) startRound(r *round) {
	for _, q := range s.rounds {
		if q.kind == r.kind {
			return
		}
	}
	r.open.Store(1)
	s.rounds = append(s.rounds, r)
	if len(s.rounds) == 1 {
		s.active.cursor = s.active.first
	}
}

// visitSome visits some sessions for the round under way.
func (s *supervisor) visitSome() (more bool) {
	if len(s.rounds) == 0 {
		return false
	}
	r := s.rounds[0]
	for range sliceVisits {
		e := s.active.cursor
		if e == nil || e.used > r.until {
			return s.endWalk()
		}
		s.active.cursor = e.next
		r.open.Add(1)
		s.root.Send(e.pid, r)
	}
	return true
}

// endWalk begins the walk of the next round, if there is one.
func (s *supervisor) endWalk() (more bool) {
	done := s.rounds[0]
	s.rounds = slices.Delete(s.rounds, 0, 1)
	s.active.cursor = nil
	if len(s.rounds) > 0 {
		s.active.cursor = s.active.first
	}
	done.answered(s.core, 0)
	return len(s.rounds) > 0
}

// roundDone reports a round that all have answered.
func (s *supervisor) roundDone(r *round) {
	switch r.kind {
	case trimPrepared:
		s.purge.trimmed = true
		s.purgeDone()
		return
	case storeStates:
		return
	}
	n := r.removed.Load()
	s.count.pressesDropped.Add(uint64(n))
	s.log.Info(fmt.Sprintf("CALLBACK CLEAN-UP: removed %d entries from processed_callbacks", n))
}
