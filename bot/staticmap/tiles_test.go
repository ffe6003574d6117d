package staticmap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"okolo/persistence/model"
)

// tileServer serves tiles in a colour of their own, or what answer does for one.
type tileServer struct {
	address string
	answer  func(w http.ResponseWriter, r *http.Request, id tileID) bool

	mu       sync.Mutex
	asked    map[tileID]int
	now, top int // requests at a time
	agent    string
}

func newTileServer(t *testing.T) *tileServer {
	s := &tileServer{asked: map[tileID]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.address = server.URL + "/{z}/{x}/{y}.png"
	return s
}

func (s *tileServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var id tileID
	if _, err := fmt.Sscanf(r.URL.Path, "/%d/%d/%d.png", &id.z, &id.x, &id.y); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.asked[id]++
	s.now++
	s.top = max(s.top, s.now)
	s.agent = r.UserAgent()
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.now--
		s.mu.Unlock()
	}()
	if s.answer == nil || !s.answer(w, r, id) {
		_, _ = w.Write(tileFiles[id.x%3][id.y%3]())
	}
}

// requests returns how often the server was asked, and for how many tiles.
func (s *tileServer) requests() (all, tiles int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.asked {
		all += n
	}
	return all, len(s.asked)
}

// tileFiles are the tiles by what their colour depends on.
var tileFiles = func() (files [3][3]func() []byte) {
	for x := range files {
		for y := range files[x] {
			files[x][y] = sync.OnceValue(func() []byte { return tile(tileColour(tileID{x: x, y: y}), tileSize) })
		}
	}
	return files
}()

// tileColour tells a tile from its neighbours.
func tileColour(id tileID) color.RGBA {
	return color.RGBA{uint8(100 + id.x%3*60), uint8(100 + id.y%3*60), 120, 255}
}

// tile returns the file of a tile in one colour.
func tile(c color.RGBA, side int) []byte { return picture(side, side, png.DefaultCompression, c) }

// picture returns a PNG file whose pixels have the given colours in turn.
func picture(width, height int, level png.CompressionLevel, colours ...color.RGBA) []byte {
	p := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		c := colours[i%len(colours)]
		p.Pix[4*i], p.Pix[4*i+1], p.Pix[4*i+2], p.Pix[4*i+3] = c.R, c.G, c.B, c.A
	}
	var file bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: level}).Encode(&file, p); err != nil {
		panic(err)
	}
	return file.Bytes()
}

// tiled returns a renderer with the tiles of a server, for which it has patience.
func tiled(t *testing.T, s *tileServer, o Options) *Renderer {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	if o.TileTimeout == 0 {
		o.TileTimeout = time.Minute
	}
	o.Tiles, o.Attribution, o.Client = s.address, "© somebody", &http.Client{Transport: transport}
	return renderer(t, o)
}

var berlin = Spec{Centre: model.Point{Lat: 52.52, Lon: 13.405}, Radius: 2000}

// bare are pixels on which nothing but the ground is drawn, outside the ring.
var bare = []image.Point{{30, 120}, {30, 300}, {60, 450}, {770, 150}, {770, 320}, {740, 480}, {230, 30}, {620, 40}, {620, 590}}

func TestTilesAreDrawnInTheirPlace(t *testing.T) {
	t.Parallel()
	server := newTileServer(t)
	r := tiled(t, server, Options{UserAgent: "okolo-test/1"})
	picture := drawn(t, r, berlin)
	v := newView(berlin.Centre, berlin.Radius)
	for _, at := range bare {
		// The tile below a pixel, worked out from its latitude and longitude.
		p := unproject(v, float64(at.X)+0.5, float64(at.Y)+0.5)
		x, y := world(p)
		z := cover(v)[0].id.z
		n := float64(int(1) << z)
		id := tileID{z, int(x * n), int(y * n)}
		check(t, picture, fmt.Sprintf("tile %v", id), at.X, at.Y, tileColour(id))
	}
	if zoom := cover(v)[0].id.z; zoom != 14 {
		t.Errorf("zoom %d", zoom)
	}
	all, tiles := server.requests()
	if all != tiles || server.agent != "okolo-test/1" {
		t.Errorf("%d requests for %d tiles by %q", all, tiles, server.agent)
	}

	drawn(t, r, berlin)
	if again, _ := server.requests(); again != all {
		t.Errorf("%d tiles were fetched twice", again-all)
	}
	if s := r.Stats(); s.Tiles != tiles || s.TileHits != uint64(tiles) || s.TileFetches != uint64(tiles) || s.TileErrors != 0 || s.TileBytes <= 0 {
		t.Errorf("%+v", s)
	}
}

func TestJPEGAndLargeTiles(t *testing.T) {
	t.Parallel()
	server := newTileServer(t)
	server.answer = func(w http.ResponseWriter, _ *http.Request, id tileID) bool {
		if (id.x+id.y)%2 == 0 {
			_, _ = w.Write(tile(tileColour(id), 2*tileSize))
			return true
		}
		_ = jpeg.Encode(w, image.NewGray(image.Rect(0, 0, tileSize, tileSize)), nil)
		return true
	}
	r := tiled(t, server, Options{})
	drawn(t, r, berlin)
	if s := r.Stats(); s.TileErrors != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAttributionIsDrawn(t *testing.T) {
	t.Parallel()
	server := newTileServer(t)
	r := tiled(t, server, Options{})
	with := drawn(t, r, berlin)
	r.attribution = ""
	without := drawn(t, r, berlin)
	differ := 0
	for y := range height {
		for x := range width {
			if !is(with, x, y, color.RGBAModel.Convert(without.At(x, y)).(color.RGBA)) {
				differ++
				if x < 500 || y < 540 {
					t.Fatalf("a difference at %d, %d", x, y)
				}
			}
		}
	}
	if differ < 300 {
		t.Errorf("the attribution changes %d pixels", differ)
	}
}

// failing says which tiles of a picture fail in the tests.
func failing(id tileID) bool { return id.x%2 == 0 }

// A picture has plain ground for the tiles that failed, and the tile server is left alone
// for a while.
func TestMissingTilesArePlainGround(t *testing.T) {
	t.Parallel()
	server := newTileServer(t)
	server.answer = func(w http.ResponseWriter, _ *http.Request, id tileID) bool {
		if failing(id) {
			w.WriteHeader(http.StatusNotFound)
		}
		return failing(id)
	}
	r := tiled(t, server, Options{})
	picture := drawn(t, r, berlin)
	plain := 0
	for _, at := range bare {
		for _, p := range cover(newView(berlin.Centre, berlin.Radius)) {
			switch {
			case !at.In(p.at):
			case failing(p.id):
				check(t, picture, "a tile that failed", at.X, at.Y, paper)
				plain++
			default:
				check(t, picture, "a tile that came", at.X, at.Y, tileColour(p.id))
			}
		}
	}
	if plain == 0 || plain == len(bare) {
		t.Errorf("%d of %d tiles failed", plain, len(bare))
	}
	before, _ := server.requests()
	drawn(t, r, berlin)
	if after, _ := server.requests(); after != before {
		t.Errorf("%d failed tiles were fetched again at once", after-before)
	}
	if p, err := r.Draw(t.Context(), berlin); err != nil || p.Whole {
		t.Errorf("a picture that lacks tiles is whole, %v", err)
	}
	if s := r.Stats(); s.TileErrors == 0 || s.TileErrors >= s.TileFetches || s.Drawn != 3 {
		t.Errorf("%+v", s)
	}
}

// Whatever a tile server does to one tile, it is a tile that failed, and no more.
func TestTilesThatFail(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"broken": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"not a picture": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<html>"))
		},
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(tile(blue, tileSize)[:60])
		},
		"too many bytes": func(w http.ResponseWriter, _ *http.Request) {
			file := tile(blue, tileSize)
			_, _ = w.Write(append(file, make([]byte, maxTileBytes)...))
		},
		"too wide": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(picture(maxTileSide+1, 4, png.DefaultCompression, blue))
		},
		"too high": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(picture(4, maxTileSide+1, png.DefaultCompression, blue))
		},
		"connection cut": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"too slow":       func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newTileServer(t)
			server.answer = func(w http.ResponseWriter, r *http.Request, id tileID) bool {
				if failing(id) {
					answer(w, r)
				}
				return failing(id)
			}
			r := tiled(t, server, Options{})
			ctx := t.Context()
			if name == "too slow" {
				short, cancel := context.WithTimeoutCause(ctx, 50*time.Millisecond, errLate)
				defer cancel()
				ctx = short
			}
			for range 2 {
				if r.tiles.file(ctx, tileID{3, 2, 1}) != nil {
					t.Error("there is a tile")
				}
			}
			if r.tiles.file(t.Context(), tileID{3, 1, 1}) == nil {
				t.Error("the next tile is missing")
			}
			if s := r.Stats(); s.TileFetches != 2 || s.TileErrors != 1 || s.TileHits != 1 || s.Tiles != 2 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// An answer without end is hung up on, not read.
func TestEndlessTile(t *testing.T) {
	t.Parallel()
	const plenty = 64 << 20 // more than any socket buffers
	sent := make(chan int, 1)
	server := newTileServer(t)
	server.answer = func(w http.ResponseWriter, _ *http.Request, _ tileID) bool {
		chunk, n := make([]byte, 64<<10), 0
		for n < plenty {
			if _, err := w.Write(chunk); err != nil {
				break
			}
			n += len(chunk)
		}
		sent <- n
		return true
	}
	r := tiled(t, server, Options{})
	if r.tiles.file(t.Context(), tileID{3, 2, 1}) != nil {
		t.Error("there is a tile")
	}
	if n := <-sent; n >= plenty {
		t.Errorf("%d bytes were taken", n)
	}
}

// hanging is a tile server that does not answer while hangs is true.
func hanging(t *testing.T) (server *tileServer, hangs *atomic.Bool) {
	hangs = new(atomic.Bool)
	hangs.Store(true)
	server = newTileServer(t)
	server.answer = func(_ http.ResponseWriter, r *http.Request, _ tileID) bool {
		if !hangs.Load() {
			return false
		}
		<-r.Context().Done()
		return true
	}
	return server, hangs
}

// A picture does not wait for a tile server that hangs, and the next ones, of other places,
// do not even ask until it has had time to recover.
func TestTileTimeout(t *testing.T) {
	t.Parallel()
	server, hangs := hanging(t)
	r := tiled(t, server, Options{TileTimeout: 50 * time.Millisecond})
	place := func(lon float64) Spec { return Spec{Centre: model.Point{Lat: 52.52, Lon: lon}, Radius: 2000} }
	drawn(t, r, place(0))
	// Where the machine is busy, the picture may have ended before its requests arrived.
	before := r.Stats().TileFetches
	drawn(t, r, place(1))
	if after := r.Stats().TileFetches; before == 0 || after != before {
		t.Errorf("%d fetches, then %d", before, after)
	}

	hangs.Store(false)
	r.tiles.timeout = time.Minute
	r.tiles.pause.Store(time.Now().UnixNano())
	if is(drawn(t, r, place(1)), bare[0].X, bare[0].Y, paper) {
		t.Error("tiles that were not asked for count as failed")
	}
}

// A caller in a hurry says nothing about the tile server.
func TestHurryIsNoFailureOfTiles(t *testing.T) {
	t.Parallel()
	server, hangs := hanging(t)
	r := tiled(t, server, Options{})
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := r.PNG(short, berlin); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	hangs.Store(false)
	if is(drawn(t, r, berlin), bare[0].X, bare[0].Y, paper) {
		t.Error("the tiles count as failed")
	}
}

// The address of a tile server may hold a key.
func TestLogHasNoAddress(t *testing.T) {
	t.Parallel()
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	var lines bytes.Buffer
	r := renderer(t, Options{
		Tiles: dead.URL + "/{z}/{x}/{y}?key=secret", Attribution: "© somebody",
		Logger: slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	drawn(t, r, berlin)
	if got := lines.String(); !strings.Contains(got, "a map tile is missing") || strings.Contains(got, "secret") {
		t.Errorf("the log says %s", got)
	}
}

func TestFailedTilesAreTriedAgain(t *testing.T) {
	c, err := newCache(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c.put(tileID{1, 0, 0}, entry{until: now.Add(retryTile)})
	if _, ok := c.get(tileID{1, 0, 0}, now.Add(retryTile-time.Second)); !ok {
		t.Error("the failure is forgotten early")
	}
	if _, ok := c.get(tileID{1, 0, 0}, now.Add(retryTile)); ok {
		t.Error("the failure is remembered too long")
	}
}

// A picture nobody waits for any more is given up, and that is no failure of its tiles.
func TestNobodyWaitsForTiles(t *testing.T) {
	server := newTileServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	server.answer = func(_ http.ResponseWriter, r *http.Request, _ tileID) bool {
		if ctx.Err() != nil {
			return false
		}
		cancel()
		<-r.Context().Done()
		return true
	}
	r := tiled(t, server, Options{})
	if _, err := r.PNG(ctx, berlin); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	picture := drawn(t, r, berlin)
	if is(picture, bare[0].X, bare[0].Y, paper) {
		t.Error("the tiles count as failed")
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	const bound = 8000
	server := newTileServer(t)
	r := tiled(t, server, Options{CacheBytes: bound})
	for i := range 5 {
		s := berlin
		s.Centre.Lon += float64(i)
		drawn(t, r, s)
		got := r.Stats()
		if got.TileBytes > bound || got.MaxTileBytes != bound {
			t.Fatalf("%+v", got)
		}
		sum := 0
		for _, e := range r.tiles.cache.lru.Values() {
			sum += entryBytes + len(e.file)
		}
		if sum != got.TileBytes || sum < bound/2 {
			t.Fatalf("%d bytes are counted, %d are there", got.TileBytes, sum)
		}
	}
	if all, _ := server.requests(); all*entryBytes < 2*bound {
		t.Errorf("%d tiles do not fill the cache", all)
	}
}

func TestCacheKeepsWhatWasUsedLast(t *testing.T) {
	c, err := newCache(3 * (entryBytes + 10))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for x := range 3 {
		c.put(tileID{5, x, 0}, entry{file: make([]byte, 10)})
	}
	c.put(tileID{5, 1, 0}, entry{file: make([]byte, 10)}) // the same again
	c.get(tileID{5, 0, 0}, now)
	c.put(tileID{5, 3, 0}, entry{file: make([]byte, 10)})
	for x, want := range []bool{true, true, false, true} {
		if _, ok := c.get(tileID{5, x, 0}, now); ok != want {
			t.Errorf("tile %d is kept: %v", x, ok)
		}
	}
	c.put(tileID{5, 9, 0}, entry{file: make([]byte, 10_000)}) // larger than all of it
	if n, size := c.size(); n != 3 || size != c.bound {
		t.Errorf("%d tiles, %d bytes", n, size)
	}
}

// Noise does not compress. The picture loses colours instead.
func TestNoisyTilesStayInTheBound(t *testing.T) {
	t.Parallel()
	server := newTileServer(t)
	server.answer = func(w http.ResponseWriter, _ *http.Request, id tileID) bool {
		random := rand.New(rand.NewPCG(uint64(id.x), uint64(id.y)))
		const side = tileSize / 2
		noise := make([]color.RGBA, side*side)
		for i := range noise {
			n := random.Uint32()
			noise[i] = color.RGBA{uint8(n), uint8(n >> 8), uint8(n >> 16), 255}
		}
		_, _ = w.Write(picture(side, side, png.NoCompression, noise...))
		return true
	}
	r := tiled(t, server, Options{})
	drawn(t, r, berlin)
	if s := r.Stats(); s.TileErrors != 0 {
		t.Errorf("%+v", s)
	}
}

func TestFetchesAtATimeAreBounded(t *testing.T) {
	t.Parallel()
	server := newTileServer(t)
	server.answer = func(http.ResponseWriter, *http.Request, tileID) bool {
		time.Sleep(20 * time.Millisecond) // long enough for all that may come
		return false
	}
	drawn(t, tiled(t, server, Options{}), berlin)
	if all, _ := server.requests(); all <= fetchers || server.top < 2 || server.top > fetchers {
		t.Errorf("%d requests, %d at a time", all, server.top)
	}
}

func TestTilesAtTheEdgesOfTheWorld(t *testing.T) {
	for _, s := range []Spec{
		{Centre: model.Point{Lon: 180}, Radius: 100_000}, {Centre: model.Point{Lon: -179.99}, Radius: 500},
		{Centre: model.Point{Lat: 90}, Radius: 100_000}, {Centre: model.Point{Lat: -90, Lon: 180}, Radius: 100_000},
		{Centre: model.Point{Lat: 84.5}, Radius: 80_000}, {Centre: model.Point{Lat: 52}, Radius: 1}, berlin,
	} {
		v := newView(s.Centre, s.Radius)
		area := 0
		for _, p := range cover(v) {
			if n := 1 << p.id.z; p.id.z > maxZoom || p.id.x < 0 || p.id.x >= n || p.id.y < 0 || p.id.y >= n {
				t.Errorf("%v: there is no tile %v", s.Centre, p.id)
			}
			seen := p.at.Intersect(image.Rect(0, 0, width, height))
			area += seen.Dx() * seen.Dy()
		}
		// The world's upper and lower ends, where they are on the picture.
		top, bottom := max(0, centreY-v.y*v.scale), min(height, centreY+(1-v.y)*v.scale)
		if want := width * int(math.Round(bottom)-math.Round(top)); area != want {
			t.Errorf("%v: the tiles cover %d pixels of %d", s.Centre, area, want)
		}
	}
}

func TestTilesThatAreRefused(t *testing.T) {
	for _, o := range []Options{
		{Tiles: "https://tiles.example/{z}/{x}/{y}.png"}, // whose?
		{Tiles: "https://tiles.example/{z}/{x}/{y}.png", Attribution: " "},
		{Tiles: "https://tiles.example/{z}/{x}.png", Attribution: "a"},
		{Tiles: "https://{s}.tiles.example/{z}/{x}/{y}.png", Attribution: "a"},
		{Tiles: "file:///{z}/{x}/{y}.png", Attribution: "a"},
		{Tiles: "tiles.example/{z}/{x}/{y}.png", Attribution: "a"},
		{Tiles: "https:///{z}/{x}/{y}.png", Attribution: "a"},
		{Tiles: "https://tiles.example/{z}/{x}/{y}.png", Attribution: strings.Repeat("© somebody, ", 10)},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%q by %q is taken", o.Tiles, o.Attribution)
		}
	}
	if _, err := New(Options{Tiles: "https://tiles.example/{z}/{x}/{y}.png?key=a", Attribution: "a"}); err != nil {
		t.Error(err)
	}
}

func BenchmarkPNGTiles(b *testing.B) {
	file := tile(color.RGBA{200, 220, 200, 255}, tileSize)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(file) }))
	defer server.Close()
	r := renderer(b, Options{Tiles: server.URL + "/{z}/{x}/{y}", Attribution: "© somebody", Client: server.Client()})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.PNG(b.Context(), busySpec(1)); err != nil {
			b.Fatal(err)
		}
	}
}
