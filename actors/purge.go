package actors

import (
	"fmt"
	"runtime/debug"
)

// purge makes the oldest sessions leave, cuts the prepared lists of those that stay, and
// returns what was freed to the operating system; then the guard judges it.
type purge struct {
	reason  reason // reasonMemory or reasonOperator
	left    int    // sessions still to be told to leave
	open    int    // told, and not gone yet
	gone    int
	cleared bool    // the sessions are gone, the rest of the work is under way
	trimmed bool    // the lists of those that stay are cut
	freed   *sample // memory as it is now that it was returned to the system; nil: it was not yet
	before  uint64  // RSS when it began
	reply   chan<- answer[int]
}

// memoryFreed comes when memory was returned to the operating system.
type memoryFreed struct{ after *sample }

// wants reports whether sessions are still to be told to leave. p may be nil.
func (p *purge) wants() bool { return p != nil && p.left > 0 }

// observe shows the guard a look at memory.
func (s *supervisor) observe(m *sample) {
	m.sessions = s.active.n
	s.seen = m
	s.pace.look(m, s.guard.threshold)
	defer s.serve()
	if s.purge != nil || s.draining != nil {
		return
	}
	was := s.guard.state
	n := s.guard.observe(m)
	s.guardMoved(was, m)
	if n == 0 {
		return
	}
	s.logCause(m)
	s.startPurge(&purge{reason: reasonMemory, left: n, before: m.rss})
}

// logCause says why the guard acts: with RSS above the threshold, or before it comes to that.
func (s *supervisor) logCause(m *sample) {
	if m.rss > s.guard.threshold {
		s.log.Info(fmt.Sprintf("MEMORY GUARD: memory above threshold (%s > %.0fMB), forced clean-up starts",
			megabytes(m.rss), float64(s.guard.threshold)/mebibyte))
		return
	}
	s.log.Info(fmt.Sprintf("MEMORY GUARD: %s, forced clean-up starts", s.guard.strain(m)))
}

// purgeByOperator does what the guard does, without its reason.
func (s *supervisor) purgeByOperator(m *purgeOrder) {
	switch {
	case s.draining != nil:
		m.reply <- answer[int]{err: ErrStopped}
	case s.purge != nil:
		m.reply <- answer[int]{err: ErrPurging}
	default:
		s.startPurge(&purge{reason: reasonOperator, left: half(s.active.n), before: s.seen.rss, reply: m.reply})
	}
}

func (s *supervisor) startPurge(p *purge) {
	s.purge = p
	s.purges++
	s.work()
}

// purgeLost notes that a session is gone.
func (s *supervisor) purgeLost(why reason) {
	if s.purge != nil && s.purge.reason == why {
		s.purge.open--
		s.purge.gone++
	}
}

// checkPurge goes on with a purge whose sessions are gone.
func (s *supervisor) checkPurge() {
	p := s.purge
	if p == nil || p.cleared || p.open > 0 || p.left > 0 && s.active.n > 0 {
		return
	}
	p.cleared, p.left = true, 0 // who comes from now on stays
	s.log.Info(fmt.Sprintf("MEMORY GUARD: removed %d entries from user_state", p.gone))
	if p.gone >= s.table.n/2 {
		s.rebuilt = tableShards
	}
	s.startRound(&round{kind: trimPrepared, trim: s.cfg.GuardedPrepared, until: s.cfg.Now().UnixNano()})
	s.returnMemory()
}

// returnMemory returns memory to the operating system. That takes a collection, so it has a goroutine of its
// own, and need not wait for lists to be cut: that is done in place.
func (s *supervisor) returnMemory() {
	s.workers.Go(func() {
		debug.FreeOSMemory()
		s.tell(&memoryFreed{s.sampler.read(s.cfg.Now())})
	})
}

// purgeDone reports a purge when all of it is done, and has the guard judge it.
func (s *supervisor) purgeDone() {
	p := s.purge
	if !p.trimmed || p.freed == nil {
		return
	}
	after := p.freed
	s.purge = nil
	after.sessions = s.active.n
	s.seen = after
	s.pace.look(after, s.guard.threshold)
	defer s.serve()
	s.log.Info(fmt.Sprintf("MEMORY GUARD: clean-up done, memory: %s (freed %s)",
		megabytesOf(after), megabytes(p.before-min(after.rss, p.before))))
	if p.reason == reasonMemory {
		was := s.guard.state
		s.guard.judge(after)
		s.guardMoved(was, after)
	}
	s.history.add(GuardEvent{
		At: after.at, What: "purge by " + p.reason.String(), Removed: p.gone, RSSBefore: p.before, RSSAfter: after.rss,
	})
	if p.reply != nil {
		p.reply <- answer[int]{value: p.gone}
	}
}

// guardMoved follows the guard, which a look at memory may have brought into another state.
// Where pressure begins and where it ends is said once.
func (s *supervisor) guardMoved(was GuardState, m *sample) {
	now, before := s.guard.state == GuardPressure, was == GuardPressure
	switch {
	case now && !before:
		s.history.add(GuardEvent{At: m.at, What: "pressure", RSSAfter: m.rss})
		why := s.guard.strain(m)
		if m.used() > s.guard.threshold {
			why = fmt.Sprintf("%s in use > %.0fMB", megabytes(m.used()), float64(s.guard.threshold)/mebibyte)
		}
		s.log.Warn(fmt.Sprintf("MEMORY GUARD: pressure, the clean-up was not enough (%s): unknown users are told to come later", why))
	case before && !now:
		s.history.add(GuardEvent{At: m.at, What: "relief", RSSAfter: m.rss})
		s.log.Info("MEMORY GUARD: pressure is over, memory: " + megabytesOf(m))
	}
	s.setPreparedLimit()
}

// setPreparedLimit follows the guard.
func (s *supervisor) setPreparedLimit() {
	limit := s.cfg.MaxPrepared
	if s.guard.active() {
		limit = s.cfg.GuardedPrepared
	}
	s.limit.Store(int32(limit))
}
