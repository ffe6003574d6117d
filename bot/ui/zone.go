package ui

import (
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // the zones, where the system has none
)

// zones are the time zones that were used. There are some 600 names, and on some systems each
// of them two or three times.
var zones = zoneCache{bound: 1000}

// Zones returns how many time zones are kept, and the most there may be.
func Zones() (n, bound int) { return int(zones.n.Load()), int(zones.bound) }

// zone returns the time zone of a name, UTC where there is no such name.
func zone(name string) *time.Location { return zones.get(name) }

// zoneCache keeps time zones, since time.LoadLocation reads a file at every call. What is more
// than bound is read at every call.
type zoneCache struct {
	bound int64
	n     atomic.Int64
	kept  sync.Map // string -> *time.Location
}

func (c *zoneCache) get(name string) *time.Location {
	if z, ok := c.kept.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	if c.n.Add(1) > c.bound {
		c.n.Add(-1)
	} else if _, had := c.kept.LoadOrStore(name, z); had {
		c.n.Add(-1)
	}
	return z
}
