package actors

import (
	"fmt"
	"log/slog"
)

// Messages to a session about its checkpoints, beside the *save that comes back.
type (
	// checkpointDue: the effects of an applied input are done, its state is not stored yet.
	checkpointDue struct{}
	// grant: the claim's turn has come.
	grant struct{}
	// refusal: the store went away while the claim waited.
	refusal struct{}
)

// A session has at most one checkpoint under way: it claims a place in the saver's buffer,
// makes its snapshot when it is granted one, so that the newest state is stored, and hears
// what became of it. Meanwhile further inputs are applied; the next checkpoint covers them
// all. A session leaves memory only when its last one has ended, so nobody can load an older
// state than the one being written.

// checkpoint sees to it that the present state is stored.
func (s *session[S]) checkpoint() {
	if s.claimed {
		s.again = true
		return
	}
	if !s.dirty || s.stage == closed {
		return
	}
	switch s.rt.saver.claim(s.self, s.stage == closing, s.patient()) {
	case claimGranted:
		s.claimed = true
		s.submit()
	case claimWaits:
		s.claimed = true
	case claimRefused:
		s.refused()
	}
}

// patient reports whether an input waits whose lasting effect should not get ahead of the
// state it led to.
func (s *session[S]) patient() bool {
	for it := range s.unstored.all() {
		if it.lasting {
			return true
		}
	}
	return false
}

// submit hands the newest state to the saver.
func (s *session[S]) submit() {
	m := saves.Get().(*save)
	data, err := s.encode(m.snapshot.Data)
	if err != nil {
		s.rt.log.Error("a snapshot could not be made", slog.Int64("user", s.entry.user), slog.Any("error", err))
		s.rt.saver.waive()
		s.refused()
		return
	}
	*m = save{
		snapshot: Snapshot{
			User: s.entry.user, Epoch: s.rt.cfg.Epoch, Incarnation: s.incarnation, Revision: s.revision, Data: data,
		},
		to: s.self, patient: s.patient(),
	}
	s.rt.saver.submit(m)
}

// encode makes the snapshot's data, into room where there is enough; none for a blank state. Application
// code may run in it.
func (s *session[S]) encode(room []byte) (data []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	if s.rt.blanks != nil && s.rt.blanks.Blank(&s.state) {
		return room[:0], nil
	}
	return encode(room, s.rt.cfg.StateVersion, s.applied, s.pressed, &s.state)
}

// saved notes what became of a snapshot.
func (s *session[S]) saved(m *save) {
	if m.stored {
		s.dirty = s.revision != m.snapshot.Revision
	}
	revision, stored := m.snapshot.Revision, m.stored
	*m = save{snapshot: Snapshot{Data: m.snapshot.Data}} // it holds nobody's session
	saves.Put(m)
	s.checkpointed(revision, stored)
}

// refused notes that there will be no snapshot for now.
func (s *session[S]) refused() {
	s.rt.count.snapshotsGivenUp.Add(1)
	s.checkpointed(s.revision, false)
}

// checkpointed settles the inputs up to a revision, as far as their effects are done, and goes
// on with what came meanwhile.
func (s *session[S]) checkpointed(revision uint64, stored bool) {
	s.claimed = false
	aborted := !stored && s.rt.ctx.Err() != nil
	for it := s.unstored.first(); it != nil && it.revision <= revision; it = s.unstored.first() {
		s.unstored.pop()
		if aborted {
			it.outcome = Stopped
		}
		if it.pending.Add(-unstored) == 0 {
			s.rt.settle(it, it.outcome)
		}
	}
	over := !s.dirty
	if !stored {
		over = s.unstored.first() == nil // what was applied after the snapshot was made waits for the next
	}
	switch again := s.again; {
	case s.stage == closing && over:
		s.stop()
	case s.stage == closing || again:
		s.again = false
		s.checkpoint()
	}
}
