// Package ics reads iCalendar files (RFC 5545) as events: times in their zones, recurrences
// expanded within a span, places that the file gives as coordinates. It knows neither SQL nor
// the network, and asks nobody where an address is.
package ics

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	ical "github.com/arran4/golang-ical"

	"okolo/persistence/model"
)

const (
	// MaxEntries is the most events that are read of one calendar, each occurrence counted.
	MaxEntries = 20_000
	// maxOccurrences is the most of one event that recurs.
	maxOccurrences = 500
	// expansionTime is how long the recurrences of a file may take to be expanded before the rest is left out.
	// Honest ones take a millisecond each; a rule that never fits ends at the year 9999, after less than a second.
	expansionTime = 5 * time.Second
	// maxUID is the longest name of an event that is kept as it is, in bytes.
	maxUID = 200
	// assumedLength is how long an event takes that does not say when it ends.
	assumedLength = 2 * time.Hour
)

// ErrNoCalendar is the error of what is no iCalendar file.
var ErrNoCalendar = errors.New("not an iCalendar file")

// Options say how to read a calendar.
type Options struct {
	// Zone is that of times which name none, or one that nobody knows; empty: that of the place.
	Zone     string
	ZoneAt   func(model.Point) string // the time zone of a place
	Category model.Category           // of events that do not name one of ours
	From, To time.Time                // what ends before or starts after is left out
}

// Key tells the events of one calendar apart.
type Key struct {
	UID        string
	Occurrence string // of an event that recurs: when it would start, in UTC
}

// Entry is one event of a calendar.
type Entry struct {
	Key
	Cancelled bool
	model.Details
}

// Reason says why an event of a calendar was left out.
type Reason string

// The reasons.
const (
	NoPlace    Reason = "without a place"
	Past       Reason = "over"
	FarAhead   Reason = "too far ahead"
	Unreadable Reason = "not understood"
	TooMany    Reason = "too many"
	TooSlow    Reason = "behind rules that take too long"
)

// Calendar is what a file holds.
type Calendar struct {
	Entries []Entry // by key, each once
	Skipped map[Reason]int
	// Kept are the UIDs of events that are there and were not understood: what is known of them
	// may stay.
	Kept []string
}

// Read reads a calendar. It fails with [ErrNoCalendar]; an event that it does not understand is
// left out and counted.
func Read(r io.Reader, o Options) (_ *Calendar, err error) {
	defer func() {
		if p := recover(); p != nil { // of a library, over a file from anywhere
			err = fmt.Errorf("%w: %v", ErrNoCalendar, p)
		}
	}()
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read a calendar: %w", err)
	}
	// Of a file that was cut short, or is none at all, it must not be believed that the rest vanished.
	if !bytes.Contains(raw, []byte("BEGIN:VCALENDAR")) || !bytes.Contains(raw, []byte("END:VCALENDAR")) {
		return nil, ErrNoCalendar
	}
	parsed, err := ical.ParseCalendarWithOptions(bytes.NewReader(raw), ical.WithUnknownPropertyHandler(ical.AcceptUnknownPropertyHandler))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCalendar, err)
	}
	b := builder{Options: o, zones: zonesOf(parsed), entries: map[Key]Entry{}, skipped: map[Reason]int{}, kept: map[string]bool{}}
	var single, overrides []*ical.VEvent
	for _, e := range parsed.Events() {
		if e.GetProperty(ical.ComponentPropertyRecurrenceId) != nil {
			overrides = append(overrides, e)
		} else {
			single = append(single, e)
		}
	}
	for _, e := range append(single, overrides...) { // an override takes the place of an occurrence
		b.add(e)
	}
	return b.calendar(), nil
}

// builder collects the entries of a calendar.
type builder struct {
	Options
	zones   map[string]string // names of zones by what the file calls them
	entries map[Key]Entry
	skipped map[Reason]int
	kept    map[string]bool
	spent   time.Duration // on recurrences
}

func (b *builder) calendar() *Calendar {
	c := &Calendar{Skipped: b.skipped, Kept: slices.Sorted(maps.Keys(b.kept))}
	for _, e := range b.entries {
		switch {
		case !e.Ends.After(b.From):
			c.Skipped[Past]++
		case e.Starts.After(b.To):
			c.Skipped[FarAhead]++
		default:
			c.Entries = append(c.Entries, e)
		}
	}
	slices.SortFunc(c.Entries, func(x, y Entry) int {
		return cmp.Or(cmp.Compare(x.UID, y.UID), cmp.Compare(x.Occurrence, y.Occurrence))
	})
	return c
}

// skip leaves an event out; what is known of it stays.
func (b *builder) skip(uid string, why Reason) {
	b.skipped[why]++
	if uid != "" {
		b.kept[uid] = true
	}
}

// add adds an event, or all its occurrences.
func (b *builder) add(v *ical.VEvent) {
	uid := shortUID(v.Id())
	e, ok := b.read(v)
	switch {
	case uid == "" || !ok:
		b.skip(uid, Unreadable)
		return
	case e.Point == nowhere:
		b.skip(uid, NoPlace)
		return
	}
	e.UID = uid
	if p := v.GetProperty(ical.ComponentPropertyRecurrenceId); p != nil {
		at, _, ok := b.moment(p, e.Zone)
		if !ok {
			b.skip(uid, Unreadable)
			return
		}
		e.Occurrence = occurrence(at)
		b.put(e)
		return
	}
	if !recurs(v) {
		b.put(e)
		return
	}
	if b.spent > expansionTime {
		b.skip(uid, TooSlow)
		return
	}
	begun := time.Now()
	starts, ok := b.occurrences(v, e)
	b.spent += time.Since(begun)
	if !ok {
		b.skip(uid, Unreadable)
		return
	}
	length := e.Ends.Sub(e.Starts)
	for _, at := range starts {
		one := e
		one.Occurrence, one.Starts, one.Ends = occurrence(at), at.UTC(), at.Add(length).UTC()
		b.put(one)
	}
}

func (b *builder) put(e Entry) {
	if _, again := b.entries[e.Key]; !again && len(b.entries) >= MaxEntries {
		b.skip(e.UID, TooMany)
		return
	}
	if e.Validate() != nil {
		b.skip(e.UID, Unreadable)
		return
	}
	b.entries[e.Key] = e
}

func occurrence(at time.Time) string { return at.UTC().Format("20060102T150405Z") }

// shortUID is the name of an event, or of one that is too long a hash.
func shortUID(uid string) string {
	if uid = line(uid); len(uid) <= maxUID {
		return uid
	}
	sum := sha256.Sum256([]byte(uid))
	return hex.EncodeToString(sum[:])
}
