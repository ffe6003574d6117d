package actors

import (
	"context"
	"log/slog"
	"testing"
	"time"
)

// parity tells even states from odd ones.
type parity struct{ still[int] }

func (parity) Kinds() []string              { return []string{"even", "odd"} }
func (parity) Kind(n *int) int              { return *n % 2 }
func (parity) Step(_ int, in any) Turn[int] { return Turn[int]{Next: in.(int)} }

// TestKindsAreCounted: each session in memory is counted by its state, in whatever way it came
// and whatever became of it.
func TestKindsAreCounted(t *testing.T) {
	cfg := Defaults()
	cfg.MemoryThreshold, cfg.Logger = 0, slog.New(slog.DiscardHandler)
	r, err := New(cfg, parity{still[int]{func(int64) int { return 0 }}}, performer(echo), newMemoryStore())
	if err != nil {
		t.Fatal(err)
	}
	say := func(user int64, n int) {
		settled := make(chan Outcome, 1)
		r.Deliver(Input{User: user, Payload: n, Settled: func(o Outcome) { settled <- o }})
		if o := <-settled; o != Applied {
			t.Fatal(o)
		}
	}
	expect := func(even, odd int) {
		t.Helper()
		deadline := time.Now().Add(time.Minute)
		for {
			s, err := r.Stats(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if s.ByScreen["even"] == even && s.ByScreen["odd"] == odd {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%v, not %d even and %d odd", s.ByScreen, even, odd)
			}
			time.Sleep(time.Millisecond)
		}
	}
	for user := range int64(10) {
		say(user, 1)
	}
	expect(0, 10)
	say(3, 4)
	expect(1, 9)
	if n, err := r.Purge(t.Context()); n != 5 || err != nil { // the oldest: 0, 1, 2, 4, 5
		t.Fatal(n, err)
	}
	expect(1, 4)
	say(0, 3) // from its snapshot
	expect(1, 5)
	s, err := r.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if h := s.GuardHistory; len(h) != 1 || h[0].What != "purge by operator" || h[0].Removed != 5 || h[0].At.IsZero() || h[0].RSSAfter == 0 {
		t.Errorf("history: %+v", h)
	}
	if s.SnapshotSaveSeconds.Count() == 0 || s.SnapshotLoadSeconds.Count() == 0 || s.Goroutines == 0 {
		t.Errorf("not measured: %+v", s)
	}
	if _, err := r.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i := range r.count.kinds {
		if n := r.count.kinds[i].n.Load(); n != 0 {
			t.Errorf("%d sessions of kind %q after the end", n, r.count.kinds[i].name)
		}
	}
}

func TestGuardHistoryIsBounded(t *testing.T) {
	var h guardHistory
	for i := range 100 {
		h.add(GuardEvent{Removed: i})
	}
	if l := h.list(); len(l) != guardEvents || l[0].Removed != 100-guardEvents || l[guardEvents-1].Removed != 99 {
		t.Errorf("%d events, %+v", len(l), l)
	}
}
