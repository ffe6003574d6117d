package staticmap

import (
	"cmp"
	"image"
	"image/color"
	"slices"
)

// buckets is the number of colours told apart: 5, 6 and 5 bits of red, green and blue.
const buckets = 1 << 16

// quantizer finds a palette for a picture by median cut.
// Heckbert, "Color image quantization for frame buffer display", SIGGRAPH 1982.
type quantizer struct {
	sums  [buckets]sum
	index [buckets]uint8 // in the palette
	used  []uint16       // buckets with pixels
	boxes []colourBox
}

// sum adds up the pixels of a bucket.
type sum struct{ n, r, g, b uint32 }

// colourBox is a run of used buckets that become one colour.
type colourBox struct {
	from, to int    // in used
	pixels   uint32 // in it
	spread   int    // of its widest channel
	channel  int    // which that is
}

// paint fills into with the colours of from, at most n of them.
func (q *quantizer) paint(into *image.Paletted, from *image.RGBA, n int) {
	q.count(from)
	q.cut(n)
	into.Palette = q.palette(into.Palette[:0])
	into.Rect, into.Stride = from.Rect, from.Rect.Dx()
	into.Pix = into.Pix[:0]
	last, index := uint32(0), uint8(0)
	for i := 0; i < len(from.Pix); i += 4 {
		if pixel := word(from.Pix[i:]); pixel != last || i == 0 {
			last, index = pixel, q.index[bucket(pixel)]
		}
		into.Pix = append(into.Pix, index)
	}
}

// count adds up the picture's pixels. Most are like the one before.
func (q *quantizer) count(from *image.RGBA) {
	for _, b := range q.used {
		q.sums[b] = sum{}
	}
	q.used = q.used[:0]
	for i := 0; i < len(from.Pix); {
		pixel, n := word(from.Pix[i:]), uint32(1)
		for i += 4; i < len(from.Pix) && word(from.Pix[i:]) == pixel; i += 4 {
			n++
		}
		b := bucket(pixel)
		s := &q.sums[b]
		if s.n == 0 {
			q.used = append(q.used, b)
		}
		s.n += n
		s.r += n * (pixel & 255)
		s.g += n * (pixel >> 8 & 255)
		s.b += n * (pixel >> 16 & 255)
	}
}

// cut divides the used buckets until there are n boxes, or one for each bucket. The box to
// divide is the one with most to gain: wide and full.
func (q *quantizer) cut(n int) {
	q.boxes = append(q.boxes[:0], q.box(0, len(q.used)))
	for len(q.boxes) < n {
		best, gain := -1, 0.0
		for i, box := range q.boxes {
			if g := float64(box.spread*box.spread) * float64(box.pixels); g > gain {
				best, gain = i, g
			}
		}
		if best < 0 {
			return
		}
		box := q.boxes[best]
		at := q.divide(box)
		q.boxes[best] = q.box(box.from, at)
		q.boxes = append(q.boxes, q.box(at, box.to))
	}
}

// box measures a run of used buckets.
func (q *quantizer) box(from, to int) colourBox {
	box := colourBox{from: from, to: to}
	low, high := [3]int{255, 255, 255}, [3]int{}
	for _, b := range q.used[from:to] {
		box.pixels += q.sums[b].n
		for channel := range low {
			value := channelOf(b, channel)
			low[channel], high[channel] = min(low[channel], value), max(high[channel], value)
		}
	}
	for channel := range low {
		if spread := high[channel] - low[channel]; spread > box.spread {
			box.spread, box.channel = spread, channel
		}
	}
	return box
}

// divide sorts a box along its widest channel and returns where half of its spread is
// reached, so that few pixels of an unlike colour are not drowned by many.
func (q *quantizer) divide(box colourBox) int {
	part := q.used[box.from:box.to]
	slices.SortFunc(part, func(a, b uint16) int {
		return cmp.Or(cmp.Compare(channelOf(a, box.channel), channelOf(b, box.channel)), cmp.Compare(a, b))
	})
	middle := channelOf(part[0], box.channel) + (box.spread+1)/2
	at, _ := slices.BinarySearchFunc(part, middle, func(b uint16, value int) int {
		return cmp.Compare(channelOf(b, box.channel), value)
	})
	return box.from + at
}

// palette returns the mean colour of each box and notes it for its buckets.
func (q *quantizer) palette(palette color.Palette) color.Palette {
	for i, box := range q.boxes {
		var n, r, g, b uint64
		for _, bucket := range q.used[box.from:box.to] {
			s := q.sums[bucket]
			n, r, g, b = n+uint64(s.n), r+uint64(s.r), g+uint64(s.g), b+uint64(s.b)
			q.index[bucket] = uint8(i)
		}
		palette = append(palette, color.RGBA{uint8((r + n/2) / n), uint8((g + n/2) / n), uint8((b + n/2) / n), 255})
	}
	return palette
}

// word reads a pixel, red lowest.
func word(pix []uint8) uint32 {
	_ = pix[3]
	return uint32(pix[0]) | uint32(pix[1])<<8 | uint32(pix[2])<<16 | uint32(pix[3])<<24
}

// bucket returns the bucket of a pixel.
func bucket(pixel uint32) uint16 {
	return uint16(pixel>>3&31 | pixel>>10&63<<5 | pixel>>19&31<<11)
}

// channelOf returns the red, green or blue of a bucket, 0 to 252.
func channelOf(bucket uint16, channel int) int {
	switch channel {
	case 0:
		return int(bucket & 31 << 3)
	case 1:
		return int(bucket >> 5 & 63 << 2)
	}
	return int(bucket >> 11 << 3)
}
