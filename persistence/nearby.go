package persistence

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// MaxFound is the most events that one search returns.
const MaxFound = 500

// earthRadius is the Earth's mean radius in metres (IUGG, R1). Against the ellipsoid, distances
// along a sphere are wrong by at most 0.56 %.
const earthRadius = 6_371_008.8

// Nearby returns the open events within the search's radius (at most model.MaxRadius) that take
// place between From and To, the nearest first, at most Limit (and [MaxFound]) of them. An event
// that ends just at From, or starts just at To, does not count.
func (s *Store) Nearby(ctx context.Context, q model.Search) ([]model.Found, error) {
	limit := min(q.Limit, MaxFound)
	if limit <= 0 || q.Radius < 0 || !q.Point.Valid() || !q.From.Before(q.To) {
		return nil, nil
	}
	q.Limit, q.Radius = limit, min(q.Radius, model.MaxRadius)
	found, err := read(ctx, s, func(row pgx.CollectableRow) (model.Found, error) {
		var f model.Found
		var metres float64
		err := row.Scan(&f.ID, &f.Kind, &metres)
		f.Metres = int(math.Round(metres))
		return f, err
	}, nearbyQuery, nearbyArgs(q)...)
	if err != nil {
		return nil, fmt.Errorf("search nearby: %w", err)
	}
	return found, nil
}

func nearbyArgs(q model.Search) []any {
	c := capsAround(q.Point, float64(q.Radius))
	return []any{q.Lat, q.Lon, c.reach, c.low, c.high, c.cap, q.From, q.To, q.Category, q.Limit}
}

// nearbyQuery looks into one cap after the other, and is done with the first that holds enough
// or that is the last. No order of caps is promised to it, only taken: in any other it would
// find the same events, more slowly. OFFSET 0 keeps each range's events a query of its own:
// without statistics, as in a new database, the planner would read the whole index for each
// range. Distances along the ground are by the haversine formula.
const nearbyQuery = `
	SELECT found.id, found.kind, found.metres
	FROM (
		SELECT enough.*
		FROM unnest($3::float8[]) WITH ORDINALITY AS cap (reach, number)
		CROSS JOIN LATERAL (
			SELECT array_agg(id) AS ids, array_agg(kind) AS kinds, array_agg(metres) AS metres
			FROM (
				SELECT e.id, e.kind, d.metres
				FROM unnest($4::bigint[], $5::bigint[], $6::integer[]) AS r (low, high, cap)
				CROSS JOIN LATERAL (
					SELECT id, kind, category, latitude, longitude FROM events
					WHERE status = 'open' AND cell BETWEEN r.low AND r.high AND starts < $8 AND ends > $7
					OFFSET 0
				) e
				CROSS JOIN LATERAL (SELECT 2 * 6371008.8 * asin(least(1, sqrt(
					power(sin(radians(e.latitude - $1) / 2), 2) +
					cos(radians($1)) * cos(radians(e.latitude)) * power(sin(radians(e.longitude - $2) / 2), 2)
				))) AS metres) d
				WHERE r.cap = cap.number AND d.metres <= cap.reach AND ($9 = '' OR e.category = $9)
				ORDER BY d.metres, e.id
				LIMIT $10
			) nearest
		) enough
		WHERE cap.number = cardinality($3::float8[]) OR cardinality(enough.ids) = $10
		LIMIT 1
	) done
	CROSS JOIN LATERAL unnest(done.ids, done.kinds, done.metres) AS found (id, kind, metres)`
