package staticmap

import (
	"math"

	"okolo/persistence/model"
)

// Size of the picture in pixels. A phone shows it at about half of that in points.
const (
	width  = 800
	height = 600
)

// Where the centre is and how far the ring reaches at most. Above the ring there must be
// room for a pin, below it for the radius.
const (
	centreX = width / 2
	centreY = 314
	reach   = 246
)

// earth is the mean radius of the globe in metres (IUGG).
const earth = 6_371_008.8

// maxLat is where Web Mercator ends: the world becomes a square.
const maxLat = 85.05112878

// ringPoints is the number of corners the ring is drawn with.
const ringPoints = 120

// xy is a place on the picture, in pixels from its upper left corner.
type xy struct{ x, y float64 }

// view maps the globe to the picture, north up, in Web Mercator.
type view struct {
	centre model.Point
	x, y   float64 // of the centre, in a world that is 1 wide and high
	scale  float64 // pixels per world
	ring   []xy
}

// newView fits a circle around a point into the picture. Beyond the ends of Web Mercator,
// the picture shows the last of it.
func newView(centre model.Point, radius int) *view {
	centre.Lat = min(max(centre.Lat, -maxLat), maxLat)
	v := &view{centre: centre, scale: 1, ring: make([]xy, ringPoints)}
	v.x, v.y = world(centre)
	far := 0.0
	for i := range v.ring {
		p := v.offset(destination(centre, float64(radius), float64(i)*2*math.Pi/ringPoints))
		v.ring[i] = p
		far = max(far, math.Abs(p.x), math.Abs(p.y))
	}
	v.scale = reach / far
	for i, p := range v.ring {
		v.ring[i] = xy{centreX + p.x*v.scale, centreY + p.y*v.scale}
	}
	return v
}

// at returns where a point is on (or off) the picture, the shorter way around the globe.
func (v *view) at(p model.Point) xy {
	o := v.offset(p)
	return xy{centreX + o.x*v.scale, centreY + o.y*v.scale}
}

// offset returns how far a point is from the centre, in worlds.
func (v *view) offset(p model.Point) xy {
	x, y := world(p)
	dx := x - v.x
	return xy{dx - math.Round(dx), y - v.y}
}

// lat returns the latitude of a row of pixels.
func (v *view) lat(y float64) float64 {
	return math.Atan(math.Sinh(math.Pi*(1-2*(v.y+(y-centreY)/v.scale)))) * 180 / math.Pi
}

// lon returns the longitude of a column of pixels, unwrapped: it may pass ±180.
func (v *view) lon(x float64) float64 {
	return (v.x+(x-centreX)/v.scale)*360 - 180
}

// metres returns the length on the ground of a pixel at the centre.
func (v *view) metres() float64 {
	return 2 * math.Pi * earth * math.Cos(v.centre.Lat*math.Pi/180) / v.scale
}

// world returns a point in Web Mercator, in a world that is 1 wide and high.
// https://en.wikipedia.org/wiki/Web_Mercator_projection
func world(p model.Point) (x, y float64) {
	lat := min(max(p.Lat, -maxLat), maxLat) * math.Pi / 180
	return (p.Lon + 180) / 360, (1 - math.Asinh(math.Tan(lat))/math.Pi) / 2
}

// destination returns the point at a distance in metres and a bearing in radians from p, on
// a sphere. https://www.movable-type.co.uk/scripts/latlong.html#dest-point
func destination(p model.Point, distance, bearing float64) model.Point {
	lat, angle := p.Lat*math.Pi/180, distance/earth
	sin := math.Sin(lat)*math.Cos(angle) + math.Cos(lat)*math.Sin(angle)*math.Cos(bearing)
	there := math.Asin(min(max(sin, -1), 1))
	turn := math.Atan2(math.Sin(bearing)*math.Sin(angle)*math.Cos(lat), math.Cos(angle)-math.Sin(lat)*sin)
	return model.Point{Lat: there * 180 / math.Pi, Lon: math.Remainder(p.Lon+turn*180/math.Pi, 360)}
}
