package model

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Key is the idempotency key of a write: the bot and the update that caused it, and the
// position of the write among the effects of that update. A command that arrives again
// with its key gets the first answer.
type Key struct {
	Bot     int64
	Update  int64
	Ordinal int
}

// Command is a write. The persistence layer carries commands out one after the other.
type Command interface {
	// Actor is the person who asks for the write.
	Actor() Person
}

// CreateUserEvent makes a personal event of a draft. Draft is minted when the wizard
// opens and is unique per owner: every confirmation of one draft is one event.
type CreateUserEvent struct {
	By    Person
	Draft int64
	Details
}

// CreateCommunityEvent makes an event of a community, where its settings let the person.
type CreateCommunityEvent struct {
	By             Person
	Admin          bool  // By administers the chat
	Community      int64 // Telegram chat id
	CommunityTitle string
	Draft          int64
	Details
}

// EditEvent changes an event. Only its owner may, while the event is open and not over. A larger
// capacity lets in those who wait.
type EditEvent struct {
	By    Person
	Event int64
	Edit
}

// JoinEvent puts a person on an event's list, or on its waiting list where it is full.
// To join again is no error: the answer is the part the person has.
type JoinEvent struct {
	By    Person
	Event int64
}

// LeaveEvent takes a person off both lists; the first who waits moves up.
type LeaveEvent struct {
	By    Person
	Event int64
}

// CancelEvent calls an event off. Only its owner may.
type CancelEvent struct {
	By    Person
	Event int64
}

// TellJoined owes a message of the organiser's to all who come to an event or wait for a place.
type TellJoined struct {
	By    Person
	Event int64
	Text  string
}

// ForgetPerson takes a person out of events: those of their own are called off, and they leave
// the others. What is stored of the person beside events is not the writer's.
type ForgetPerson struct {
	By     Person
	Events []int64 // at most [MaxForget]
}

// MaxForget is the most events that one command takes a person out of.
const MaxForget = 200

// Actor implements [Command].
func (c CreateUserEvent) Actor() Person { return c.By }

// Actor implements [Command].
func (c CreateCommunityEvent) Actor() Person { return c.By }

// Actor implements [Command].
func (c EditEvent) Actor() Person { return c.By }

// Actor implements [Command].
func (c TellJoined) Actor() Person { return c.By }

// Validate checks the limits of the message.
func (c TellJoined) Validate() error {
	if c.Text == "" || !text(c.Text, MaxMessage) {
		return &InvalidError{"text", "empty, too long or not text"}
	}
	return nil
}

// Actor implements [Command].
func (c ForgetPerson) Actor() Person { return c.By }

// Actor implements [Command].
func (c JoinEvent) Actor() Person { return c.By }

// Actor implements [Command].
func (c LeaveEvent) Actor() Person { return c.By }

// Actor implements [Command].
func (c CancelEvent) Actor() Person { return c.By }

// Answer is what a committed command did. It is given only after COMMIT.
type Answer struct {
	Event int64
	// Part is the actor's part in the event afterwards.
	Part Part
	// Promoted is who moved up from the waiting list because the actor left; 0: nobody.
	// Whom a larger capacity lets in is told by a [Notice] alone.
	Promoted int64
	// Replayed says that the key (or the draft) had been committed before and this is
	// the first answer again.
	Replayed bool
	// Changed says that a create named a draft that already is an event with other
	// details; Event is that event, which was left as it is.
	Changed bool
}

// Errors of commands. A command that fails with one of them changed nothing.
var (
	ErrNotFound = errors.New("no such event")
	ErrNotOwner = errors.New("the event belongs to someone else")
	ErrClosed   = errors.New("the event is cancelled or hidden")
	ErrPast     = errors.New("the event would start or has ended in the past")
	// ErrOverCapacity: more people come than an edit would let.
	ErrOverCapacity = errors.New("more people come than the new capacity")
	ErrBanned       = errors.New("the person is banned")
	// ErrTooOften: the organiser has written to those who joined [MaxMessages] times in 24 hours.
	ErrTooOften = errors.New("too many messages in 24 hours")
	// ErrNotAllowed: the community's settings do not let the person create events.
	ErrNotAllowed  = errors.New("the community does not let the person create events")
	ErrKeyReused   = errors.New("the key was used for another command")
	ErrBusy        = errors.New("too many writes are waiting")
	ErrUnavailable = errors.New("the database cannot be reached")
	// ErrDeposed: another process owns the bot now. This one must not act for it any more.
	ErrDeposed = errors.New("another process owns the bot")
	// ErrUnknown: the connection was lost while committing; the command may or may not
	// have taken effect. The same key tells.
	ErrUnknown = errors.New("the outcome of the write is not known")
)

// InvalidError says which field of a command breaks a limit.
type InvalidError struct {
	Field  string
	Reason string
}

func (e *InvalidError) Error() string { return fmt.Sprintf("invalid %s: %s", e.Field, e.Reason) }

// Validate checks the limits that need no clock.
func (d *Details) Validate() error {
	switch {
	case d.Title == "":
		return &InvalidError{"title", "empty"}
	case !text(d.Title, MaxTitle):
		return &InvalidError{"title", "too long or not text"}
	case !text(d.Description, MaxDescription):
		return &InvalidError{"description", "too long or not text"}
	case !text(d.Place, MaxPlace):
		return &InvalidError{"place", "too long or not text"}
	case !d.Category.Valid():
		return &InvalidError{"category", "unknown"}
	case !d.Point.Valid():
		return &InvalidError{"point", "not on the globe"}
	case d.Capacity < 0 || d.Capacity > MaxCapacity:
		return &InvalidError{"capacity", "out of range"}
	case d.Ends.Before(d.Starts):
		return &InvalidError{"ends", "before it starts"}
	case d.Ends.Sub(d.Starts) > MaxDuration:
		return &InvalidError{"ends", "lasts too long"}
	}
	if !zoneExists(d.Zone) {
		return &InvalidError{"zone", "unknown"}
	}
	return nil
}

// zones are the names of time zones that were found to exist: as many as there are, and not to be
// read from their files for every event.
var zones sync.Map

func zoneExists(name string) bool {
	if _, known := zones.Load(name); known {
		return true
	}
	// Go takes "" for UTC, "Local" for the machine's own zone, and one file by many paths.
	if name == "" || name == "Local" || len(name) > 64 || strings.Contains(name, "//") || strings.Contains(name, ".") {
		return false
	}
	if _, err := time.LoadLocation(name); err != nil {
		return false
	}
	zones.Store(strings.Clone(name), struct{}{})
	return true
}

// text reports whether s is valid UTF-8 without NUL (which PostgreSQL refuses) and has at
// most limit code points.
func text(s string, limit int) bool {
	if len(s) > 4*limit || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r == 0 {
			return false
		}
	}
	return utf8.RuneCountInString(s) <= limit
}
