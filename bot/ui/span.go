package ui

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// hourOf is an hour as it was written at either end of a span, "19:00", "7pm", "7 часов вечера".
type hourOf struct {
	hour, minute int
	part         string // of the day; "" where nothing says which half is meant
	colon        bool   // with minutes, as by a clock of 24 hours
}

var (
	hourWord = `\d{1,2}(?:[:.]\d{2})?(?:am|pm|ч)?|noon|midday|midnight`
	spanWord = regexp.MustCompile(`^(` + hourWord + `)?-(` + hourWord + `)?$`)
)

// countNames are numbers in words, as they are, and as after "с" and "до".
var countNames = []string{"",
	"one один одну одного", "two два две двух пару", "three три трех", "four четыре четырех", "five пять пяти", "six шесть шести",
	"seven семь семи", "eight восемь восьми", "nine девять девяти", "ten десять десяти", "eleven одиннадцать одиннадцати",
	"twelve двенадцать двенадцати",
}

// wordsOf splits a text into words, with numbers in figures, and "19-21" into three. A date such as 2026-12-25 stays one.
func wordsOf(text string) []string {
	var all []string
	for _, w := range strings.Fields(strings.TrimRight(spelling.Replace(strings.ToLower(text)), " .!")) {
		if m := spanWord.FindStringSubmatch(w); m != nil {
			all = append(all, strings.Fields(m[1]+" - "+m[2])...)
			continue
		}
		if n, ok := named(countNames, w); ok && slices.Contains(strings.Fields(countNames[n]), w) {
			w = strconv.Itoa(n)
		}
		all = append(all, w)
	}
	return all
}

// readSpan reads "19:00 - 21:00", "7 to 9 pm", "19 до 21", "7 вечера до 9 вечера".
func (p *phrase) readSpan(words []string) int {
	from, n := readHourOf(words)
	if n == 0 || len(words) < n+2 || !isUntil(words[n]) {
		return 0
	}
	to, m := readHourOf(words[n+1:])
	if m == 0 {
		return 0
	}
	p.wrong = p.wrong || p.until != nil || p.early != 0
	p.until = &to
	switch {
	case from.part == "" && to.part != "":
		p.setClock(p.before(from, to), from.minute, "")
	case from.part != "" || from.byDay() || to.byDay():
		p.setClock(from.hour, from.minute, from.part)
	default:
		p.early = from.hour
	}
	return n + 1 + m
}

// readHourOf reads an hour, and returns how many words that were.
func readHourOf(words []string) (hourOf, int) {
	if len(words) == 0 {
		return hourOf{}, 0
	}
	if hour, ok := clockNames[words[0]]; ok {
		return hourOf{hour: hour, colon: true}, 1
	}
	if words[0] == "час" || words[0] == "часу" {
		words = append([]string{"1"}, words...)
		h, n := readHourOf(words)
		return h, n - 1
	}
	m := clockWord.FindStringSubmatch(words[0])
	if m == nil {
		return hourOf{}, 0
	}
	h, used := hourOf{number(m[1]), number(m[2]), m[3], m[2] != ""}, 1
	if h.part == "ч" {
		h.part = ""
	}
	if h.part == "" && len(words) > used && isHours(words[used]) {
		used++
	}
	if h.part == "" && len(words) > used && isPart(words[used]) {
		h.part = words[used]
		used++
	}
	return h, used
}

// byDay reports whether the hour is of the whole day, not perhaps of either half of it.
func (h hourOf) byDay() bool { return h.colon || h.hour == 0 || h.hour > 12 }

// before returns the hour, of either half of the day, that comes last before the other: of "7-9pm" that is
// 19, of "10-2pm" 10.
func (p *phrase) before(from, to hourOf) int {
	end := phrase{}
	end.setClock(to.hour, to.minute, to.part)
	p.wrong = p.wrong || end.wrong
	best, least := from.hour, 25*60
	for _, hour := range from.halves() {
		if d := apart(60*hour+from.minute, 60*end.hour+end.minute); d < least {
			best, least = hour, d
		}
	}
	return best
}

// halves returns the hours that may be meant.
func (h hourOf) halves() []int {
	if h.hour == 0 || h.hour > 12 {
		return []int{h.hour}
	}
	return []int{h.hour % 12, h.hour%12 + 12}
}

// apart is how many minutes pass from one minute of a day to the next such minute, a day at most.
func apart(from, to int) int { return (to-from+2*24*60-1)%(24*60) + 1 }

// ends returns when what starts at a moment is over: the first such hour after it. It is zero where none was
// named, and false where there is no such moment, or it is the same hour.
func (p *phrase) ends(starts time.Time) (time.Time, bool) {
	if p.until == nil {
		return time.Time{}, true
	}
	to := phrase{}
	to.setClock(p.until.hour, p.until.minute, p.until.part)
	hours := []int{to.hour}
	if p.until.part == "" && (p.part != "" || p.half != "") {
		hours = p.until.halves()
	}
	from, least := 60*starts.Hour()+starts.Minute(), 24*60
	for _, hour := range hours {
		least = min(least, apart(from, 60*hour+to.minute))
	}
	over := from + least
	at := time.Date(starts.Year(), starts.Month(), starts.Day(), 0, over, 0, 0, starts.Location())
	p.wrong = p.wrong || to.wrong || least == 24*60
	p.nowhere = 60*at.Hour()+at.Minute() != over%(24*60) || !at.After(starts)
	return at, !p.wrong && !p.nowhere
}

func isUntil(w string) bool {
	switch w {
	case "-", "to", "till", "until", "до", "по":
		return true
	}
	return false
}
