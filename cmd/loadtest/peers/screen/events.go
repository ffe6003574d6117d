package screen

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"okolo/cmd/loadtest/samples"
	"okolo/persistence/model"
)

const (
	most     = 50 // events of a search, as many as okolo prepares
	pageSize = 5
)

// events are all there are, which never change: the same that okolo finds in its database.
type events struct {
	all  []event
	zone *time.Location // of them all
}

// event is one of them, with its distance where it was searched for.
type event struct {
	model.Details
	metres float64
}

// newEvents makes the events that EVENTS and SEED in the environment ask for; without, there are
// none.
func newEvents() (*events, error) {
	n, _ := strconv.Atoi(os.Getenv("EVENTS"))               // no number: 0
	seed, _ := strconv.ParseUint(os.Getenv("SEED"), 10, 64) // the same
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return nil, fmt.Errorf("load the time zone: %w", err)
	}
	e := &events{zone: zone}
	for i, d := range samples.Events(max(n, 0), seed, time.Now()) {
		d.Title = fmt.Sprintf("Sample %d, of those around", i)
		e.all = append(e.all, event{Details: d})
	}
	return e, nil
}

// near returns the events that a state shows, on all its pages, the nearest first.
func (e *events) near(s State) []event {
	from := time.Now().In(e.zone)
	midnight := func(days int) time.Time {
		return time.Date(from.Year(), from.Month(), from.Day()+days, 0, 0, 0, 0, e.zone)
	}
	to := midnight(1)
	switch s.Days {
	case "tomorrow":
		from, to = midnight(1), midnight(2)
	case "week":
		to = midnight(7)
	}
	const degree = 111_000 // metres of latitude, a little less than there are
	reach := float64(s.Radius) * 1000
	found := make([]event, 0, most)
	for i := range e.all {
		d := &e.all[i]
		if math.Abs(d.Lat-s.Here.Lat)*degree > reach || !d.Starts.Before(to) || !d.Ends.After(from) {
			continue
		}
		if m := distance(s.Here, d.Point); m <= reach {
			found = append(found, event{d.Details, m})
		}
	}
	slices.SortFunc(found, func(a, b event) int { return cmp.Compare(a.metres, b.metres) })
	return found[:min(len(found), most)]
}

// distance returns the metres between two points, by the haversine formula.
func distance(a, b model.Point) float64 {
	const radius, rad = 6_371_008.8, math.Pi / 180
	lat, lon := math.Sin((b.Lat-a.Lat)*rad/2), math.Sin((b.Lon-a.Lon)*rad/2)
	h := lat*lat + math.Cos(a.Lat*rad)*math.Cos(b.Lat*rad)*lon*lon
	return 2 * radius * math.Asin(math.Sqrt(min(h, 1)))
}
