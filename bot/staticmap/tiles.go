package staticmap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // tiles come as JPEG or PNG
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/image/draw"
)

const (
	tileSize = 256 // nominal, in pixels; files may be up to maxTileSide
	maxZoom  = 19  // the deepest that tile servers commonly have
	// Bounds of what a tile server may send: tiles for screens of twice the pixels.
	maxTileSide  = 2 * tileSize
	maxTileBytes = 512 << 10
	// fetchers is the most tiles fetched at a time for one picture.
	fetchers = 8
	// retryTile is how long a tile that failed is left alone, and a server that let a whole
	// picture wait in vain, so that a dead one does not slow down every picture.
	retryTile = 30 * time.Second
)

// errLate ends the fetches of a picture that has waited for its tiles long enough.
var errLate = errors.New("the tile server is slow")

// tiles fetches, keeps and draws the tiles of a server.
type tiles struct {
	template  string
	client    *http.Client
	userAgent string
	timeout   time.Duration
	log       *slog.Logger
	cache     *cache
	pause     atomic.Int64 // until when nothing is fetched, in Unix nanoseconds

	hits, fetches, errors atomic.Uint64
}

// newTiles checks the template and returns the tiles of its server.
func newTiles(o Options) (*tiles, error) {
	if strings.TrimSpace(o.Attribution) == "" {
		return nil, errors.New("tiles need an attribution")
	}
	t := &tiles{template: o.Tiles, client: o.Client, userAgent: o.UserAgent, timeout: o.TileTimeout, log: o.Logger}
	for _, place := range []string{"{z}", "{x}", "{y}"} {
		if !strings.Contains(o.Tiles, place) {
			return nil, fmt.Errorf("the template of the tiles has no %s", place)
		}
	}
	address, err := url.Parse(t.url(tileID{}))
	if err != nil || (address.Scheme != "http" && address.Scheme != "https") || address.Host == "" ||
		strings.ContainsAny(t.url(tileID{}), "{}") {
		return nil, errors.New("the template of the tiles is not an HTTP address with {z}, {x} and {y}")
	}
	if t.client == nil {
		t.client = http.DefaultClient
	}
	if t.userAgent == "" {
		t.userAgent = "okolo"
	}
	if t.timeout <= 0 {
		t.timeout = 4 * time.Second
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = 16 << 20
	}
	if t.cache, err = newCache(o.CacheBytes); err != nil {
		return nil, err
	}
	return t, nil
}

// draw paints the tiles that come in time, and reports whether all did. It fails only if ctx
// ends.
func (t *tiles) draw(ctx context.Context, onto *trueColour, v *view) (whole bool, err error) {
	wanted := cover(v)
	files := t.files(ctx, wanted)
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	whole = true
	for i, file := range files { // decoded one by one: pixels take more memory than files
		tile, err := decode(file)
		if err != nil { // it did not come: those that came were decoded before they were kept
			whole = false
			continue
		}
		draw.ApproxBiLinear.Scale(onto.RGBA, wanted[i].at, tile, tile.Bounds(), draw.Over, nil)
	}
	return whole, nil
}

// files returns the wanted tiles, nil for those that do not come in time. A server of which
// none came in time is left alone for a while.
func (t *tiles) files(ctx context.Context, wanted []placed) [][]byte {
	ctx, cancel := context.WithTimeoutCause(ctx, t.timeout, errLate)
	defer cancel()
	files := make([][]byte, len(wanted))
	var next, came atomic.Int64
	var group sync.WaitGroup
	for range min(fetchers, len(wanted)) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(wanted); i = int(next.Add(1)) - 1 {
				if files[i] = t.file(ctx, wanted[i].id); files[i] != nil {
					came.Add(1)
				}
			}
		})
	}
	group.Wait()
	if came.Load() == 0 && errors.Is(context.Cause(ctx), errLate) {
		t.pause.Store(time.Now().Add(retryTile).UnixNano())
	}
	return files
}

// placed is a tile and where it belongs on the picture.
type placed struct {
	id tileID
	at image.Rectangle
}

// cover returns the tiles of the picture, at the zoom whose pixels are nearest to its own.
func cover(v *view) []placed {
	z := int(min(max(math.Round(math.Log2(v.scale/tileSize)), 0), maxZoom))
	n := 1 << z
	side := v.scale / float64(n) // of a tile on the picture
	left, top := centreX-v.x*v.scale, centreY-v.y*v.scale
	var list []placed
	for y := max(0, int(math.Floor(-top/side))); y < n && top+float64(y)*side < height; y++ {
		for x := int(math.Floor(-left / side)); left+float64(x)*side < width; x++ {
			x0, y0 := left+float64(x)*side, top+float64(y)*side
			list = append(list, placed{
				tileID{z, ((x % n) + n) % n, y},
				image.Rect(int(math.Round(x0)), int(math.Round(y0)), int(math.Round(x0+side)), int(math.Round(y0+side))),
			})
		}
	}
	return list
}

// file returns a tile, or nil if it cannot be had now.
func (t *tiles) file(ctx context.Context, id tileID) []byte {
	now := time.Now()
	if e, ok := t.cache.get(id, now); ok {
		t.hits.Add(1)
		return e.file
	}
	if now.UnixNano() < t.pause.Load() {
		return nil
	}
	return t.load(ctx, id)
}

// load fetches a tile and keeps it, or that it failed.
func (t *tiles) load(ctx context.Context, id tileID) []byte {
	t.fetches.Add(1)
	file, err := t.fetch(ctx, id)
	if err == nil {
		t.cache.put(id, entry{file: file})
		return file
	}
	t.errors.Add(1)
	t.log.Debug("a map tile is missing", "z", id.z, "x", id.x, "y", id.y, "error", err)
	// That nobody waits for the picture any more is no fault of the tile.
	if ctx.Err() == nil || errors.Is(context.Cause(ctx), errLate) {
		t.cache.put(id, entry{until: time.Now().Add(retryTile)})
	}
	return nil
}

// fetch gets the file of a tile and checks that it is one.
func (t *tiles) fetch(ctx context.Context, id tileID) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url(id), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", t.userAgent)
	response, err := t.client.Do(request)
	if err != nil {
		if failure := (*url.Error)(nil); errors.As(err, &failure) {
			err = failure.Err // without the address, which may hold a key
		}
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %d", response.StatusCode)
	}
	file, err := io.ReadAll(io.LimitReader(response.Body, maxTileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(file) > maxTileBytes {
		return nil, fmt.Errorf("more than %d bytes", maxTileBytes)
	}
	if _, err := decode(file); err != nil {
		return nil, err
	}
	return bytes.Clone(file), nil // as large as it is; ReadAll's may be twice that
}

// decode reads a tile that is not larger than one may be.
func decode(file []byte) (image.Image, error) {
	header, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("not a picture: %w", err)
	}
	if header.Width < 1 || header.Height < 1 || header.Width > maxTileSide || header.Height > maxTileSide {
		return nil, fmt.Errorf("%d by %d pixels", header.Width, header.Height)
	}
	tile, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("a damaged picture: %w", err)
	}
	return tile, nil
}

// url returns the address of a tile.
func (t *tiles) url(id tileID) string {
	return strings.NewReplacer("{z}", strconv.Itoa(id.z), "{x}", strconv.Itoa(id.x), "{y}", strconv.Itoa(id.y)).Replace(t.template)
}
