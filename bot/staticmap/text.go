package staticmap

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// glyph is a letter drawn beforehand.
type glyph struct {
	mask    *image.Alpha
	x, y    int // of the mask's corner, from the pen on the base line
	advance float64
}

// typeface is a font in one size. Unlike a [font.Face], it is cheap to draw with and safe
// for concurrent use.
type typeface struct {
	glyphs map[rune]glyph
	cap    float64 // height of a capital letter
}

// newTypeface draws the given letters of a TrueType font, a question mark among them.
func newTypeface(ttf []byte, size float64, letters string) (*typeface, error) {
	parsed, err := opentype.Parse(ttf)
	if err != nil {
		return nil, fmt.Errorf("parse font: %w", err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("load font: %w", err)
	}
	defer func() { _ = face.Close() }()
	t := &typeface{glyphs: make(map[rune]glyph), cap: float64(face.Metrics().CapHeight) / 64}
	for _, letter := range letters {
		bounds, mask, corner, advance, ok := face.Glyph(fixed.Point26_6{}, letter)
		if !ok {
			return nil, fmt.Errorf("the font has no letter %q", letter)
		}
		own := image.NewAlpha(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
		draw.Draw(own, own.Rect, mask, corner, draw.Src)
		t.glyphs[letter] = glyph{own, bounds.Min.X, bounds.Min.Y, float64(advance) / 64}
	}
	return t, nil
}

// glyph returns a letter, or a question mark where there is none.
func (t *typeface) glyph(letter rune) glyph {
	g, ok := t.glyphs[letter]
	if !ok {
		return t.glyphs['?']
	}
	return g
}

// width returns how far a text reaches, in pixels.
func (t *typeface) width(text string) float64 {
	w := 0.0
	for _, letter := range text {
		w += t.glyph(letter).advance
	}
	return w
}

// write paints a text that begins at x on the base line y.
func (t *typeface) write(c *canvas, text string, x, y float64, ink color.RGBA) {
	for _, letter := range text {
		g := t.glyph(letter)
		c.stamp(g.mask, int(math.Round(x))+g.x, int(math.Round(y))+g.y, ink)
		x += g.advance
	}
}

// centred paints a text around a point.
func (t *typeface) centred(c *canvas, text string, at xy, ink color.RGBA) {
	t.write(c, text, at.x-t.width(text)/2, at.y+t.cap/2, ink)
}
