package ui

import (
	"github.com/golang/geo/s2"

	"okolo/persistence/model"
)

// Moved is a live location that a person shares, at another place than before.
type Moved struct {
	Context
	model.Point
	Zone string // IANA name of the time zone there, never empty
}

const (
	// followStep is how far a person moves before the list follows, as a part of the radius: on
	// the picture, about the size of a pin. followLeast is the least, in metres; a location in
	// a pocket wanders as far.
	followStep  = 1.0 / 20
	followLeast = 100

	earthRadius = 6_371_008.8 // mean, in metres (IUGG, R1)
)

// moved has the list follow a person who looks at it; others find the new place when they come
// back to the list. Nothing is said where that fails: the next step tries again.
func (s State) moved(in Moved) Turn {
	if s.Zone == "" || !in.Point.Valid() || metres(s.Here, in.Point) < max(followLeast, followStep*float64(s.Radius)) {
		return Turn{Next: s}
	}
	c := in.Context
	c.silent = true
	if s.Screen != ScreenNearby || s.Message != s.ListMessageID || s.MapMessageID == 0 {
		s.Here, s.Zone, s.Moved = in.Point, in.Zone, true
		return Turn{Next: s}
	}
	s = s.begin(&c)
	s.Here, s.Zone = in.Point, in.Zone
	c.Message = s.ListMessageID
	return s.search(c)
}

// metres returns the distance of two points along the ground.
func metres(a, b model.Point) float64 {
	at := func(p model.Point) s2.LatLng { return s2.LatLngFromDegrees(p.Lat, p.Lon) }
	return at(a).Distance(at(b)).Radians() * earthRadius
}
