package crowd

import (
	"math"
	"sync"
	"time"
)

// storeTime is how long what a person sees may be on its way to be stored: the bot's own deadline for it.
const storeTime = 2 * time.Second

// outages are the times in which what people did may have been lost, in ns since the start: as many as
// were ordered. Safe for concurrent use.
type outages struct {
	mu   sync.RWMutex
	list []outage
}

type outage struct{ from, until int64 }

// begin notes that what was done from a time on may be lost.
func (o *outages) begin(from int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, outage{from, math.MaxInt64})
}

// end notes that what is done from now on may not.
func (o *outages) end(now int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.list {
		o.list[i].until = min(o.list[i].until, now)
	}
}

// excuse reports whether what was done at a time may be lost.
func (o *outages) excuse(at int64) bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, x := range o.list {
		if x.from <= at && at <= x.until {
			return true
		}
	}
	return false
}
