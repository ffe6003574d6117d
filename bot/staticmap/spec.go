package staticmap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"

	"okolo/persistence/model"
)

// Limits of a [Spec].
const (
	MaxPins   = 20
	MaxNumber = 999
	MaxRadius = model.MaxRadius
)

// look is the version of the drawing. It is part of every key: a changed drawing must not
// be taken for one that was uploaded before.
const look = 3

// grain is how exactly points are drawn, in degrees: about 0.1 m.
const grain = 1e-6

// ErrSpec: the picture asked for breaks a limit.
var ErrSpec = errors.New("not a picture that can be drawn")

// Pin is an event's place on the picture.
type Pin struct {
	model.Point
	Number int // shown on the pin, 0 to MaxNumber
	Kind   model.Kind
}

// Spec says what a picture shows.
type Spec struct {
	Centre model.Point // "you are here"
	Radius int         // of the ring, in metres, 1 to MaxRadius
	Pins   []Pin       // at most MaxPins; those off the picture are not drawn
	Lang   string      // of the few words on it: "ru", or else English
}

// Key is a hash of what the picture shows: specs with the same key draw the same picture,
// for any Renderer with the same tiles. It stays the same from run to run.
func (s Spec) Key() uint64 {
	hash := fnv.New64a()
	number := func(n int64) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(n))
		_, _ = hash.Write(b[:]) // never fails
	}
	point := func(p model.Point) {
		number(grains(p.Lat))
		number(grains(p.Lon))
	}
	number(look)
	number(int64(s.Radius))
	number(int64(len(s.lang())))
	_, _ = hash.Write([]byte(s.lang()))
	point(s.Centre)
	for _, p := range s.Pins {
		point(p.Point)
		number(int64(p.Number))
		number(int64(len(p.Kind)))
		_, _ = hash.Write([]byte(p.Kind))
	}
	return hash.Sum64()
}

// check returns an error that wraps ErrSpec if the spec breaks a limit.
func (s Spec) check() error {
	switch {
	case !s.Centre.Valid():
		return fmt.Errorf("%w: the centre is not on the globe", ErrSpec)
	case s.Radius < 1 || s.Radius > MaxRadius:
		return fmt.Errorf("%w: a radius of %d m", ErrSpec, s.Radius)
	case len(s.Pins) > MaxPins:
		return fmt.Errorf("%w: %d pins", ErrSpec, len(s.Pins))
	}
	for _, p := range s.Pins {
		if !p.Valid() {
			return fmt.Errorf("%w: pin %d is not on the globe", ErrSpec, p.Number)
		}
		if p.Number < 0 || p.Number > MaxNumber {
			return fmt.Errorf("%w: a pin with the number %d", ErrSpec, p.Number)
		}
		if _, ok := pinInks[p.Kind]; !ok {
			return fmt.Errorf("%w: pin %d has no colour for its kind", ErrSpec, p.Number)
		}
	}
	return nil
}

// lang returns the language that the picture is in.
func (s Spec) lang() string {
	if s.Lang == "ru" {
		return "ru"
	}
	return "en"
}

// grains rounds degrees to whole grains.
func grains(degrees float64) int64 { return int64(math.Round(degrees / grain)) }

// rounded moves a point to where it is drawn, so that equal keys mean equal pictures.
func rounded(p model.Point) model.Point {
	return model.Point{Lat: float64(grains(p.Lat)) * grain, Lon: float64(grains(p.Lon)) * grain}
}
