// Package model holds the nouns of okolo and the rules that need nothing but the
// nouns themselves: events, people, and limits on what they may contain.
//
// It knows neither SQL nor Telegram nor the session runtime, imports only the
// standard library, and is shared by persistence (which stores the nouns) and
// bot/ui (which shows them).
package model

import (
	"time"
)

// Limits of what an event may hold. Texts are counted in Unicode code points.
const (
	MaxTitle       = 120
	MaxDescription = 2000
	MaxPlace       = 200
	MaxName        = 64
	MaxCapacity    = 100_000
	MaxMessage     = 1000 // of an organiser's to those who joined
	MaxMessages    = 3    // of these about one event, in 24 hours
	// MaxAhead is how far in the future an event may start.
	MaxAhead = 2 * 366 * 24 * time.Hour
	// MaxDuration is the longest an event may last.
	MaxDuration = 366 * 24 * time.Hour
	// MaxRadius is the widest search, in metres.
	MaxRadius = 100_000
)

// Kind says where an event came from.
type Kind string

// The kinds of event.
const (
	Personal  Kind = "personal"
	Community Kind = "community"
	Imported  Kind = "imported"
)

// Status says whether an event still takes place and may be seen.
type Status string

// The states of an event.
const (
	Open      Status = "open"
	Cancelled Status = "cancelled"
	Hidden    Status = "hidden"  // by an operator, who may show it again
	Deleted   Status = "deleted" // by an operator, for good
)

// Gone reports whether nobody but operators may see the event.
func (s Status) Gone() bool { return s == Hidden || s == Deleted }

// Category is what an event is about. The empty category means "any" in a search.
type Category string

// Categories lists every category an event may have, in the order shown to people.
var Categories = []Category{"music", "sport", "kids", "food", "games", "talks", "walks", "other"}

// Valid reports whether c is one of [Categories].
func (c Category) Valid() bool {
	for _, k := range Categories {
		if c == k {
			return true
		}
	}
	return false
}

// Point is a place on the globe, in degrees (WGS 84).
type Point struct {
	Lat, Lon float64
}

// Valid reports whether p lies on the globe; NaN does not.
func (p Point) Valid() bool {
	return p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180
}

// Details is what a person tells of an event.
type Details struct {
	Title       string
	Description string
	Category    Category
	Starts      time.Time
	Ends        time.Time // never before Starts
	Zone        string    // IANA name, such as "Europe/Berlin"
	Place       string
	Point
	Capacity int // 0: no limit
}

// Event is an event as it stands in the database.
type Event struct {
	ID        int64
	Kind      Kind
	Owner     int64 // Telegram id; 0 for an imported event
	Community int64 // Telegram chat id; 0 unless Kind is Community
	Details
	Status  Status
	Going   int // people who come
	Waiting int // people on the waiting list
}

// Person is someone who uses the bot.
type Person struct {
	ID   int64 // Telegram id
	Name string
	Lang string // "ru" or "en"
}

// Part is what a person has to do with an event.
type Part string

// The parts a person may have in an event.
const (
	Absent  Part = ""
	Going   Part = "going"
	Waiting Part = "waiting"
)

// Attendee is someone on an event's list, as its owner sees them.
type Attendee struct {
	Name string
	Part Part
}

// Search asks for the events around a point.
type Search struct {
	Point
	Radius   int // metres, up to MaxRadius
	From, To time.Time
	Category Category // empty: any
	Limit    int      // most events returned, nearest first
}

// Found is one event of a search's result.
type Found struct {
	ID     int64
	Kind   Kind
	Metres int // distance from the point of the search
}

// Seen is an event as one viewer sees it.
type Seen struct {
	Event
	Part  Part     // the viewer's
	Muted bool     // the viewer wants no reminders of it
	Names []string // first names of those who come, the earliest first, a few of them
}
