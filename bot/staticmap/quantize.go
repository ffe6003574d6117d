package staticmap

import (
	"cmp"
	"encoding/binary"
	"image"
	"image/color"
	"math"
	"slices"
)

// buckets is the number of colours told apart: 5, 6 and 5 bits of red, green and blue.
const buckets = 1 << 16

// quantizer finds a palette for a picture by median cut.
// Heckbert, "Color image quantization for frame buffer display", SIGGRAPH 1982.
type quantizer struct {
	runs  []run // the picture's pixels, row after row
	sums  [buckets]sum
	index [buckets]uint8 // in the palette
	used  []uint16       // buckets with pixels
	boxes []colourBox
}

// run is a number of pixels in a row that have the same colour.
type run struct{ bucket, n uint16 }

// sum adds up the pixels of a bucket.
type sum struct{ n, r, g, b uint32 }

// colourBox is a run of used buckets that become one colour.
type colourBox struct {
	from, to int    // in used
	pixels   uint32 // in it
	spread   int    // of its widest channel
	channel  int    // which that is
}

// read takes in a picture to be painted.
func (q *quantizer) read(from *image.RGBA) {
	for _, b := range q.used {
		q.sums[b] = sum{}
	}
	q.used, q.runs = q.used[:0], q.runs[:0]
	for pix := from.Pix; len(pix) > 0; {
		pixel := binary.LittleEndian.Uint32(pix)
		n := uint32(alike(pix, pixel))
		pix = pix[4*n:]
		b := bucket(pixel)
		q.runs = append(q.runs, run{b, uint16(n)})
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

// alike returns how many pixels have the colour of the first, as many as a run holds at
// most. Most are like the one before, so four are compared at a time.
func alike(pix []uint8, first uint32) int {
	pix = pix[:min(len(pix), 4*math.MaxUint16)]
	two := uint64(first)<<32 | uint64(first)
	i := 4
	for ; i+16 <= len(pix); i += 16 {
		if four := pix[i : i+16]; binary.LittleEndian.Uint64(four) != two || binary.LittleEndian.Uint64(four[8:]) != two {
			break
		}
	}
	for i < len(pix) && binary.LittleEndian.Uint32(pix[i:]) == first {
		i += 4
	}
	return i / 4
}

// paint fills a picture of the size of the one that was read with its colours, at most n
// of them.
func (q *quantizer) paint(into *image.Paletted, n int) {
	q.cut(n)
	into.Palette = q.palette(into.Palette[:0])
	pix := into.Pix
	for _, r := range q.runs {
		index := q.index[r.bucket]
		for i := range pix[:r.n] {
			pix[i] = index
		}
		pix = pix[r.n:]
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
		palette = append(palette, color.NRGBA{uint8((r + n/2) / n), uint8((g + n/2) / n), uint8((b + n/2) / n), 255})
	}
	return palette
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
