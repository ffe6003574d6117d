package ics

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	ical "github.com/arran4/golang-ical"

	"okolo/persistence/model"
)

var options = Options{
	ZoneAt:   func(model.Point) string { return "Europe/Berlin" },
	Category: "other",
	From:     time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC), To: time.Date(2027, 11, 25, 0, 0, 0, 0, time.UTC),
}

func TestSample(t *testing.T) {
	file, err := os.Open("testdata/berlin.ics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	c, err := Read(file, options)
	if err != nil {
		t.Fatal(err)
	}
	got := map[Key]Entry{}
	for _, e := range c.Entries {
		got[e.Key] = e
	}
	for key, want := range map[Key]string{
		{UID: "concert@example.org"}:                             "Organ, and a choir|music|Berliner Dom|2027-01-15T19:00:00Z|2027-01-15T21:00:00Z|52.5192",
		{UID: "market@example.org"}:                              "Flea market|other|Mauerpark|2027-01-15T23:00:00Z|2027-01-17T22:59:00Z|52.542",
		{UID: "run@example.org", Occurrence: "20270320T080000Z"}: "Morning run|other||2027-03-20T08:00:00Z|2027-03-20T09:30:00Z|52.5132",
		{UID: "run@example.org", Occurrence: "20270327T080000Z"}: "Late run|other||2027-03-27T10:00:00Z|2027-03-27T11:00:00Z|52.5132",
		// After the clocks went forward it is nine o'clock there all the same.
		{UID: "run@example.org", Occurrence: "20270410T070000Z"}: "Morning run|other||2027-04-10T07:00:00Z|2027-04-10T08:30:00Z|52.5132",
	} {
		e := got[key]
		text := strings.Join([]string{e.Title, string(e.Category), e.Place, e.Starts.Format(time.RFC3339), e.Ends.Format(time.RFC3339)}, "|")
		if text += fmt.Sprintf("|%v", e.Lat); text != want || e.Zone != "Europe/Berlin" || e.Cancelled {
			t.Errorf("%v:\n%s in %s, want\n%s", key, text, e.Zone, want)
		}
	}
	if off := got[Key{UID: "off@example.org"}]; !off.Cancelled || len(got) != 6 {
		t.Errorf("%d entries, called off: %+v", len(got), off)
	}
	if d := got[Key{UID: "concert@example.org"}].Description; d != "First line\nSecond line" {
		t.Errorf("description %q", d)
	}
	if c.Skipped[NoPlace] != 1 || len(c.Kept) != 1 || c.Kept[0] != "nowhere@example.org" {
		t.Errorf("skipped %v, kept %v", c.Skipped, c.Kept)
	}
}

func calendar(lines ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

func TestOneEvent(t *testing.T) {
	for name, c := range map[string]struct {
		lines   []string
		starts  string // of the first entry; empty: none
		zone    string
		entries int
		skipped Reason
	}{
		"UTC":             {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z"}, "2027-01-01T10:00:00Z", "Europe/Berlin", 1, ""},
		"floating":        {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000"}, "2027-01-01T09:00:00Z", "Europe/Berlin", 1, ""},
		"Windows":         {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART;TZID=Russian Standard Time:20270101T100000"}, "2027-01-01T07:00:00Z", "Europe/Moscow", 1, ""},
		"a path":          {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART;TZID=/mozilla.org/20050126_1/Asia/Tokyo:20270101T100000"}, "2027-01-01T01:00:00Z", "Asia/Tokyo", 1, ""},
		"no title":        {[]string{"GEO:52.5;13.4", "DTSTART:20270101T100000Z"}, "", "", 0, Unreadable},
		"no start":        {[]string{"SUMMARY:a", "GEO:52.5;13.4"}, "", "", 0, Unreadable},
		"ends first":      {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z", "DTEND:20270101T090000Z"}, "", "", 0, Unreadable},
		"off the globe":   {[]string{"SUMMARY:a", "GEO:95;13.4", "DTSTART:20270101T100000Z"}, "", "", 0, NoPlace},
		"nowhere":         {[]string{"SUMMARY:a", "GEO:0;0", "DTSTART:20270101T100000Z"}, "", "", 0, NoPlace},
		"over":            {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20200101T100000Z"}, "", "", 0, Past},
		"far":             {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20300101T100000Z"}, "2030-01-01T10:00:00Z", "", 1, FarAhead},
		"too often":       {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z", "RDATE:20270102T100000Z" + strings.Repeat(",20270103T100000Z", 500)}, "", "", 0, Unreadable},
		"a long zone":     {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART;TZID=" + strings.Repeat("/", 1<<20) + "Asia/Tokyo:20270101T100000"}, "2027-01-01T01:00:00Z", "Asia/Tokyo", 1, ""},
		"every second":    {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z", "RRULE:FREQ=SECONDLY"}, "", "", 0, Unreadable},
		"every minute":    {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z", "RRULE:FREQ=DAILY;BYMINUTE=1,2,3"}, "", "", 0, Unreadable},
		"no such days":    {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31"}, "", "", 0, Unreadable},
		"every day":       {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20200101T100000Z", "RRULE:FREQ=DAILY"}, "2026-11-25T09:00:00Z", "", 365, ""},
		"never":           {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"}, "", "", 0, ""},
		"dates":           {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z", "RDATE:20270102T100000Z,20270103T100000Z"}, "2027-01-01T10:00:00Z", "", 3, ""},
		"a rule of words": {[]string{"SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z", "RRULE:often"}, "", "", 0, Unreadable},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(strings.NewReader(calendar(c.lines...)), options)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Entries) != c.entries || c.skipped != "" && got.Skipped[c.skipped] != 1 {
				t.Fatalf("%d entries, skipped %v", len(got.Entries), got.Skipped)
			}
			if c.starts != "" && (got.Entries[0].Starts.Format(time.RFC3339)[:10] != c.starts[:10] ||
				name != "every day" && got.Entries[0].Starts.Format(time.RFC3339) != c.starts) {
				t.Errorf("starts %v, want %v", got.Entries[0].Starts, c.starts)
			}
			if c.zone != "" && got.Entries[0].Zone != c.zone {
				t.Errorf("in %s, want %s", got.Entries[0].Zone, c.zone)
			}
		})
	}
}

func TestSanitized(t *testing.T) {
	c, err := Read(strings.NewReader(calendar("SUMMARY:"+strings.Repeat("я", 130)+"\u202e", "LOCATION:"+strings.Repeat("x", 300),
		"DESCRIPTION:a\\n\u0007b", "URL:https://example.org/1", "GEO:52.5;13.4", "DTSTART:20270101T100000Z")), options)
	if err != nil || len(c.Entries) != 1 {
		t.Fatalf("%+v, %v", c, err)
	}
	e := c.Entries[0]
	if r := []rune(e.Title); len(r) != model.MaxTitle || r[len(r)-1] != '…' || len(e.Place) > model.MaxPlace+2 || e.Description != "a\nb\n\nhttps://example.org/1" {
		t.Errorf("%q, %q, %q", e.Title, e.Place, e.Description)
	}
}

// TestCancelled: what is called off need not say what it was, and may be one occurrence, or a whole calendar.
func TestCancelled(t *testing.T) {
	const at, place = "DTSTART:20270101T100000Z", "GEO:52.5;13.4"
	for name, c := range map[string]struct {
		text string
		off  []Key
	}{
		"a stub":        {calendar("STATUS:CANCELLED"), []Key{{UID: "1"}}},
		"an occurrence": {calendar("STATUS:CANCELLED", "RECURRENCE-ID:20270102T100000Z"), []Key{{"1", "20270102T100000Z"}}},
		"by method":     {strings.Replace(calendar("SUMMARY:a", at, place), "PRODID:x", "METHOD:CANCEL", 1), []Key{{UID: "1"}}},
		"of a series": {calendar("SUMMARY:a", "DTSTART;TZID=Asia/Tokyo:20270101T100000", place, "RRULE:FREQ=DAILY;COUNT=3", "END:VEVENT", "BEGIN:VEVENT", "UID:1",
			"RECURRENCE-ID:20270102T100000", "STATUS:CANCELLED"), []Key{{"1", "20270102T010000Z"}}},
	} {
		got, err := Read(strings.NewReader(c.text), options)
		if err != nil {
			t.Fatal(name, err)
		}
		var off []Key
		for _, e := range got.Entries {
			if e.Cancelled {
				off = append(off, e.Key)
			}
		}
		if !slices.Equal(off, c.off) || len(got.Kept) > 0 {
			t.Errorf("%s: off are %v, kept %v", name, off, got.Kept)
		}
	}
}

// TestOverride: an occurrence that says only when it is has the rest of what it would have been; of two versions of
// an event the later counts, and of an occurrence what is said of it alone.
func TestOverride(t *testing.T) {
	c, err := Read(strings.NewReader(calendar("SUMMARY:Run", "DTSTART:20270101T100000Z", "GEO:52.5;13.4", "LOCATION:Park", "RRULE:FREQ=DAILY;COUNT=2", "SEQUENCE:4",
		"END:VEVENT", "BEGIN:VEVENT", "UID:1", "RECURRENCE-ID:20270102T100000Z", "DTSTART:20270102T150000Z",
		"END:VEVENT", "BEGIN:VEVENT", "UID:2", "SUMMARY:New", "DTSTART:20270101T100000Z", "GEO:52.5;13.4", "SEQUENCE:2",
		"END:VEVENT", "BEGIN:VEVENT", "UID:2", "SUMMARY:Old", "DTSTART:20270101T100000Z", "GEO:52.5;13.4", "SEQUENCE:1")), options)
	if err != nil || len(c.Entries) != 3 {
		t.Fatalf("%+v, %v", c, err)
	}
	if e := c.Entries[1]; e.Title != "Run" || e.Place != "Park" || e.Lat != 52.5 || e.Starts.Hour() != 15 {
		t.Errorf("the override is %+v", e)
	}
	if e := c.Entries[2]; e.Title != "New" {
		t.Errorf("an older version counts: %+v", e)
	}
}

// TestMostEntries: a calendar without end is read as far as the bound, of events that are called off, too; what
// there would be more of is kept.
func TestMostEntries(t *testing.T) {
	for _, says := range []string{"STATUS:CANCELLED", "SUMMARY:a\r\nGEO:52.5;13.4\r\nDTSTART:20270101T100000Z"} {
		var b strings.Builder
		b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n")
		for i := range MaxEntries + 2 {
			fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:%d\r\n%s\r\nEND:VEVENT\r\n", i, says)
		}
		b.WriteString("END:VCALENDAR\r\n")
		c, err := Read(strings.NewReader(b.String()), options)
		if err != nil || len(c.Entries) != MaxEntries || c.Skipped[TooMany] != 2 || len(c.Kept) != 2 {
			t.Errorf("%.20s: %d entries, skipped %v, kept %v, %v", says, len(c.Entries), c.Skipped, c.Kept, err)
		}
	}
}

// TestMostOccurrences: of an event that takes place daily the next ones are read, and one that has for a lifetime is not believed.
func TestMostOccurrences(t *testing.T) {
	ahead := options
	ahead.To = ahead.From.AddDate(2, 0, 0)
	for begins, want := range map[string]struct {
		entries int
		why     Reason
	}{"20261201T100000Z": {maxOccurrences, TooMany}, "19970101T100000Z": {maxOccurrences, TooMany}, "19960101T100000Z": {0, Unreadable}} {
		c, err := Read(strings.NewReader(calendar("SUMMARY:a", "GEO:52.5;13.4", "DTSTART:"+begins, "RRULE:FREQ=DAILY")), ahead)
		if err != nil || len(c.Entries) != want.entries || c.Skipped[want.why] != 1 || len(c.Kept) != 1 {
			t.Errorf("since %s: %d entries, skipped %v, kept %v, %v", begins, len(c.Entries), c.Skipped, c.Kept, err)
		}
	}
}

// TestUnderWay: of an event that recurs the time that is under way counts, and none before it.
func TestUnderWay(t *testing.T) {
	c, err := Read(strings.NewReader(calendar("SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20261122T230000Z", "DTEND:20261123T010000Z", "RRULE:FREQ=DAILY;COUNT=3")), options)
	if err != nil || len(c.Entries) != 1 || c.Entries[0].Occurrence != "20261124T230000Z" {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestMostExcluded: a rule that leaves out more dates than anybody writes is not believed.
func TestMostExcluded(t *testing.T) {
	excluded := "EXDATE:20270102T100000Z" + strings.Repeat(",20270102T100000Z", maxExcluded)
	c, err := Read(strings.NewReader(calendar("SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z", "RRULE:FREQ=DAILY;COUNT=3", excluded)), options)
	if err != nil || len(c.Entries) != 0 || c.Skipped[Unreadable] != 1 || len(c.Kept) != 1 {
		t.Errorf("%d entries, skipped %v, kept %v, %v", len(c.Entries), c.Skipped, c.Kept, err)
	}
}

// TestTooSlow: where rules have taken the time that there is, further ones are left out, kept, and counted.
func TestTooSlow(t *testing.T) {
	parsed, err := ical.ParseCalendar(strings.NewReader(calendar("SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z", "RRULE:FREQ=DAILY;COUNT=3")))
	if err != nil {
		t.Fatal(err)
	}
	for spent, want := range map[time.Duration]int{expansionTime: 3, expansionTime + 1: 0} {
		b := builder{Options: options, spent: spent, entries: map[Key]Entry{}, skipped: map[Reason]int{}, kept: map[string]bool{}, zoneOf: map[string]string{}}
		b.addAll(parsed)
		if c := b.calendar(); len(c.Entries) != want || (len(c.Kept) == 1) != (want == 0) || (c.Skipped[TooSlow] == 1) != (want == 0) {
			t.Errorf("after %v: %d entries, skipped %v, kept %v", spent, len(c.Entries), c.Skipped, c.Kept)
		}
	}
}

func TestSeveralCalendars(t *testing.T) {
	one := calendar("SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z")
	c, err := Read(strings.NewReader(one+strings.ReplaceAll(one, "UID:1", "UID:2")), options)
	if err != nil || len(c.Entries) != 2 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestNoCalendar(t *testing.T) {
	whole := calendar("SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z", "DESCRIPTION:END:VCALENDAR")
	for _, text := range []string{
		"", "<html>", "BEGIN:VCARD\r\nEND:VCARD\r\n", strings.TrimSuffix(calendar(), "END:VCALENDAR\r\n"),
		strings.TrimSuffix(whole, "END:VCALENDAR\r\n"), whole + whole[:len(whole)/2], whole + "END:VCALENDAR\r\n", whole + "BEGIN:VCAL",
	} {
		if _, err := Read(strings.NewReader(text), options); !errors.Is(err, ErrNoCalendar) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Whatever a file holds, it is read without a panic, into events that may be stored.
func FuzzRead(f *testing.F) {
	sample, err := os.ReadFile("testdata/berlin.ics")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(sample))
	f.Add(calendar("SUMMARY:a", "GEO:52.5;13.4", "DTSTART:20270101T100000Z", "RRULE:FREQ=MONTHLY;BYDAY=-1SU;COUNT=9"))
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Read(strings.NewReader(text), options)
		if err != nil {
			return
		}
		seen := map[Key]bool{}
		for _, e := range c.Entries {
			if err := e.Validate(); err != nil && !e.Cancelled || seen[e.Key] || e.UID == "" || len(e.UID) > maxUID {
				t.Fatalf("%+v: %v", e, err)
			}
			seen[e.Key] = true
		}
		if len(c.Entries) > MaxEntries {
			t.Fatalf("%d entries", len(c.Entries))
		}
	})
}
