package actors

import "sync/atomic"

// Kinds is what a [Behavior] may be too: it tells states apart, for the statistics.
type Kinds[S any] interface {
	// Kinds names the kinds of states: at most 255, always the same.
	Kinds() []string
	// Kind returns the kind of a state, as an index to Kinds.
	Kind(state *S) int
}

// kindCount is the number of sessions with a kind of state.
type kindCount struct {
	name string
	n    atomic.Int64
}

func newKindCounts(names []string) []kindCount {
	counts := make([]kindCount, len(names))
	for i, name := range names {
		counts[i].name = name
	}
	return counts
}

func kindCounts(counts []kindCount) map[string]int {
	out := make(map[string]int, len(counts))
	for i := range counts {
		out[counts[i].name] = int(counts[i].n.Load())
	}
	return out
}

// classify notes the kind of the session's state. A session that is not open has none.
func (s *session[S]) classify() {
	if s.rt.kinds == nil {
		return
	}
	kind := -1
	if s.stage == open {
		kind = s.rt.kinds.Kind(&s.state)
	}
	counts := s.rt.count.kinds
	if kind+1 == int(s.kind) || kind >= len(counts) {
		return
	}
	if s.kind > 0 {
		counts[s.kind-1].n.Add(-1)
	}
	if kind >= 0 {
		counts[kind].n.Add(1)
	}
	s.kind = uint8(kind + 1)
}
