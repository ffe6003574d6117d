package ui

import (
	"strconv"
	"strings"
	"time"
)

// maxWhen is the longest text, in bytes, in which a time is looked for.
const maxWhen = 100

// ParseWhen reads a moment from what a person typed, in the time zone of now: "19:30" (the
// next one), "25.12 18:00", "25.12.2026 18:00", "2026-12-25 18:00", or words in Russian or
// English, "завтра 19:30", "fri 7pm", "25 декабря в 18:00", "tonight at 8", "in 2 hours". A text with a word
// that is not understood is no moment, nor is a day without an hour, an hour that may be
// either half of the day, or one that the clocks of the zone skip.
func ParseWhen(text string, now time.Time) (time.Time, bool) {
	at, trouble := readWhen(text, now)
	return at, trouble == ""
}

// readWhen is ParseWhen that names the sentence which says why a text is no moment; "" where it is one.
func readWhen(text string, now time.Time) (at time.Time, trouble string) {
	if len(text) > maxWhen {
		return time.Time{}, "when_not_understood"
	}
	p := phrase{now: now}
	words := strings.Fields(strings.TrimRight(spelling.Replace(strings.ToLower(text)), " .!"))
	for len(words) > 0 {
		n := p.next(words)
		if n == 0 {
			return time.Time{}, "when_not_understood"
		}
		words = words[n:]
	}
	at, ok := p.moment()
	switch {
	case ok:
		return at, ""
	case p.wrong:
		return time.Time{}, "when_not_understood"
	case p.nowhere:
		return time.Time{}, "when_no_such"
	case len(p.dotted) == 0 && p.date == date{} && p.weekday == nil && p.half == "" && p.early == 0:
		return time.Time{}, "when_not_understood"
	}
	return time.Time{}, "when_no_hour"
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
