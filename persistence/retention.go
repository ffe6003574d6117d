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
	// answersKept is how long the answers of writes are kept, by which a replay is known:
	// Telegram keeps updates for 24 hours.
	answersKept = 48 * time.Hour
	// eventsKept is how long past events are kept, with their participants, reports and
	// reminders.
	eventsKept = 30 * 24 * time.Hour
	// deletedKept is how long those are kept that operators deleted: those who joined are told
	// meanwhile, which takes that long only where Telegram is away.
	deletedKept = 7 * 24 * time.Hour

	retentionEvery = 10 * time.Minute
	answersStep    = 2000
	eventsStep     = 500
)

// Retain deletes what is past its time, now and every ten minutes until ctx ends, in small steps.
func (s *Store) Retain(ctx context.Context) {
	for {
		answers, events, err := s.retain(ctx, time.Now())
		if answers+events > 0 {
			s.log.Info("old rows were deleted", slog.Int64("answers", answers), slog.Int64("events", events))
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("old rows could not be deleted, will try again", slog.Any("error", err))
		}
		if !pause(ctx, retentionEvery) {
			return
		}
	}
}

func (s *Store) retain(ctx context.Context, now time.Time) (answers, events int64, err error) {
	answers, err = s.deleteAnswers(ctx, now.Add(-answersKept))
	if err != nil {
		return answers, 0, err
	}
	events, err = s.deleteEvents(ctx, now.Add(-eventsKept), now.Add(-deletedKept))
	return answers, events, err
}

// deleteAnswers finds old answers by the BRIN index on their time: they were written in its order.
func (s *Store) deleteAnswers(ctx context.Context, before time.Time) (deleted int64, err error) {
	const query = `
		DELETE FROM writes WHERE ctid = ANY (ARRAY(
			SELECT ctid FROM writes WHERE done_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`
	for {
		tag, err := s.writes.Exec(ctx, query, before, answersStep)
		if err != nil {
			return deleted, fmt.Errorf("delete old answers: %w", err)
		}
		deleted += tag.RowsAffected()
		if tag.RowsAffected() < answersStep || !pause(ctx, expiryPause) {
			return deleted, nil
		}
	}
}

// deleteEvents walks the events by id: an index on their end would have every create write it.
func (s *Store) deleteEvents(ctx context.Context, ended, deletedBefore time.Time) (deleted int64, err error) {
	const query = `
		WITH step AS (
			SELECT id, ends, status, updated_at FROM events WHERE id > $1 ORDER BY id LIMIT $2
		), gone AS (
			DELETE FROM events e USING step
			WHERE e.id = step.id AND (step.ends < $3 OR step.status = 'deleted' AND step.updated_at < $4) RETURNING 1
		)
		SELECT (SELECT count(*) FROM gone), count(*) OVER (), id FROM step ORDER BY id DESC LIMIT 1`
	var last int64
	for {
		var gone, seen int64
		err := s.writes.QueryRow(ctx, query, last, eventsStep, ended, deletedBefore).Scan(&gone, &seen, &last)
		if errors.Is(err, pgx.ErrNoRows) {
			return deleted, nil
		}
		if err != nil {
			return deleted, fmt.Errorf("delete past events: %w", err)
		}
		deleted += gone
		if seen < eventsStep || !pause(ctx, expiryPause) {
			return deleted, nil
		}
	}
}
