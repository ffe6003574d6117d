package screen

import (
	"testing"

	"okolo/cmd/loadtest/samples"
)

// TestNear: a search finds what there is around a place, the nearest first, and a wider radius or
// more days find no less.
func TestNear(t *testing.T) {
	t.Setenv("EVENTS", "40")
	t.Setenv("SEED", "1")
	e, err := newEvents()
	if err != nil {
		t.Fatal(err)
	}
	if len(e.all) != 40*samples.Places {
		t.Fatalf("%d events", len(e.all))
	}
	before := 0
	for _, radius := range radii {
		s := State{Here: samples.Place(10), Radius: radius, Days: "week"}
		found := e.near(s)
		within := 0
		for _, x := range e.all {
			if distance(s.Here, x.Point) <= float64(radius)*1000 {
				within++
			}
		}
		if len(found) != min(within, most) {
			t.Errorf("within %d km there are %d in the week, of %d", radius, len(found), within)
		}
		last := 0.0
		for _, x := range found {
			if x.metres < last || x.metres > float64(radius)*1000 {
				t.Errorf("within %d km, one at %.0f m comes after one at %.0f m", radius, x.metres, last)
			}
			last = x.metres
		}
		s.Days = "tomorrow"
		if few := len(e.near(s)); few > len(found) || len(found) < before {
			t.Errorf("within %d km there are %d in the week, %d tomorrow, and %d closer by", radius, len(found), few, before)
		}
		before = len(found)
	}
	if before < 40 {
		t.Errorf("around the place there are %d of 40", before)
	}
}
