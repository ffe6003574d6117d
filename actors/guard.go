package actors

import (
	"fmt"
	"time"
)

// guardFloor is the number of sessions that purges under pressure leave in memory.
const guardFloor = 64

// GuardState says what the memory guard is doing.
type GuardState uint8

// The states of the guard.
const (
	// GuardNormal: memory is below the threshold, or what is above can be used again.
	GuardNormal GuardState = iota
	// GuardPurging: memory was above the threshold and the oldest half of the sessions leaves.
	GuardPurging
	// GuardPressure: a purge was not enough. Sessions go on leaving, down to a floor, and
	// unknown users are told that the bot is busy.
	GuardPressure
)

// String returns the state's name in lower case.
func (g GuardState) String() string {
	switch g {
	case GuardNormal:
		return "normal"
	case GuardPurging:
		return "purging"
	case GuardPressure:
		return "pressure"
	}
	return fmt.Sprintf("guard(%d)", uint8(g))
}

// MarshalText implements encoding.TextMarshaler.
func (g GuardState) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (g *GuardState) UnmarshalText(text []byte) error {
	for s := GuardNormal; s <= GuardPressure; s++ {
		if s.String() == string(text) {
			*g = s
			return nil
		}
	}
	return fmt.Errorf("unknown guard state %q", text)
}

// sample is a look at the memory of the process, in bytes.
type sample struct {
	rss      uint64
	readable bool   // rss could be read
	heap     uint64 // objects on the heap, live or not yet swept
	reusable uint64 // part of rss that the heap can use again without growing
	live     uint64 // objects that the last collection found in use
	// collecting is the collector's share of the processor since the look before, 0 to 1.
	collecting float64
	sessions   int
	at         time.Time
}

// used is the resident memory without what can be used again: gaps, since Go's collector does
// not move objects and after a purge half-empty spans stay resident, and what it has not seen in
// use yet, garbage mostly. New sessions fit into both.
func (s *sample) used() uint64 {
	unseen := s.heap - min(s.live, s.heap)
	return s.rss - min(s.reusable+unseen, s.rss)
}

// minUsed is the share of the threshold that must be in use for the guard to act: Go lets garbage
// grow until RSS is at the threshold, and garbage alone sends nobody away.
const minUsed = 0.75

// Where the live heap comes near Go's soft memory limit the collector runs without end, and
// answers come late before RSS ever rises. So the guard acts too when live passes the greater
// of these shares of the limit, or the smaller one while the collector takes more than its
// share of the processor (Go lets it have half of it at most).
const (
	maxLive       = 0.85
	maxLiveBusy   = 0.5
	maxCollecting = 0.35
)

// guard decides when sessions have to leave for want of memory. It is a pure state machine:
// observe takes a look at memory and may order a purge, judge takes the look after it.
type guard struct {
	threshold uint64 // 0: it never acts
	limit     uint64 // Go's soft memory limit; 0: there is none
	state     GuardState
	ordered   bool // a purge was ordered and not judged yet
	// spent: since the last purge RSS has not been below the threshold. Until then only
	// memory in use counts, or one high RSS would purge again and again.
	spent bool
}

// active reports whether prepared lists have to be short.
func (g *guard) active() bool { return g.state != GuardNormal }

// observe returns the number of sessions that have to leave now.
func (g *guard) observe(s *sample) int {
	if g.threshold == 0 || g.ordered {
		return 0
	}
	if !s.readable {
		g.state = GuardNormal // no memory reader, no guard
		return 0
	}
	strained := g.strained(s)
	above := s.rss > g.threshold && float64(s.used()) > minUsed*float64(g.threshold)
	if s.rss <= g.threshold {
		g.spent = false
	}
	n := 0
	switch g.state {
	case GuardNormal:
		if strained || above && (!g.spent || s.used() > g.threshold) {
			n = half(s.sessions)
		}
		if n > 0 {
			g.state = GuardPurging
		}
	case GuardPressure:
		switch used := s.used(); {
		case used < g.relief() && !strained:
			g.state = GuardNormal
		case used > g.threshold || strained:
			n = max(0, min(half(s.sessions), s.sessions-guardFloor))
		}
	}
	g.ordered = n > 0
	return n
}

// judge takes a look at memory after the purge that observe ordered.
func (g *guard) judge(s *sample) {
	g.ordered = false
	g.spent = s.rss > g.threshold
	limit := g.threshold
	if g.state == GuardPressure {
		limit = g.relief()
	}
	// What the collector took was for the collection that a purge ends with.
	if s.readable && (s.used() > limit || g.fills(s, maxLive)) {
		g.state = GuardPressure
		return
	}
	g.state = GuardNormal
}

// strained reports whether the live heap is too near the soft memory limit.
func (g *guard) strained(s *sample) bool {
	return g.fills(s, maxLive) || s.collecting > maxCollecting && g.fills(s, maxLiveBusy)
}

// fills reports whether the live heap takes more than a share of the soft memory limit.
func (g *guard) fills(s *sample, share float64) bool {
	return g.limit > 0 && float64(s.live) > share*float64(g.limit)
}

// strain says how near the live heap is to its limit.
func (g *guard) strain(s *sample) string {
	return fmt.Sprintf("live heap near its limit (%s of %s, collecting takes %.0f%%)",
		megabytes(s.live), megabytes(g.limit), 100*s.collecting)
}

// relief is the memory in use below which pressure ends: 90 % of the threshold, so that
// the guard does not flicker.
func (g *guard) relief() uint64 { return g.threshold / 10 * 9 }

// half rounds up, so that one session has a half too.
func half(n int) int { return (n + 1) / 2 }
