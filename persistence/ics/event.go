package ics

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	ical "github.com/arran4/golang-ical"

	"okolo/persistence/model"
)

// nowhere stands for the place of an event that has none; off the globe, and equal to itself.
var nowhere = model.Point{Lat: 999}

// read reads what an event says of itself, and takes what it does not say of itself as an occurrence from what
// that would have been; false: it cannot be understood.
func (b *builder) read(v *ical.VEvent, regular Entry) (e Entry, ok bool) {
	e.Title = cut(line(value(v, ical.ComponentPropertySummary)), model.MaxTitle)
	e.Description = describe(value(v, ical.ComponentPropertyDescription), value(v, ical.ComponentPropertyUrl))
	e.Category = b.category(v)
	e.sequence, _ = strconv.Atoi(value(v, ical.ComponentPropertySequence)) // none: the first
	e.Point, e.Place = place(v)
	if regular.Occurrence != "" {
		e.Title = cmp.Or(e.Title, regular.Title)
		if e.Point == nowhere && !regular.Cancelled {
			e.Point, e.Place = regular.Point, cmp.Or(e.Place, regular.Place)
		}
	}
	if e.Title == "" {
		return e, false
	}
	if e.Point == nowhere {
		return e, true
	}
	e.Zone = b.ZoneAt(e.Point)
	return e, b.readTimes(v, &e)
}

// readTimes reads when an event begins and ends. A day that is named without an hour lasts until
// a minute before the next.
func (b *builder) readTimes(v *ical.VEvent, e *Entry) bool {
	p := v.GetProperty(ical.ComponentPropertyDtStart)
	if p == nil {
		return false
	}
	starts, zone, ok := b.moment(p, e.Zone)
	if !ok {
		return false
	}
	if zone != "" {
		e.Zone = zone
	}
	ends := starts.Add(assumedLength)
	if allDay(p) {
		ends = starts.AddDate(0, 0, 1)
	}
	if end := v.GetProperty(ical.ComponentPropertyDtEnd); end != nil {
		if ends, _, ok = b.moment(end, e.Zone); !ok {
			return false
		}
	} else if d := v.GetProperty(ical.ComponentPropertyDuration); d != nil {
		length, ok := duration(d.Value)
		if !ok {
			return false
		}
		ends = starts.Add(length)
	}
	if allDay(p) && ends.After(starts) {
		ends = ends.Add(-time.Minute)
	}
	e.Starts, e.Ends = starts.UTC(), ends.UTC()
	return true
}

func (b *builder) category(v *ical.VEvent) model.Category {
	for _, p := range v.GetProperties(ical.ComponentPropertyCategories) {
		for name := range strings.SplitSeq(p.Value, ",") {
			if c := model.Category(strings.ToLower(strings.TrimSpace(name))); c.Valid() {
				return c
			}
		}
	}
	return b.Category
}

// coordinates are two numbers with so many decimals that they mean a place, and no date or price.
var coordinates = regexp.MustCompile(`(-?\d{1,2}\.\d{3,12})\s*[,;]\s*(-?\d{1,3}\.\d{3,12})`)

// place reads where an event takes place: GEO, Apple's own property, or coordinates in LOCATION.
func place(v *ical.VEvent) (model.Point, string) {
	name := value(v, ical.ComponentPropertyLocation)
	where := strings.TrimSpace(strings.Trim(line(coordinates.ReplaceAllString(name, "")), " ,;()"))
	geo := value(v, ical.ComponentPropertyGeo)
	if lat, lon, ok := strings.Cut(geo, ";"); ok {
		if p, ok := point(lat, lon); ok {
			return p, cut(where, model.MaxPlace)
		}
	}
	for _, text := range []string{value(v, "X-APPLE-STRUCTURED-LOCATION"), name} {
		text = strings.TrimPrefix(text, "geo:")
		if m := coordinates.FindStringSubmatch(text); m != nil {
			if p, ok := point(m[1], m[2]); ok {
				return p, cut(where, model.MaxPlace)
			}
		}
	}
	return nowhere, ""
}

// point reads degrees. 0, 0 is what programs write that know no place.
func point(lat, lon string) (model.Point, bool) {
	y, err1 := strconv.ParseFloat(strings.TrimSpace(lat), 64)
	x, err2 := strconv.ParseFloat(strings.TrimSpace(lon), 64)
	p := model.Point{Lat: y, Lon: x}
	return p, err1 == nil && err2 == nil && p.Valid() && p != model.Point{}
}

func value(v *ical.VEvent, name ical.ComponentProperty) string {
	if p := v.GetProperty(name); p != nil {
		return p.Value
	}
	return ""
}

// lines makes text that may be kept and shown: valid, without control characters other than line
// ends, and without those that turn the direction of writing.
func lines(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == unicode.ReplacementChar, unicode.Is(unicode.Bidi_Control, r), unicode.IsControl(r) && !unicode.IsSpace(r), r == '\r':
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, text))
}

// line is lines in one line.
func line(text string) string { return strings.Join(strings.Fields(lines(text)), " ") }

// cut returns at most limit code points, the last an ellipsis where there were more.
func cut(text string, limit int) string {
	if r := []rune(text); len(r) > limit {
		return strings.TrimSpace(string(r[:limit-1])) + "…"
	}
	return text
}
