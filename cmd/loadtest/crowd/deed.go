package crowd

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"okolo/bot/sandbox"
	"okolo/cmd/loadtest/verify"
)

// maxTries is how often a person repeats a step that the bot could not carry out.
const maxTries = 200

// step lets a person do what is next; due is when they mean to.
func (s *shard) step(p *person, due int64) {
	first := p.first
	p.first = false
	m, ok := s.next(p, first)
	if !ok {
		s.leave(p)
		return
	}
	s.meter.late(s.now() - max(due, p.content))
	tries := p.act.tries
	p.act = deed{kind: m.kind, wants: m.wants, title: m.title, tries: tries, by: m.press.role, arg: m.press.arg}
	s.announce(p, &m)
	p.answering(m.kind, s.now())
	var err error
	switch {
	case m.kind == Burst:
		err = s.talk(p)
	case m.press.message != 0:
		err = s.press(p, &m)
	default:
		err = s.say(p, m.say)
	}
	if err != nil {
		s.complain(p, Unexpected, "Telegram refused %s: %v", m.kind, err)
		p.act = deed{}
		s.leave(p)
		return
	}
	s.doubts.add(entry{s.now() + int64(s.crowd.Patience), p.self, p.turn})
	s.settle(p) // what has no answer to wait for is done
}

func (s *shard) say(p *person, what sandbox.Saying) error {
	id := s.id(p)
	if !p.known {
		who := sandbox.Profile{ID: id, FirstName: s.name(p), LanguageCode: "en"}
		if err := s.crowd.telegram.Join(who); err != nil {
			return err
		}
		p.known = true
	}
	if what.Location != nil {
		s.crowd.journal.note(id, "says ", fmt.Sprintf("📍 %.4f, %.4f", what.Location.Latitude, what.Location.Longitude))
	} else {
		s.crowd.journal.note(id, "says ", what.Text)
	}
	s.meter.count(func(c *Counts) { c.Updates++ })
	return s.crowd.telegram.Say(id, s.crowd.bot, what)
}

// name is what a person is called.
func (s *shard) name(p *person) string { return "P" + strconv.FormatInt(s.id(p), 10) }

func (s *shard) press(p *person, m *move) error {
	id := s.id(p)
	for tap := range m.taps {
		s.crowd.journal.note(id, "presses ", string(rune(m.press.role)), " of #", strconv.FormatInt(m.press.message, 10), " ", m.press.data)
		s.meter.count(func(c *Counts) { c.Updates++ })
		callback, err := s.crowd.telegram.Press(id, s.crowd.bot, m.press.message, m.press.data)
		if err != nil {
			return err
		}
		if p.act.presses[tap], err = strconv.ParseInt(callback, 10, 64); err != nil {
			return err
		}
	}
	return nil
}

// talk says many things at once.
func (s *shard) talk(p *person) error {
	words := [...]struct {
		text   string
		answer sight
	}{{"/help", help}, {"/mine", mine}, {"/nonsense", unknownCommand}}
	p.act.wants = of(help, mine, unknownCommand)
	for i := range p.act.burst {
		w := words[p.intN(len(words))]
		p.act.burst[i] = w.answer
		if err := s.say(p, sandbox.Saying{Text: w.text}); err != nil {
			return err
		}
	}
	return nil
}

// shown lets a person look at a message of the bot.
func (s *shard) shown(p *person, m *sandbox.Message, at int64) {
	sc := read(m)
	if !s.own(p, &sc) {
		return
	}
	switch {
	case sc.sight == notice:
		if !s.crowd.Ledger.Concerned(s.id(p), sc.title) {
			s.complain(p, Misdelivered, "message %d tells of %q, which they never joined", sc.message, sc.title)
		}
		return
	case sc.sight == picture || sc.sight == greeting:
		return // what was waited for comes behind it
	case !p.waiting() && p.draft && sc.sight == saved && sc.title == s.title(p):
		// Of two presses one was refused, and the other was not.
		p.at, p.offers = sc, s.packer.pack(m, &sc)
		s.published(p)
	case !p.waiting() && sc.edited && sc.sight == card && p.at.sight == card && sc.message == p.at.message && sc.title == p.at.title:
		p.at, p.offers = sc, s.packer.pack(m, &sc) // the same, for a press
	case !p.waiting():
		s.uncalled(p, &sc, "nothing was asked")
	case p.act.kind == Burst:
		s.heard(p, &sc, at)
	case sc.sight == apology:
		s.complain(p, Broken, "the bot apologised for an error, to %s", p.act.kind)
		p.act.trouble = true
	case s.crowd.Lenient && sc.sight == list && p.act.wants.has(list) && !p.asked(&sc) && (!s.excused(p.searchAt) || p.act.kind == Locate && sc.edited):
		s.again(p, m, &sc)
	case s.crowd.Lenient && sc.edited && sc.sight == card && sc.title == p.act.title && p.unturned(&sc):
		s.uncalled(p, &sc, "the card as it was before the press")
	case s.crowd.Lenient && sc.sight == askLocation && p.act.kind == Locate:
		s.uncalled(p, &sc, "what was asked before it")
	case p.act.wants.has(sc.sight), p.act.kind == Publish && sc.sight == card && sc.title == s.title(p):
		p.at, p.offers = sc, s.packer.pack(m, &sc)
		p.act.cleared, p.act.seen = true, at
	case sc.sight == trouble:
		s.trouble(p, m.Text)
	case sc.sight == gone, sc.sight == askLocation, sc.sight == list && p.act.kind == Answer:
		s.lost(p, "was told %.80q", m.Text)
	case s.crowd.Lenient && wizard.has(sc.sight) && !s.excused(p.answeredAt(sc.sight)) && sc.sight <= p.at.sight && (sc.title == p.at.title || sc.sight == askTitle):
		s.uncalled(p, &sc, "a question that was answered")
	case wizard.has(sc.sight) && (p.act.kind == Create || p.act.kind == Answer || p.act.kind == Publish):
		// Another question than expected: what was answered before is gone, or was still there.
		s.elsewhere(p, m, sc, at)
	default:
		s.uncalled(p, &sc, "it is no answer to "+p.act.kind.String())
	}
	s.settle(p)
}

// again: an update came once more after a kill, and led to a list that is not the one asked for. What is edited
// into the list will be overtaken; from a new one a person goes on, since the bot does.
func (s *shard) again(p *person, m *sandbox.Message, sc *screen) {
	if !sc.edited && p.act.kind != Locate {
		p.at, p.offers = *sc, s.packer.pack(m, sc)
		p.radius, p.days, p.page, p.pages = int16(sc.radius), sc.days, int16(sc.page), int16(sc.pages)
	}
	s.uncalled(p, sc, "a list that was not asked for")
}

// own checks that a message is for the one who sees it.
func (s *shard) own(p *person, sc *screen) bool {
	theirs := ""
	switch {
	case sc.sight == greeting && sc.title != s.name(p):
		theirs = sc.title
	case (wizard.has(sc.sight) || sc.sight == saved) && sc.title != "" && !strings.Contains(sc.title, " of "+strconv.FormatInt(s.id(p), 10)+","):
		theirs = sc.title
	}
	if theirs != "" {
		s.complain(p, Misdelivered, "sees what is for somebody else: %q", theirs)
	}
	return theirs == ""
}

// uncalled deals with a message that answers nothing.
func (s *shard) uncalled(p *person, sc *screen, why string) {
	switch {
	case sc.edited: // an older screen, once more
	case s.crowd.Lenient:
		s.meter.count(func(c *Counts) { c.Repeats++ })
	case p.waiting():
		s.complain(p, Unexpected, "message %d: %s", sc.message, why)
	default:
		s.complain(p, Misdelivered, "message %d: %s", sc.message, why)
	}
}

// heard takes an answer to one of many things that were said at once.
func (s *shard) heard(p *person, sc *screen, at int64) {
	d := &p.act
	want := d.burst[d.heard]
	switch {
	case sc.sight == want, sc.sight == trouble:
		d.heard++
	case s.crowd.Lenient:
		s.meter.count(func(c *Counts) { c.Repeats++ })
	default:
		s.complain(p, Disordered, "answer %d of %d to what was said at once is out of order", d.heard+1, burstSize)
		d.heard++
	}
	if d.heard == burstSize {
		d.cleared, d.seen = true, at
		p.at = screen{}
	}
}

// answered takes the bot's answer to a press.
func (s *shard) answered(p *person, e *event) {
	d := &p.act
	for i, id := range d.presses {
		if id == e.callback {
			d.presses[i] = 0
			d.seen = max(d.seen, e.at)
		}
	}
	if !p.waiting() {
		return // given up meanwhile
	}
	switch k := sightOf(e.answer.Text); {
	case e.answer.Text == "":
	case k == trouble:
		s.trouble(p, e.answer.Text)
	case k == apology:
		d.trouble = true
		s.complain(p, Broken, "the bot apologised for an error, to %s", d.kind)
	case k == gone:
		s.lost(p, "was told %q", e.answer.Text)
	case s.crowd.Lenient && k == older:
		d.refused = true // a location came once more: what they pressed is not their newest list
	case e.answer.ShowAlert:
		d.refused = true
	}
	s.settle(p)
}

// trouble: it is to be tried again. That an event is saved may be said even so, where its card cannot be
// shown.
func (s *shard) trouble(p *person, text string) {
	p.act.trouble = true
	if p.act.kind == Publish && strings.Contains(text, "Your event is published") {
		s.crowd.Ledger.Published(s.id(p), p.number)
	}
}

// published: the person has read that their draft is an event.
func (s *shard) published(p *person) {
	p.draft, p.titled = false, false
	s.crowd.Ledger.Published(s.id(p), p.number)
	if p.at.category < 0 || p.at.minute < 0 {
		s.complain(p, Unexpected, "the card of %q does not say what or when", p.at.title)
		return
	}
	entered, last := s.crowd.Ledger.Shown(s.id(p), p.number, categories[p.at.category].name, p.at.minute)
	if !entered || !last && !s.crowd.Lenient {
		s.complain(p, Altered, "the card of %q shows another category or time than was entered", p.at.title)
	}
}

// elsewhere: the wizard asks another question than the one that is next.
func (s *shard) elsewhere(p *person, m *sandbox.Message, sc screen, at int64) {
	if p.act.by == roleTime && sc.sight == askWhen || sc.edited && p.act.by == 0 {
		// The moment has passed meanwhile; or an older screen came once more.
		p.at, p.offers, p.act.refused = sc, s.packer.pack(m, &sc), true
		return
	}
	s.lostDraft(p, p.answeredAt(sc.sight), "the wizard asked something else: %.80q", m.Text)
	p.at, p.offers, p.draft, p.titled = sc, s.packer.pack(m, &sc), true, sc.title != ""
	p.act.seen = at
}

// lost: the bot does not know any more where the person was.
func (s *shard) lost(p *person, format string, args ...any) {
	if p.drafting() {
		s.lostDraft(p, p.answeredAt(other), format, args...)
	} else {
		s.lostSearch(p, format, args...)
	}
}

// lostDraft: what the person entered since is gone. They go by their search as before: where that is lost
// too, they will see.
func (s *shard) lostDraft(p *person, since int64, format string, args ...any) {
	if !s.misses(p, since, format, args...) {
		return
	}
	p.draftAt = s.now()
	p.at, p.offers, p.draft, p.titled = screen{}, "", false, false
}

// lostSearch: the bot does not know the person's search any more, and nothing else.
func (s *shard) lostSearch(p *person, format string, args ...any) {
	if !s.misses(p, p.searchAt, format, args...) {
		return
	}
	p.searchAt, p.draftAt = s.now(), s.now()
	p.at, p.offers, p.draft, p.titled, p.located = screen{}, "", false, false, false
	p.radius, p.days, p.page = firstRadius, roleToday, 0
}

// misses: what the person did since a time is gone, which is a complaint unless it may be. It reports false
// to all but the first who say so: every tap of a button is told.
func (s *shard) misses(p *person, since int64, format string, args ...any) bool {
	if p.act.lost {
		return false
	}
	p.act.lost = true
	if s.excused(since) {
		s.meter.count(func(c *Counts) { c.Excused++ })
	} else {
		s.complain(p, PlaceLost, format, args...)
	}
	return true
}

// excused reports whether what was done at a time may be lost to an outage of PostgreSQL.
func (s *shard) excused(at int64) bool { return s.crowd.outages.excuse(at) }

// settle ends a deed whose answer is complete, and plans what is next.
func (s *shard) settle(p *person) {
	d := &p.act
	if !p.waiting() || !d.answered() {
		return
	}
	due := p.due
	switch {
	case d.cleared && !d.lost:
		s.meter.done(d.kind, d.seen-due)
		s.check(p)
		s.conclude(p)
		d.tries = 0
	case d.trouble:
		s.meter.count(func(c *Counts) { c.Troubled++ })
		if d.tries++; d.tries == maxTries {
			s.complain(p, Stuck, "%s failed %d times", d.kind, maxTries)
			d.tries = 0
		}
		p.left++
	default:
		s.meter.count(func(c *Counts) { c.Refused++ })
		if d.title != "" && (d.kind == Join || d.kind == Leave) && d.refused {
			s.crowd.Ledger.Unchanged(s.id(p), d.title)
		}
	}
	if d.trouble {
		due = s.now() // what failed is tried again later, and meant then
	}
	p.content = s.now()
	p.act = deed{tries: d.tries}
	if p.left--; p.left <= 0 {
		s.leave(p)
		return
	}
	think := int64(0)
	switch {
	case s.crowd.Rate > 0:
		think = p.wait(float64(s.crowd.Think))
	default:
		due = s.now()
	}
	if d.tries > 0 {
		think += int64(retryPause)
	}
	s.plan(p, due+think)
}

// retryPause is the least that a person waits before doing again what the bot could not do.
const retryPause = 200 * time.Millisecond

// check compares the new screen with what it has to show.
func (s *shard) check(p *person) {
	s.meter.count(func(c *Counts) { c.Checks++ })
	switch {
	case p.at.sight == list:
		s.checkList(p)
	case wizard.has(p.at.sight) && p.titled && p.at.title != s.title(p):
		s.lostDraft(p, p.answeredAt(other), "the draft is called %q in place of %q", p.at.title, s.title(p))
	case wizard.has(p.at.sight) && p.titled:
		p.draftAt = p.act.seen
	case p.act.kind == Publish && p.at.title != s.title(p):
		s.complain(p, PlaceLost, "published %q and sees %q", s.title(p), p.at.title)
	}
}

// checkList sees that a list shows the radius, the days and the page that it should.
func (s *shard) checkList(p *person) {
	sees := p.at
	was, want := screen{radius: int(p.radius), days: p.days, page: int(p.page)}, p.wanted(&sees)
	known, doubted := p.searchAt, p.doubted
	p.radius, p.days, p.doubted = int16(want.radius), want.days, false
	if !sees.shows(&want) {
		s.lostSearch(p, "the list shows page %d, %d km, %c in place of page %d, %d km, %c",
			sees.page, sees.radius, sees.days, want.page, p.radius, p.days)
		// From here on people go by what they see.
		p.at, p.located, p.radius, p.days = sees, true, int16(sees.radius), sees.days
		// What was excused may be the list from before, once more, with the press still to be carried out: then what
		// that leads to is excused, too, but nothing after it.
		p.doubted = !doubted && sees.edited && sees.shows(&was) && s.excused(known)
	}
	p.page, p.pages, p.searchAt = int16(sees.page), int16(sees.pages), p.act.seen
	if p.doubted {
		p.searchAt = known
	}
}

// conclude draws the consequences of an answer: what the person knows now, and what they were
// told is saved.
func (s *shard) conclude(p *person) {
	l, id, d := s.crowd.Ledger, s.id(p), &p.act
	switch d.kind {
	case Locate:
		p.located = true
	case Create:
		p.draft, p.titled, p.draftAt = true, false, d.seen
	case Discard:
		p.draft, p.titled = false, false
	case Publish:
		s.published(p)
	case Join, Leave:
		if p.at.title == d.title {
			l.Changed(id, d.title, map[string]verify.Part{"going": verify.Going, "waiting": verify.Waiting}[p.at.part])
		}
	case CallOff:
		if d.by == roleYes && p.at.off && p.at.title == d.title {
			l.CalledOff(id, p.number)
		}
	}
}

// giveUp: the bot did not answer in time.
func (s *shard) giveUp(p *person) {
	s.complain(p, Unanswered, "%s was not answered within %s", p.act.kind, s.crowd.Patience)
	p.act = deed{}
	p.at, p.offers = screen{}, ""
	p.draft, p.titled = false, false // who knows
	s.leave(p)
}

func (s *shard) complain(p *person, w Wrong, format string, args ...any) {
	c := Complaint{w, s.id(p), fmt.Sprintf(format, args...)}
	s.crowd.journal.note(c.Person, "! ", string(w), ": ", c.What)
	s.crowd.wrongs.add(c)
}
