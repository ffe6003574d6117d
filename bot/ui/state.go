package ui

import (
	"okolo/persistence/model"
)

// State is what the bot remembers of a conversation between two inputs. It is plain data
// for the user interface and for navigation; all that must not be lost is in PostgreSQL.
// The numbers in the tags are its stored form: never reuse one. Small fields stand side by side
// where they belong together: there may be very many states.
type State struct {
	Lang     string `cbor:"1,keyasint,omitempty"` // chosen by the person; empty: that of their Telegram
	Screen   Screen `cbor:"2,keyasint,omitempty"`
	Back     Screen `cbor:"17,keyasint,omitempty"` // where the card leads back to
	Page     int16  `cbor:"13,keyasint,omitempty"` // of the list
	Revision uint32 `cbor:"3,keyasint,omitempty"`  // counts the screens shown; a button carries it

	Message       int64 `cbor:"4,keyasint,omitempty"` // the message that shows the screen
	MapMessageID  int64 `cbor:"5,keyasint,omitempty"` // the map picture,
	ListMessageID int64 `cbor:"6,keyasint,omitempty"` // and the list below it

	MapShown uint32 `cbor:"21,keyasint,omitempty"` // hash of what the picture shows
	Tap      uint32 `cbor:"23,keyasint,omitempty"` // hash of the last press that new messages answered,
	TapAt    int64  `cbor:"24,keyasint,omitempty"` // and when they were sent, in Unix milliseconds

	// The search: where, how wide, which days, what.
	Search   uint32         `cbor:"7,keyasint,omitempty"`  // counts the searches; a list's button carries it
	Radius   int32          `cbor:"10,keyasint,omitempty"` // in metres
	Here     model.Point    `cbor:"8,keyasint,omitempty"`
	Zone     string         `cbor:"9,keyasint,omitempty"` // time zone of Here; empty: no search yet
	Category model.Category `cbor:"12,keyasint,omitempty"`
	Days     Days           `cbor:"11,keyasint,omitempty"`
	Moved    bool           `cbor:"25,keyasint,omitempty"` // Here is another place than that of Prepared
	Counts   Counts         `cbor:"14,keyasint,omitempty"`
	Prepared Prepared       `cbor:"31,keyasint,omitempty"` // 15 was an earlier form

	Event int64 `cbor:"16,keyasint,omitempty"` // on the card
	// Headline names the sentence on top of the card or the menu: what was just done.
	Headline string `cbor:"22,keyasint,omitempty"`

	Draft     *Draft `cbor:"18,keyasint,omitempty"`
	LastDraft int64  `cbor:"19,keyasint,omitempty"` // the last one confirmed,
	LastEvent int64  `cbor:"20,keyasint,omitempty"` // and the event it became

	BansPage int16 `cbor:"30,keyasint,omitempty"` // of the list of those banned
}

// StateVersion is the version of the stored form of [State]. A snapshot of another version
// is not read.
const StateVersion = 1

// Fresh is the state of a person the bot does not know.
func Fresh() State { return State{Radius: 5000} }

// Screen is what a person looks at.
type Screen uint8

// The screens.
const (
	ScreenHome Screen = iota
	ScreenNearby
	ScreenEvent
	ScreenMine
	ScreenWizard
	ScreenCategories
	ScreenCallOff    // asks the organiser once more
	ScreenReport     // asks what is wrong with an event
	ScreenAttendance // who is on the lists of one's own event
	ScreenPrivacy
	ScreenForget     // asks whether to delete everything
	ScreenForgetSure // asks once more
	ScreenTell       // asks for the organiser's message

	ScreenGroup // what a group's session showed last: the greeting or the events
	ScreenGroupSettings

	ScreenCase   // an event as operators see it
	ScreenDelete // asks an operator once more
	ScreenBans   // who is banned

	screens // how many there are
)

// ScreenNames returns a word for each screen, for the statistics.
func ScreenNames() []string {
	names := [screens]string{"home", "nearby", "event", "mine", "wizard", "categories", "call_off", "report", "attendance",
		"privacy", "forget", "forget_sure", "tell", "group", "group_settings",
		"case", "delete", "bans"}
	return names[:]
}

// Days is the span of days of a search.
type Days uint8

// The spans.
const (
	Today Days = iota
	Tomorrow
	Week
	spans // how many there are
)

// Counts are the events found, by where they came from.
type Counts struct {
	People    int16 `cbor:"1,keyasint,omitempty"`
	Community int16 `cbor:"2,keyasint,omitempty"`
	Imported  int16 `cbor:"3,keyasint,omitempty"`
}

func (c Counts) total() int { return int(c.People) + int(c.Community) + int(c.Imported) }

// Trim returns s with at most limit events prepared. What is shown stays on a page that
// exists.
func (s State) Trim(limit int) State {
	if s.Prepared.Len() > limit {
		s.Prepared = s.Prepared.first(limit)
		s.Page = min(s.Page, s.lastPage())
	}
	return s
}

// lastPage is the number of the last page of the list, from 0.
func (s State) lastPage() int16 { return int16(max(0, s.Prepared.Len()-1) / PageSize) }

// page returns the ids of the events of the current page.
func (s State) page() []int64 {
	ids, i := make([]int64, 0, PageSize), 0
	for id := range s.Prepared.All() {
		if i/PageSize > int(s.Page) {
			break
		}
		if i/PageSize == int(s.Page) {
			ids = append(ids, id)
		}
		i++
	}
	return ids
}

// distance returns the distance of an event that is prepared.
func (s State) distance(event int64) (metres int, ok bool) {
	if s.Moved {
		return 0, false
	}
	for id, metres := range s.Prepared.All() {
		if id == event {
			return metres, true
		}
	}
	return 0, false
}
