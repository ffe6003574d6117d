package staticmap

import (
	"cmp"
	"image"
	"image/color"
	"math"
	"slices"
	"strconv"
)

// A pin is a head with a number and a tail that points at the place. Measures in pixels.
const (
	headRadius = 19.0
	outline    = 3.0
	tailLength = 33.0 // from the place to the middle of the head
	tailBase   = 0.7 * headRadius
	tailWidth  = 13.0 // half of it, at the base
	longTail   = 5.0  // the same, of a head that was moved far away
	// headGap is the least distance between the middles of two heads.
	headGap = 2*headRadius + outline - 1
	// frame is the least distance between the middle of a head and the picture's edge.
	frame = headRadius + outline + 4
	// hereGap is the least distance between the middle of a head and the person's place.
	hereGap = headRadius + outline + hereRadius
	// rounds bounds the moving apart of heads.
	rounds = 80
)

// mark is a pin on the picture.
type mark struct {
	place, head xy
	number      string
	ink         color.RGBA
}

// marks returns the pins that lie on the picture, from north to south, with their heads
// moved so that no head hides another.
func marks(v *view, pins []Pin) []mark {
	list := make([]mark, 0, len(pins))
	for _, p := range pins {
		at := v.at(rounded(p.Point))
		if at.x < 0 || at.x >= width || at.y < 0 || at.y >= height {
			continue
		}
		list = append(list, mark{at, xy{at.x, at.y - tailLength}, strconv.Itoa(p.Number), pinInks[p.Kind]})
	}
	slices.SortStableFunc(list, func(a, b mark) int { return cmp.Compare(a.place.y, b.place.y) })
	for range rounds {
		if !spread(list) {
			break
		}
	}
	return list
}

// spread moves heads that overlap, or hide the person's place, a little apart, and those
// beyond the frame back. It reports whether any moved.
func spread(list []mark) bool {
	moved := false
	for i := range list {
		a := &list[i].head
		if push, ok := apart(*a, xy{centreX, centreY}, hereGap, i); ok {
			a.x, a.y = a.x+push.x, a.y+push.y
			moved = true
		}
		for j := range i {
			b := &list[j].head
			if push, ok := apart(*a, *b, headGap, i+j*len(list)); ok {
				a.x, a.y = a.x+push.x/2, a.y+push.y/2
				b.x, b.y = b.x-push.x/2, b.y-push.y/2
				moved = true
			}
		}
	}
	for i := range list {
		head := &list[i].head
		head.x = min(max(head.x, frame), width-frame)
		head.y = min(max(head.y, frame), height-frame)
	}
	return moved
}

// apart returns the way that a has to go to be farther than gap from b, if it is not. From
// the very same place each pair parts in its own direction.
func apart(a, b xy, gap float64, pair int) (xy, bool) {
	dx, dy := a.x-b.x, a.y-b.y
	distance := math.Hypot(dx, dy)
	if distance >= gap {
		return xy{}, false
	}
	if distance < 1 {
		const golden = 2.399963 // the golden angle in radians: no two directions come close
		dy, dx = math.Sincos(golden * float64(pair))
		distance = 1
	}
	push := gap - distance + 0.5
	return xy{dx / distance * push, dy / distance * push}, true
}

// drawPins paints the shadows first, then the tails, then the heads, each from north to
// south.
func (r *Renderer) drawPins(c *canvas, list []mark) {
	for _, m := range list {
		r.shadow.stamp(c, xy{m.head.x, m.head.y + 5})
	}
	for _, m := range list {
		m.tail(c, outline, white)
		m.tail(c, 0, m.ink)
	}
	for _, m := range list {
		c.disc(m.head, headRadius+outline, white)
		m.neck(c)
		c.disc(m.head, headRadius, m.ink)
		face := r.digits
		if len(m.number) > 2 {
			face = r.smallDigits
		}
		face.centred(c, m.number, m.head, white)
	}
}

// tail paints the triangle from the place to the head, wider and longer by margin.
func (m *mark) tail(c *canvas, margin float64, ink color.RGBA) {
	way, length, wide := m.aim()
	if length < headRadius { // the head is on the place
		return
	}
	side := margin * 0.5 // the outline goes around the tip
	c.wedge(m.head, way, [2]float64{tailBase, wide + margin}, [2]float64{length + margin, side}, ink)
}

// neck paints the tail where the head's outline hides it, so that a pin is of one piece.
func (m *mark) neck(c *canvas) {
	const end = headRadius + outline + 0.5
	way, length, wide := m.aim()
	if length <= end {
		return
	}
	c.wedge(m.head, way, [2]float64{tailBase, wide}, [2]float64{end, wide * (length - end) / (length - tailBase)}, m.ink)
}

// aim returns the direction and the distance from the head to the place, and half the width
// of the tail's base. The farther the head, the slimmer: a long wedge would hide others.
func (m *mark) aim() (way xy, length, wide float64) {
	dx, dy := m.place.x-m.head.x, m.place.y-m.head.y
	length = math.Hypot(dx, dy)
	return xy{dx / length, dy / length}, length, max(longTail, tailWidth-max(0, length-tailLength)/3)
}

// wedge paints a shape along a direction from a point. Each end is a distance from there and
// half the width.
func (c *canvas) wedge(from, way xy, a, b [2]float64, ink color.RGBA) {
	corner := func(along, aside float64) xy {
		return xy{from.x + way.x*along - way.y*aside, from.y + way.y*along + way.x*aside}
	}
	c.fill([]xy{corner(a[0], a[1]), corner(b[0], b[1]), corner(b[0], -b[1]), corner(a[0], -a[1])}, ink)
}

// blur is the soft shadow of a disc.
type blur struct{ mask *image.Alpha }

// newBlur draws the shadow of a disc, its edge as soft as the given width.
func newBlur(radius, soft float64) blur {
	half := int(math.Ceil(radius + soft))
	mask := image.NewAlpha(image.Rect(0, 0, 2*half, 2*half))
	for y := range 2 * half {
		for x := range 2 * half {
			d := math.Hypot(float64(x-half)+0.5, float64(y-half)+0.5)
			t := min(max((radius+soft-d)/(2*soft), 0), 1)
			mask.SetAlpha(x, y, color.Alpha{A: uint8(255 * t * t * (3 - 2*t))})
		}
	}
	return blur{mask}
}

// stamp paints the shadow around a point.
func (b blur) stamp(c *canvas, at xy) {
	half := b.mask.Rect.Dx() / 2
	c.stamp(b.mask, int(math.Round(at.x))-half, int(math.Round(at.y))-half, shadow)
}
