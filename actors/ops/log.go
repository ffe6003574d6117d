package ops

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// incidentTime is how long warnings and errors with the same words are one incident.
	incidentTime = time.Minute
	// maxIncidents bounds the incidents that are told apart at a time; more than that are
	// logged line by line.
	maxIncidents = 128
)

// LogStats counts what was logged since the start.
type LogStats struct {
	Warnings   uint64 `json:"warnings" metric:"lines_total,level=warn" help:"Warnings, those not written included."`
	Errors     uint64 `json:"errors" metric:"lines_total,level=error" help:"Errors, those not written included."`
	Suppressed uint64 `json:"suppressed" metric:"suppressed_total" help:"Warnings and errors not written, because they repeat one of the last minute."`
	Incidents  int    `json:"incidents" metric:"incidents" help:"Incidents of the last minute that are told apart."`
	Bound      int    `json:"incidents_bound" metric:"incidents_max" help:"Most incidents that are told apart."`
}

// Log is a [slog.Handler] that writes one line for an incident and not thousands: of warnings
// and errors with the same words the first of a minute is written, and the others are counted;
// their number is in the line that follows, as "suppressed".
type Log struct {
	next slog.Handler
	all  *incidents // shared by what WithAttrs and WithGroup return
}

type incidents struct {
	now                          func() time.Time
	warnings, errors, suppressed atomic.Uint64

	mu   sync.Mutex
	seen map[incidentKey]*incident
	due  time.Time // no incident ends before
}

type incidentKey struct {
	level slog.Level
	words string
}

type incident struct {
	ends       time.Time
	suppressed int
}

// NewLog wraps the handler that writes. now is the clock; nil: time.Now.
func NewLog(next slog.Handler, now func() time.Time) *Log {
	if now == nil {
		now = time.Now
	}
	return &Log{next: next, all: &incidents{now: now, seen: make(map[incidentKey]*incident)}}
}

// Stats returns the counts.
func (l *Log) Stats() LogStats {
	l.all.mu.Lock()
	defer l.all.mu.Unlock()
	return LogStats{
		Warnings: l.all.warnings.Load(), Errors: l.all.errors.Load(), Suppressed: l.all.suppressed.Load(),
		Incidents: len(l.all.seen), Bound: maxIncidents,
	}
}

// Enabled implements [slog.Handler].
func (l *Log) Enabled(ctx context.Context, level slog.Level) bool { return l.next.Enabled(ctx, level) }

// WithAttrs implements [slog.Handler].
func (l *Log) WithAttrs(attrs []slog.Attr) slog.Handler { return &Log{l.next.WithAttrs(attrs), l.all} }

// WithGroup implements [slog.Handler].
func (l *Log) WithGroup(name string) slog.Handler { return &Log{l.next.WithGroup(name), l.all} }

// Handle implements [slog.Handler].
func (l *Log) Handle(ctx context.Context, r slog.Record) error {
	write, ended := l.all.note(r.Level, r.Message)
	for key, n := range ended {
		end := slog.NewRecord(l.all.now(), key.level, key.words, 0)
		end.AddAttrs(slog.Int("suppressed", n))
		if err := l.next.Handle(ctx, end); err != nil {
			return err
		}
	}
	if !write {
		return nil
	}
	return l.next.Handle(ctx, r)
}

// note counts a line and says whether it is to be written. It returns the incidents that have
// ended, with how many of their lines were not written.
func (i *incidents) note(level slog.Level, words string) (write bool, ended map[incidentKey]int) {
	switch {
	case level >= slog.LevelError:
		i.errors.Add(1)
	case level >= slog.LevelWarn:
		i.warnings.Add(1)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.now()
	ended = i.end(now)
	if level < slog.LevelWarn {
		return true, ended
	}
	key := incidentKey{level, words}
	if known := i.seen[key]; known != nil {
		known.suppressed++
		i.suppressed.Add(1)
		return false, ended
	}
	if len(i.seen) < maxIncidents {
		if ends := now.Add(incidentTime); len(i.seen) == 0 || ends.Before(i.due) {
			i.due = ends
		}
		i.seen[key] = &incident{ends: now.Add(incidentTime)}
	}
	return true, ended
}

// end forgets incidents whose time is over.
func (i *incidents) end(now time.Time) map[incidentKey]int {
	if len(i.seen) == 0 || now.Before(i.due) {
		return nil
	}
	var ended map[incidentKey]int
	i.due = now.Add(incidentTime)
	for key, of := range i.seen {
		if of.ends.After(now) {
			if of.ends.Before(i.due) {
				i.due = of.ends
			}
			continue
		}
		delete(i.seen, key)
		if of.suppressed > 0 {
			if ended == nil {
				ended = make(map[incidentKey]int)
			}
			ended[key] = of.suppressed
		}
	}
	return ended
}
