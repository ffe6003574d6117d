package persistence

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// remindStep is how many reminders are claimed at a time.
const remindStep = 100

// ReminderStats counts reminders since the program started.
type ReminderStats struct {
	Sent     int64 `json:"sent"`
	Dropped  int64 `json:"dropped"`  // no longer due when their turn came
	Repeated int64 `json:"repeated"` // perhaps sent twice: the program ended between sending and noting it
}

// ReminderStats returns what became of reminders.
func (s *Store) ReminderStats() ReminderStats {
	return ReminderStats{s.reminders.sent.Load(), s.reminders.dropped.Load(), s.reminders.repeated.Load()}
}

// remind sends all reminders that are due: first those that an earlier run claimed and did not
// finish, then new ones, a page at a time.
func (s *Store) remind(ctx context.Context, m Messenger) error {
	for _, query := range []string{unfinishedQuery, claimQuery} {
		for {
			rows, _ := s.writes.Query(ctx, query, remindStep) // its error is the rows'
			page, err := pgx.CollectRows(rows, pgx.RowToStructByPos[model.Reminder])
			if err != nil {
				return fmt.Errorf("look for reminders that are due: %w", err)
			}
			for _, r := range page {
				if err := s.remindOne(ctx, m, r); err != nil {
					return err
				}
			}
			if len(page) < remindStep {
				break
			}
		}
	}
	return nil
}

const unfinishedQuery = `
	SELECT event, starts, kind, person FROM reminders WHERE ended_at IS NULL
	ORDER BY starts, event, person LIMIT $1`

// claimQuery claims reminders of people who come, and who had joined before the reminder was due:
// who joins an hour ahead knows. A day's reminder that could not be sent in time is of use for
// half a day yet.
const claimQuery = `
	INSERT INTO reminders (event, starts, kind, person)
	SELECT e.id, e.starts, due.kind, p.person
	FROM (VALUES ('day', interval '12 hours', interval '24 hours'),
	             ('hour', interval '0', interval '1 hour')) AS due (kind, least, most)
	JOIN events e ON e.status = 'open' AND e.starts > now() + due.least AND e.starts <= now() + due.most
	JOIN participants p ON p.event = e.id AND p.part = 'going' AND p.since < e.starts - due.most
	WHERE NOT EXISTS (SELECT FROM reminders r
		WHERE r.event = e.id AND r.person = p.person AND r.kind = due.kind AND r.starts = e.starts)
	ORDER BY e.starts, e.id, p.person
	LIMIT $1
	ON CONFLICT DO NOTHING
	RETURNING event, starts, kind, person`

// remindOne sends a claimed reminder, if what it says still holds. The attempt is noted first, so
// that one that may have been sent before is counted.
func (s *Store) remindOne(ctx context.Context, m Messenger, r model.Reminder) error {
	const begin = `
		UPDATE reminders r SET attempts = attempts + 1
		FROM events e JOIN participants p ON p.event = e.id
		WHERE r.event = $1 AND r.starts = $2 AND r.kind = $3 AND r.person = $4 AND r.ended_at IS NULL
		  AND e.id = r.event AND e.status = 'open' AND e.starts = r.starts AND e.starts > now()
		  AND p.person = r.person AND p.part = 'going'
		RETURNING r.attempts`
	var attempts int
	err := s.writes.QueryRow(ctx, begin, r.Event, r.Starts, r.Kind, r.Person).Scan(&attempts)
	switch {
	case errors.Is(err, pgx.ErrNoRows): // moved, cancelled, left, or past
		s.reminders.dropped.Add(1)
	case err != nil:
		return fmt.Errorf("begin a reminder: %w", err)
	default:
		if attempts > 1 {
			s.reminders.repeated.Add(1)
		}
		if err := m.Remind(ctx, r); err != nil {
			return fmt.Errorf("send a reminder: %w", err)
		}
		s.reminders.sent.Add(1)
	}
	const end = `UPDATE reminders SET ended_at = now() WHERE event = $1 AND starts = $2 AND kind = $3 AND person = $4`
	if _, err := s.writes.Exec(ctx, end, r.Event, r.Starts, r.Kind, r.Person); err != nil {
		return fmt.Errorf("end a reminder: %w", err)
	}
	return nil
}

// Readers returns those who come to an event or wait for a place, with ids above after, by id, at
// most limit (and [MaxEvents]) of them: a page of whom a notice is for.
func (s *Store) Readers(ctx context.Context, event, after int64, limit int) ([]model.Person, error) {
	const query = `
		SELECT u.id, u.name, u.lang FROM participants p JOIN users u ON u.id = p.person
		WHERE p.event = $1 AND p.person > $2 ORDER BY p.person LIMIT $3`
	rows, _ := s.reads.Query(ctx, query, event, after, min(limit, MaxEvents)) // its error is the rows'
	people, err := pgx.CollectRows(rows, pgx.RowToStructByPos[model.Person])
	if err != nil {
		return nil, fmt.Errorf("read who joined: %w", err)
	}
	return people, nil
}
