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
	"regexp"
	"slices"
	"strings"
	"time"

	ical "github.com/arran4/golang-ical"

	"okolo/persistence/model"
)

const (
	// MaxEntries is the most events that are read of one calendar, each occurrence counted.
	MaxEntries = 20_000
	// maxOccurrences is the most of one event that recurs, maxExcluded the most dates that it leaves out.
	maxOccurrences, maxExcluded = 500, 10_000
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
	// Cancelled: it does not take place, nor, where it names none, does any occurrence. It may have no details.
	Cancelled bool
	FarAhead  bool // it starts after the span that is read: of interest only where it is known
	model.Details

	override bool // of an occurrence
	sequence int  // of two versions the one with the greater number counts
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
	parts := calendars(raw)
	if len(parts) == 0 {
		return nil, ErrNoCalendar
	}
	b := builder{Options: o, entries: map[Key]Entry{}, skipped: map[Reason]int{}, kept: map[string]bool{}, zoneOf: map[string]string{}}
	for _, part := range parts {
		parsed, err := ical.ParseCalendarWithOptions(bytes.NewReader(part), ical.WithUnknownPropertyHandler(ical.AcceptUnknownPropertyHandler))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoCalendar, err)
		}
		b.addAll(parsed)
	}
	return b.calendar(), nil
}

var beginning, ending = regexp.MustCompile(`(?mi)^BEGIN:VCALENDAR[ \t\r]*$`), regexp.MustCompile(`(?mi)^END:VCALENDAR[ \t\r]*$`)

// calendars returns the calendars in a file, of which most have one. There are none in one that was cut short:
// it must not be believed that the rest vanished.
func calendars(raw []byte) (parts [][]byte) {
	begins, ends := beginning.FindAllIndex(raw, -1), ending.FindAllIndex(raw, -1)
	if len(begins) == 0 || len(begins) != len(ends) || len(bytes.TrimSpace(raw[ends[len(ends)-1][1]:])) > 0 {
		return nil
	}
	for i := range begins {
		if begins[i][0] > ends[i][0] || i > 0 && begins[i][0] < ends[i-1][1] {
			return nil
		}
		parts = append(parts, slices.Concat(raw[begins[i][0]:ends[i][1]], []byte{'\n'})) // a line without its end is none to the parser
	}
	return parts
}

// builder collects the entries of a calendar.
type builder struct {
	Options
	zones   map[string]string // names of zones by what the calendar calls them
	off     bool              // all of its events are called off
	zoneOf  map[string]string // where events that recur take place, by UID
	entries map[Key]Entry
	skipped map[Reason]int
	kept    map[string]bool
	spent   time.Duration // on recurrences
}

// addAll adds the events of one calendar.
func (b *builder) addAll(c *ical.Calendar) {
	b.zones, b.off = zonesOf(c), false
	for _, p := range c.CalendarProperties {
		b.off = b.off || p.IANAToken == string(ical.PropertyMethod) && strings.EqualFold(p.Value, string(ical.MethodCancel))
	}
	var single, overrides []*ical.VEvent
	for _, e := range c.Events() {
		if e.GetProperty(ical.ComponentPropertyRecurrenceId) != nil {
			overrides = append(overrides, e)
		} else {
			single = append(single, e)
		}
	}
	for _, e := range append(single, overrides...) { // an override takes the place of an occurrence
		b.add(e)
	}
}

func (b *builder) calendar() *Calendar {
	c := &Calendar{Skipped: b.skipped, Kept: slices.Sorted(maps.Keys(b.kept))}
	for _, e := range b.entries {
		switch {
		case e.Cancelled:
		case !e.Ends.After(b.From):
			c.Skipped[Past]++
			continue
		case e.Starts.After(b.To):
			c.Skipped[FarAhead]++
			e.FarAhead = true
		}
		c.Entries = append(c.Entries, e)
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
	key, override, ok := b.key(v)
	if !ok {
		b.skip(key.UID, Unreadable)
		return
	}
	if b.off || strings.EqualFold(value(v, ical.ComponentPropertyStatus), "CANCELLED") { // which need not say what it was
		b.put(Entry{Key: key, Cancelled: true, override: override})
		return
	}
	e, ok := b.read(v, b.entries[key])
	switch {
	case !ok:
		b.skip(key.UID, Unreadable)
		return
	case e.Point == nowhere:
		b.skip(key.UID, NoPlace)
		return
	}
	e.Key, e.override = key, override
	if override || !recurs(v) {
		b.put(e)
		return
	}
	b.zoneOf[key.UID] = e.Zone
	b.recur(v, e)
}

// key tells which event it is, and whether it is one occurrence of one that recurs; false: that is not to be
// understood.
func (b *builder) key(v *ical.VEvent) (k Key, override, ok bool) {
	k.UID = shortUID(v.Id())
	if p := v.GetProperty(ical.ComponentPropertyRecurrenceId); p != nil {
		at, _, ok := b.moment(p, b.zoneOf[k.UID])
		k.Occurrence = occurrence(at)
		return k, true, ok && k.UID != ""
	}
	return k, false, k.UID != ""
}

// recur adds the occurrences of an event.
func (b *builder) recur(v *ical.VEvent, e Entry) {
	uid := e.UID
	if b.spent > expansionTime {
		b.skip(uid, TooSlow)
		return
	}
	begun := time.Now()
	starts, ok := b.occurrences(v, e)
	b.spent += time.Since(begun)
	switch {
	case !ok:
		b.skip(uid, Unreadable)
		return
	case len(starts) == maxOccurrences:
		b.skip(uid, TooMany) // but for these
	}
	length := e.Ends.Sub(e.Starts)
	for _, at := range starts {
		one := e
		one.Occurrence, one.Starts, one.Ends = occurrence(at), at.UTC(), at.Add(length).UTC()
		b.put(one)
	}
}

func (b *builder) put(e Entry) {
	old, again := b.entries[e.Key]
	switch {
	case !again && len(b.entries) >= MaxEntries:
		b.skip(e.UID, TooMany)
		return
	case again && !e.Cancelled && old.override == e.override && old.sequence > e.sequence:
		return
	}
	if !e.Cancelled && e.Validate() != nil {
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
