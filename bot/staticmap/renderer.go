// Package staticmap draws the map picture of a search: numbered pins, "you are here", the
// ring of the radius and a scale bar, north up.
//
// It knows points on the globe and, if told of a tile server, how to fetch and keep its
// tiles. Without one it draws the degrees of the globe and says that the map is schematic;
// it never invents a street. It knows neither Telegram nor the database nor what an event is
// beyond its kind.
//
// Pictures are 800 by 600 pixels, made for the screen of a phone, and PNG files of less than
// [MaxBytes]. A schematic one takes about 1.5 ms of one core, so that every press of a button
// may have its own.
package staticmap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
)

// MaxBytes bounds the size of a picture.
const MaxBytes = 200_000

// letters that labels are made of. The attribution of a tile server may have any of these.
const letters = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~" +
	"©®°·–—−«»" + "ÄÅÇÉÖØÜßàáâäåçèéêëíïñóôöøúüŁłŚśŠšŽžČčĆć" +
	"АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюяІіЇїЄєЎў"

// ErrBusy: as many pictures as may wait are waiting.
var ErrBusy = errors.New("too many pictures are being drawn")

// Options configure a [Renderer]. A number of 0 takes its default.
type Options struct {
	// Tiles is the URL template of a tile server, with {z}, {x} and {y}; empty: none.
	Tiles string
	// Attribution says whose the tiles are. It is drawn, and required with Tiles; about 60
	// letters have room.
	Attribution string
	// Client fetches tiles; default http.DefaultClient. Fetches are bounded in time also
	// without a timeout of the client's.
	Client *http.Client
	// UserAgent names the program to the tile server; default "okolo".
	UserAgent string
	// CacheBytes bounds the memory for tiles, as they came; default 16 MB.
	CacheBytes int
	// TileTimeout bounds how long one picture waits for its tiles; default 4 s.
	TileTimeout time.Duration
	MaxDrawing  int          // most pictures drawn at a time; default 2
	MaxWaiting  int          // most pictures that wait; default 100
	Logger      *slog.Logger // default: none
}

// Renderer draws pictures. It is safe for concurrent use.
type Renderer struct {
	tiles       *tiles // nil: none
	attribution string

	label, small        *typeface
	digits, smallDigits *typeface
	shadow              blur

	slots      chan struct{} // as many as may draw
	maxWaiting int64
	waiting    atomic.Int64
	drawn      atomic.Uint64
	failed     atomic.Uint64
	busy       atomic.Uint64
	canvases   sync.Pool // of *canvas
}

// New returns a renderer. It fails if the template of the tiles is not one, or if their
// attribution cannot be drawn.
func New(o Options) (*Renderer, error) {
	if o.MaxDrawing <= 0 {
		o.MaxDrawing = 2
	}
	if o.MaxWaiting <= 0 {
		o.MaxWaiting = 100
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Renderer{
		attribution: o.Attribution,
		shadow:      newBlur(headRadius+outline, 5),
		slots:       make(chan struct{}, o.MaxDrawing),
		maxWaiting:  int64(o.MaxWaiting),
		canvases:    sync.Pool{New: func() any { return &canvas{surface: newSurface(o.Tiles != "")} }},
	}
	for _, f := range []struct {
		face    **typeface
		ttf     []byte
		size    float64
		letters string
	}{
		{&r.label, gomedium.TTF, 20, letters},
		{&r.small, goregular.TTF, 16, letters},
		{&r.digits, gobold.TTF, 23, "?0123456789"},
		{&r.smallDigits, gobold.TTF, 17, "?0123456789"},
	} {
		face, err := newTypeface(f.ttf, f.size, f.letters)
		if err != nil {
			return nil, err
		}
		*f.face = face
	}
	if o.Tiles != "" {
		tiles, err := newTiles(o)
		if err != nil {
			return nil, err
		}
		if r.small.width(o.Attribution) > noteMost {
			return nil, errors.New("the attribution of the tiles is too long for the picture")
		}
		r.tiles = tiles
	}
	return r, nil
}

// newSurface returns a surface for pictures on tiles, or for plain ones.
func newSurface(tiled bool) surface {
	if tiled {
		return newTrueColour()
	}
	return &indexed{}
}

// Picture is a drawn map.
type Picture struct {
	PNG []byte
	// Whole is false where tiles are missing: the same spec may draw a better one later.
	Whole bool
}

// PNG draws a picture and returns its file; see [Renderer.Draw].
func (r *Renderer) PNG(ctx context.Context, s Spec) ([]byte, error) {
	p, err := r.Draw(ctx, s)
	return p.PNG, err
}

// Draw draws a picture. It fails with [ErrSpec], with [ErrBusy], or because ctx ended.
// Tiles that do not come are left out.
func (r *Renderer) Draw(ctx context.Context, s Spec) (Picture, error) {
	if err := s.check(); err != nil {
		r.failed.Add(1)
		return Picture{}, err
	}
	if ctx.Err() != nil {
		r.failed.Add(1)
		return Picture{}, fmt.Errorf("draw a map: %w", context.Cause(ctx))
	}
	if err := r.enter(ctx); err != nil {
		return Picture{}, err
	}
	defer func() { <-r.slots }()
	c := r.canvases.Get().(*canvas)
	defer r.canvases.Put(c)
	whole, err := r.draw(ctx, c, s)
	if err != nil {
		r.failed.Add(1)
		return Picture{}, fmt.Errorf("draw a map: %w", err)
	}
	file, err := c.encode()
	if err != nil {
		r.failed.Add(1)
		return Picture{}, fmt.Errorf("encode a map: %w", err)
	}
	r.drawn.Add(1)
	return Picture{PNG: file, Whole: whole}, nil
}

// enter waits for a slot.
func (r *Renderer) enter(ctx context.Context) error {
	select {
	case r.slots <- struct{}{}:
		return nil
	default:
	}
	if r.waiting.Add(1) > r.maxWaiting {
		r.waiting.Add(-1)
		r.busy.Add(1)
		return ErrBusy
	}
	defer r.waiting.Add(-1)
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		r.failed.Add(1)
		return fmt.Errorf("wait to draw a map: %w", context.Cause(ctx))
	}
}

// draw paints the picture, from the ground up, and reports whether no tile is missing.
func (r *Renderer) draw(ctx context.Context, c *canvas, s Spec) (whole bool, err error) {
	whole = true
	lang := s.lang()
	v := newView(rounded(s.Centre), s.Radius)
	if r.tiles == nil {
		r.drawSchematic(c, v)
		r.drawDegrees(c, v)
	} else {
		c.clear(paper)
		if whole, err = r.tiles.draw(ctx, c.surface.(*trueColour), v); err != nil {
			return false, err
		}
		c.fill(v.ring, tint)
	}
	r.drawRing(c, v)
	r.drawScale(c, v, lang)
	r.drawNorth(c, lang)
	r.drawRadius(c, v, s)
	if r.tiles == nil {
		r.drawNote(c, words[lang].schematic)
	} else {
		r.drawNote(c, r.attribution)
	}
	r.drawHere(c)
	r.drawPins(c, marks(v, s.Pins))
	return whole, nil
}
