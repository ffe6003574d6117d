package ics

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	ical "github.com/arran4/golang-ical"
	rrule "github.com/teambition/rrule-go"
)

// moment reads a time: in UTC, in a zone that it names, or as the clocks show it in whatever zone.
// It returns the name of the zone that it is in, where that is known.
func (b *builder) moment(p *ical.IANAProperty, placeZone string) (at time.Time, zone string, ok bool) {
	return b.parse(p.Value, first(p.ICalParameters["TZID"]), placeZone)
}

func (b *builder) parse(text, tzid, placeZone string) (at time.Time, zone string, ok bool) {
	if at, err := time.Parse("20060102T150405Z", text); err == nil {
		return at, "", true
	}
	zone = b.zones[tzid]
	if zone == "" {
		zone = zoneName(tzid)
	}
	if zone == "" {
		zone = b.Zone
	}
	if zone == "" {
		zone = placeZone
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}, "", false
	}
	layout := "20060102T150405"
	if len(text) == len("20060102") {
		layout = "20060102"
	}
	at, err = time.ParseInLocation(layout, text, loc)
	return at, zone, err == nil
}

func allDay(p *ical.IANAProperty) bool { return len(p.Value) == len("20060102") }

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// zonesOf returns the zones that a file defines by what it says they are. Their rules are those
// that are known by that name, not those of the file.
func zonesOf(c *ical.Calendar) map[string]string {
	zones := map[string]string{}
	for _, component := range c.Components {
		tz, ok := component.(*ical.VTimezone)
		if !ok {
			continue
		}
		id, known := tz.GetProperty(ical.ComponentPropertyTzid), tz.GetProperty("X-LIC-LOCATION")
		if id != nil && known != nil {
			if name := zoneName(known.Value); name != "" {
				zones[id.Value] = name
			}
		}
	}
	return zones
}

// windowsZones are the names that Outlook writes for the zones of Europe and America with the
// most people, as CLDR (windowsZones.xml) has them.
var windowsZones = map[string]string{
	"W. Europe Standard Time": "Europe/Berlin", "Central Europe Standard Time": "Europe/Budapest",
	"Central European Standard Time": "Europe/Warsaw", "Romance Standard Time": "Europe/Paris",
	"GMT Standard Time": "Europe/London", "FLE Standard Time": "Europe/Kiev", "GTB Standard Time": "Europe/Bucharest",
	"Russian Standard Time": "Europe/Moscow", "Turkey Standard Time": "Europe/Istanbul",
	"Ekaterinburg Standard Time": "Asia/Yekaterinburg", "N. Central Asia Standard Time": "Asia/Novosibirsk",
	"Eastern Standard Time": "America/New_York", "Central Standard Time": "America/Chicago",
	"Mountain Standard Time": "America/Denver", "Pacific Standard Time": "America/Los_Angeles", "UTC": "UTC",
}

// zoneName returns the IANA name of a zone by what a program calls it: by that name, by a path
// that ends in it, or as Windows does; empty: nobody knows.
func zoneName(id string) string {
	if name := windowsZones[id]; name != "" {
		return name
	}
	parts := strings.Split(strings.Trim(id[max(0, len(id)-200):], "/"), "/")
	for i := max(0, len(parts)-3); i < len(parts); i++ { // America/Argentina/Ushuaia
		name := strings.Join(parts[i:], "/")
		if name == "" || name == "Local" || strings.Contains(name, ".") || len(name) > 64 {
			continue
		}
		if _, err := time.LoadLocation(name); err == nil {
			return name
		}
	}
	return ""
}

var durationForm = regexp.MustCompile(`^\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?$`)

// duration reads "PT1H30M", "P1D", "P2W".
func duration(text string) (time.Duration, bool) {
	m := durationForm.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	var d time.Duration
	for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi(m[i+1]) // empty: none
		d += time.Duration(n) * unit
	}
	return d, true
}

// oldest is how long ago an event may have begun that recurs: what it has been since is counted.
const oldest = 30 * 366 * 24 * time.Hour

// feasible reports whether a rule is one by which people meet, once a day at most. To expand any
// other, such as one of seconds, or of days that no month has, may take hours.
func feasible(o *rrule.ROption) bool {
	sparse := len(o.Bymonthday)+len(o.Byyearday)+len(o.Byweekno)+len(o.Bysetpos)+len(o.Byeaster) > 0
	return o.Freq <= rrule.DAILY && o.Interval >= 0 && o.Interval <= 1000 &&
		len(o.Byhour) <= 1 && len(o.Byminute) <= 1 && len(o.Bysecond) <= 1 &&
		!(sparse && o.Freq >= rrule.WEEKLY)
}

func recurs(v *ical.VEvent) bool {
	return v.GetProperty(ical.ComponentPropertyRrule) != nil || v.GetProperty(ical.ComponentPropertyRdate) != nil
}

// occurrences returns when an event that recurs starts, within the span that is read and some
// before it, at most maxOccurrences times; false: its rule cannot be understood, or it is one of
// hours or less, by which nobody meets.
func (b *builder) occurrences(v *ical.VEvent, e Entry) ([]time.Time, bool) {
	loc, err := time.LoadLocation(e.Zone)
	if err != nil {
		return nil, false
	}
	var set rrule.Set
	set.DTStart(e.Starts.In(loc))
	if p := v.GetProperty(ical.ComponentPropertyRrule); p != nil {
		option, err := rrule.StrToROptionInLocation(p.Value, loc)
		if err != nil || !feasible(option) || b.From.Sub(e.Starts) > oldest {
			return nil, false
		}
		option.Dtstart = e.Starts.In(loc)
		if option.Until.IsZero() || option.Until.After(b.To) {
			option.Until = b.To
		}
		rule, err := rrule.NewRRule(*option)
		if err != nil {
			return nil, false
		}
		set.RRule(rule)
	} else {
		set.RDate(e.Starts.In(loc))
	}
	dates, ok1 := b.times(v, ical.ComponentPropertyRdate, e.Zone, maxOccurrences)
	excluded, ok2 := b.times(v, ical.ComponentPropertyExdate, e.Zone, maxExcluded)
	if !ok1 || !ok2 {
		return nil, false
	}
	for _, at := range dates {
		set.RDate(at.In(loc))
	}
	for _, at := range excluded {
		set.ExDate(at.In(loc))
	}
	var starts []time.Time
	next := set.Iterator()
	for at, ok := next(); ok && !at.After(b.To) && len(starts) < maxOccurrences; at, ok = next() {
		if at.Add(e.Ends.Sub(e.Starts)).After(b.From) {
			starts = append(starts, at)
		}
	}
	return starts, true
}

// times reads all lists of times of a name, of which periods give when they begin; false: there are more than most.
func (b *builder) times(v *ical.VEvent, name ical.ComponentProperty, zone string, most int) (all []time.Time, ok bool) {
	for _, p := range v.GetProperties(name) {
		for text := range strings.SplitSeq(p.Value, ",") {
			text, _, _ = strings.Cut(text, "/")
			if len(all) == most {
				return nil, false
			}
			if at, _, ok := b.parse(strings.TrimSpace(text), first(p.ICalParameters["TZID"]), zone); ok {
				all = append(all, at)
			}
		}
	}
	return all, true
}
