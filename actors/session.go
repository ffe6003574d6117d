package actors

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/asynkron/protoactor-go/actor"
)

// stage says how far a session is.
type stage uint8

const (
	// opening: it waits for its snapshot.
	opening stage = iota
	// open: it handles inputs.
	open
	// shut: it was not let in, and answers busy until it is told to leave.
	shut
	// closing: it waits until its last snapshot is stored or given up.
	closing
	// closed: it stops.
	closed
)

// session is the actor that holds a user's state. It handles inputs one at a time; those
// that arrive meanwhile queue here, as many as may be in flight. It is kept small: there
// may be very many.
type session[S any] struct {
	rt          *Runtime[S]
	entry       *entry // the supervisor's; only to be handed back
	self        *actor.PID
	state       S
	applied     updates
	pressed     presses
	queue       fifo
	turn        *turn[S] // the one under way, where it awaits effects
	unstored    fifo     // applied inputs whose state is not stored, by their revisions
	incarnation uint64
	revision    uint64 // counts the changes
	prepared    uint16 // entries in the state's prepared list
	kind        uint8  // of the state, from 1; 0: it is not open
	stage       stage
	told        bool // to leave
	stranger    bool // let in only with a snapshot
	dirty       bool // the store lacks the present revision
	claimed     bool // a checkpoint is under way
	again       bool // another one has to follow it
}

// Receive implements actor.Actor.
func (s *session[S]) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *item:
		s.queue.push(m)
		s.advance()
	case *awaited[S]:
		s.arrive(m)
	case *round:
		m.answered(&s.rt.core, s.visit(m))
	case *leave:
		s.told = true
		if m.abort {
			s.abort()
		}
		s.advance()
	case *loaded:
		s.load(m)
		s.advance()
	case *checkpointDue:
		s.checkpoint()
	case *grant:
		s.submit()
	case *save:
		s.saved(m)
	case *refusal:
		s.refused()
	case *actor.Started:
		s.self = ctx.Self()
		s.start()
	case *actor.Stopped:
		s.rt.count.prepared.Add(-int64(s.prepared))
		s.stage = closed
		s.classify()
		s.rt.tell((*left)(s.entry))
	}
}

// start asks for the snapshot, or begins without one.
func (s *session[S]) start() {
	if l := s.rt.loader; l != nil {
		l.add(load{user: s.entry.user, to: s.self})
		return
	}
	s.begin()
}

// load opens the session with its snapshot. Absent or undecodable means a fresh state; a
// failed load never does.
func (s *session[S]) load(m *loaded) {
	switch {
	case m.err != nil:
		s.rt.count.loadsFailed.Add(1)
		s.refuse()
	case m.found:
		s.restore(&m.snapshot)
	case s.stranger:
		s.rt.count.strangersRefused.Add(1)
		s.refuse()
	default:
		s.begin()
	}
}

// begin opens the session with a fresh state.
func (s *session[S]) begin() {
	state, failed := s.fresh()
	if failed != nil {
		s.rt.log.Error("a fresh state could not be made", slog.Int64("user", s.entry.user), failed.attr())
		s.refuse()
		return
	}
	s.state = state
	s.stage = open
	s.classify()
	s.rt.count.activationsFresh.Add(1)
}

// restore opens the session with what the snapshot holds.
func (s *session[S]) restore(snapshot *Snapshot) {
	applied, pressed, state, err := decode[S](snapshot.Data, s.rt.cfg.StateVersion)
	if err == nil {
		if failed := s.take(state, s.rt.PreparedLimit()); failed != nil {
			err = failed
		}
	}
	if err != nil {
		s.rt.count.snapshotsDamaged.Add(1)
		s.rt.log.Warn("a snapshot cannot be read, the state is fresh",
			slog.Int64("user", s.entry.user), slog.Any("error", err))
		s.begin()
		return
	}
	s.applied, s.pressed = applied, pressed
	s.revision = snapshot.Revision
	s.stage = open
	s.classify()
	s.rt.count.activationsRestored.Add(1)
}

// refuse shuts the session: inputs are answered busy. The supervisor is asked to tell it to
// leave, so that none is lost meanwhile.
func (s *session[S]) refuse() {
	s.stage = shut
	s.rt.tell((*refused)(s.entry))
}

// advance handles what has queued up, and leaves where that was asked for and nothing is left.
func (s *session[S]) advance() {
	for s.turn == nil && (s.stage == open || s.stage == shut) {
		it := s.queue.pop()
		switch {
		case it == nil && s.told:
			s.leave()
			return
		case it == nil:
			return
		case s.stage == shut:
			s.rt.settle(it, Busy)
		default:
			s.handle(it)
		}
	}
}

// leave stops the session once its last state is stored or given up.
func (s *session[S]) leave() {
	if s.claimed || s.rt.saver != nil && s.dirty && s.stage == open {
		s.stage = closing
		s.checkpoint()
		return
	}
	s.stop()
}

func (s *session[S]) stop() {
	s.stage = closed
	s.rt.root.Stop(s.self)
}

// abort gives up the turn under way and what is queued. The state from before stays.
func (s *session[S]) abort() {
	if s.turn != nil {
		s.rt.settle(s.turn.item, Stopped)
		s.turn = nil
	}
	for it := s.queue.pop(); it != nil; it = s.queue.pop() {
		s.rt.settle(it, Stopped)
	}
}

// visit cleans up for a round and returns how many entries it removed.
func (s *session[S]) visit(r *round) int {
	if s.stage != open {
		return 0
	}
	switch r.kind {
	case forgetPresses:
		return s.pressed.dropBefore(r.before)
	case storeStates:
		s.checkpoint()
		return 0
	}
	had := int(s.prepared)
	if had <= r.trim {
		return 0
	}
	// No change to store: whoever comes back with the longer list has it cut again.
	if failed := s.take(s.state, r.trim); failed != nil {
		s.rt.log.Error("a prepared list could not be cut", slog.Int64("user", s.entry.user), failed.attr())
	}
	return had - int(s.prepared)
}

// panicked is a panic of the application's code.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

func (p *panicked) attr() slog.Attr {
	return slog.Group("panic", slog.Any("value", p.value), slog.String("stack", string(p.stack)))
}

// caught is deferred around the application's code.
func caught(p **panicked) {
	if v := recover(); v != nil {
		*p = &panicked{value: v, stack: debug.Stack()}
	}
}

func (s *session[S]) fresh() (state S, failed *panicked) {
	defer caught(&failed)
	return s.rt.behavior.Fresh(s.entry.user), nil
}

func (s *session[S]) step(state S, in any) (t Turn[S], failed *panicked) {
	defer caught(&failed)
	return s.rt.behavior.Step(state, in), nil
}

// take makes next the state, with a prepared list of at most limit entries. Where that fails
// the state stays as it was.
func (s *session[S]) take(next S, limit int) (failed *panicked) {
	was := s.state
	s.state = next // where it is on the heap anyway, or every look at it would put a copy there
	n, failed := s.fit(limit)
	if failed != nil {
		s.state = was
		return failed
	}
	s.rt.count.prepared.Add(int64(n) - int64(s.prepared))
	s.prepared = uint16(n)
	return nil
}

// fit cuts the state's prepared list to limit entries, and returns how many it has.
func (s *session[S]) fit(limit int) (n int, failed *panicked) {
	defer caught(&failed)
	if n = s.rt.behavior.Prepared(&s.state); n > limit {
		s.state = s.rt.behavior.Trim(s.state, limit)
		n = s.rt.behavior.Prepared(&s.state)
	}
	return n, nil
}
