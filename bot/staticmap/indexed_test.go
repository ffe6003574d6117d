package staticmap

import (
	"bytes"
	"image/png"
	"testing"
)

// TestFewColoursLookLikeAll draws crowded pictures in the colours of the palette, and in all there
// are: nobody may see a difference.
func TestFewColoursLookLikeAll(t *testing.T) {
	r := renderer(t, Options{})
	for seed := range uint64(4) {
		few, all := &canvas{surface: newSurface(false)}, newTrueColour()
		for _, c := range []*canvas{few, {surface: all}} {
			if _, err := r.draw(t.Context(), c, busySpec(seed)); err != nil {
				t.Fatal(err)
			}
		}
		file, err := few.encode()
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		off, far, worst := 0, 0, 0
		for y := range height {
			for x := range width {
				r, g, b, _ := picture.At(x, y).RGBA()
				want := all.RGBAAt(x, y)
				d := max(apartBy(r, want.R), apartBy(g, want.G), apartBy(b, want.B))
				off += d
				worst = max(worst, d)
				if d > 12 {
					far++
				}
			}
		}
		if mean, share := float64(off)/(width*height), float64(far)/(width*height); mean > 0.2 || share > 0.0007 || worst > 90 {
			t.Errorf("seed %d: colours are off by %.3f of 255 on average, and by more than 12 in %.3f %% of the pixels, at most by %d", seed, mean, 100*share, worst)
		}
	}
}

func apartBy(channel uint32, want uint8) int {
	d := int(channel>>8) - int(want)
	return max(d, -d)
}
