package staticmap

// Stats says what a [Renderer] holds and has done.
type Stats struct {
	Drawing      int `json:"drawing" metric:"drawing" help:"Pictures being drawn."`
	MaxDrawing   int `json:"max_drawing" metric:"drawing_max" help:"Most pictures drawn at a time."`
	Waiting      int `json:"waiting" metric:"waiting" help:"Pictures that wait to be drawn."`
	MaxWaiting   int `json:"max_waiting" metric:"waiting_max" help:"Most pictures that may wait."`
	Tiles        int `json:"tiles" metric:"tiles" help:"Tiles in the cache, those remembered as failed included; bounded by their bytes."`
	TileBytes    int `json:"tile_bytes" metric:"tile_cache_bytes" help:"Bytes that the tiles in the cache take."`
	MaxTileBytes int `json:"max_tile_bytes" metric:"tile_cache_max_bytes" help:"Most bytes of tiles; 0 without a tile server."`

	// Counted since the start.
	Drawn       uint64 `json:"drawn" metric:"pictures_total,result=drawn" help:"Pictures drawn."`
	Failed      uint64 `json:"failed" metric:"pictures_total,result=failed" help:"Pictures refused, or given up because nobody waited any more."`
	Busy        uint64 `json:"busy" metric:"pictures_total,result=busy" help:"Pictures turned away."`
	TileHits    uint64 `json:"tile_hits" metric:"tile_hits_total" help:"Tiles found in the cache."`
	TileFetches uint64 `json:"tile_fetches" metric:"tile_fetches_total" help:"Tiles asked for at the tile server."`
	TileErrors  uint64 `json:"tile_errors" metric:"tile_errors_total" help:"Fetches that brought no tile."`
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
