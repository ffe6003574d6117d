package actors

import (
	"slices"
	"time"
)

// guardEvents is how many events of the guard are remembered.
const guardEvents = 16

// GuardEvent is a purge, or a change between pressure and none.
type GuardEvent struct {
	At        time.Time `json:"at"`
	What      string    `json:"what"`       // "purge by memory", "purge by operator", "pressure", "relief"
	Removed   int       `json:"removed"`    // sessions that left
	RSSBefore uint64    `json:"rss_before"` // bytes, when a purge began
	RSSAfter  uint64    `json:"rss_after"`  // bytes, when this was noted
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
