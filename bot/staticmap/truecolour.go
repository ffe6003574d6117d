package staticmap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
)

// trueColour is a surface of any colours, for a picture with tiles.
type trueColour struct {
	*image.RGBA
	above, alpha uint32 // the ink in use

	colours quantizer
	indexed *image.Paletted // what is encoded
	file    bytes.Buffer
	encoder *png.EncoderBuffer
}

func newTrueColour() *trueColour {
	bounds := image.Rect(0, 0, width, height)
	return &trueColour{RGBA: image.NewRGBA(bounds), indexed: image.NewPaletted(bounds, make(color.Palette, 0, 256))}
}

func (t *trueColour) use(ink color.RGBA) { t.above, t.alpha = word(ink), uint32(ink.A) }

func (t *trueColour) run(x0, y, x1 int) {
	pix := t.Pix[y*t.Stride+x0*4 : y*t.Stride+x1*4]
	if t.alpha == 255 {
		for ; len(pix) >= 4; pix = pix[4:] {
			binary.LittleEndian.PutUint32(pix, t.above)
		}
		return
	}
	for ; len(pix) >= 4; pix = pix[4:] {
		binary.LittleEndian.PutUint32(pix, mix(binary.LittleEndian.Uint32(pix), t.above, t.alpha))
	}
}

func (t *trueColour) blend(x, y int, coverage uint32) {
	pix := t.Pix[y*t.Stride+x*4:][:4]
	binary.LittleEndian.PutUint32(pix, mix(binary.LittleEndian.Uint32(pix), t.above, coverage*t.alpha/255))
}

// encode takes as many colours as a palette holds, if that fits.
func (t *trueColour) encode() ([]byte, error) {
	t.colours.read(t.RGBA)
	for _, try := range []struct {
		colours int
		level   png.CompressionLevel
	}{{256, png.BestSpeed}, {256, png.DefaultCompression}, {64, png.DefaultCompression}, {16, png.DefaultCompression}, {4, png.DefaultCompression}} {
		t.colours.paint(t.indexed, try.colours)
		t.file.Reset()
		encoder := png.Encoder{CompressionLevel: try.level, BufferPool: t}
		if err := encoder.Encode(&t.file, t.indexed); err != nil {
			return nil, err
		}
		if t.file.Len() < MaxBytes {
			return bytes.Clone(t.file.Bytes()), nil
		}
	}
	return nil, fmt.Errorf("it takes %d bytes", t.file.Len())
}

// Get and Put implement [png.EncoderBufferPool].
func (t *trueColour) Get() *png.EncoderBuffer  { return t.encoder }
func (t *trueColour) Put(b *png.EncoderBuffer) { t.encoder = b }

// word returns an ink as an opaque pixel, red lowest.
func word(ink color.RGBA) uint32 {
	return uint32(ink.R) | uint32(ink.G)<<8 | uint32(ink.B)<<16 | 255<<24
}

// mix returns the mean of two pixels, of which above counts alpha/255, each channel
// rounded. It reckons with two channels at a time, 16 bits apart.
func mix(below, above, alpha uint32) uint32 {
	const lanes, half = 0x00FF00FF, 0x00800080
	even := below&lanes*(255-alpha) + above&lanes*alpha + half
	odd := below>>8&lanes*(255-alpha) + above>>8&lanes*alpha + half
	// (v + v>>8) >> 8 divides by 255 what half was added to.
	even += even >> 8 & lanes
	odd += odd >> 8 & lanes
	return even>>8&lanes | odd&^lanes
}
