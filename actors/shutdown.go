package actors

import (
	"context"
	"fmt"
)

// ShutdownReport says how a shutdown went.
type ShutdownReport struct {
	// Sessions is the number of sessions that left memory.
	Sessions uint64 `json:"sessions"`
	// SnapshotsSaved and SnapshotsGivenUp count what became of their snapshots; the others
	// had not changed since they were stored.
	SnapshotsSaved   uint64 `json:"snapshots_saved"`
	SnapshotsGivenUp uint64 `json:"snapshots_given_up"`
	// InputsAbandoned is the number of inputs that were not settled when ctx ended.
	InputsAbandoned int64 `json:"inputs_abandoned"`
}

// Shutdown refuses new inputs as [Stopped], lets what was begun come to its end, stores
// every session, and releases everything. When ctx ends first, turns under way are given
// up, with the states from before, and so are snapshots that are not stored; that is an
// error, and everything is released all the same. A second call waits for the first and
// returns the same.
func (r *Runtime[S]) Shutdown(ctx context.Context) (ShutdownReport, error) {
	r.shut.Do(func() { r.report, r.err = r.shutdown(ctx) })
	return r.report, r.err
}

func (r *Runtime[S]) shutdown(ctx context.Context) (ShutdownReport, error) {
	r.clock()
	r.gate.Lock()
	r.closed = true
	r.gate.Unlock()

	var report ShutdownReport
	before, err := r.Stats(context.Background())
	if err != nil {
		return report, fmt.Errorf("shut the session runtime down: %w", err)
	}
	cause := r.awaitSettled(ctx)
	if cause != nil {
		report.InputsAbandoned = r.unsettled.Load()
	}
	if err := r.drainSessions(ctx, cause); err != nil {
		cause = err
	}
	after, err := r.Stats(context.Background())
	if err != nil {
		return report, fmt.Errorf("shut the session runtime down: %w", err)
	}
	r.stop()

	report.Sessions = after.Passivations.Shutdown - before.Passivations.Shutdown
	report.SnapshotsSaved = after.SnapshotsSaved - before.SnapshotsSaved
	report.SnapshotsGivenUp = after.SnapshotsGivenUp - before.SnapshotsGivenUp
	if cause != nil {
		return report, fmt.Errorf("shut the session runtime down: %d inputs and %d snapshots were given up: %w",
			report.InputsAbandoned, report.SnapshotsGivenUp, cause)
	}
	return report, nil
}

// awaitSettled waits until every input is settled.
func (c *core) awaitSettled(ctx context.Context) error {
	for c.unsettled.Load() > 0 {
		select {
		case <-c.settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// drainSessions makes all sessions leave; at once where there is a cause to wait no longer.
func (c *core) drainSessions(ctx context.Context, cause error) error {
	c.draining.Store(true)
	done := make(chan struct{})
	if cause == nil {
		c.tell(&drain{done: done})
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			cause = ctx.Err()
		}
	}
	c.cancel()
	c.tell(&drain{abort: true, done: done})
	<-done
	return cause
}

// stop stops the supervisor, behind all it was sent, and the workers.
func (r *Runtime[S]) stop() {
	r.gate.Lock()
	r.halted = true
	r.gate.Unlock()
	r.root.Poison(r.supervisor)
	<-r.stopped
	r.cancel()
	close(r.quit)
	r.pool.close()
	r.workers.Wait()
	r.unlimit()
	r.system.Shutdown()
}
