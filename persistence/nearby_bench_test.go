package persistence_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

// BenchmarkNearby searches in a crowded city: all events lie within 100 km of its centre, the
// denser the closer to it, over ten days; 50 of a day's are asked for within 5 km. The search by
// "gist", of the index that was not kept, is there to compare.
func BenchmarkNearby(b *testing.B) {
	for _, events := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(events), func(b *testing.B) {
			url := pgtest.URL(b)
			insertEvents(b, url, randomEvents(rand.New(rand.NewPCG(1, 1)), []model.Point{berlin}, events))
			b.Run("cell", func(b *testing.B) { benchmarkNearby(b, url, persistence.NearbyQuery, persistence.NearbyArgs) })
			execute(b, url, "CREATE EXTENSION IF NOT EXISTS cube")
			execute(b, url, "CREATE EXTENSION IF NOT EXISTS earthdistance")
			execute(b, url, `CREATE INDEX ON events USING gist
				(ll_to_earth(latitude, longitude), tstzrange(starts, ends, '[]')) WHERE status = 'open'`)
			execute(b, url, "VACUUM ANALYZE events")
			b.Run("gist", func(b *testing.B) { benchmarkNearby(b, url, gistQuery, gistArgs) })
		})
	}
}

const gistQuery = `
	SELECT id, kind, ll_to_earth(latitude, longitude) <-> ll_to_earth($1, $2) AS metres
	FROM events
	WHERE status = 'open'
	  AND ll_to_earth(latitude, longitude) <@ earth_box(ll_to_earth($1, $2), $3)
	  AND ll_to_earth(latitude, longitude) <-> ll_to_earth($1, $2) <= $3
	  AND tstzrange(starts, ends, '[]') && tstzrange($4, $5, '()')
	ORDER BY ll_to_earth(latitude, longitude) <-> ll_to_earth($1, $2)
	LIMIT $6`

func gistArgs(q model.Search) []any {
	return []any{q.Lat, q.Lon, float64(q.Radius), q.From, q.To, q.Limit}
}

func benchmarkNearby(b *testing.B, url, query string, args func(model.Search) []any) {
	connect(b, url, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(context.Background(), "SET jit = off"); err != nil { // as the store has it
			return err
		}
		random := rand.New(rand.NewPCG(1, 2))
		var took []time.Duration
		found := 0
		for b.Loop() {
			q := model.Search{Point: around(random, berlin, 50_000), Radius: 5000, Limit: 50,
				From: tomorrow.Add(48 * time.Hour), To: tomorrow.Add(72 * time.Hour)}
			begun := time.Now()
			rows, err := conn.Query(context.Background(), query, args(q)...)
			if err != nil {
				return err
			}
			all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
				ID     int64
				Kind   string
				Metres float64
			}])
			if err != nil {
				return err
			}
			took = append(took, time.Since(begun))
			found += len(all)
		}
		slices.SortFunc(took, cmp.Compare[time.Duration])
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(found)/float64(len(took)), "found")
		return nil
	})
}
