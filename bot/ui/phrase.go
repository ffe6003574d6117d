package ui

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// phrase is what is known of a moment while the words that name it are read. Every word has
// to be understood: a moment half understood would be published as a wrong one.
type phrase struct {
	now time.Time

	date    date
	weekday *time.Weekday // that was named
	later   bool          // of the week after this one

	clock        bool // an hour was named
	hour, minute int
	part         string  // of the day, "pm", named with the hour,
	half         string  // or apart from it
	early        int     // an hour of either half, as "at 7"; 0: none was named
	until        *hourOf // when it is over, if that was named

	exact   time.Time // "in two hours"; zero: not named
	dotted  []string  // "25.12", "18.00": which it is shows at the end
	wrong   bool      // something was named twice, or contradicts itself
	nowhere bool      // there is no such day, or it is another of the week, or the clocks skip that hour
}

// date is a day; the zero one is none. Year 0 is a year that was not named.
type date struct {
	year  int
	month time.Month
	day   int
}

var (
	clockWord  = regexp.MustCompile(`^(\d{1,2})(?:[:.](\d{2}))?(am|pm|ч)?$`)
	dottedWord = regexp.MustCompile(`^\d{1,2}\.\d{1,2}$`)
	dateWord   = regexp.MustCompile(`^(\d{1,2})[./](\d{1,2})(?:[./](\d{2}|\d{4}))?$`)
	isoWord    = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})$`)
	dayWord    = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th|-?го)?$`)
	yearWord   = regexp.MustCompile(`^\d{4}$`)
	countWord  = regexp.MustCompile(`^\d{1,3}$`)
)

// spelling makes different ways to write the same alike.
var spelling = strings.NewReplacer("ё", "е", ",", " ", "a.m.", "am", "p.m.", "pm",
	". ", " ", " of ", " ", "day after tomorrow", "послезавтра", "o'clock", "час", "o’clock", "час",
	"in the morning", "утром", "in the afternoon", "днем", "in the evening", "вечером",
	"an hour and a half", "90 минут", "полтора часа", "90 минут", "half an hour", "30 минут", "полчаса", "30 минут",
	"–", "-", "—", "-", "a couple of", "2")

var (
	relativeDays = map[string]int{
		"yesterday": -1, "вчера": -1, "today": 0, "сегодня": 0,
		"tomorrow": 1, "завтра": 1, "послезавтра": 2,
	}
	// The names by number; a word is understood from three letters on.
	monthNames = []string{"",
		"january января", "february февраля", "march марта", "april апреля", "may мая май", "june июня",
		"july июля", "august августа", "september сентября", "october октября", "november ноября", "december декабря",
	}
	weekdayNames = []string{
		"sunday воскресенье", "monday понедельник", "tuesday вторник", "wednesday среда среду",
		"thursday четверг", "friday пятница пятницу", "saturday суббота субботу",
	}
	clockNames = map[string]int{
		"noon": 12, "midday": 12, "полдень": 12, "полудня": 12, "midnight": 24, "полночь": 24, "полуночи": 24, // which ends a day
	}
	// halves are the parts of a day, named apart from the hour.
	halves = map[string]string{
		"morning": "утра", "утром": "утра", "afternoon": "дня", "днем": "дня", "evening": "вечера", "вечером": "вечера", "night": "ночи", "ночью": "ночи",
	}
	weekdaysShort = map[string]int{"вс": 0, "пн": 1, "вт": 2, "ср": 3, "чт": 4, "пт": 5, "сб": 6}
)

// next reads what the words begin with and returns how many words that were; 0: they are
// not understood.
func (p *phrase) next(words []string) int {
	for _, read := range []func([]string) int{
		p.readSpan, p.readClock, p.readDate, p.readDay, p.readWeek, p.readMonth, p.readAfter, p.readHour, p.readHalf, p.readFiller,
	} {
		if n := read(words); n > 0 {
			return n
		}
	}
	return 0
}

// readClock reads "19:30", "7pm", "7.30 pm", "7 вечера", "19 часов", "noon".
func (p *phrase) readClock(words []string) int {
	if hour, ok := clockNames[words[0]]; ok {
		p.setClock(hour, 0, "")
		return 1
	}
	if words[0] == "час" { // "в час дня"
		return max(p.readClock(append([]string{"1"}, words...))-1, 0)
	}
	m := clockWord.FindStringSubmatch(words[0])
	if m == nil {
		return 0
	}
	part, used := m[3], 1
	hours := part == "ч"
	if hours {
		part = ""
	}
	if part == "" && len(words) > used && isHours(words[used]) {
		hours = true
		used++
	}
	if part == "" && len(words) > used && isPart(words[used]) {
		part = words[used]
		used++
	}
	if len(words) > used && halves[words[used]] != "" { // which is read next
		hours = true
	}
	if hour := number(m[1]); part != "" || strings.Contains(words[0], ":") || hours && hour > 12 {
		p.setClock(hour, number(m[2]), part)
		return used
	}
	if hours && m[2] == "" && p.early == 0 {
		p.early = number(m[1])
		return used
	}
	return 0 // a number alone, or "18.00", which may be a date
}

// readHour reads the hour of "at 19", or of "at 7", if something else says that it is in the evening.
func (p *phrase) readHour(words []string) int {
	if words[0] != "at" && words[0] != "в" || len(words) < 2 || !countWord.MatchString(words[1]) {
		return 0
	}
	if len(words) > 2 && (isHours(words[2]) || isPart(words[2]) || monthOf(words[2]) != 0) {
		return 0
	}
	switch hour := number(words[1]); {
	case hour > 12:
		p.setClock(hour, 0, "")
	case hour == 0 || p.early != 0:
		p.wrong = true
	default:
		p.early = hour
	}
	return 2
}

// readHalf reads "вечером", "in the evening"; "tonight" is that of today.
func (p *phrase) readHalf(words []string) int {
	half := halves[words[0]]
	if words[0] == "tonight" {
		p.setDate(daysFrom(p.now, 0))
		half = "вечера"
	}
	if half == "" {
		return 0
	}
	p.wrong = p.wrong || p.half != ""
	p.half = half
	return 1
}

// readDate reads "25.12.2026", "25.12.2026 г.", "25/12" (the day first), "2026-12-25".
func (p *phrase) readDate(words []string) int {
	w := words[0]
	if dottedWord.MatchString(w) {
		p.dotted = append(p.dotted, w)
		return 1
	}
	if m := isoWord.FindStringSubmatch(w); m != nil {
		p.setDate(date{number(m[1]), time.Month(number(m[2])), number(m[3])})
		return 1
	}
	m := dateWord.FindStringSubmatch(w)
	if m == nil {
		return 0
	}
	year := number(m[3])
	if len(m[3]) == 2 {
		year += 2000
	}
	p.setDate(date{year, time.Month(number(m[2])), number(m[1])})
	if year != 0 && len(words) > 1 && isYear(words[1]) {
		return 2
	}
	return 1
}

// readDay reads "tomorrow", "friday", "пт".
func (p *phrase) readDay(words []string) int {
	if days, ok := relativeDays[words[0]]; ok {
		p.setDate(daysFrom(p.now, days))
		return 1
	}
	weekday, ok := weekdayOf(words[0])
	if !ok {
		return 0
	}
	p.wrong = p.wrong || p.weekday != nil
	p.weekday = &weekday
	return 1
}

// readWeek reads "this friday", "в следующую пятницу": that of the week after this one.
func (p *phrase) readWeek(words []string) int {
	later := hasPrefix(words[0], "следующ") || words[0] == "next"
	if !later && !isThis(words[0]) || len(words) < 2 {
		return 0
	}
	if _, ok := weekdayOf(words[1]); !ok {
		return 0
	}
	p.later = later
	return 1
}

// readMonth reads "25 december", "dec 25th", "25 декабря 2026 года".
func (p *phrase) readMonth(words []string) int {
	if len(words) < 2 {
		return 0
	}
	month, day := monthOf(words[1]), dayWord.FindStringSubmatch(words[0])
	if month == 0 {
		month, day = monthOf(words[0]), dayWord.FindStringSubmatch(words[1])
	}
	if month == 0 || day == nil {
		return 0
	}
	used, year := 2, 0
	if len(words) > used && yearWord.MatchString(words[used]) {
		year = number(words[used])
		used++
	}
	if year != 0 && len(words) > used && isYear(words[used]) {
		used++
	}
	p.setDate(date{year, month, number(day[1])})
	return used
}

// readAfter reads "in 2 hours", "через час", "in 3 days".
func (p *phrase) readAfter(words []string) int {
	if words[0] != "in" && words[0] != "через" {
		return 0
	}
	n, unit := 1, 1
	switch {
	case len(words) > 2 && countWord.MatchString(words[1]):
		n, unit = number(words[1]), 2
	case len(words) > 2 && (words[1] == "a" || words[1] == "an"):
		unit = 2
	case len(words) < 2 || words[0] == "in":
		return 0
	}
	switch w := words[unit]; {
	case hasPrefix(w, "min", "мин"):
		p.setExact(time.Duration(n) * time.Minute)
	case hasPrefix(w, "hour") || isHours(w):
		p.setExact(time.Duration(n) * time.Hour)
	case hasPrefix(w, "day", "день", "дня", "дней"):
		p.setDate(daysFrom(p.now, n))
	case hasPrefix(w, "week", "недел"):
		p.setDate(daysFrom(p.now, 7*n))
	default:
		return 0
	}
	return unit + 1
}

// readFiller reads a word that says nothing.
func (p *phrase) readFiller(words []string) int {
	switch words[0] {
	case "at", "on", "the", "from", "в", "во", "на", "с", "к":
		return 1
	}
	return 0
}

func (p *phrase) setDate(d date) {
	p.wrong = p.wrong || p.date != date{}
	p.date = d
}

func (p *phrase) setExact(d time.Duration) {
	p.wrong = p.wrong || !p.exact.IsZero()
	p.exact = p.now.Add(d).Truncate(time.Minute)
}

// setClock notes an hour, said of a part of the day; 24:00 is its end.
func (p *phrase) setClock(hour, minute int, part string) {
	p.wrong = p.wrong || p.clock || minute > 59 || hour > 23 && (hour > 24 || minute > 0 || part != "")
	p.clock, p.hour, p.minute, p.part = true, hour, minute, part
	switch part {
	case "am", "утра":
		p.wrong = p.wrong || hour > 12
		p.hour = hour % 12
	case "pm", "дня", "вечера":
		p.wrong = p.wrong || hour == 0 || part == "дня" && hour > 6 && hour < 12
		if hour < 12 {
			p.hour = hour + 12
		}
	case "ночи":
		p.wrong = p.wrong || hour > 5 && hour < 10 || hour > 12 && hour < 22
		switch {
		case hour == 12:
			p.hour = 0
		case hour == 10, hour == 11:
			p.hour = hour + 12
		}
	}
}

// setHalf puts an hour together with the half of the day that was named apart from it. They may
// contradict each other, and "12 in the evening" is nobody's noon.
func (p *phrase) setHalf() {
	if p.early != 0 {
		p.clock, p.wrong = false, p.wrong || p.clock
		if p.half == "" {
			return // it may be in the evening
		}
		p.setClock(p.early, 0, "")
	}
	if p.half == "" || !p.clock {
		return
	}
	p.wrong = p.wrong || p.half == "вечера" && p.hour == 12
	if p.part == "" && p.hour <= 12 {
		p.clock = false
		p.setClock(p.hour, p.minute, p.half)
	}
	p.wrong = p.wrong || p.half != "ночи" && (p.half == "утра") != (p.hour < 12)
}

// moment puts together what was read.
func (p *phrase) moment() (time.Time, bool) {
	if n := len(p.dotted); n > 0 && !p.clock && !(n == 1 && isDayOfMonth(p.dotted[0])) {
		h, m, _ := strings.Cut(p.dotted[n-1], ".")
		p.wrong = p.wrong || len(m) != 2
		p.setClock(number(h), number(m), "")
		p.dotted = p.dotted[:n-1]
	}
	for _, w := range p.dotted {
		d, m, _ := strings.Cut(w, ".")
		p.setDate(date{0, time.Month(number(m)), number(d)})
	}
	p.setHalf()
	named := p.date != date{}
	switch {
	case p.wrong:
		return time.Time{}, false
	case !p.exact.IsZero():
		p.wrong = named || p.clock || p.early != 0 || p.weekday != nil || p.half != ""
		return p.exact, !p.wrong
	case !p.clock:
		return time.Time{}, false
	case p.weekday != nil && !named:
		return p.onWeekday()
	case !named:
		return p.soonest(0, 1)
	case p.weekday == nil:
		return p.onDate()
	}
	at, ok := p.onDate() // "Fri 25 Dec", as the bot itself writes it
	p.nowhere = !ok || p.later || at.AddDate(0, 0, -p.daysOver()).Weekday() != *p.weekday
	return at, !p.nowhere
}

// daysOver is 1 where the clock says 24:00 of the day before.
func (p *phrase) daysOver() int { return p.hour / 24 }

// onWeekday returns the moment on the weekday that was named.
func (p *phrase) onWeekday() (time.Time, bool) {
	fromMonday := func(w time.Weekday) int { return int(w+6) % 7 }
	if p.later {
		return p.at(daysFrom(p.now, 7+fromMonday(*p.weekday)-fromMonday(p.now.Weekday())))
	}
	return p.soonest(int(*p.weekday-p.now.Weekday()+7)%7, 7)
}

// soonest returns the moment so many days from now, or where that has passed, some days later.
func (p *phrase) soonest(days, step int) (time.Time, bool) {
	if at, ok := p.at(daysFrom(p.now, days)); ok && at.After(p.now) {
		return at, true
	}
	return p.at(daysFrom(p.now, days+step))
}

// onDate returns the moment on the date that was named.
func (p *phrase) onDate() (time.Time, bool) {
	if p.date.year == 0 {
		return p.thisYear()
	}
	return p.at(p.date)
}

// thisYear returns the moment on a day of no year. One that is long past, or that this year
// does not have, means the coming year; yesterday is a mistake that the person should hear of.
func (p *phrase) thisYear() (time.Time, bool) {
	const longPast = 60 * 24 * time.Hour
	d := p.date
	d.year = p.now.Year()
	if at, ok := p.at(d); ok && p.now.Sub(at) < longPast {
		return at, true
	}
	d.year++
	return p.at(d)
}

// at returns the moment on a day. There may be none: on 31 February, or where the clocks
// skip that hour.
func (p *phrase) at(d date) (time.Time, bool) {
	hour := p.hour
	if hour == 24 && d == d.normal() {
		d, hour = date{d.year, d.month, d.day + 1}.normal(), 0
	}
	at := time.Date(d.year, d.month, d.day, hour, p.minute, 0, 0, p.now.Location())
	y, m, day := at.Date()
	p.nowhere = date{y, m, day} != d || at.Hour() != hour || at.Minute() != p.minute
	return at, !p.nowhere
}

// normal returns the date with a day past the end of its month counted on into the next.
func (d date) normal() date {
	y, m, day := time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC).Date()
	return date{y, m, day}
}

// daysFrom returns the date so many days from now.
func daysFrom(now time.Time, days int) date {
	y, m, d := now.Date()
	return date{y, m, d + days}.normal()
}

func isPart(w string) bool {
	switch w {
	case "am", "pm", "утра", "дня", "вечера", "ночи":
		return true
	}
	return false
}

// isYear reports whether a word says that the number before it is a year.
func isYear(w string) bool {
	switch w {
	case "г", "г.", "год", "года":
		return true
	}
	return false
}

// isHours reports whether a word says that the number before it is an hour.
func isHours(w string) bool { return w == "ч" || strings.HasPrefix(w, "час") }

// isDayOfMonth reports whether "25.12" can be no hour, and can be a date.
func isDayOfMonth(w string) bool {
	d, m, _ := strings.Cut(w, ".")
	return number(d) > 24 && number(d) <= 31 && number(m) >= 1 && number(m) <= 12
}

func isThis(w string) bool {
	switch w {
	case "this", "эту", "этот", "это", "эта":
		return true
	}
	return false
}

func weekdayOf(w string) (time.Weekday, bool) {
	i, ok := weekdaysShort[w]
	if !ok {
		i, ok = named(weekdayNames, w)
	}
	return time.Weekday(i), ok
}

func monthOf(w string) time.Month {
	i, _ := named(monthNames, w)
	return time.Month(i)
}

// named returns the index of the name that w is short for.
func named(names []string, w string) (int, bool) {
	if utf8.RuneCountInString(w) < 3 {
		return 0, false
	}
	for i, forms := range names {
		for _, name := range strings.Fields(forms) {
			if strings.HasPrefix(name, w) {
				return i, true
			}
		}
	}
	return 0, false
}

func hasPrefix(w string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(w, p) {
			return true
		}
	}
	return false
}

// number reads the digits that w begins with.
func number(w string) int {
	end := 0
	for end < len(w) && w[end] >= '0' && w[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(w[:end]) // the patterns leave four digits at most
	return n
}
