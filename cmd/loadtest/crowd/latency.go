package crowd

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The range of latencies that are told apart; what is longer counts as the longest.
const (
	minLatency    = int64(time.Microsecond)
	maxLatency    = int64(10 * time.Minute)
	latencyDigits = 2 // significant
)

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(minLatency, maxLatency, latencyDigits)
}

// meter measures what one shard's people wait for, in ns. Safe for concurrent use.
type meter struct {
	mu     sync.Mutex
	byKind [kinds]*hdrhistogram.Histogram
	all    *hdrhistogram.Histogram
	recent *hdrhistogram.Histogram // since it was last taken
	lag    *hdrhistogram.Histogram // of the crowd itself, behind its own timetable
	counts Counts
}

// Counts are what a crowd did, since it began.
type Counts struct {
	Updates  int64 // accepted by Telegram: messages and presses
	Done     int64 // actions answered in full
	Troubled int64 // actions that the bot could not carry out, and said so
	Refused  int64 // actions that a rule forbids
	Excused  int64 // lost places after a crash of the database, which may cost them
	Repeats  int64 // answers that came once more, where that is allowed
	Visits   int64
	Skipped  int64 // visits that found nobody at home
	Checks   int64 // screens that were compared with what they had to show
}

func newMeter() *meter {
	m := &meter{all: newHistogram(), recent: newHistogram(), lag: newHistogram()}
	for k := range m.byKind {
		m.byKind[k] = newHistogram()
	}
	return m
}

// done records an action that was answered.
func (m *meter) done(k Kind, latency int64) {
	latency = min(max(latency, minLatency), maxLatency)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range []*hdrhistogram.Histogram{m.byKind[k], m.all, m.recent} {
		_ = h.RecordValue(latency) // it is within the range
	}
	m.counts.Done++
}

// late records how far the crowd itself was behind when a person acted.
func (m *meter) late(by int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = m.lag.RecordValue(min(max(by, minLatency), maxLatency)) // it is within the range
}

// count changes the counts.
func (m *meter) count(change func(*Counts)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.counts)
}

// Latency is how long people waited for the bot's answer on their screen.
type Latency struct {
	Count                     int64
	P50, P99, P999, Mean, Max time.Duration
}

func latencyOf(h *hdrhistogram.Histogram) Latency {
	at := func(p float64) time.Duration { return time.Duration(h.ValueAtPercentile(p)) }
	return Latency{Count: h.TotalCount(), P50: at(50), P99: at(99), P999: at(99.9), Mean: time.Duration(h.Mean()), Max: time.Duration(h.Max())}
}
