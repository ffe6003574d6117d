package ui

import (
	"okolo/persistence/model"
)

// FindNearby asks for a search; its result is [NearbyFound]. The limit is set by whoever
// carries it out, since it depends on the memory guard.
type FindNearby struct {
	Context
	Search model.Search
}

// LoadEvents asks for events by id; its result is [EventsLoaded].
type LoadEvents struct {
	Context
	IDs []int64 // at most PageSize
}

// LoadMine asks for the events that the person made or joined; its result is [MineLoaded].
type LoadMine struct {
	Context
	Limit int
}

// FindAlike asks for an event of the person's own that a new one may repeat; its result is
// [AlikeFound].
type FindAlike struct {
	Context
	Draft   int64
	Details model.Details
}

// LoadAttendance asks who is on the lists of an event of the person's own; its result is
// [AttendanceLoaded].
type LoadAttendance struct {
	Context
	Event model.Seen
	Limit int
}

// LoadStats asks for the program's statistics as text; its result is [StatsLoaded].
type LoadStats struct{ Context }

// Write asks for a write; its result is [Written], after COMMIT.
type Write struct {
	Context
	Command model.Command
}

// Forget asks to have all deleted that is stored of the person, outside of the state; its result
// is [Forgotten].
type Forget struct{ Context }

// Send sends a new message to the person; its result is [Sent].
type Send struct {
	Slot    Slot
	Message Message
	// Tap is the hash of the press that the message answers, where it leaves the pressed
	// message as it is; 0 otherwise. The result brings it back.
	Tap uint32
	// Note is for a group that does not let the bot write; nil: nothing is said then.
	Note *Note
}

// Note is what a person who asked for something in a group reads in their own chat with the bot,
// if they ever began one.
type Note struct {
	Person int64
	Text   string // HTML
}

// Edit replaces a message in place. It has a result only where the message was gone: [Sent],
// as a new one took its place, or for a map and its list [Gone], as they are sent as a pair.
type Edit struct {
	Slot    Slot
	ID      int64
	Message Message
	Context Context // of the map and the list, for the result
}

// Answer ends a press: the button stops spinning, and Text, if any, is shown.
type Answer struct {
	Callback string
	Text     string // plain, at most 200 characters
	Alert    bool   // to be dismissed by hand
}

// Slot names the part of the screen that a message shows.
type Slot uint8

// The slots.
const (
	SlotNone   Slot = iota // not a part of the screen
	SlotScreen             // a screen of one message
	SlotMap
	SlotList
)

// Message is what a message shows.
type Message struct {
	Thread   int64  // the topic of the group that a new message is for; 0: none
	Text     string // HTML as Telegram has it; the caption where there is a map
	Map      *Map
	Venue    *Venue    // in place of Text, which is for a server that takes no venues
	Document *Document // the same of files
	Buttons  [][]Button
	Keyboard *Keyboard // in place of Buttons
}

// Button is an inline button: Data comes back with the press, or URL is opened, or an inline
// query of the bot begins in a chat that the person chooses.
type Button struct {
	Text   string
	Data   string // at most 64 bytes
	URL    string
	Inline string // the query
}

// Venue is a named pin on Telegram's own map.
type Venue struct {
	model.Point
	Title   string
	Address string
}

// Document is a file.
type Document struct {
	Name    string
	Content []byte
}

// Keyboard is the keyboard that stays below the input field.
type Keyboard struct {
	Location string // label of the button that sends the person's location
	Hint     string // shown in the empty input field
}

// Map is the picture of a search.
type Map struct {
	Centre model.Point
	Radius int // metres
	Pins   []Pin
	Lang   string
}

// Pin is a numbered pin on the map.
type Pin struct {
	model.Point
	Number int
	Kind   model.Kind
}
