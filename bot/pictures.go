package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/mymmrac/telego"
	tu "github.com/mymmrac/telego/telegoutil"

	"okolo/bot/staticmap"
	"okolo/bot/ui"
)

// picturesKept is how many uploaded pictures are remembered, by file id; the pictures
// themselves are not kept. An entry takes about 150 bytes.
const picturesKept = 5000

// errNoPicture is the error of a map that could not be drawn.
var errNoPicture = errors.New("draw the map")

// pictures draws maps, and has Telegram show one again that was uploaded before.
type pictures struct {
	maps   *staticmap.Renderer
	ids    *lru.Cache[uint64, string]
	reused atomic.Uint64
}

func newPictures(maps *staticmap.Renderer) (*pictures, error) {
	ids, err := lru.New[uint64, string](picturesKept)
	if err != nil {
		return nil, fmt.Errorf("make the memory of pictures: %w", err)
	}
	return &pictures{maps: maps, ids: ids}, nil
}

// use calls with with the picture of m: as a file id where it was uploaded before, drawn
// afresh otherwise, and also where the server has forgotten the file. with returns the file
// id under which the server keeps the picture.
func (p *pictures) use(ctx context.Context, m ui.Map, with func(telego.InputFile) (string, error)) error {
	spec := specOf(m)
	key := spec.Key()
	if id, ok := p.ids.Get(key); ok {
		_, err := with(tu.FileFromID(id))
		if err == nil {
			p.reused.Add(1)
		}
		if !isBadFile(err) {
			return err
		}
		p.ids.Remove(key)
	}
	picture, err := p.maps.Draw(ctx, spec)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoPicture, err)
	}
	id, err := with(tu.File(tu.NameReader(bytes.NewReader(picture.PNG), "map.png")))
	if err == nil && id != "" && picture.Whole {
		p.ids.Add(key, id)
	}
	return err
}

func specOf(m ui.Map) staticmap.Spec {
	s := staticmap.Spec{Centre: m.Centre, Radius: m.Radius, Lang: m.Lang}
	for _, p := range m.Pins {
		s.Pins = append(s.Pins, staticmap.Pin{Point: p.Point, Number: p.Number, Kind: p.Kind})
	}
	return s
}
