package actors

import (
	"slices"
	"time"
)

// guardEvents is how many events of the guard are remembered.
const guardEvents = 16

// GuardEvent is a purge, or a change between pressure and none.
type GuardEvent struct {
	At        time.Time `json:"at" help:"When this was noted."`
	What      string    `json:"what" help:"purge by memory, purge by operator, pressure or relief."`
	Removed   int       `json:"removed" help:"Sessions that left."`
	RSSBefore uint64    `json:"rss_before" help:"Resident memory in bytes when a purge began."`
	RSSAfter  uint64    `json:"rss_after" help:"Resident memory in bytes when this was noted."`
}

// guardHistory remembers the last events of the guard.
type guardHistory struct{ events []GuardEvent }

func (h *guardHistory) add(e GuardEvent) {
	if len(h.events) == guardEvents {
		h.events = slices.Delete(h.events, 0, 1)
	}
	h.events = append(h.events, e)
}

// list returns a copy, the oldest first.
func (h *guardHistory) list() []GuardEvent { return append([]GuardEvent{}, h.events...) }
