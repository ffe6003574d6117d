// Package samples makes the events that are there before the people of a load test come: the
// same for the same seed, so that bots that are compared show the same.
package samples

import (
	"math/rand/v2"
	"time"

	"okolo/persistence/model"
)

// Places is how many places there are at which people are.
const Places = 64

// Place returns the n-th of them: a lattice over the middle of Europe, a hundred kilometres
// apart, so that no search reaches from one to the next.
func Place(n int) model.Point {
	return model.Point{Lat: 45.5 + float64(n/8), Lon: 5.5 + 1.5*float64(n%8)}
}

// Events returns n events at each of the places, one after the other: within a few kilometres and
// the days after now. One in four has room for few. They have no titles.
func Events(n int, seed uint64, now time.Time) []model.Details {
	lot := rand.New(rand.NewPCG(seed, 1))
	all := make([]model.Details, n*Places)
	for i := range all {
		all[i] = event(lot, Place(i/n), now, i%4 == 0)
	}
	return all
}

// event makes an event near a place.
func event(lot *rand.Rand, at model.Point, now time.Time, small bool) model.Details {
	starts := now.Truncate(time.Hour).Add(time.Duration(2+lot.IntN(6*24)) * time.Hour)
	d := model.Details{
		Category: model.Categories[lot.IntN(len(model.Categories))], Zone: "Europe/Berlin",
		Starts: starts, Ends: starts.Add(2 * time.Hour),
		Point: model.Point{Lat: at.Lat + (lot.Float64()-0.5)*0.06, Lon: at.Lon + (lot.Float64()-0.5)*0.08},
	}
	if small {
		d.Capacity = 2 + lot.IntN(4)
	}
	return d
}
