package staticmap

// Stats says what a [Renderer] holds and has done.
type Stats struct {
	Drawing    int `json:"drawing"`     // pictures being drawn
	MaxDrawing int `json:"max_drawing"` // its bound
	Waiting    int `json:"waiting"`     // pictures that wait to be drawn
	MaxWaiting int `json:"max_waiting"` // its bound
	Tiles      int `json:"tiles"`       // in the cache, those remembered as failed included
	TileBytes  int `json:"tile_bytes"`  // that they take
	// MaxTileBytes is its bound; 0 without a tile server.
	MaxTileBytes int `json:"max_tile_bytes"`

	// Counted since the start.
	Drawn       uint64 `json:"drawn"`
	Failed      uint64 `json:"failed"`    // pictures refused, or given up because nobody waited any more
	Busy        uint64 `json:"busy"`      // pictures turned away
	TileHits    uint64 `json:"tile_hits"` // tiles found in the cache
	TileFetches uint64 `json:"tile_fetches"`
	TileErrors  uint64 `json:"tile_errors"` // fetches that brought no tile
}

// Stats returns the present figures.
func (r *Renderer) Stats() Stats {
	s := Stats{
		Drawing:    len(r.slots),
		MaxDrawing: cap(r.slots),
		Waiting:    int(min(r.waiting.Load(), r.maxWaiting)),
		MaxWaiting: int(r.maxWaiting),
		Drawn:      r.drawn.Load(),
		Failed:     r.failed.Load(),
		Busy:       r.busy.Load(),
	}
	if r.tiles != nil {
		s.Tiles, s.TileBytes = r.tiles.cache.size()
		s.MaxTileBytes = r.tiles.cache.bound
		s.TileHits = r.tiles.hits.Load()
		s.TileFetches = r.tiles.fetches.Load()
		s.TileErrors = r.tiles.errors.Load()
	}
	return s
}
