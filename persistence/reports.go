package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// MaxBans is the most people that one read of the list of those banned returns.
const MaxBans = 50

// Case returns an event as operators see it. It fails with [model.ErrNotFound].
func (s *Store) Case(ctx context.Context, event int64) (model.Case, error) {
	return s.readCase(ctx, caseColumns+` WHERE e.id = $1`, event)
}

// NextCase returns the first event with an id above after that was reported, is open and not
// over. It fails with [model.ErrNotFound] where there is none.
func (s *Store) NextCase(ctx context.Context, after int64) (model.Case, error) {
	return s.readCase(ctx, caseColumns+`
		WHERE e.id = (SELECT r.event FROM reports r JOIN events o ON o.id = r.event
		              WHERE r.event > $1 AND o.status = 'open' AND o.ends > now() ORDER BY r.event LIMIT 1)`, after)
}

// caseColumns names five reasons, those given most often first.
const caseColumns = `
	SELECT e.id, e.kind, coalesce(e.owner, 0), coalesce(e.community, 0), e.title, e.description, e.category,
	       e.starts, e.ends, e.zone, e.place, e.latitude, e.longitude, e.capacity, e.status, e.going, e.waiting,
	       coalesce(u.name, ''), coalesce(u.banned, false), told.reports, told.newest, why.reasons, why.times
	FROM events e
	LEFT JOIN users u ON u.id = e.owner
	CROSS JOIN LATERAL (SELECT count(*) AS reports, max(made_at) AS newest FROM reports WHERE event = e.id) told
	CROSS JOIN LATERAL (
		SELECT array_agg(reason) AS reasons, array_agg(times) AS times
		FROM (SELECT reason, count(*) AS times FROM reports WHERE event = e.id
		      GROUP BY reason ORDER BY count(*) DESC, reason LIMIT 5) few
	) why`

func (s *Store) readCase(ctx context.Context, query string, id int64) (model.Case, error) {
	cases, err := read(ctx, s, scanCase, query, id)
	switch {
	case err != nil:
		return model.Case{}, fmt.Errorf("read an event for operators: %w", err)
	case len(cases) == 0:
		return model.Case{}, fmt.Errorf("read an event for operators: %w", model.ErrNotFound)
	}
	return cases[0], nil
}

func scanCase(row pgx.CollectableRow) (model.Case, error) {
	var c model.Case
	var newest *time.Time
	var reasons []string
	var times []int
	err := row.Scan(&c.ID, &c.Kind, &c.Owner, &c.Community, &c.Title, &c.Description, &c.Category,
		&c.Starts, &c.Ends, &c.Zone, &c.Place, &c.Lat, &c.Lon, &c.Capacity, &c.Status, &c.Going, &c.Waiting,
		&c.OwnerName, &c.OwnerBanned, &c.Reports, &newest, &reasons, &times)
	c.Starts, c.Ends = c.Starts.UTC(), c.Ends.UTC() // whatever the machine's own zone
	if newest != nil {
		c.Newest = newest.UTC()
	}
	for i := range min(len(reasons), len(times)) {
		c.Complaints = append(c.Complaints, model.Complaint{Reason: reasons[i], Times: times[i]})
	}
	return c, err
}

// Bans returns those who are banned, the latest first: at most limit (and [MaxBans]) of them,
// after the first skip.
func (s *Store) Bans(ctx context.Context, skip, limit int) ([]model.Ban, error) {
	const query = `
		SELECT id, name, coalesce(banned_at, updated_at), ban_reason FROM users WHERE banned
		ORDER BY banned_at DESC, id LIMIT $2 OFFSET $1`
	bans, err := read(ctx, s, pgx.RowToStructByPos[model.Ban], query, max(skip, 0), min(max(limit, 0), MaxBans))
	if err != nil {
		return nil, fmt.Errorf("read who is banned: %w", err)
	}
	return bans, nil
}

// forgetReports deletes what operators dismissed, before the batch's own reports are stored.
func (l *ledger) forgetReports(b *pgx.Batch) {
	if len(l.dismissed) == 0 {
		return
	}
	var until []time.Time
	events := sorted(l.dismissed)
	for _, id := range events {
		until = append(until, l.dismissed[id])
	}
	b.Queue(`
		DELETE FROM reports r USING unnest($1::bigint[], $2::timestamptz[]) AS d (event, until)
		WHERE r.event = d.event AND r.made_at <= d.until`,
		events, until)
}

func (l *ledger) saveReports(b *pgx.Batch) {
	if len(l.reports) == 0 {
		return
	}
	var events, people []int64
	var reasons []string
	for r, reason := range l.reports {
		events, people, reasons = append(events, r.event), append(people, r.person), append(reasons, reason)
	}
	b.Queue(`
		INSERT INTO reports (event, person, reason)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])
		ON CONFLICT (event, person) DO UPDATE SET reason = excluded.reason, made_at = now()`,
		events, people, reasons)
}
