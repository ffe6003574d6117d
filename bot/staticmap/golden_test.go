package staticmap

import (
	"bytes"
	"flag"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"okolo/persistence/model"
)

var update = flag.Bool("update", false, "draw the picture in testdata anew")

// TestGolden draws the picture of the README: whoever changes the look sees it there, and has
// to change the version in Spec.Key.
func TestGolden(t *testing.T) {
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	berlin := model.Point{Lat: 52.52, Lon: 13.405}
	s := Spec{Centre: berlin, Radius: 5000, Lang: "en"}
	kinds := []model.Kind{model.Personal, model.Community, model.Imported}
	for i := range 7 {
		at := destination(berlin, 700+float64(i)*560, float64(i)*2.4)
		s.Pins = append(s.Pins, Pin{Point: at, Number: i + 1, Kind: kinds[i%3]})
	}
	got, err := r.PNG(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "map.png")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(t, got, want); d > 0.1 {
		t.Errorf("the picture differs in %.2f %% of its pixels; if it is meant to, raise look and run this with -update", d)
	}
}

// difference returns the share of pixels, in percent, that differ visibly.
func difference(t *testing.T, a, b []byte) float64 {
	t.Helper()
	x, err := png.Decode(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	y, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if x.Bounds() != y.Bounds() {
		return 100
	}
	const visible = 0x1000 // of 0xffff, in any channel
	far := func(p, q uint32) bool { return max(p, q)-min(p, q) > visible }
	differ := 0
	for py := range height {
		for px := range width {
			r1, g1, b1, _ := x.At(px, py).RGBA()
			r2, g2, b2, _ := y.At(px, py).RGBA()
			if far(r1, r2) || far(g1, g2) || far(b1, b2) {
				differ++
			}
		}
	}
	return 100 * float64(differ) / (width * height)
}
