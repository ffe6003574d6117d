package staticmap

import (
	"image"
	"image/color"
	"math"
)

// rows is the number of scan lines in a row of pixels; columns need none, as the edges of
// a span are exact.
const rows = 4

// span is what a scan line cuts out of a convex shape.
type span struct{ left, right float32 }

// surface holds the pixels of an opaque picture, in true colours or in those of a palette.
type surface interface {
	// use takes the ink of what is painted next. Its alpha counts; its colour is not
	// premultiplied.
	use(ink color.RGBA)
	// run paints some pixels of a row, which lie on the picture.
	run(x0, y, x1 int)
	// blend paints a pixel, covered by the ink to coverage/255.
	blend(x, y int, coverage uint32)
	// encode returns the picture as a file of less than MaxBytes.
	encode() ([]byte, error)
}

// canvas is a surface with what it takes to draw on it.
type canvas struct {
	surface
	spans [height * rows]span
}

// clear paints everything in one colour.
func (c *canvas) clear(ink color.RGBA) { c.bar(0, 0, width, height, ink) }

// bar paints a rectangle, not anti-aliased.
func (c *canvas) bar(x0, y0, x1, y1 int, ink color.RGBA) {
	x0, x1 = max(x0, 0), min(x1, width)
	if x0 >= x1 {
		return
	}
	c.use(ink)
	for y := max(y0, 0); y < min(y1, height); y++ {
		c.run(x0, y, x1)
	}
}

// disc paints a circle.
func (c *canvas) disc(centre xy, radius float64, ink color.RGBA) {
	const corners = 40
	var shape [corners]xy
	for i := range shape {
		shape[i] = xy{centre.x + radius*circle[i].x, centre.y + radius*circle[i].y}
	}
	c.fill(shape[:], ink)
}

// circle holds the corners of the discs, of radius 1.
var circle = func() (corners [40]xy) {
	for i := range corners {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(len(corners)))
		corners[i] = xy{cos, sin}
	}
	return corners
}()

// stroke paints a closed line through the points.
func (c *canvas) stroke(points []xy, thick float64, ink color.RGBA) {
	for i, a := range points {
		b := points[(i+1)%len(points)]
		c.line(a, b, thick, ink)
	}
}

// line paints a straight line, a little longer than it is, so that lines which meet leave
// no gap.
func (c *canvas) line(a, b xy, thick float64, ink color.RGBA) {
	dx, dy := b.x-a.x, b.y-a.y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return
	}
	dx, dy = dx/length, dy/length
	const more = 0.3
	a, b = xy{a.x - dx*more, a.y - dy*more}, xy{b.x + dx*more, b.y + dy*more}
	nx, ny := -dy*thick/2, dx*thick/2
	c.fill([]xy{{a.x + nx, a.y + ny}, {b.x + nx, b.y + ny}, {b.x - nx, b.y - ny}, {a.x - nx, a.y - ny}}, ink)
}

// fill paints a convex shape, anti-aliased.
func (c *canvas) fill(shape []xy, ink color.RGBA) {
	top, bottom := math.Inf(1), math.Inf(-1)
	for _, p := range shape {
		top, bottom = min(top, p.y), max(bottom, p.y)
	}
	if !(top < height && bottom > 0) {
		return
	}
	first, last := int(max(top, 0)), int(math.Ceil(min(bottom, height)))
	spans := c.spans[first*rows : last*rows]
	for i := range spans {
		spans[i] = span{math.MaxFloat32, -math.MaxFloat32}
	}
	for i, a := range shape {
		scan(spans, first, a, shape[(i+1)%len(shape)])
	}
	c.use(ink)
	for y := first; y < last; y++ {
		c.row(y, (*[rows]span)(spans[(y-first)*rows:]))
	}
}

// scan widens the spans of the scan lines that an edge crosses. The first of them belongs
// to the given row of pixels.
func scan(spans []span, first int, a, b xy) {
	if a.y > b.y {
		a, b = b, a
	}
	if a.y == b.y {
		return
	}
	// Scan line i runs at y = first + (i+½)/rows.
	line := func(y float64) int {
		i := math.Ceil((y-float64(first))*rows - 0.5)
		return int(min(max(i, 0), float64(len(spans))))
	}
	slope := (b.x - a.x) / (b.y - a.y)
	for i := line(a.y); i < line(b.y); i++ {
		y := float64(first) + (float64(i)+0.5)/rows
		x := float32(min(max(a.x+(y-a.y)*slope, -1), width+1))
		spans[i].left, spans[i].right = min(spans[i].left, x), max(spans[i].right, x)
	}
}

// row paints the part of a shape that lies in a row of pixels.
func (c *canvas) row(y int, spans *[rows]span) {
	from, to := float32(width), float32(0)         // any coverage
	fullFrom, fullTo := float32(0), float32(width) // full coverage
	for _, s := range spans {
		if s.left > s.right {
			fullTo = 0
			continue
		}
		from, to = min(from, s.left), max(to, s.right)
		fullFrom, fullTo = max(fullFrom, s.left), min(fullTo, s.right)
	}
	x, end := int(max(from, 0)), int(min(float32(math.Ceil(float64(to))), width))
	solid, solidEnd := int(math.Ceil(float64(fullFrom))), int(max(fullTo, 0))
	for x < end {
		if x == solid && solid < solidEnd {
			c.run(solid, y, solidEnd)
			x = solidEnd
			continue
		}
		var covered float32
		for _, s := range spans {
			covered += max(0, min(s.right, float32(x+1))-max(s.left, float32(x)))
		}
		c.blend(x, y, uint32(covered*(255/float32(rows))+0.5))
		x++
	}
}

// stamp paints through a mask whose upper left corner is at x, y.
func (c *canvas) stamp(mask *image.Alpha, x, y int, ink color.RGBA) {
	c.use(ink)
	for row := range mask.Rect.Dy() {
		if y+row < 0 || y+row >= height {
			continue
		}
		for column, coverage := range mask.Pix[row*mask.Stride : row*mask.Stride+mask.Rect.Dx()] {
			if at := x + column; coverage != 0 && at >= 0 && at < width {
				c.blend(at, y+row, uint32(coverage))
			}
		}
	}
}
