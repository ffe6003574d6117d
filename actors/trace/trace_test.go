package trace

import (
	"sync"
	"testing"
	"time"
)

func TestStationsFollowOneAnother(t *testing.T) {
	var got *Span
	came := time.Now().Add(-time.Second)
	s := Start("update", came, func(s *Span) { got = s })
	s.Next("one")
	write := s.Branch("write")
	write.Next("queue")
	write.Next("commit")
	s.Next("two")
	write.Finish()
	open := s.Branch("open")
	open.Note("key", "value")
	s.Note("outcome", "applied")
	s.Finish()

	if got != s || got.Begin != came || got.Notes[0] != (Note{"outcome", "applied"}) {
		t.Fatalf("%+v", got)
	}
	var names []string
	for _, p := range got.Parts {
		names = append(names, p.Name)
		if p.Begin.IsZero() || p.End.Before(p.Begin) || p.End.After(got.End) {
			t.Errorf("%s: from %v to %v", p.Name, p.Begin, p.End)
		}
	}
	if len(names) != 4 || names[0] != "one" || names[1] != "write" || names[2] != "two" || names[3] != "open" {
		t.Error(names)
	}
	one, two := got.Parts[0], got.Parts[2]
	if one.End != two.Begin || two.End != got.End || open.End != got.End {
		t.Error("there is a gap between stations, or one has no end")
	}
	if queue, commit := write.Parts[0], write.Parts[1]; queue.End != commit.Begin || commit.End != write.End {
		t.Error("there is a gap between the stations of a branch")
	}
}

// TestTheRecordDoesNotChange once it was handed over, nor a branch that has ended.
func TestTheRecordDoesNotChange(t *testing.T) {
	handed := 0
	s := Start("update", time.Now(), func(*Span) { handed++ })
	b := s.Branch("branch")
	b.Finish()
	end := b.End
	b.Next("late")
	b.Finish()
	if b.Branch("late") != nil || len(b.Parts) != 0 || b.End != end {
		t.Error("a branch that has ended goes on")
	}
	s.Finish()
	s.Finish()
	s.Next("late")
	s.Note("late", "")
	if s.Branch("late") != nil || len(s.Parts) != 1 || len(s.Notes) != 0 || handed != 1 {
		t.Errorf("%+v, handed over %d times", s, handed)
	}
}

func TestTheRecordIsBounded(t *testing.T) {
	s := Start("update", time.Now(), func(*Span) {})
	for range MaxParts {
		s.Next("station")
	}
	b := s.Branch("one too many")
	b.Next("and below it")
	b.Finish()
	s.Next("another")
	s.Finish()
	if len(s.Parts) != MaxParts || s.Notes[0] != (Note{"parts_left_out", int64(2)}) {
		t.Errorf("%d parts, %v", len(s.Parts), s.Notes)
	}
}

func TestSpansAreSafeForConcurrentUse(t *testing.T) {
	s := Start("update", time.Now(), func(*Span) {})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			b := s.Branch("branch")
			b.Next("station")
			s.Next("station")
			s.Note("key", int64(1))
			b.Finish()
		})
	}
	s.Finish()
	all.Wait()
}

// TestNoneCostsNothing: an input that is not followed has no span.
func TestNoneCostsNothing(t *testing.T) {
	var none *Span
	if n := testing.AllocsPerRun(1000, func() {
		none.Next("station")
		b := none.Branch("branch")
		b.Finish()
		none.Finish()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkNone(b *testing.B) {
	var none *Span
	for b.Loop() {
		none.Next("station")
	}
}
