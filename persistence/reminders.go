package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// remindStep is how many reminders are claimed and sent at a time; as many may be sent again
// where the program is killed. It is what Telegram takes in a second.
const remindStep = 30

// ReminderStats counts reminders since the program started.
type ReminderStats struct {
	Sent     int64 `json:"sent" metric:"sent_total" help:"Reminders to one person or group each."`
	Dropped  int64 `json:"dropped" metric:"dropped_total" help:"Reminders no longer due when their turn came, or not wanted."`
	Missed   int64 `json:"missed" metric:"missed_total" help:"Attempts to remind a person that failed and are repeated."`
	Repeated int64 `json:"repeated" metric:"repeated_total" help:"Reminders that may have been sent twice: the program ended between sending and noting it, or an attempt failed."`
}

// ReminderStats returns what became of reminders.
func (s *Store) ReminderStats() ReminderStats {
	r := &s.reminders
	return ReminderStats{Sent: r.sent.Load(), Dropped: r.dropped.Load(), Missed: r.missed.Load(), Repeated: r.repeated.Load()}
}

// remind sends all reminders that are due: a page of those that were claimed before and have not
// been sent, the least tried first, then new ones, a page at a time.
func (j *Jobs) remind(ctx context.Context) error {
	claimed, err := j.claims(ctx, unfinishedQuery)
	if err != nil {
		return err
	}
	missed, err := j.remindAll(ctx, claimed)
	if err != nil {
		return err
	}
	for j.ending.Err() == nil {
		if claimed, err = j.claims(ctx, claimQuery); err != nil {
			return err
		}
		n, err := j.remindAll(ctx, claimed)
		if err != nil {
			return err
		}
		missed += n
		if len(claimed) < remindStep || n == len(claimed) {
			break
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d people could not be reminded yet", missed)
	}
	return nil
}

func (j *Jobs) claims(ctx context.Context, query string) ([]claim, error) {
	rows, _ := j.store.writes.Query(ctx, query, remindStep) // its error is the rows'
	claims, err := pgx.CollectRows(rows, scanClaim)
	if err != nil {
		return nil, fmt.Errorf("look for reminders that are due: %w", err)
	}
	return claims, nil
}

// claim is the key of a reminder.
type claim struct {
	event  int64
	starts time.Time
	kind   model.Ahead
	person int64
}

func scanClaim(row pgx.CollectableRow) (c claim, err error) {
	err = row.Scan(&c.event, &c.starts, &c.kind, &c.person)
	return c, err
}

const unfinishedQuery = `
	SELECT event, starts, kind, person FROM reminders WHERE ended_at IS NULL
	ORDER BY attempts, starts, event, person LIMIT $1`

// claimQuery claims reminders of people who come, and who had joined before the reminder was due:
// who joins an hour ahead knows; and of the community, likewise. A day's reminder that could not be sent in time is of use for
// half a day yet.
const claimQuery = `
	INSERT INTO reminders (event, starts, kind, person)
	SELECT e.id, e.starts, due.kind, reader.id
	FROM (VALUES ('day', interval '12 hours', interval '24 hours'),
	             ('hour', interval '0', interval '1 hour')) AS due (kind, least, most)
	JOIN events e ON e.status = 'open' AND e.starts > now() + due.least AND e.starts <= now() + due.most
	CROSS JOIN LATERAL (
		SELECT p.person AS id FROM participants p WHERE p.event = e.id AND p.part = 'going' AND p.since < e.starts - due.most
		UNION ALL
		SELECT c.id FROM communities c
		WHERE c.id = e.community AND NOT c.quiet AND c.left_at IS NULL AND e.created_at < e.starts - due.most
	) reader
	WHERE NOT EXISTS (SELECT FROM reminders r
		WHERE r.event = e.id AND r.person = reader.id AND r.kind = due.kind AND r.starts = e.starts)
	ORDER BY e.starts, e.id, reader.id
	LIMIT $1
	ON CONFLICT DO NOTHING
	RETURNING event, starts, kind, person`

// remindAll sends those claimed reminders whose words still hold, and returns how many it missed.
// The attempt is noted first, so that one that may have been sent before is counted.
func (j *Jobs) remindAll(ctx context.Context, claims []claim) (missed int, err error) {
	if len(claims) == 0 {
		return 0, nil
	}
	due, places, err := j.begin(ctx, claims)
	if err != nil {
		return 0, err
	}
	counts := &j.store.reminders
	counts.dropped.Add(int64(len(claims) - len(due)))
	unsent := make(map[int]bool)
	if len(due) > 0 {
		for i, err := range j.messenger.Remind(ctx, due) {
			if err == nil {
				counts.sent.Add(1)
				continue
			}
			counts.missed.Add(1)
			unsent[places[i]] = true
		}
	}
	var ended []claim
	for i, c := range claims {
		if !unsent[i] {
			ended = append(ended, c)
		}
	}
	return len(unsent), j.finish(ctx, ended)
}

// begin notes an attempt at each of the claims, and returns those reminders that are still due and
// wanted, with their places among the claims.
func (j *Jobs) begin(ctx context.Context, claims []claim) (due []model.Reminder, places []int, err error) {
	const query = `
		UPDATE reminders r SET attempts = attempts + 1
		FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::bigint[])
		       WITH ORDINALITY AS c (event, starts, kind, person, place)
		JOIN events e ON e.id = c.event AND e.status = 'open' AND e.starts = c.starts AND e.starts > now()
		CROSS JOIN LATERAL (
			SELECT u.lang, 0 AS topic FROM participants p JOIN users u ON u.id = p.person
			WHERE p.event = c.event AND p.person = c.person AND p.part = 'going' AND NOT p.muted
			  AND u.muted_at IS NULL AND (u.blocked_at IS NULL OR u.blocked_at < p.since)
			UNION ALL
			SELECT g.lang, g.topic FROM communities g
			WHERE g.id = c.person AND g.id = e.community AND NOT g.quiet AND g.left_at IS NULL
		) reader
		WHERE r.event = c.event AND r.starts = c.starts AND r.kind = c.kind AND r.person = c.person AND r.ended_at IS NULL
		RETURNING r.event, r.starts, r.kind, r.person, reader.lang, reader.topic, r.attempts, c.place`
	var r model.Reminder
	var attempts, place int
	rows, _ := j.store.writes.Query(ctx, query, columns(claims)...) // its error is that of ForEachRow
	_, err = pgx.ForEachRow(rows, []any{&r.Event, &r.Starts, &r.Kind, &r.Person, &r.Lang, &r.Topic, &attempts, &place}, func() error {
		if attempts > 1 {
			j.store.reminders.repeated.Add(1)
		}
		due, places = append(due, r), append(places, place-1)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("begin reminders: %w", err)
	}
	return due, places, nil
}

// finish notes that reminders are not to be sent any more, also while the program ends.
func (j *Jobs) finish(ctx context.Context, claims []claim) error {
	const query = `
		UPDATE reminders r SET ended_at = now()
		FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::bigint[]) AS c (event, starts, kind, person)
		WHERE r.event = c.event AND r.starts = c.starts AND r.kind = c.kind AND r.person = c.person`
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	if _, err := j.store.writes.Exec(ctx, query, columns(claims)...); err != nil {
		return fmt.Errorf("end reminders: %w", err)
	}
	return nil
}

// columns returns claims as arrays, one a column.
func columns(claims []claim) []any {
	events, people := make([]int64, len(claims)), make([]int64, len(claims))
	starts, kinds := make([]time.Time, len(claims)), make([]string, len(claims))
	for i, c := range claims {
		events[i], starts[i], kinds[i], people[i] = c.event, c.starts, string(c.kind), c.person
	}
	return []any{events, starts, kinds, people}
}
