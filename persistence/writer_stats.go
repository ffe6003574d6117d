package persistence

import (
	"errors"
	"sync/atomic"
	"time"

	"okolo/persistence/model"
)

// WriterStats is what the writer did since it started.
type WriterStats struct {
	Queued       int     `json:"queued"`         // commands accepted and not answered
	Bound        int     `json:"bound"`          // the most there may be
	Commands     int64   `json:"commands"`       // answered after a try at the database
	Batches      int64   `json:"batches"`        // they came in
	LargestBatch int64   `json:"largest_batch"`  // in commands
	Replays      int64   `json:"replays"`        // commands that had been committed before
	KeyConflicts int64   `json:"key_conflicts"`  // keys used for another command
	Rejected     int64   `json:"rejected"`       // commands that PostgreSQL refused with an error
	Failed       int64   `json:"failed"`         // commands for which it could not be reached, those waiting behind included
	Unknown      int64   `json:"unknown"`        // of these, those whose outcome is not known
	Resolved     int64   `json:"resolved"`       // commits whose answer was lost and looked for
	Busy         int64   `json:"busy"`           // commands refused because the queue was full
	LastCommitMS float64 `json:"last_commit_ms"` // how long the last batch took
}

// Stats returns the writer's counts. It costs the writer nothing.
func (w *Writer) Stats() WriterStats {
	c := &w.counters
	return WriterStats{
		Queued:       int(w.queued.Load()),
		Bound:        int(w.bound),
		Commands:     c.commands.Load(),
		Batches:      c.batches.Load(),
		LargestBatch: c.largest.Load(),
		Replays:      c.replays.Load(),
		KeyConflicts: c.conflicts.Load(),
		Rejected:     c.rejected.Load(),
		Failed:       c.failed.Load(),
		Unknown:      c.unknown.Load(),
		Resolved:     c.resolved.Load(),
		Busy:         c.busy.Load(),
		LastCommitMS: float64(c.lastMicros.Load()) / 1000,
	}
}

type counters struct {
	commands, batches, largest, replays, conflicts, rejected, failed, unknown, resolved, busy, lastMicros atomic.Int64
}

// observe counts a batch that has been carried out. One goroutine calls it.
func (c *counters) observe(batch []*pending, took time.Duration) {
	c.batches.Add(1)
	c.commands.Add(int64(len(batch)))
	c.largest.Store(max(c.largest.Load(), int64(len(batch))))
	c.lastMicros.Store(took.Microseconds())
	for _, p := range batch {
		switch {
		case p.answer.Replayed:
			c.replays.Add(1)
		case errors.Is(p.err, model.ErrKeyReused):
			c.conflicts.Add(1)
		case errors.Is(p.err, model.ErrUnknown):
			c.failed.Add(1)
			c.unknown.Add(1)
		case errors.Is(p.err, model.ErrUnavailable):
			c.failed.Add(1)
		}
	}
}
