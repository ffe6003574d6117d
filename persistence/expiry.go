package persistence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// expiryEvery is the time between two walks over the snapshots.
	expiryEvery = time.Hour
	// expiryStep is the most snapshots looked at in one statement, expiryPause the rest after
	// it, so that the walk over ten million takes minutes and nobody notices.
	expiryStep  = 2000
	expiryPause = 50 * time.Millisecond
)

// ExpireSnapshots deletes the snapshots that were not saved again for ttl, now and every hour
// until ctx ends. It walks the table by its key, in small steps: an index on the time would make
// every checkpoint write it.
func (s *Store) ExpireSnapshots(ctx context.Context, ttl time.Duration) {
	for {
		n, err := s.expireSnapshots(ctx, time.Now().Add(-ttl))
		if n > 0 {
			s.log.Info("old snapshots were deleted", slog.Int64("snapshots", n))
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("old snapshots could not be deleted, will try again", slog.Any("error", err))
		}
		if !pause(ctx, expiryEvery) {
			return
		}
	}
}

// expireSnapshots walks the table once and returns how many snapshots it deleted.
func (s *Store) expireSnapshots(ctx context.Context, before time.Time) (deleted int64, err error) {
	const query = `
		WITH step AS (
			SELECT bot, person FROM snapshots WHERE (bot, person) > ($1, $2)
			ORDER BY bot, person LIMIT $3
		), gone AS (
			DELETE FROM snapshots s USING step
			WHERE (s.bot, s.person) = (step.bot, step.person) AND s.saved_at < $4
			RETURNING 1
		)
		SELECT (SELECT count(*) FROM gone), count(*) OVER (), bot, person
		FROM step ORDER BY bot DESC, person DESC LIMIT 1`
	var bot, person int64 // where the walk is; no bot has an id below 1
	for {
		var gone, seen int64
		err := s.writes.QueryRow(ctx, query, bot, person, expiryStep, before).Scan(&gone, &seen, &bot, &person)
		if errors.Is(err, pgx.ErrNoRows) {
			return deleted, nil
		}
		if err != nil {
			return deleted, fmt.Errorf("delete old snapshots: %w", err)
		}
		deleted += gone
		if seen < expiryStep || !pause(ctx, expiryPause) {
			return deleted, nil
		}
	}
}

// pause waits, and returns false where ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
