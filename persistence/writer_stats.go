package persistence

import (
	"errors"
	"sync/atomic"
	"time"

	"okolo/actors/histogram"
	"okolo/persistence/model"
)

// WriterStats is what the writer did since it started. The tags say for each field which metric
// it is and what it means; see package ops.
type WriterStats struct {
	Queued        int              `json:"queued" metric:"queue_commands" help:"Commands accepted and not answered."`
	Bound         int              `json:"bound" metric:"queue_commands_max" help:"Most commands that may be accepted and not answered."`
	Commands      int64            `json:"commands" metric:"commands_total" help:"Commands answered after a try at the database."`
	Batches       int64            `json:"batches" metric:"batches_total" help:"Batches that the commands came in."`
	LargestBatch  int64            `json:"largest_batch" metric:"largest_batch_commands" help:"Commands in the largest batch."`
	Replays       int64            `json:"replays" metric:"replays_total" help:"Commands that had been committed before."`
	KeyConflicts  int64            `json:"key_conflicts" metric:"key_conflicts_total" help:"Keys used for another command."`
	Rejected      int64            `json:"rejected" metric:"rejected_total" help:"Commands that PostgreSQL refused with an error."`
	Failed        int64            `json:"failed" metric:"failed_total" help:"Commands for which the database could not be reached, those waiting behind included."`
	Unknown       int64            `json:"unknown" metric:"unknown_total" help:"Failed commands whose outcome is not known."`
	Resolved      int64            `json:"resolved" metric:"resolved_total" help:"Commits whose answer was lost and looked for."`
	Busy          int64            `json:"busy" metric:"busy_total" help:"Commands refused because the queue was full."`
	BatchSize     histogram.Counts `json:"batch_size" metric:"batch_size_commands" help:"Commands in a batch."`
	CommitSeconds histogram.Counts `json:"commit_seconds" metric:"commit_seconds" help:"Time that a batch took, tries again included."`
}

// Stats returns the writer's counts. It costs the writer nothing.
func (w *Writer) Stats() WriterStats {
	c := &w.counters
	return WriterStats{
		Queued:        int(w.queued.Load()),
		Bound:         int(w.bound),
		Commands:      c.commands.Load(),
		Batches:       c.batches.Load(),
		LargestBatch:  c.largest.Load(),
		Replays:       c.replays.Load(),
		KeyConflicts:  c.conflicts.Load(),
		Rejected:      c.rejected.Load(),
		Failed:        c.failed.Load(),
		Unknown:       c.unknown.Load(),
		Resolved:      c.resolved.Load(),
		Busy:          c.busy.Load(),
		BatchSize:     c.sizes.Read(),
		CommitSeconds: c.seconds.Read(),
	}
}

type counters struct {
	commands, batches, largest, replays, conflicts, rejected, failed, unknown, resolved, busy atomic.Int64

	sizes, seconds *histogram.Histogram
}

func newCounters() counters { return counters{sizes: histogram.Sizes(), seconds: histogram.Latency()} }

// observe counts a batch that has been carried out.
func (c *counters) observe(batch []*pending, took time.Duration) {
	c.batches.Add(1)
	c.commands.Add(int64(len(batch)))
	for n, most := int64(len(batch)), c.largest.Load(); n > most && !c.largest.CompareAndSwap(most, n); {
		most = c.largest.Load()
	}
	c.sizes.Observe(float64(len(batch)))
	c.seconds.Observe(took.Seconds())
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
