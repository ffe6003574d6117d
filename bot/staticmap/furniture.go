package staticmap

import (
	"math"
	"strconv"
	"strings"
)

// Where the furniture stands, in pixels.
const (
	margin   = 18
	barY     = height - 22 // of the scale bar's foot
	barMost  = 170         // longest scale bar
	barThick = 3
	barTick  = 9
	noteMost = width - 4*margin - barMost - 20 // longest note, beside the scale bar
	// Of "you are here": the disc, and the halo around it.
	hereRadius = 12.0
	hereHalo   = 24.0
)

// words are the few on the picture.
var words = map[string]struct{ schematic, north, metres, kilometres string }{
	"en": {"Schematic map", "N", " m", " km"},
	"ru": {"Схема", "С", " м", " км"},
}

// drawRing paints the ring's line, over tiles with a bright edge.
func (r *Renderer) drawRing(c *canvas, v *view) {
	if r.tiles != nil {
		c.stroke(v.ring, 7, plate)
	}
	c.stroke(v.ring, 3, blue)
}

// drawRadius paints the radius on the ring's lowest point.
func (r *Renderer) drawRadius(c *canvas, v *view, s Spec) {
	lowest := v.ring[0]
	for _, p := range v.ring {
		if p.y > lowest.y {
			lowest = p
		}
	}
	label := distance(float64(s.Radius), s.lang())
	r.plate(c, lowest, r.label.width(label)+20, 30)
	r.label.centred(c, label, lowest, blue)
}

// drawHere paints the person's own place.
func (r *Renderer) drawHere(c *canvas) {
	here := xy{centreX, centreY}
	c.disc(here, hereHalo, halo)
	c.disc(here, hereRadius, white)
	c.disc(here, hereRadius-3.5, blue)
}

// drawScale paints the scale bar. It is true at the latitude of the centre.
func (r *Renderer) drawScale(c *canvas, v *view, lang string) {
	metres := nice(barMost * v.metres())
	x0, x1 := margin, margin+int(math.Round(metres/v.metres()))
	label := distance(metres, lang)
	wide := max(float64(x1-x0), r.label.width(label))
	r.plate(c, xy{margin + wide/2, barY - 14}, wide+20, 48)
	r.label.write(c, label, margin, barY-barTick-6, text)
	c.bar(x0, barY-barThick, x1, barY, text)
	c.bar(x0, barY-barTick, x0+barThick, barY, text)
	c.bar(x1-barThick, barY-barTick, x1, barY, text)
}

// drawNorth paints the arrow to the north.
func (r *Renderer) drawNorth(c *canvas, lang string) {
	middle := xy{width - margin - 18, margin + 18}
	c.disc(middle, 24, plate)
	top := xy{middle.x, middle.y - 20}
	c.fill([]xy{top, {top.x + 7, top.y + 12}, {top.x - 7, top.y + 12}}, blue)
	r.label.centred(c, words[lang].north, xy{middle.x, middle.y + 6}, text)
}

// drawNote paints words in the lower right corner.
func (r *Renderer) drawNote(c *canvas, note string) {
	w := r.small.width(note)
	at := xy{width - margin - w/2, height - margin - 8}
	r.plate(c, at, w+20, 28)
	r.small.centred(c, note, at, text)
}

// plate paints what words are written on: a rectangle with round ends.
func (r *Renderer) plate(c *canvas, at xy, w, h float64) {
	const round = 9.0
	shape := make([]xy, 0, len(circle))
	for _, corner := range circle {
		shape = append(shape, xy{
			at.x + math.Copysign(w/2-round, corner.x) + round*corner.x,
			at.y + math.Copysign(h/2-round, corner.y) + round*corner.y,
		})
	}
	c.fill(shape, plate)
}

// nice returns the greatest of 1, 2 and 5 times a power of ten that is not above most.
func nice(most float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(most)))
	for _, step := range []float64{5, 2} {
		if step*power <= most {
			return step * power
		}
	}
	return power
}

// distance writes metres with their unit.
func distance(metres float64, lang string) string {
	unit := words[lang].metres
	if metres >= 1000 {
		metres, unit = metres/1000, words[lang].kilometres
	}
	number := strconv.FormatFloat(metres, 'f', -1, 64)
	if lang == "ru" {
		number = strings.Replace(number, ".", ",", 1)
	}
	return number + unit
}
