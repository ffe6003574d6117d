package timezone

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	tzdata "github.com/ringsaturn/tzf-rel-lite"
	"google.golang.org/protobuf/encoding/protowire"

	"okolo/persistence/model"
)

func finder(t testing.TB) *Finder {
	t.Helper()
	f, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAtCities(t *testing.T) {
	f := finder(t)
	for _, c := range []struct {
		city     string
		lat, lon float64
		want     string
	}{
		{"Moscow", 55.7558, 37.6173, "Europe/Moscow"},
		{"Saint Petersburg", 59.9343, 30.3351, "Europe/Moscow"},
		{"Kaliningrad", 54.7104, 20.4522, "Europe/Kaliningrad"},
		{"Samara", 53.1959, 50.1002, "Europe/Samara"},
		{"Yekaterinburg", 56.8389, 60.6057, "Asia/Yekaterinburg"},
		{"Novosibirsk", 55.0084, 82.9357, "Asia/Novosibirsk"},
		{"Vladivostok", 43.1155, 131.8855, "Asia/Vladivostok"},
		{"Minsk", 53.9006, 27.5590, "Europe/Minsk"},
		{"Almaty", 43.2389, 76.8897, "Asia/Almaty"},
		{"Tbilisi", 41.7151, 44.8271, "Asia/Tbilisi"},
		{"Yerevan", 40.1872, 44.5152, "Asia/Yerevan"},
		{"Belgrade", 44.7866, 20.4489, "Europe/Belgrade"},
		{"Berlin", 52.5200, 13.4050, "Europe/Berlin"},
		{"London", 51.5074, -0.1278, "Europe/London"},
		{"New York", 40.7128, -74.0060, "America/New_York"},
		{"Los Angeles", 34.0522, -118.2437, "America/Los_Angeles"},
		{"Kathmandu", 27.7172, 85.3240, "Asia/Kathmandu"},
		{"Sydney", -33.8688, 151.2093, "Australia/Sydney"},
		{"Buenos Aires", -34.6037, -58.3816, "America/Argentina/Buenos_Aires"},
		{"Honolulu", 21.3069, -157.8583, "Pacific/Honolulu"},
		{"Suva", -18.1248, 178.4501, "Pacific/Fiji"},
		{"Taveuni, beyond the date line", -16.83, -179.97, "Pacific/Fiji"},
		// Pairs of towns that only a border separates.
		{"Narva", 59.3797, 28.1791, "Europe/Tallinn"},
		{"Ivangorod", 59.3746, 28.2200, "Europe/Moscow"},
		{"Strasbourg", 48.5734, 7.7521, "Europe/Paris"},
		{"Kehl", 48.5747, 7.8156, "Europe/Berlin"},
		{"Basel", 47.5596, 7.5886, "Europe/Zurich"},
		{"Haparanda", 65.8355, 24.1368, "Europe/Stockholm"},
		{"Tornio", 65.8481, 24.1466, "Europe/Helsinki"},
		{"Llivia, a Spanish hole in France", 42.4645, 1.9811, "Europe/Madrid"},
		{"Büsingen, a German hole in Switzerland", 47.6967, 8.6900, "Europe/Busingen"},
		{"Maseru, in the hole of South Africa", -29.3151, 27.4869, "Africa/Maseru"},
		{"in a gap of the simplified borders", 51.83570038, -89.99982618, "America/Toronto"},
		// At sea.
		{"Atlantic", 30, -40, "Etc/GMT+3"},
		{"Gulf of Guinea", 0, 0, "Etc/GMT"},
	} {
		if got := f.At(model.Point{Lat: c.lat, Lon: c.lon}); got != c.want {
			t.Errorf("%s: %s, want %s", c.city, got, c.want)
		}
	}
}

func TestAtIsNeverEmptyAndAlwaysLoads(t *testing.T) {
	f := finder(t)
	points := []model.Point{
		{Lat: 90}, {Lat: -90}, {Lon: 180}, {Lon: -180}, {Lat: 90, Lon: 180}, {Lat: -90, Lon: -180},
		{Lat: math.NaN()}, {Lon: math.NaN()}, {Lat: math.Inf(1)}, {Lat: 91}, {Lon: -1e300},
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		points = append(points, model.Point{Lat: random.Float64()*180 - 90, Lon: random.Float64()*360 - 180})
	}
	known := make(map[string]bool)
	for _, p := range points {
		name := f.At(p)
		if known[name] {
			continue
		}
		if _, err := time.LoadLocation(name); err != nil || name == "" {
			t.Fatalf("%v: %q: %v", p, name, err)
		}
		known[name] = true
	}
	if len(known) < 200 {
		t.Errorf("only %d zones on the whole globe", len(known))
	}
}

func TestEveryZoneLoads(t *testing.T) {
	for _, z := range finder(t).zones {
		if _, err := time.LoadLocation(z.name); err != nil {
			t.Errorf("%s: %v", z.name, err)
		}
	}
}

func TestNautical(t *testing.T) {
	for _, c := range []struct {
		lon  float64
		want string
	}{
		{0, "Etc/GMT"}, {7.4, "Etc/GMT"}, {-7.4, "Etc/GMT"}, {8, "Etc/GMT-1"}, {45, "Etc/GMT-3"},
		{-45, "Etc/GMT+3"}, {180, "Etc/GMT-12"}, {-180, "Etc/GMT+12"},
	} {
		got := nautical(c.lon)
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.lon, got, c.want)
		}
		zone, err := time.LoadLocation(got)
		if err != nil {
			t.Fatal(err)
		}
		if _, offset := time.Unix(0, 0).In(zone).Zone(); offset != int(math.Round(c.lon/15))*3600 {
			t.Errorf("%v: %s is %d s off Greenwich", c.lon, got, offset)
		}
	}
}

// However the borders are cut into stretches, the answer is that of every single edge.
func TestStretchesAgreeWithThePlainTest(t *testing.T) {
	f := finder(t)
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		z := &f.zones[random.IntN(len(f.zones))]
		x := z.box.minX + random.Int32N(z.box.maxX-z.box.minX+1)
		y := z.box.minY + random.Int32N(z.box.maxY-z.box.minY+1)
		if got, want := z.contains(x, y), plain(z, x, y); got != want {
			t.Fatalf("%s, %d %d: %v, edge by edge %v", z.name, x, y, got, want)
		}
	}
}

// plain counts every edge of every border, in floating point.
func plain(z *zone, x, y int32) bool {
	inside := false
	for _, s := range z.stretches {
		fromX, fromY := s.x, s.y
		for rest := s.points; len(rest) > 0; {
			var toX, toY int32
			toX, toY, rest = next(rest, fromX, fromY)
			if (fromY > y) != (toY > y) {
				at := float64(fromX) + float64(y-fromY)*float64(toX-fromX)/float64(toY-fromY)
				if at > float64(x) {
					inside = !inside
				}
			}
			fromX, fromY = toX, toY
		}
	}
	return inside
}

// encode packs points as the data does.
func encode(points ...[2]int32) []byte {
	var out []byte
	last := [2]int32{}
	for _, p := range points {
		for axis := range p {
			d := p[axis] - last[axis]
			u := uint32(d<<1) ^ uint32(d>>31)
			for ; u >= more; u >>= group {
				out = append(out, byte(u%more+more+base))
			}
			out = append(out, byte(u+base))
		}
		last = p
	}
	return out
}

// message packs one zone named A with one border as the data does.
func message(method byte, border []byte) []byte {
	field := func(number protowire.Number, value []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), value)
	}
	polygon := field(fieldPolygon, field(fieldPoints, border))
	zone := append(field(fieldName, []byte("A")), polygon...)
	return append([]byte{fieldMethod<<3 | byte(protowire.VarintType), method}, field(fieldZone, zone)...)
}

// square is one degree wide and begins at 0, 0.
var square = encode([2]int32{0, 0}, [2]int32{unit, 0}, [2]int32{unit, unit}, [2]int32{0, unit}, [2]int32{0, 0})

func TestIndexRefusesDamage(t *testing.T) {
	good := message(methodPolyline, square)
	zones, err := index(good)
	if err != nil {
		t.Fatal(err)
	}
	if f := (&Finder{zones: zones}); f.at(0.5, 0.5) != "A" || f.at(0.5, 1.5) != "" || f.at(-0.5, 0.5) != "" {
		t.Error("the square does not hold what it should")
	}
	for name, data := range map[string][]byte{
		"empty":           nil,
		"another method":  message(2, square),
		"cut short":       good[:len(good)-1],
		"half a point":    message(methodPolyline, []byte("???")),
		"half a number":   message(methodPolyline, []byte("???_")),
		"too long":        message(methodPolyline, []byte("??~~~~~~~??")),
		"off the globe":   message(methodPolyline, encode([2]int32{0, 0}, [2]int32{0, 91 * unit})),
		"not a character": message(methodPolyline, []byte("??\x01?")),
	} {
		if _, err := index(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzIndex(f *testing.F) {
	f.Add(tzdata.LiteCompressData[:2000])
	f.Add([]byte{})
	f.Add(message(methodPolyline, square))
	f.Fuzz(func(t *testing.T, data []byte) {
		zones, err := index(data)
		if err != nil {
			return
		}
		for i := range zones {
			zones[i].contains(1000, 1000)
		}
	})
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAt(b *testing.B) {
	f := finder(b)
	for name, p := range map[string]model.Point{
		"moscow": {Lat: 55.7558, Lon: 37.6173},
		"basel":  {Lat: 47.5596, Lon: 7.5886},
		"sea":    {Lat: 30, Lon: -40},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.At(p)
			}
		})
	}
}
