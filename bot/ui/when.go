package ui

import (
	"strconv"
	"time"
)

// maxWhen is the longest text, in bytes, in which a time is looked for.
const maxWhen = 100

// ParseWhen reads a moment from what a person typed, in the time zone of now: "19:30" (the
// next one), "25.12 18:00", "25.12.2026 18:00", "2026-12-25 18:00", or words in Russian or
// English, "завтра 19:30", "fri 7pm", "25 декабря в 18:00", "tonight at 8", "in 2 hours"; and when it is over,
// if that is said, "fri 7-9pm", "завтра с 19 до 21": ends is zero where it is not. A text with a word
// that is not understood is no moment, nor is a day without an hour, an hour that may be
// either half of the day, or one that the clocks of the zone skip.
func ParseWhen(text string, now time.Time) (starts, ends time.Time, ok bool) {
	starts, ends, trouble := readWhen(text, now)
	return starts, ends, trouble == ""
}

// readWhen is ParseWhen that names the sentence which says why a text is no moment; "" where it is one.
func readWhen(text string, now time.Time) (starts, ends time.Time, trouble string) {
	if len(text) > maxWhen {
		return starts, ends, "when_not_understood"
	}
	p := phrase{now: now}
	for words := wordsOf(text); len(words) > 0; {
		n := p.next(words)
		if n == 0 {
			return starts, ends, "when_not_understood"
		}
		words = words[n:]
	}
	if at, ok := p.moment(); ok {
		if over, ok := p.ends(at); ok {
			return at, over, ""
		}
	}
	return starts, ends, p.trouble()
}

// trouble says why what was read is no moment.
func (p *phrase) trouble() string {
	switch {
	case p.wrong:
		return "when_not_understood"
	case p.nowhere:
		return "when_no_such"
	case len(p.dotted) == 0 && p.date == date{} && p.weekday == nil && p.half == "" && p.early == 0:
		return "when_not_understood"
	}
	return "when_no_hour"
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
