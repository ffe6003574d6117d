package crowd

import (
	"math"
	"time"
)

// firstRadius is the radius that everybody's search begins with, in km.
const firstRadius = 5

// burstSize is how many things a spammer says at once: less than the bot takes of one person.
const burstSize = 6

// person is one simulated user: what they are like, where they are in their script, and what
// they remember of the screen. A million of them have to fit, so there is nothing here that
// can be worked out from the index.
type person struct {
	persona Persona
	known   bool // has said hello
	located bool // has sent a location
	draft   bool // has a draft, that is not published
	titled  bool // the draft has a title
	doubted bool // the list from before came once more after an outage: a press may still change it
	days    role // that the next list should show
	radius  int16
	page    int16 // of the newest list, from 1; 0: it has none
	pages   int16
	number  uint32 // of the newest draft

	self  uint32 // the index in the shard
	first bool   // the next step is the first of the visit
	came  uint8  // how many visits began; 255: or more
	left  int8   // steps left of the visit; 0: away
	back  int64  // away for an hour or a week: when they return; 0: they come when it is their turn
	due   int64  // when the next step, or the one under way, is meant
	turn  uint32 // tells a timetable's entry that still counts

	act     deed    // what is under way
	at      screen  // the newest screen; other: nothing to go on from
	offers  buttons // what can be pressed there
	old     buttons // one button of a list of long ago
	oldAt   int64   // the message it was on
	choice  choice  // for the draft
	content int64   // when they last saw what they waited for
	// When the screen last showed that the bot knows their search, and their draft.
	searchAt, draftAt int64
	// When they began the draft, and answered each question of its wizard, in ms: what is lost with a draft
	// is what they entered since.
	answers [2 + preview - askTitle]uint32
	lot     uint64 // their own chance, so that the same seed makes the same people
}

// choice is what the person entered for the draft.
type choice struct {
	category uint8
	minute   int16
}

// deed is something a person did and waits for the bot's answer to.
type deed struct {
	kind    Kind // Nothing: nothing is under way
	wants   sights
	presses [3]int64 // callback queries without an answer
	seen    int64    // when the last of what was waited for came; 0: nothing did
	cleared bool     // the screen that was waited for is there
	trouble bool     // the bot said: try again
	refused bool     // the bot said no
	lost    bool     // the bot did not know where the person was
	heard   int8     // answers of a burst so far
	burst   [burstSize]sight
	tries   uint8
	by      role   // of the button that was pressed; none: something was said
	arg     int    // of that button
	title   string // of the event to be joined, left or called off
}

// waiting reports whether something the person did has not been answered in full.
func (p *person) waiting() bool { return p.act.kind != Nothing }

// drafting reports whether what the person does is about their draft, rather than their search.
func (p *person) drafting() bool { return p.act.kind == Answer || p.act.kind == Publish }

// answering notes that a draft is begun, or that the question on the screen is answered.
func (p *person) answering(k Kind, now int64) {
	switch {
	case k == Create:
		p.answers[0] = uint32(now / int64(time.Millisecond))
	case k == Answer && wizard.has(p.at.sight):
		p.answers[1+p.at.sight-askTitle] = uint32(now / int64(time.Millisecond))
	}
}

// answeredAt is when the person answered a question of the wizard; not one: when they began the draft.
func (p *person) answeredAt(question sight) int64 {
	i := 0
	if wizard.has(question) {
		i = int(1 + question - askTitle)
	}
	return int64(p.answers[i]) * int64(time.Millisecond)
}

// wanted is the list that what the person did is to lead to, where it leads to the list sees.
func (p *person) wanted(sees *screen) screen {
	d := &p.act
	want := screen{sight: list, radius: int(p.radius), days: p.days, page: 1}
	switch {
	case d.kind == Radius:
		want.radius = d.arg
	case d.kind == Days:
		want.days = d.by
	case d.kind == Page && d.by == roleNext:
		want.page = int(min(p.page+1, p.pages))
	case d.kind == Page:
		want.page = int(max(p.page-1, 1))
	case d.kind == Back || d.kind == OldButton:
		want.page = sees.page // the list may have been made anew
	}
	return want
}

// asked reports whether a list is the one that the person waits for; to a location a new one comes.
func (p *person) asked(sees *screen) bool {
	want := p.wanted(sees)
	return sees.shows(&want) && (p.act.kind != Locate || !sees.edited)
}

// unturned reports whether a card says the opposite of what the person pressed for.
func (p *person) unturned(sees *screen) bool {
	return p.act.kind == Join && sees.part == "" && !sees.off || p.act.kind == Leave && sees.part != ""
}

// answered reports whether all has come that the deed waits for.
func (d *deed) answered() bool {
	if d.presses != [3]int64{} {
		return false
	}
	return d.cleared || d.wants == 0 || d.trouble || d.refused || d.lost
}

// intN draws a number from 0 to n-1.
func (p *person) intN(n int) int { return int(p.draw() % uint64(n)) }

// wait draws a time from an exponential distribution, in ns.
func (p *person) wait(mean float64) int64 {
	u := float64(p.draw()>>11) / (1 << 53)
	return int64(-mean * math.Log1p(-u))
}

// draw is SplitMix64: https://doi.org/10.1145/2714064.2660195.
func (p *person) draw() uint64 {
	p.lot += 0x9e3779b97f4a7c15
	z := p.lot
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
