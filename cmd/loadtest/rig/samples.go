package rig

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// Spot is a point on the map, in degrees.
type Spot struct{ Lat, Lon float64 }

// sampleCategories are those that samples have.
var sampleCategories = []string{"music", "sport", "kids", "food", "games", "talks", "walks", "other"}

// AddSamples puts events into the database that are there before the people come: n for each
// spot, within a few kilometres and the days to come; one in four has room for few. title
// names the i-th.
func (r *Rig) AddSamples(ctx context.Context, spots []Spot, n int, seed uint64, title func(i int) string) error {
	conn, err := pgx.Connect(ctx, r.url)
	if err != nil {
		return fmt.Errorf("add events to the database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing is lost with it
	lot := rand.New(rand.NewPCG(seed, 1))
	today := time.Now().UTC().Truncate(time.Hour)
	rows := make([][]any, 0, n*len(spots))
	for i, at := range spots {
		for j := range n {
			starts := today.Add(time.Duration(2+lot.IntN(6*24)) * time.Hour)
			capacity := 0
			if j%4 == 0 {
				capacity = 2 + lot.IntN(4)
			}
			rows = append(rows, []any{
				"imported", title(i*n + j), "", sampleCategories[lot.IntN(len(sampleCategories))],
				starts, starts.Add(2 * time.Hour), "Europe/Berlin", "", capacity,
				at.Lat + (lot.Float64()-0.5)*0.06, at.Lon + (lot.Float64()-0.5)*0.08,
			})
		}
	}
	columns := []string{"kind", "title", "description", "category", "starts", "ends", "zone", "place", "capacity", "latitude", "longitude"}
	if _, err := conn.CopyFrom(ctx, pgx.Identifier{"events"}, columns, pgx.CopyFromRows(rows)); err != nil {
		return fmt.Errorf("add events to the database: %w", err)
	}
	_, err = conn.Exec(ctx, "ANALYZE events")
	return err
}
