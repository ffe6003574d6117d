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
	reach := chord(float64(min(q.Radius, model.MaxRadius)))
	rows, err := s.reads.Query(ctx, nearbyQuery, spot(q.Point), reach, q.From, q.To, q.Category, limit)
	if err != nil {
		return nil, fmt.Errorf("search nearby: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (model.Found, error) {
		var f model.Found
		var straight float64
		err := row.Scan(&f.ID, &f.Kind, &straight)
		f.Metres = int(math.Round(arc(straight)))
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("search nearby: %w", err)
	}
	return found, nil
}

// nearbyQuery walks the index outwards from the point and stops at the limit. The box around
// the point is what keeps it from walking on around the globe where little is found; its
// corners reach farther than the radius, hence the exact condition.
const nearbyQuery = `
	SELECT id, kind, spot <-> cube($1::float8[]) AS straight
	FROM events
	WHERE status = 'open'
	  AND spot <@ cube_enlarge(cube($1::float8[]), $2, 3)
	  AND spot <-> cube($1::float8[]) <= $2
	  AND tstzrange(starts, ends, '[]') && tstzrange($3, $4, '()')
	  AND ($5 = '' OR category = $5)
	ORDER BY spot <-> cube($1::float8[])
	LIMIT $6`

// spot returns a point's place on the unit sphere, as the column events.spot has it.
func spot(p model.Point) []float64 {
	lat, lon := p.Lat*math.Pi/180, p.Lon*math.Pi/180
	return []float64{math.Cos(lat) * math.Cos(lon), math.Cos(lat) * math.Sin(lon), math.Sin(lat)}
}

// chord returns the straight distance through the unit sphere of two points that are so many
// metres apart along the ground.
func chord(metres float64) float64 { return 2 * math.Sin(metres/(2*earthRadius)) }

// arc is the inverse of chord.
func arc(chord float64) float64 { return 2 * earthRadius * math.Asin(min(chord/2, 1)) }
