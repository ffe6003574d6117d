package staticmap

import (
	"math"
	"strconv"
	"strings"
)

// gridLeast is the least distance of two lines of the grid, in pixels.
const gridLeast = 95

// drawSchematic paints the ground where there are no tiles: nothing is claimed of it but
// where its degrees run.
func (r *Renderer) drawSchematic(c *canvas, v *view) {
	c.clear(paper)
	c.fill(v.ring, light)
	west, east := v.lon(0), v.lon(width)
	drawGrid(west, east, degreeStep(gridLeast*(east-west)/width), func(degrees float64, main bool) {
		x := int(math.Round(centreX + (degrees-v.lon(centreX))/360*v.scale))
		if !main {
			c.bar(x, 0, x+1, height, subgrid)
			return
		}
		c.bar(x, 0, x+2, height, grid)
	})
	south, north := v.span()
	perPixel := v.lat(centreY-0.5) - v.lat(centreY+0.5)
	drawGrid(south, north, degreeStep(gridLeast*perPixel), func(degrees float64, main bool) {
		y := int(math.Round(v.row(degrees)))
		if !main {
			c.bar(0, y, width, y+1, subgrid)
			return
		}
		c.bar(0, y, width, y+2, grid)
	})
}

// drawDegrees writes the degrees of the grid's lines along the upper and the left edge.
func (r *Renderer) drawDegrees(c *canvas, v *view) {
	west, east := v.lon(0), v.lon(width)
	step := degreeStep(gridLeast * (east - west) / width)
	drawGrid(west, east, step, func(degrees float64, main bool) {
		x := centreX + (degrees-v.lon(centreX))/360*v.scale
		if main && x > 60 && x < width-110 {
			r.small.write(c, degree(math.Remainder(degrees, 360), step), x+6, 22, faint)
		}
	})
	perPixel := v.lat(centreY-0.5) - v.lat(centreY+0.5)
	step = degreeStep(gridLeast * perPixel)
	south, north := v.span()
	drawGrid(south, north, step, func(degrees float64, main bool) {
		y := v.row(degrees)
		if main && y > 60 && y < height-70 {
			r.small.write(c, degree(degrees, step), 10, y-6, faint)
		}
	})
}

// span returns the latitudes of the picture's lower and upper edge, or where Web Mercator
// ends.
func (v *view) span() (south, north float64) {
	return max(v.lat(height), -maxLat), min(v.lat(0), maxLat)
}

// row returns the row of pixels of a latitude.
func (v *view) row(lat float64) float64 {
	at := v.centre
	at.Lat = lat
	return v.at(at).y
}

// drawGrid calls draw for each line between two coordinates, main lines and those between.
func drawGrid(from, to float64, step gridStep, draw func(degrees float64, main bool)) {
	small := step.degrees / float64(step.parts)
	first, last := math.Ceil(from/small), math.Floor(to/small)
	for i := first; i <= last; i++ {
		draw(i*small, math.Mod(i, float64(step.parts)) == 0)
	}
}

// gridStep is the distance of two main lines.
type gridStep struct {
	degrees  float64
	parts    int // that lines between them make
	decimals int // to write it
}

// degreeStep returns the least step of 1, 2 or 5 times a power of ten that is at least the
// given number of degrees.
func degreeStep(least float64) gridStep {
	exponent := int(math.Floor(math.Log10(least)))
	power := math.Pow(10, float64(exponent))
	for _, s := range []gridStep{{1, 5, 0}, {2, 4, 0}, {5, 5, 0}} {
		if s.degrees*power >= least {
			return gridStep{s.degrees * power, s.parts, max(0, -exponent)}
		}
	}
	return gridStep{10 * power, 5, max(0, -exponent-1)}
}

// degree writes a coordinate.
func degree(degrees float64, step gridStep) string {
	s := strconv.FormatFloat(degrees, 'f', step.decimals, 64)
	if strings.Trim(s, "-0.") == "" {
		s = "0"
	}
	return strings.Replace(s, "-", "−", 1) + "°"
}
