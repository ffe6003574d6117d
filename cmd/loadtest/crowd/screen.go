package crowd

import (
	"slices"
	"strconv"
	"strings"

	"okolo/bot/sandbox"
)

// sight is what a person takes a message for.
type sight uint8

const (
	other sight = iota
	home
	greeting
	picture // the map
	list
	card
	saved // the card of an event just published
	mine
	help
	unknownCommand
	askLocation
	askCallOff
	askTitle // the wizard, by its question
	askCategory
	askWhere
	askWhen
	preview
	trouble // nothing was done, and trying again helps
	gone    // what the person was in the middle of is not there any more
	apology
	older  // what was pressed is a list that another search has replaced
	notice // what the bot says unasked, of an event that the person joined
)

// sights is a set of them.
type sights uint32

func of(list ...sight) (s sights) {
	for _, k := range list {
		s |= 1 << k
	}
	return s
}

func (s sights) has(k sight) bool { return s&(1<<k) != 0 }

// wizard are the questions of the wizard.
var wizard = of(askTitle, askCategory, askWhere, askWhen, preview)

// screen is a message as the person reads it.
type screen struct {
	sight
	message int64
	edited  bool
	title   string // of the event that it is about, or the person greeted
	radius  int    // km, of a list or map
	days    role   // of a list
	page    int    // of a list, from 1; 0: it has no pages
	pages   int
	part    string // of a card: what the person has to do with the event
	off     bool   // of a card: the event is called off
	// Of a card: its category, and the minute of the day on which it starts; -1: it does not say.
	category, minute int16
}

// shows reports whether a list is the one that is wanted, at the last page where it has fewer.
func (s *screen) shows(want *screen) bool {
	return s.radius == want.radius && s.days == want.days && (s.page == 0 || want.page == 0 || s.page == min(want.page, s.pages))
}

// sentences tell what a message is by what it contains; the first that fits counts.
var sentences = []struct {
	words string
	sight sight
}{
	{"Something went wrong", apology},
	{"Too much is going on", trouble},
	{"look that up right now", trouble},
	{"could not be saved", trouble},
	{"That didn't work", trouble},
	{"whether this was saved", trouble},
	{"can't show it right now", trouble},
	{"That draft is no longer there", gone},
	{"Please send me a location first", gone},
	{"This button no longer works", gone},
	{"That list is of an earlier search", older},
	{"That event is no longer there", gone},
	{"Send me the title", askTitle},
	{"What kind of event is it", askCategory},
	{"Where does it take place", askWhere},
	{"When does it begin", askWhen},
	{"Is everything right", preview},
	{"Hello, ", greeting},
	{"Your events", mine},
	{"What I can do", help},
	{"I don't know that command", unknownCommand},
	{"Send me a location", askLocation},
	{"What would you like to do", home},
	{"There is nothing to cancel", home},
	{"Everybody who joined will be told", askCallOff},
}

// notices are the sentences around the title of an event, in what the bot says of it unasked.
var notices = [...]struct{ before, behind string }{
	{"❌ The operators took ", ", which you joined, out of here."},
	{"❌ ", ", which you joined, was called off."},
	{"✏️ The organiser changed ", ", which you joined."},
	{"🙋 A place is free: you come to ", ". If you cannot, "},
	{"⏰ ", " is coming up."},
	{"⏰ ", " begins within the hour."},
}

// noticeOf returns the title of the event that a message is a notice of.
func noticeOf(text string) (title string, ok bool) {
	for _, n := range notices {
		if rest, found := strings.CutPrefix(text, n.before); found {
			if title, _, found = strings.Cut(rest, n.behind); found {
				return title, true
			}
		}
	}
	return "", false
}

// read tells what a message is.
func read(m *sandbox.Message) screen {
	s := screen{message: m.ID, edited: m.Edited > 0}
	switch {
	case m.Photo != nil:
		s.sight = picture
		return s
	case strings.HasPrefix(m.Text, "Nearby · "):
		s.readList(m)
		return s
	case strings.HasPrefix(m.Text, "✅ ") && strings.Contains(m.Text, "\n🕒 "):
		s.sight = saved
		s.readCard(m.Text)
		return s
	}
	if title, ok := noticeOf(m.Text); ok {
		s.sight, s.title = notice, title
		return s
	}
	s.sight = sightOf(m.Text)
	switch {
	case s.sight == greeting:
		rest, _ := strings.CutPrefix(m.Text, "Hello, ")
		s.title, _, _ = strings.Cut(rest, "!")
	case wizard.has(s.sight):
		_, rest, _ := strings.Cut(m.Text, "📝 ")
		s.title, _, _ = strings.Cut(rest, "\n")
	case s.sight == other && strings.Contains(m.Text, "\n🕒 "):
		s.sight = card
		s.readCard(m.Text)
	}
	return s
}

// sightOf tells what a sentence is, of a message or of an answer to a press.
func sightOf(text string) sight {
	for _, s := range sentences {
		if strings.Contains(text, s.words) {
			return s.sight
		}
	}
	return other
}

// readList reads "Nearby · 5 km · today · …" and the button "2 / 10".
func (s *screen) readList(m *sandbox.Message) {
	s.sight = list
	head, rest, _ := strings.Cut(m.Text, " km · ")
	days, _, _ := strings.Cut(rest, " · ")
	s.days = labels[days]
	s.radius, _ = strconv.Atoi(strings.TrimPrefix(head, "Nearby · ")) // no number: 0, which nobody expects
	for _, row := range m.Buttons {
		for _, b := range row {
			if at, all, ok := strings.Cut(b.Text, " / "); ok {
				s.page, _ = strconv.Atoi(at)
				s.pages, _ = strconv.Atoi(all)
			}
		}
	}
}

// readCard reads the title, which is the first line that is no headline, what kind of event it is, and
// the hour.
func (s *screen) readCard(text string) {
	s.off = strings.Contains(text, "❌ ")
	s.category, s.minute = -1, -1
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		when, timed := strings.CutPrefix(line, "🕒 ")
		switch {
		case line == "" || strings.HasPrefix(line, "✅ ") || strings.HasPrefix(line, "❌ "):
		case s.title == "":
			s.title = line
		case timed && s.minute < 0:
			begins, _, _ := strings.Cut(when, "–")
			if minute, ok := minuteOf(strings.TrimSpace(begins)); ok {
				s.minute = int16(minute)
			}
		case s.category < 0:
			s.category = int16(slices.IndexFunc(categories[:], func(c category) bool { return c.label == line }))
		}
	}
	switch {
	case strings.Contains(text, "🙋 You are going"), strings.Contains(text, "🙋 You had joined"):
		s.part = "going"
	case strings.Contains(text, "⏳ You are on the waiting list"), strings.Contains(text, "⏳ You were on the waiting list"):
		s.part = "waiting"
	}
}
