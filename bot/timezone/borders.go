package timezone

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// unit is the number of the data's steps in a degree.
const unit = 1e5

// stretchPoints is the number of points in a stretch: more make the index smaller and a
// lookup slower. 64 takes 0.6 MB.
const stretchPoints = 64

// Numbers of the fields in tzf's protobuf messages: CompressedTimezones (method, zones),
// CompressedTimezone (data, name), CompressedPolygon (points, holes).
const (
	fieldMethod = 1
	fieldZone   = 2

	fieldPolygon = 1
	fieldName    = 2

	fieldPoints = 1
	fieldHole   = 2

	methodPolyline = 1
)

var (
	errData   = errors.New("the data is damaged")
	errMethod = errors.New("unknown compression method")
)

// zone is one time zone: the borders of all its parts and of the holes in them. They do
// not cross, so a point lies inside where a ray from it meets an odd number of them.
type zone struct {
	name      string
	box       box
	stretches []stretch
}

// box holds the extremes of a piece of border.
type box struct {
	minX, minY, maxX, maxY int32
}

// stretch is a run of consecutive points of one border, kept encoded.
type stretch struct {
	box
	x, y   int32  // the point before the first one encoded
	endY   int32  // latitude of the last point
	points []byte // polyline: deltas from point to point
}

// contains reports whether the point lies in the zone.
func (z *zone) contains(x, y int32) bool {
	if !z.box.near(x, y) {
		return false
	}
	inside := false
	for i := range z.stretches {
		if z.stretches[i].crosses(x, y) {
			inside = !inside
		}
	}
	return inside
}

// crosses reports whether a ray from the point eastwards meets the stretch an odd number
// of times.
func (s *stretch) crosses(x, y int32) bool {
	switch {
	case y < s.minY || y > s.maxY || x > s.maxX:
		return false
	case x < s.minX: // wholly to the east: only its ends matter
		return (s.y > y) != (s.endY > y)
	}
	odd := false
	fromX, fromY := s.x, s.y
	for rest := s.points; len(rest) > 0; {
		var toX, toY int32
		toX, toY, rest = next(rest, fromX, fromY)
		if (fromY > y) != (toY > y) {
			// Cross product of the edge and the way to the point: on which side it lies.
			side := int64(toX-fromX)*int64(y-fromY) - int64(x-fromX)*int64(toY-fromY)
			if (side > 0) == (toY > fromY) && side != 0 {
				odd = !odd
			}
		}
		fromX, fromY = toX, toY
	}
	return odd
}

// near reports whether the point lies in the box.
func (b *box) near(x, y int32) bool {
	return x >= b.minX && x <= b.maxX && y >= b.minY && y <= b.maxY
}

// add widens the box to hold the point.
func (b *box) add(x, y int32) {
	b.minX, b.maxX = min(b.minX, x), max(b.maxX, x)
	b.minY, b.maxY = min(b.minY, y), max(b.maxY, y)
}

// nowhere is a box that holds nothing.
var nowhere = box{math.MaxInt32, math.MaxInt32, math.MinInt32, math.MinInt32}

// index walks the encoded zones once and notes where each stretch of border runs. The
// result refers to data, which must not change.
func index(data []byte) ([]zone, error) {
	var zones []zone
	err := fields(data, func(number protowire.Number, value []byte, varint uint64) error {
		switch number {
		case fieldMethod:
			if varint != methodPolyline {
				return errMethod
			}
		case fieldZone:
			z := zone{box: nowhere}
			if err := z.read(value); err != nil {
				return fmt.Errorf("zone %q: %w", z.name, err)
			}
			zones = append(zones, z)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(zones) == 0 {
		return nil, errData
	}
	return zones, nil
}

// read takes in a CompressedTimezone.
func (z *zone) read(data []byte) error {
	return fields(data, func(number protowire.Number, value []byte, _ uint64) error {
		switch number {
		case fieldName:
			z.name = string(value)
		case fieldPolygon:
			return z.readPolygon(value)
		}
		return nil
	})
}

// readPolygon takes in a CompressedPolygon and its holes. No data nests deeper than that,
// and a crafted one is stopped by its length: each level is shorter than the one around.
func (z *zone) readPolygon(data []byte) error {
	return fields(data, func(number protowire.Number, value []byte, _ uint64) error {
		switch number {
		case fieldPoints:
			return z.readRing(value)
		case fieldHole:
			return z.readPolygon(value)
		}
		return nil
	})
}

// readRing cuts a border, whose last point is its first again, into stretches.
func (z *zone) readRing(points []byte) error {
	if err := check(points); err != nil {
		return err
	}
	x, y, rest := next(points, 0, 0)
	for len(rest) > 0 {
		s := stretch{box: nowhere, x: x, y: y, points: rest}
		s.add(x, y)
		for i := 0; i < stretchPoints && len(rest) > 0; i++ {
			x, y, rest = next(rest, x, y)
			s.add(x, y)
		}
		s.endY = y
		s.points = s.points[:len(s.points)-len(rest)]
		z.stretches = append(z.stretches, s)
		z.box.add(s.minX, s.minY)
		z.box.add(s.maxX, s.maxY)
	}
	return nil
}

// fields calls visit for each field of a protobuf message.
func fields(data []byte, visit func(number protowire.Number, value []byte, varint uint64) error) error {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return errData
		}
		data = data[n:]
		var value []byte
		var varint uint64
		switch kind {
		case protowire.BytesType:
			value, n = protowire.ConsumeBytes(data)
		case protowire.VarintType:
			varint, n = protowire.ConsumeVarint(data)
		default:
			n = protowire.ConsumeFieldValue(number, kind, data)
		}
		if n < 0 {
			return errData
		}
		data = data[n:]
		if err := visit(number, value, varint); err != nil {
			return err
		}
	}
	return nil
}
