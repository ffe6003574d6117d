package actors

// Bounds of the slices in which many sessions leave.
const (
	// maxLeaving is the most sessions on their way out for reasons that can wait. It is
	// what a batch of the saver holds, twice: one is written while the next gathers.
	maxLeaving = 2 * maxBatch
	// sliceLeaving is the most sessions told to leave before other messages get their turn.
	sliceLeaving = 64
	// sliceVisits is the most sessions visited before other messages get their turn.
	sliceVisits = 256
)

// work does a slice of what is to be done to many sessions, and sees to it that the rest
// comes in its turn.
func (s *supervisor) work() {
	s.checkPurge()
	s.checkDrained()
	if s.scheduled {
		return
	}
	more := s.dismissSome()
	more = s.visitSome() || more
	more = s.rebuildSome() || more
	if more {
		s.scheduled = true
		s.pool.run((*nextSlice)(s.core), later)
	}
}

// nextSlice is the task to ask for the next slice. It waits its turn behind the sessions of the
// slice before, so that an input that comes meanwhile has to wait for few of them, and not for
// all that the supervisor could wake up.
type nextSlice core

func (n *nextSlice) run() { (*core)(n).tell(&proceed{}) }

// dismissSome tells the oldest sessions to leave while there is a reason, and returns
// whether it stopped only because the slice was full.
func (s *supervisor) dismissSome() (more bool) {
	for range sliceLeaving {
		e := s.active.first
		if e == nil || s.leaving >= maxLeaving {
			return false
		}
		why, ok := s.reasonToLeave(e)
		if !ok {
			return false
		}
		s.dismiss(e, why)
	}
	return true
}

// reasonToLeave says why the session used least recently has to leave now.
func (s *supervisor) reasonToLeave(oldest *entry) (why reason, ok bool) {
	switch {
	case s.draining != nil:
		return reasonShutdown, true
	case s.purge.wants():
		s.purge.left--
		s.purge.open++
		return s.purge.reason, true
	case oldest.used < s.expired:
		return reasonIdle, true
	case s.waiters.n > s.cfg.MaxSessions-s.live+s.leaving:
		return reasonSize, true
	}
	return 0, false
}

// sweep makes sessions past their idle life leave, and has the others forget old presses.
func (s *supervisor) sweep() {
	now := s.cfg.Now()
	s.expired = now.Add(-s.cfg.IdleLife).UnixNano()
	s.startRound(&round{kind: forgetPresses, before: now.Add(-s.cfg.IdleLife).Unix(), until: now.UnixNano()})
	s.work()
}

// rebuildSome rebuilds one shard of the table.
func (s *supervisor) rebuildSome() (more bool) {
	if s.rebuilt == 0 {
		return false
	}
	s.rebuilt--
	s.table.rebuild(s.rebuilt)
	return s.rebuilt > 0
}

// checkDrained tells the shutdown that all sessions are gone.
func (s *supervisor) checkDrained() {
	if s.draining == nil || s.live > 0 || s.draining.done == nil {
		return
	}
	close(s.draining.done)
	s.draining.done = nil
}
