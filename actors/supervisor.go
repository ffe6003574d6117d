package actors

import (
	"log/slog"
	"strconv"

	"github.com/asynkron/protoactor-go/actor"
)

// Messages to the supervisor, beside items and samples.
type (
	// left: the session of the entry has stopped. protoactor offers Terminated to who
	// watches, but a watch costs a session some 900 bytes, and a thousand Terminated come
	// ahead of all inputs; this one comes in its turn.
	left entry
	// refused: the session could not be opened, and answers busy until it is told to leave.
	refused entry
	// forget: the last unsettled input of an absent user was settled.
	forget entry
	// proceed: go on with the work that comes in slices.
	proceed struct{}
	// sweepOrder: look for what has expired.
	sweepOrder struct{}
	statsQuery struct{ reply chan<- answer[Stats] }
	purgeOrder struct{ reply chan<- answer[int] }
	// storeBack: the store of snapshots is there again.
	storeBack struct{}
	// drain: all sessions leave. With abort, those with work in progress give it up.
	drain struct {
		abort bool
		done  chan<- struct{} // closed when all are gone
	}
)

// leave tells a session to leave when it has handled what is before this message. With
// abort it drops what it has not finished.
type leave struct{ abort bool }

// supervisor is the actor that owns the table of users. Its work for an input is O(1).
type supervisor struct {
	*core
	self     *actor.PID
	mailbox  actor.Mailbox
	sessions *actor.Props

	table   table
	active  order // the active, those used least recently first
	waiters order // the waiting, in the order of their arrival
	live    int   // session actors in memory
	leaving int   // of them those that were told to leave
	stashed int   // inputs that wait in entries
	left    [reasons]uint64

	incarnation uint64 // of the session spawned last
	spawning    *entry // the one it is for

	guard     guard
	pace      pace
	seen      *sample // the last look at memory
	purge     *purge  // the one under way
	purges    uint64
	history   guardHistory
	expired   int64    // sessions used before leave as idle; 0: no sweep is under way
	rounds    []*round // visits to the active sessions: at most one of each kind, the first under way
	rebuilt   int      // shards of the table still to rebuild
	draining  *drain
	scheduled bool // a proceed message is on its way
}

func newSupervisor(c *core) *supervisor {
	return &supervisor{core: c, guard: guard{threshold: c.cfg.MemoryThreshold, limit: c.heapLimit}, pace: noPace(), seen: &sample{}}
}

// Receive implements actor.Actor.
func (s *supervisor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *item:
		s.accept(m)
	case *left:
		s.depart((*entry)(m))
	case *refused:
		if e := (*entry)(m); e.phase == active {
			s.dismiss(e, reasonRefused)
		}
	case *forget:
		s.forget((*entry)(m))
	case *proceed:
		s.scheduled = false
		s.work()
	case *sample:
		s.observe(m)
	case *sweepOrder:
		s.sweep()
	case *storeBack:
		s.startRound(&round{kind: storeStates, until: s.cfg.Now().UnixNano()})
		s.work()
	case *round:
		s.roundDone(m)
	case *memoryFreed:
		s.purge.freed = m.after
		s.purgeDone()
	case *statsQuery:
		m.reply <- answer[Stats]{value: s.stats()}
	case *purgeOrder:
		s.purgeByOperator(m)
	case *drain:
		s.drain(m)
	case *actor.Started:
		s.self = ctx.Self()
	case *actor.Stopped:
		close(s.stopped)
	}
}

// accept passes an input on, or lets it wait, or refuses it.
func (s *supervisor) accept(it *item) {
	if s.draining != nil && s.draining.abort {
		s.settle(it, Stopped)
		return
	}
	e := s.table.get(it.User)
	if !s.admits(e, it) {
		s.settle(it, Busy)
		return
	}
	if e == nil {
		e = &entry{user: it.User, stranger: s.guard.state == GuardPressure}
		s.table.put(e)
	}
	if !it.within() {
		it.entry = e
		e.inFlight.Add(1)
	}
	if e.phase == active {
		s.active.touch(e, s.cfg.Now().UnixNano())
		it.Span.Next("session")
		s.root.Send(e.pid, it)
		return
	}
	it.Span.Next("stash")
	e.waiting.push(it)
	s.stashed++
	if e.phase == absent {
		s.await(e)
		s.serve()
	}
}

// admits says whether an input of a user, whose entry may be nil, is within the bounds.
func (s *supervisor) admits(e *entry, it *item) bool {
	if it.within() {
		return true
	}
	if e == nil && s.guard.state == GuardPressure && s.loader == nil {
		s.count.strangersRefused.Add(1)
		return false
	}
	if e != nil && int(e.inFlight.Load()) >= s.cfg.MaxInFlight {
		return false
	}
	if e != nil && e.phase == active {
		return true
	}
	return s.stashed < s.cfg.MaxStash
}

// await puts a user without a session in the queue for one.
func (s *supervisor) await(e *entry) {
	e.gone.Store(false)
	e.phase = waiting
	s.waiters.push(e)
}

// serve gives sessions to those who wait, as far as there is room, and makes room for the
// others.
func (s *supervisor) serve() {
	for s.waiters.n > 0 && s.live < s.cfg.MaxSessions && s.pace.admits() {
		e := s.waiters.first
		s.waiters.remove(e)
		s.activate(e)
	}
	if s.waiters.n > 0 {
		s.work()
	}
}

// activate spawns the next incarnation of a user's session and hands it what has waited.
// Each incarnation has a name of its own: the old name is taken until the old actor is gone.
func (s *supervisor) activate(e *entry) {
	s.incarnation++
	s.pace.admitted++
	s.spawning = e
	pid, err := s.root.SpawnNamed(s.sessions, "s"+strconv.FormatUint(s.incarnation, 36))
	if err != nil {
		s.log.Error("a session could not be spawned", slog.Int64("user", e.user), slog.Any("error", err))
		s.settleWaiting(e, Busy)
		s.vacate(e)
		return
	}
	e.pid, e.phase, e.stranger = pid, active, false
	e.used = s.cfg.Now().UnixNano()
	s.active.push(e)
	s.live++
	for it := e.waiting.pop(); it != nil; it = e.waiting.pop() {
		s.stashed--
		it.Span.Next("session")
		s.root.Send(pid, it)
	}
}

// settleWaiting ends the inputs that wait for a user's session.
func (s *supervisor) settleWaiting(e *entry, o Outcome) {
	for it := e.waiting.pop(); it != nil; it = e.waiting.pop() {
		s.stashed--
		s.settle(it, o)
	}
}

// dismiss tells a session to leave. From now on the user's inputs wait.
func (s *supervisor) dismiss(e *entry, why reason) {
	s.active.remove(e)
	e.phase, e.reason = leaving, why
	s.leaving++
	s.root.Send(e.pid, &leave{})
}

// depart notes that a session is gone. Where inputs wait, the user queues for the next one.
func (s *supervisor) depart(e *entry) {
	s.live--
	s.leaving--
	s.left[e.reason]++
	e.pid = nil
	s.purgeLost(e.reason)
	if !e.waiting.empty() {
		s.await(e)
	} else {
		s.vacate(e)
	}
	s.serve()
	s.work()
}

// vacate notes that a user has no session. The entry stays while inputs are in flight,
// so that their number stays bounded.
func (s *supervisor) vacate(e *entry) {
	e.phase = absent
	e.gone.Store(true)
	s.forget(e)
}

// forget drops the entry of an absent user who has nothing in flight.
func (s *supervisor) forget(e *entry) {
	if e.phase == absent && e.inFlight.Load() == 0 {
		s.table.remove(e)
	}
}

// drain makes all sessions leave.
func (s *supervisor) drain(d *drain) {
	if s.draining != nil && s.draining.done == nil {
		return // that was done before the order to abort came
	}
	s.draining = d
	if d.abort {
		s.abort()
	}
	s.work()
}

// abort has all sessions leave at once, and ends what waits here.
func (s *supervisor) abort() {
	for e := s.waiters.first; e != nil; e = s.waiters.first {
		s.waiters.remove(e)
		s.settleWaiting(e, Stopped)
		s.vacate(e)
	}
	for e := s.active.first; e != nil; e = s.active.first {
		s.dismiss(e, reasonShutdown)
	}
	s.table.each(func(e *entry) {
		if e.phase == leaving {
			s.settleWaiting(e, Stopped)
			s.root.Send(e.pid, &leave{abort: true})
		}
	})
}
