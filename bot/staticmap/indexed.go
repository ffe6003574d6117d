package staticmap

import (
	"image/color"
	"maps"
	"math"
	"slices"
	"sync"
)

// indexed is a surface of the few colours of a plain map, which are known beforehand: what an
// ink makes of a colour is looked up, and nobody has to count the colours of the picture. It
// takes a quarter of the memory of one in true colours.
type indexed struct {
	lines  [height * lineBytes]byte // as the file has them
	opaque bool                     // the ink in use
	over   *[levels + 1][256]uint8  // and what it makes of each colour
	file   pngFile
}

// lineBytes is the length of a row of pixels: the first byte says that they are as they are.
const lineBytes = 1 + width

func (i *indexed) use(ink color.RGBA) { i.opaque, i.over = ink.A == 255, plain().over[ink] }

func (i *indexed) run(x0, y, x1 int) {
	line := i.lines[y*lineBytes+1:][:width]
	pix, over := line[x0:x1], &i.over[levels]
	if i.opaque {
		pix[0] = over[0]
		for n := 1; n < len(pix); n *= 2 {
			copy(pix[n:], pix[:n])
		}
		return
	}
	for k, below := range pix {
		pix[k] = over[below]
	}
}

func (i *indexed) blend(x, y int, coverage uint32) {
	pix := &i.lines[y*lineBytes+1+x]
	*pix = i.over[(coverage*levels+127)/255][*pix]
}

func (i *indexed) encode() ([]byte, error) { return i.file.make(plain().palette, i.lines[:]) }

// levels is how many degrees of coverage are told apart.
const levels = 16

// blends are the colours of a plain map, and how they mix.
type blends struct {
	palette []byte // red, green and blue of each
	// over has for each ink, for each level of its coverage, what becomes of each colour.
	over map[color.RGBA]*[levels + 1][256]uint8
}

// plain makes the blends, once.
var plain = sync.OnceValue(func() *blends {
	b := &blends{over: map[color.RGBA]*[levels + 1][256]uint8{}}
	var pixels []uint32
	add := func(pixel uint32) {
		for _, p := range pixels {
			if p == pixel {
				return
			}
		}
		pixels = append(pixels, pixel)
	}
	for _, ink := range plainInks() {
		if ink.A == 255 {
			add(word(ink))
		}
	}
	for _, m := range mixtures() {
		for step := range uint32(m.steps) {
			add(mix(m.below, word(m.ink), (step+1)*uint32(m.ink.A)/uint32(m.steps)))
		}
	}
	for _, p := range pixels {
		b.palette = append(b.palette, uint8(p), uint8(p>>8), uint8(p>>16))
	}
	for _, ink := range plainInks() {
		b.over[ink] = &[levels + 1][256]uint8{}
		for level := range uint32(levels + 1) {
			for i, p := range pixels {
				b.over[ink][level][i] = nearest(pixels, mix(p, word(ink), level*uint32(ink.A)/levels))
			}
		}
	}
	return b
})

// mixture is what shows where an ink's edge, or a transparent ink, lies on a colour.
type mixture struct {
	below uint32
	ink   color.RGBA
	steps int // of coverage, up to the whole
}

// mixtures are those that a plain map is full of; in place of the others the nearest do.
func mixtures() []mixture {
	var all []mixture
	for _, ground := range []color.RGBA{paper, light} {
		g := word(ground)
		lines := []uint32{g, mix(g, word(grid), uint32(grid.A)), mix(g, word(subgrid), uint32(subgrid.A))}
		all = append(all,
			mixture{g, grid, 1}, mixture{g, subgrid, 1}, mixture{lines[1], grid, 1},
			mixture{g, shadow, 14}, mixture{g, blue, 8}, mixture{g, faint, 8}, mixture{g, white, 3},
		)
		for _, line := range lines {
			all = append(all, mixture{line, plate, 2}, mixture{line, halo, 3})
		}
		for _, line := range lines[1:] {
			all = append(all, mixture{line, shadow, 6}, mixture{line, blue, 3})
		}
	}
	all = append(all, mixture{word(white), text, 12}, mixture{word(white), blue, 12}, mixture{word(blue), shadow, 3}, mixture{word(blue), plate, 2})
	for _, kind := range pinKinds {
		all = append(all, mixture{word(white), pinInks[kind], 13}, mixture{word(pinInks[kind]), shadow, 1})
	}
	return all
}

// pinKinds are the kinds that have an ink, always in this order, so that the palette is the same.
var pinKinds = slices.Sorted(maps.Keys(pinInks))

// plainInks are those that a plain map is drawn with.
func plainInks() []color.RGBA {
	all := []color.RGBA{paper, light, white, text, faint, grid, subgrid, shadow, blue, halo, plate}
	for _, kind := range pinKinds {
		all = append(all, pinInks[kind])
	}
	return all
}

// nearest returns the index of the pixel that looks most like another.
func nearest(pixels []uint32, to uint32) uint8 {
	best, least := 0, math.MaxInt
	for i, p := range pixels {
		if d := unlike(p, to); d < least {
			best, least = i, d
		}
	}
	return uint8(best)
}

// unlike returns how different two pixels look: green counts most, blue least.
func unlike(a, b uint32) int {
	channel := func(shift int) int { return int(a>>shift&255) - int(b>>shift&255) }
	r, g, blue := channel(0), channel(8), channel(16)
	return 3*r*r + 6*g*g + blue*blue
}
