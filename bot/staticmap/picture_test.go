package staticmap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"okolo/persistence/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var kinds = []model.Kind{model.Personal, model.Community, model.Imported}

func renderer(t testing.TB, o Options) *Renderer {
	t.Helper()
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// drawn draws a picture and decodes it.
func drawn(t testing.TB, r *Renderer, s Spec) image.Image {
	t.Helper()
	file, err := r.PNG(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if len(file) >= MaxBytes {
		t.Errorf("a picture of %d bytes", len(file))
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if picture.Bounds() != image.Rect(0, 0, 800, 600) {
		t.Fatalf("a picture of %v", picture.Bounds())
	}
	return picture
}

// is reports whether a pixel has a colour, as nearly as the palette allows.
func is(picture image.Image, x, y int, want color.RGBA) bool {
	r, g, b, _ := picture.At(x, y).RGBA()
	d := func(have uint32, want uint8) float64 { return math.Abs(float64(have>>8) - float64(want)) }
	return d(r, want.R)+d(g, want.G)+d(b, want.B) <= 36
}

func check(t *testing.T, picture image.Image, what string, x, y int, want color.RGBA) {
	t.Helper()
	if !is(picture, x, y, want) {
		t.Errorf("%s: the pixel at %d, %d is %v, not %v", what, x, y, picture.At(x, y), want)
	}
}

// busySpec has as many pins as there may be, at random.
func busySpec(seed uint64) Spec {
	random := rand.New(rand.NewPCG(seed, 0))
	s := Spec{Centre: model.Point{Lat: 55.7558, Lon: 37.6173}, Radius: 5000, Lang: "ru"}
	for i := range MaxPins {
		p := destination(s.Centre, 5000*math.Sqrt(random.Float64()), 2*math.Pi*random.Float64())
		s.Pins = append(s.Pins, Pin{p, i + 1, kinds[i%len(kinds)]})
	}
	return s
}

func TestPinsAreWhereTheyMustBe(t *testing.T) {
	t.Parallel()
	// On the equator a ring of 1000 m has a radius of 246 pixels around 400, 314.
	const metre = 246.0 / 1000
	degrees := func(metres float64) float64 { return metres / (math.Pi * 6_371_008.8 / 180) }
	r := renderer(t, Options{})
	places := []struct{ east, north float64 }{{500, 0}, {-700, 300}, {0, -600}, {0, 990}}
	for _, kind := range kinds {
		s := Spec{Radius: 1000}
		for i, at := range places {
			s.Pins = append(s.Pins, Pin{model.Point{Lat: degrees(at.north), Lon: degrees(at.east)}, i + 1, kind})
		}
		picture := drawn(t, r, s)
		for _, at := range places {
			x := int(math.Round(400 + at.east*metre))
			y := int(math.Round(314 - at.north*metre))
			what := fmt.Sprintf("%s at %v", kind, at)
			check(t, picture, what+", its place", x, y-4, pinInks[kind])
			check(t, picture, what+", of one piece with the head", x, y-33+20, pinInks[kind])
			check(t, picture, what+", left in the head", x-15, y-33, pinInks[kind])
			check(t, picture, what+", right in the head", x+15, y-33, pinInks[kind])
			check(t, picture, what+", the outline above the head", x, y-33-21, white)
		}
	}
}

func TestNumbersAreDrawn(t *testing.T) {
	t.Parallel()
	r := renderer(t, Options{})
	s := Spec{Radius: 1000, Pins: []Pin{{model.Point{Lat: 0.004}, 0, model.Personal}}}
	seen := map[string]int{}
	for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20, 21, 99, 100, 101, 110, 999} {
		s.Pins[0].Number = n
		file, err := r.PNG(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if before, ok := seen[string(file)]; ok {
			t.Errorf("%d looks like %d", n, before)
		}
		seen[string(file)] = n
	}
}

func TestHere(t *testing.T) {
	picture := drawn(t, renderer(t, Options{}), Spec{Centre: model.Point{Lat: 52.5, Lon: 13.4}, Radius: 3000})
	check(t, picture, "the dot", 400, 314, blue)
	check(t, picture, "its edge", 400, 314-10, white)
}

// haversine is the distance on the ground in metres, on a sphere.
func haversine(a, b model.Point) float64 {
	const rad = math.Pi / 180
	h := func(x float64) float64 { return math.Pow(math.Sin(x*rad/2), 2) }
	return 2 * 6_371_008.8 * math.Asin(math.Sqrt(h(b.Lat-a.Lat)+math.Cos(a.Lat*rad)*math.Cos(b.Lat*rad)*h(b.Lon-a.Lon)))
}

// unproject returns the point below a pixel of a picture whose ring's radius is known to
// reach 246 pixels to the east or, in the far north and south, to the pole.
func unproject(v *view, x, y float64) model.Point {
	worldX, worldY := v.x+(x-400)/v.scale, v.y+(y-314)/v.scale
	return model.Point{Lat: 360/math.Pi*math.Atan(math.Exp(math.Pi*(1-2*worldY))) - 90, Lon: worldX*360 - 180}
}

func TestRingAndScaleAreTrueOnTheGround(t *testing.T) {
	t.Parallel()
	r := renderer(t, Options{})
	for _, lat := range []float64{0, -33.9, 55.75, 77} {
		for _, radius := range []int{50, 700, 5000, 100_000} {
			centre := model.Point{Lat: lat, Lon: 37.6}
			s := Spec{Centre: centre, Radius: radius}
			picture := drawn(t, r, s)
			v := newView(centre, radius)
			what := fmt.Sprintf("%d m at %v°", radius, lat)

			pixel := haversine(unproject(v, 399.5, 314), unproject(v, 400.5, 314))
			for _, way := range []struct {
				name   string
				dx, dy int
			}{{"east", 1, 0}, {"west", -1, 0}, {"north", 0, -1}} {
				at, thick := 0, 0
				for i := 100; i < 270; i++ {
					if is(picture, 400+way.dx*i, 314+way.dy*i, blue) {
						at, thick = at+i, thick+1
					}
				}
				if thick < 2 || thick > 4 {
					t.Fatalf("%s: the ring's line to the %s is %d pixels thick", what, way.name, thick)
				}
				middle := float64(at)/float64(thick) + 0.5 // middle of the pixels
				ground := haversine(centre, unproject(v, 400+float64(way.dx)*middle, 314+float64(way.dy)*middle))
				if math.Abs(ground-float64(radius)) > 1.5*pixel+0.005*float64(radius) {
					t.Errorf("%s: the ring to the %s is %.0f m away", what, way.name, ground)
				}
			}

			length := 0
			for x := 18; is(picture, x, 576, text); x++ {
				length++
			}
			bar := haversine(unproject(v, 400-float64(length)/2, 314), unproject(v, 400+float64(length)/2, 314))
			says := nice(170 * pixel)
			if length < 50 || length > 170 || math.Abs(bar-says) > pixel {
				t.Errorf("%s: a scale bar of %d pixels, %.1f m, says %v m", what, length, bar, says)
			}
		}
	}
}

func TestNiceAndDistance(t *testing.T) {
	for _, c := range []struct {
		most, want float64
		en, ru     string
	}{
		{0.9, 0.5, "0.5 m", "0,5 м"}, {1, 1, "1 m", "1 м"}, {49, 20, "20 m", "20 м"}, {999, 500, "500 m", "500 м"},
		{1000, 1000, "1 km", "1 км"}, {2600, 2000, "2 km", "2 км"}, {99_999, 50_000, "50 km", "50 км"},
	} {
		if got := nice(c.most); got != c.want {
			t.Errorf("nice(%v) = %v, want %v", c.most, got, c.want)
		}
		if en, ru := distance(c.want, "en"), distance(c.want, "ru"); en != c.en || ru != c.ru {
			t.Errorf("%v m: %q, %q", c.want, en, ru)
		}
	}
	if got := distance(2500, "ru"); got != "2,5 км" {
		t.Errorf("%q", got)
	}
}

func TestGround(t *testing.T) {
	picture := drawn(t, renderer(t, Options{}), Spec{Centre: model.Point{Lat: 50.0031, Lon: 10.0033}, Radius: 5000})
	// Which of the four is beside every line of the grid is not known, but one is.
	ground := func(want color.RGBA, points ...image.Point) {
		for _, p := range points {
			if is(picture, p.X, p.Y, want) {
				return
			}
		}
		t.Errorf("no ground of %v at %v", want, points)
	}
	ground(light, image.Pt(330, 250), image.Pt(333, 253), image.Pt(337, 257), image.Pt(341, 261))
	ground(paper, image.Pt(90, 250), image.Pt(93, 253), image.Pt(97, 257), image.Pt(101, 261))
}

func TestDegrees(t *testing.T) {
	for _, c := range []struct {
		least float64
		want  gridStep
	}{
		{0.9, gridStep{1, 5, 0}}, {1.1, gridStep{2, 4, 0}}, {0.021, gridStep{0.05, 5, 2}}, {0.6, gridStep{1, 5, 0}}, {7, gridStep{10, 5, 0}},
	} {
		got := degreeStep(c.least)
		if math.Abs(got.degrees-c.want.degrees) > 1e-12 || got.parts != c.want.parts || got.decimals != c.want.decimals {
			t.Errorf("at least %v°: %+v, want %+v", c.least, got, c.want)
		}
	}
	for _, c := range []struct {
		degrees float64
		decimal int
		want    string
	}{{55.75, 2, "55.75°"}, {-0.1, 1, "−0.1°"}, {-1e-9, 2, "0°"}, {180, 0, "180°"}} {
		if got := degree(c.degrees, gridStep{decimals: c.decimal}); got != c.want {
			t.Errorf("%v: %q, want %q", c.degrees, got, c.want)
		}
	}
}

// Wherever the pins are, no head hides another, the person's place or itself behind the
// picture's edge.
func TestHeadsStayLegible(t *testing.T) {
	centre := model.Point{Lat: 52.52, Lon: 13.405}
	v := newView(centre, 1000)
	crowd := func(n int, at func(i int) model.Point) (pins []Pin) {
		for i := range n {
			pins = append(pins, Pin{at(i), i + 1, model.Personal})
		}
		return pins
	}
	for name, pins := range map[string][]Pin{
		"all here":              crowd(MaxPins, func(int) model.Point { return centre }),
		"all at one place":      crowd(MaxPins, func(int) model.Point { return destination(centre, 700, 1) }),
		"all on the ring's top": crowd(MaxPins, func(int) model.Point { return destination(centre, 1000, 0) }),
		"in a row":              crowd(MaxPins, func(i int) model.Point { return destination(centre, float64(i)*20, 2) }),
		"all at the edge":       crowd(MaxPins, func(int) model.Point { return unproject(v, 2, 300) }),
		"at random":             busySpec(7).Pins,
	} {
		list := marks(v, pins)
		if name != "at random" && len(list) != len(pins) {
			t.Errorf("%s: %d of %d pins are drawn", name, len(list), len(pins))
		}
		for i, a := range list {
			if a.head.x < frame || a.head.x > width-frame || a.head.y < frame || a.head.y > height-frame {
				t.Errorf("%s: a head at %v", name, a.head)
			}
			if d := math.Hypot(a.head.x-centreX, a.head.y-centreY); d < hereGap-3 {
				t.Errorf("%s: a head %.1f pixels from here", name, d)
			}
			for _, b := range list[:i] {
				if d := math.Hypot(a.head.x-b.head.x, a.head.y-b.head.y); d < headGap-3 {
					t.Errorf("%s: two heads %.1f pixels apart", name, d)
				}
				if b.place.y > a.place.y {
					t.Errorf("%s: a southern pin is drawn first", name)
				}
			}
		}
	}
}

func TestDateLine(t *testing.T) {
	t.Parallel()
	r := renderer(t, Options{})
	for _, centre := range []float64{179.995, -179.995, 180, -180} {
		s := Spec{Centre: model.Point{Lon: centre}, Radius: 5000}
		for _, lon := range []float64{179.98, -179.98} {
			s.Pins = []Pin{{model.Point{Lon: lon}, 1, model.Imported}}
			away := math.Remainder(lon-centre, 360) * math.Pi * 6_371_008.8 / 180 * 246 / 5000
			check(t, drawn(t, r, s), fmt.Sprintf("a pin at %v seen from %v", lon, centre), 400+int(math.Round(away)), 310, pinInks[model.Imported])
		}
	}
}

func TestWordsFollowTheLanguage(t *testing.T) {
	r := renderer(t, Options{})
	files := map[string][]byte{}
	for _, lang := range []string{"en", "ru", "de", ""} {
		file, err := r.PNG(t.Context(), Spec{Radius: 1000, Lang: lang})
		if err != nil {
			t.Fatal(err)
		}
		files[lang] = file
	}
	if bytes.Equal(files["en"], files["ru"]) {
		t.Error("Russian looks like English")
	}
	if !bytes.Equal(files["en"], files["de"]) || !bytes.Equal(files["en"], files[""]) {
		t.Error("another language does not look like English")
	}
}

func TestSpecsThatAreRefused(t *testing.T) {
	r := renderer(t, Options{})
	good := busySpec(1)
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(s *Spec){
		"latitude NaN":     func(s *Spec) { s.Centre.Lat = math.NaN() },
		"longitude Inf":    func(s *Spec) { s.Centre.Lon = math.Inf(1) },
		"off the globe":    func(s *Spec) { s.Centre.Lat = 90.1 },
		"no radius":        func(s *Spec) { s.Radius = 0 },
		"huge radius":      func(s *Spec) { s.Radius = MaxRadius + 1 },
		"too many pins":    func(s *Spec) { s.Pins = append(s.Pins, s.Pins[0]) },
		"pin NaN":          func(s *Spec) { s.Pins[3].Lon = math.NaN() },
		"negative number":  func(s *Spec) { s.Pins[3].Number = -1 },
		"number too long":  func(s *Spec) { s.Pins[3].Number = MaxNumber + 1 },
		"kind not known":   func(s *Spec) { s.Pins[3].Kind = "private" },
		"pin beyond globe": func(s *Spec) { s.Pins[3].Lat = -91 },
	} {
		s := busySpec(1)
		spoil(&s)
		if _, err := r.PNG(t.Context(), s); !errors.Is(err, ErrSpec) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s := r.Stats(); s.Failed != 11 || s.Drawn != 0 {
		t.Errorf("%+v", s)
	}
}

func TestKey(t *testing.T) {
	s := busySpec(1)
	key := s.Key()
	if key != busySpec(1).Key() {
		t.Error("equal specs have different keys")
	}
	if (Spec{Lang: "fr"}).Key() != (Spec{Lang: "en"}).Key() {
		t.Error("specs that look the same have different keys")
	}
	for name, change := range map[string]func(s *Spec){
		"centre":     func(s *Spec) { s.Centre.Lat += 0.0001 },
		"radius":     func(s *Spec) { s.Radius++ },
		"lang":       func(s *Spec) { s.Lang = "en" },
		"fewer pins": func(s *Spec) { s.Pins = s.Pins[1:] },
		"place":      func(s *Spec) { s.Pins[2].Lon += 0.0001 },
		"number":     func(s *Spec) { s.Pins[2].Number++ },
		"kind":       func(s *Spec) { s.Pins[2].Kind = kinds[0] },
		"order":      func(s *Spec) { s.Pins[2], s.Pins[3] = s.Pins[3], s.Pins[2] },
	} {
		s := busySpec(1)
		change(&s)
		if s.Key() == key {
			t.Errorf("%s: the key is the same", name)
		}
	}
}

// The key outlives the process, so it must not change unless the look does.
func TestKeyStaysTheSame(t *testing.T) {
	s := Spec{Centre: model.Point{Lat: 55.7558, Lon: 37.6173}, Radius: 5000, Lang: "ru",
		Pins: []Pin{{model.Point{Lat: 55.76, Lon: 37.62}, 1, model.Community}}}
	if got := s.Key(); got != 0x122ff79c3e81c353 {
		t.Errorf("%#x", got)
	}
}

func TestEqualKeysDrawEqualPictures(t *testing.T) {
	r := renderer(t, Options{})
	a := Spec{Centre: model.Point{Lat: 55.7558, Lon: 37.6173}, Radius: 30, Pins: []Pin{{model.Point{Lat: 55.7559, Lon: 37.6174}, 1, model.Personal}}}
	b := a
	b.Centre.Lat += grain / 3
	b.Pins = []Pin{{model.Point{Lat: 55.7559 - grain/3, Lon: 37.6174}, 1, model.Personal}}
	if a.Key() != b.Key() {
		t.Fatal("the keys differ")
	}
	one, err := r.PNG(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := r.PNG(t.Context(), b)
	if err != nil || !bytes.Equal(one, other) {
		t.Errorf("the pictures differ, %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	r := renderer(t, Options{})
	want := map[uint64][]byte{}
	for seed := range uint64(4) {
		file, err := r.PNG(t.Context(), busySpec(seed))
		if err != nil {
			t.Fatal(err)
		}
		want[seed] = file
	}
	var all sync.WaitGroup
	for i := range uint64(16) {
		all.Go(func() {
			file, err := r.PNG(t.Context(), busySpec(i%4))
			if err != nil || !bytes.Equal(file, want[i%4]) {
				t.Errorf("picture %d is another one when drawn beside others: %v", i, err)
			}
		})
	}
	all.Wait()
	if s := r.Stats(); s.Drawn != 20 || s.Drawing != 0 || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
}

func TestDrawingIsBounded(t *testing.T) {
	r := renderer(t, Options{MaxDrawing: 1, MaxWaiting: 1})
	r.slots <- struct{}{} // someone draws
	ctx, cancel := context.WithCancelCause(t.Context())
	waited := make(chan error)
	go func() {
		_, err := r.PNG(ctx, Spec{Radius: 1000})
		waited <- err
	}()
	for deadline := time.Now().Add(5 * time.Second); r.Stats().Waiting != 1; {
		if time.Now().After(deadline) {
			t.Fatal("the second does not wait")
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := r.PNG(t.Context(), Spec{Radius: 1000}); err != ErrBusy {
		t.Errorf("the third: %v", err)
	}
	reason := errors.New("nobody looks any more")
	cancel(reason)
	if err := <-waited; !errors.Is(err, reason) {
		t.Errorf("the second: %v", err)
	}
	<-r.slots
	if _, err := r.PNG(ctx, Spec{Radius: 1000}); !errors.Is(err, reason) {
		t.Errorf("whoever has gone before it begins: %v", err)
	}
	if _, err := r.PNG(t.Context(), Spec{Radius: 1000}); err != nil {
		t.Error(err)
	}
	if s := r.Stats(); s.Busy != 1 || s.Failed != 2 || s.Drawn != 1 || s.MaxDrawing != 1 || s.MaxWaiting != 1 {
		t.Errorf("%+v", s)
	}
}

func FuzzPNG(f *testing.F) {
	r := renderer(f, Options{})
	for _, at := range []model.Point{{Lat: 90}, {Lat: -90, Lon: 180}, {Lat: 85.06, Lon: -180}, {Lat: math.NaN()}, {Lat: 55, Lon: 37}, {Lat: 84.9, Lon: 179.9999}} {
		f.Add(at.Lat, at.Lon, 1, at.Lat, at.Lon, 7)
		f.Add(at.Lat, at.Lon, 100_000, -at.Lat, at.Lon-180, 999)
	}
	f.Fuzz(func(t *testing.T, lat, lon float64, radius int, pinLat, pinLon float64, number int) {
		s := Spec{Centre: model.Point{Lat: lat, Lon: lon}, Radius: radius}
		for i := range 3 {
			s.Pins = append(s.Pins, Pin{model.Point{Lat: pinLat + float64(i)/1000, Lon: pinLon}, number, kinds[i]})
		}
		s.Key()
		if s.check() != nil {
			if _, err := r.PNG(t.Context(), s); !errors.Is(err, ErrSpec) {
				t.Errorf("%v", err)
			}
			return
		}
		drawn(t, r, s)
	})
}

func BenchmarkPNG(b *testing.B) {
	r := renderer(b, Options{})
	for _, pins := range []int{8, MaxPins} {
		b.Run(fmt.Sprintf("%d pins", pins), func(b *testing.B) {
			s := busySpec(1)
			s.Pins = s.Pins[:pins]
			size := 0
			b.ReportAllocs()
			for b.Loop() {
				file, err := r.PNG(b.Context(), s)
				if err != nil {
					b.Fatal(err)
				}
				size = len(file)
			}
			b.ReportMetric(float64(size), "bytes/picture")
		})
	}
}
