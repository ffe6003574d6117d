package ui

import (
	"sync"
	"time"
	_ "time/tzdata" // the zones, where the system has none
)

// zones keeps the time zones that were used, since time.LoadLocation reads a file at every
// call. The names come from a closed list of some 600.
var zones sync.Map // string -> *time.Location

// zone returns the time zone of a name, UTC where there is no such name.
func zone(name string) *time.Location {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	zones.Store(name, z)
	return z
}
