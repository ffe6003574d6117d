package persistence

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// MaxEvents is the most events that one read returns.
const MaxEvents = 500

// Events returns the events with these ids (at most [MaxEvents]) as the viewer sees them, in
// the order of ids, each with the names of at most five people who come. Those that do not
// exist or are hidden are left out.
func (s *Store) Events(ctx context.Context, viewer int64, ids []int64) ([]model.Seen, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if len(ids) > MaxEvents {
		return nil, fmt.Errorf("read events: asked for %d, at most %d go", len(ids), MaxEvents)
	}
	return s.seen(ctx, eventsQuery, viewer, ids)
}

// Mine returns the events that a person created or joined and that have not ended, by their
// start, at most limit (and [MaxEvents]) of them. An event that someone else called off is
// among them, so that people see that it was.
func (s *Store) Mine(ctx context.Context, person int64, limit int) ([]model.Seen, error) {
	if limit = min(limit, MaxEvents); limit <= 0 {
		return nil, nil
	}
	return s.seen(ctx, mineQuery, person, limit)
}

const seenColumns = `
	SELECT e.id, e.kind, coalesce(e.owner, 0), coalesce(e.community, 0), e.title, e.description,
	       e.category, e.starts, e.ends, e.zone, e.place, e.latitude, e.longitude, e.capacity,
	       e.status, e.going, e.waiting, coalesce(p.part, ''), coalesce(p.muted, false),
	       ARRAY(SELECT u.name FROM participants o JOIN users u ON u.id = o.person
	             WHERE o.event = e.id AND o.part = 'going' ORDER BY o.number LIMIT 5)`

const eventsQuery = seenColumns + `
	FROM unnest($2::bigint[]) WITH ORDINALITY AS asked (id, place)
	JOIN events e ON e.id = asked.id
	LEFT JOIN participants p ON p.event = e.id AND p.person = $1
	WHERE e.status NOT IN ('hidden', 'deleted')
	ORDER BY asked.place`

const mineQuery = `
	WITH mine AS (
		SELECT id FROM events WHERE owner = $1 AND ends > now() AND status = 'open'
		UNION
		SELECT e.id FROM participants j JOIN events e ON e.id = j.event
		WHERE j.person = $1 AND e.ends > now() AND e.status NOT IN ('hidden', 'deleted')
		  AND NOT (e.status = 'cancelled' AND e.owner IS NOT DISTINCT FROM $1)
	)` + seenColumns + `
	FROM mine
	JOIN events e ON e.id = mine.id
	LEFT JOIN participants p ON p.event = e.id AND p.person = $1
	ORDER BY e.starts, e.id
	LIMIT $2`

func (s *Store) seen(ctx context.Context, query string, args ...any) ([]model.Seen, error) {
	seen, err := read(ctx, s, scanSeen, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return seen, nil
}

func scanSeen(row pgx.CollectableRow) (model.Seen, error) {
	var e model.Seen
	err := row.Scan(&e.ID, &e.Kind, &e.Owner, &e.Community, &e.Title, &e.Description,
		&e.Category, &e.Starts, &e.Ends, &e.Zone, &e.Place, &e.Lat, &e.Lon, &e.Capacity,
		&e.Status, &e.Going, &e.Waiting, &e.Part, &e.Muted, &e.Names)
	e.Starts, e.Ends = e.Starts.UTC(), e.Ends.UTC() // whatever the machine's own zone
	return e, err
}
