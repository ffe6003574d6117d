package ui

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/olebedev/when"
	"github.com/olebedev/when/rules/en"
	"github.com/olebedev/when/rules/ru"
)

// maxWhen is the longest text, in bytes, in which a time is looked for.
const maxWhen = 100

var (
	numericWhen = regexp.MustCompile(`^(?:(\d{1,2})[./](\d{1,2})(?:[./](\d{4}))?|(\d{4})-(\d{2})-(\d{2}))?,?\s*(?:at |в )?(\d{1,2})[:.](\d{2})$`)
	hasClock    = regexp.MustCompile(`(?i)\d{1,2}[:.]\d{2}|\d\s*(?:am|pm|a\.m|p\.m)|\d\s*(?:час|утра|вечера|дня|ночи)`)
	inWords     = newWords()
)

func newWords() *when.Parser {
	p := when.New(nil)
	p.Add(ru.All...)
	p.Add(en.All...)
	return p
}

// ParseWhen reads a moment from what a person typed, in the time zone of now: "19:30" (the
// next one), "25.12 18:00", "25.12.2026 18:00", "2026-12-25 18:00", or words in Russian or
// English, "завтра 19:30", "fri 7pm". A date without an hour is no moment.
func ParseWhen(text string, now time.Time) (time.Time, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) > maxWhen {
		return time.Time{}, false
	}
	if m := numericWhen.FindStringSubmatch(text); m != nil {
		return parseNumeric(m, now)
	}
	if !hasClock.MatchString(text) {
		return time.Time{}, false
	}
	r, err := inWords.Parse(text, now)
	if err != nil || r == nil {
		return time.Time{}, false
	}
	return r.Time.Truncate(time.Minute), true
}

// parseNumeric reads the parts of numericWhen. A day without a year is the next such day, an
// hour without a day the next such hour.
func parseNumeric(m []string, now time.Time) (time.Time, bool) {
	number := func(s string) int { n, _ := strconv.Atoi(s); return n } // digits by the pattern
	day, month, year := number(m[1]), number(m[2]), number(m[3])
	if m[4] != "" {
		year, month, day = number(m[4]), number(m[5]), number(m[6])
	}
	hour, minute := number(m[7]), number(m[8])
	if hour > 23 || minute > 59 {
		return time.Time{}, false
	}
	if day == 0 {
		at := time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, now.Location())
		if !at.After(now) {
			at = time.Date(now.Year(), now.Month(), now.Day()+1, hour, minute, 0, 0, now.Location())
		}
		return at, true
	}
	explicit := year != 0
	if !explicit {
		year = now.Year()
	}
	at := time.Date(year, time.Month(month), day, hour, minute, 0, 0, now.Location())
	if at.Day() != day || int(at.Month()) != month {
		return time.Time{}, false // there is no such day
	}
	// A day that is long past means the one in the coming year; yesterday is a mistake that
	// the person should hear of.
	if !explicit && now.Sub(at) > 60*24*time.Hour {
		at = at.AddDate(1, 0, 0)
	}
	return at, true
}

// suggestions are moments to choose from: this evening, and noon and evening of the days to
// come.
func suggestions(now time.Time) []time.Time {
	at := func(days, hour int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+days, hour, 0, 0, 0, now.Location())
	}
	saturday := int(time.Saturday-now.Weekday()+7) % 7
	if saturday < 2 {
		saturday += 7
	}
	var all []time.Time
	for _, t := range []time.Time{at(0, 19), at(1, 12), at(1, 19), at(saturday, 12), at(saturday, 19), at(saturday+1, 12)} {
		if t.Sub(now) > 30*time.Minute {
			all = append(all, t)
		}
	}
	return all
}

// parseCount reads a whole number from 0 to limit.
func parseCount(text string, limit int) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0 && n <= limit
}
