package staticmap

import (
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// entryBytes is about what a tile takes in the cache beside its file.
const entryBytes = 200

// tileID names a tile of the world's pyramid.
type tileID struct{ z, x, y int }

// entry is a tile as it came, or the memory of one that did not.
type entry struct {
	file  []byte    // nil: it failed
	until time.Time // when a failed tile is tried again
}

// cache keeps the tiles used last, within a bound in bytes.
type cache struct {
	bound int

	mu    sync.Mutex
	lru   *simplelru.LRU[tileID, entry]
	bytes int
}

func newCache(bound int) (*cache, error) {
	c := &cache{bound: bound}
	lru, err := simplelru.NewLRU(bound/entryBytes+1, func(_ tileID, e entry) { c.bytes -= entryBytes + len(e.file) })
	if err != nil {
		return nil, fmt.Errorf("make the cache of tiles: %w", err)
	}
	c.lru = lru
	return c, nil
}

// get returns a tile, or the memory of a failed one while it is to be left alone.
func (c *cache) get(id tileID, now time.Time) (entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.lru.Get(id)
	if ok && e.file == nil && !now.Before(e.until) {
		return entry{}, false
	}
	return e, ok
}

// put keeps a tile, and lets the ones go that were not used for longest. One larger than the
// whole cache is not kept.
func (c *cache) put(id tileID, e entry) {
	if entryBytes+len(e.file) > c.bound {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(id)
	c.lru.Add(id, e)
	c.bytes += entryBytes + len(e.file)
	for c.bytes > c.bound {
		c.lru.RemoveOldest()
	}
}

// size returns the number of tiles and what they take.
func (c *cache) size() (tiles, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lru.Len(), c.bytes
}
