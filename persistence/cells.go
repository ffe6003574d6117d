package persistence

import (
	"slices"

	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"

	"okolo/persistence/model"
)

// The place of an event is indexed as the number of its cell: the S2 leaf cell (about 1 cm²)
// that it lies in. These cells are numbered along a curve that fills the sphere, so that what
// lies close together mostly has numbers close together, and the surroundings of a point are a
// few ranges of numbers, over the poles and the date line as anywhere else. So a B-tree will
// do, which costs a write far less than a GiST index on the place does: see BenchmarkWriter
// and CHANGELOG.md for the numbers.
//
// What a B-tree cannot do is to walk outwards from a point and stop. A search therefore looks
// at ever wider caps, each of nine times the area of the one before, and stops at the first
// that holds as many events as were asked for: they are the nearest ones, since whatever lies
// outside is farther. In a crowded city that is a small cap, however many events the radius
// has; where there is little, each narrower cap costs a walk down the tree for each of its ranges,
// and the covering of it: with four times the area there were half as many more of them.

const (
	// narrowest is the radius of a search's first cap, in metres.
	narrowest = 300
	// widening is the ratio of a cap's radius to that of the one before.
	widening = 3
	// capRanges is the most ranges of cells that cover one cap.
	capRanges = 8
)

// cellOf returns the number of the cell that a point lies in. The two upper of the six faces
// of the sphere have negative ones.
func cellOf(p model.Point) int64 { return int64(s2.CellIDFromLatLng(latLng(p))) }

func latLng(p model.Point) s2.LatLng { return s2.LatLngFromDegrees(p.Lat, p.Lon) }

// caps are the ever wider surroundings of a point that a search looks at.
type caps struct {
	reach []float64 // metres from the point, ascending; the last is the search's radius
	// Ranges of cells, both ends included, that cover the caps: range i belongs to cap cap[i],
	// counted from 1.
	low, high []int64
	cap       []int32
}

// capsAround covers the surroundings of a point.
func capsAround(p model.Point, radius float64) caps {
	var c caps
	for reach := radius; ; reach /= widening {
		c.reach = append(c.reach, reach)
		if reach <= narrowest {
			break
		}
	}
	slices.Reverse(c.reach)
	centre := s2.PointFromLatLng(latLng(p))
	coverer := s2.RegionCoverer{MaxLevel: s2.MaxLevel, MaxCells: capRanges}
	for i, reach := range c.reach {
		// A little more, lest rounding cost what lies on the edge; the exact distance decides.
		angle := s1.Angle(reach/earthRadius + 1e-9)
		for _, cell := range coverer.Covering(s2.CapFromCenterAngle(centre, angle)) {
			c.low = append(c.low, int64(cell.RangeMin()))
			c.high = append(c.high, int64(cell.RangeMax()))
			c.cap = append(c.cap, int32(i+1))
		}
	}
	return c
}
