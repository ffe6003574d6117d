package crowd

import (
	"okolo/bot/sandbox"
	"okolo/cmd/loadtest/verify"
)

// move is what a person does next: say something, or press a button.
type move struct {
	kind  Kind
	say   sandbox.Saying
	press button // its message is 0 where something is said
	taps  int
	wants sights // any of them is the answer
	title string // of the event that it is about
}

func (m move) named(title string) move {
	m.title = title
	return m
}

// says makes a move of words.
func says(k Kind, text string, wants ...sight) move {
	return move{kind: k, say: sandbox.Saying{Text: text}, wants: of(wants...)}
}

// presses makes a move of a button.
func presses(k Kind, b button, wants ...sight) move {
	return move{kind: k, press: b, taps: 1, wants: of(wants...)}
}

// visitLength draws how many steps a visit has.
func (p *person) visitLength() int8 {
	switch p.persona {
	case Organizer:
		return int8(8 + p.intN(3))
	case Leaver:
		return int8(2 + p.intN(4))
	case Spammer:
		return int8(2 + p.intN(3))
	case Returner:
		return 1
	}
	return int8(4 + p.intN(9))
}

// next decides what a person does next; false: there is nothing more to do in this visit.
func (s *shard) next(p *person, first bool) (move, bool) {
	switch {
	case p.persona == Returner && !p.located:
		return s.locate(p), true
	case !p.known:
		return says(Start, "/start", home), true
	case !p.located:
		return s.locate(p), true
	case wizard.has(p.at.sight) && p.draft:
		return s.wizardStep(p)
	}
	switch p.persona {
	case Organizer:
		return s.organize(p)
	case Leaver:
		return says(Create, "/create", askTitle), true
	case DoubleTapper:
		if first && p.intN(2) == 0 {
			return says(Create, "/create", askTitle), true
		}
	case OldPresser:
		if m, ok := s.pressOld(p, first); ok {
			return m, true
		}
	case Spammer:
		return move{kind: Burst}, true
	case Walker, Returner:
		return s.walk(p)
	}
	return s.browse(p, first)
}

func (s *shard) locate(p *person) move {
	at := s.crowd.placeOf(s.id(p))
	return move{kind: Locate, say: sandbox.Saying{Location: &at}, wants: of(list)}
}

// browse looks around: from the list into the cards and back.
func (s *shard) browse(p *person, first bool) (move, bool) {
	switch {
	case p.at.sight == card || p.at.sight == saved:
		return s.look(p), true
	case p.at.sight != list || first && p.intN(4) == 0:
		if p.intN(4) == 0 {
			return s.locate(p), true
		}
		return says(Nearby, "/nearby", list), true
	}
	if n := p.offers.count(roleNumber); n > 0 && p.days == roleWeek && p.intN(3) == 0 {
		b, _ := s.offered(p, roleNumber, p.intN(n))
		return presses(Card, b, card), true
	}
	return s.walk(p)
}

// walk looks at the whole week, and turns a page or changes the radius, whichever of these
// changes anything.
func (s *shard) walk(p *person) (move, bool) {
	if p.at.sight != list {
		return says(Nearby, "/nearby", list), true
	}
	if b, ok := s.offered(p, roleWeek, 0); ok && p.days != roleWeek {
		return presses(Days, b, list), true
	}
	turns := [4]role{roleNext, rolePrevious, roleWider, roleSmaller}
	for i, from := 0, p.intN(4); i < 4; i++ {
		r := turns[(from+i)%4]
		b, ok := s.offered(p, r, 0)
		switch {
		case !ok, r == roleNext && p.at.page >= p.at.pages, r == rolePrevious && p.at.page <= 1:
		case r == roleNext || r == rolePrevious:
			return presses(Page, b, list), true
		default:
			return presses(Radius, b, list), true
		}
	}
	return s.locate(p), true
}

// look is at the card of an event: joins, leaves, or goes back.
func (s *shard) look(p *person) move {
	taps := 1
	if p.persona == DoubleTapper {
		taps = 2
	}
	if s.ledgered(p.at.title) && p.intN(5) < 2 {
		if b, ok := s.offered(p, roleJoin, 0); ok {
			m := presses(Join, b, card).named(p.at.title)
			m.taps = taps
			return m
		}
		if b, ok := s.offered(p, roleLeave, 0); ok {
			m := presses(Leave, b, card).named(p.at.title)
			m.taps = taps
			return m
		}
	}
	if b, ok := s.offered(p, roleBack, 0); ok {
		return presses(Back, b, list, mine, home)
	}
	return says(Nearby, "/nearby", list)
}

// organize makes events, calls one in five off, and looks at what there is.
func (s *shard) organize(p *person) (move, bool) {
	switch p.at.sight {
	case saved:
		if b, ok := s.offered(p, roleCallOff, 0); ok && p.intN(5) == 0 {
			return presses(CallOff, b, askCallOff).named(p.at.title), true
		}
		return says(Mine, "/mine", mine), true
	case askCallOff:
		if b, ok := s.offered(p, roleYes, 0); ok {
			return presses(CallOff, b, card).named(s.title(p)), true
		}
	case mine:
		return move{}, false
	}
	return says(Create, "/create", askTitle), true
}

// pressOld begins a visit with a new list, and then presses a button of an old one.
func (s *shard) pressOld(p *person, first bool) (move, bool) {
	b, ok := p.old.nth(roleNext, 0)
	if !ok {
		b, ok = p.old.nth(roleNumber, 0)
	}
	switch {
	case !ok:
		return move{}, false
	case first || p.at.message <= p.oldAt:
		return s.locate(p), true
	}
	b.message = p.oldAt
	p.old = ""
	if b.role == roleNumber {
		return presses(OldButton, b, card), true
	}
	return presses(OldButton, b, list), true
}

// wizardStep answers the wizard's question.
func (s *shard) wizardStep(p *person) (move, bool) {
	switch p.at.sight {
	case askTitle:
		if !p.titled {
			p.titled = true
			p.number++
		}
		return says(Answer, s.title(p), askCategory, askWhere, askWhen, preview), true
	case askCategory:
		if b, ok := s.offered(p, roleCategory, p.intN(len(categories))); ok {
			p.choice.category = uint8(b.arg)
			return presses(Answer, b, askWhere, askWhen, preview), true
		}
	case askWhere:
		if b, ok := s.offered(p, roleHere, 0); ok && p.intN(2) == 0 {
			return presses(Answer, b, askWhen, preview), true
		}
		m := s.locate(p)
		m.kind, m.wants = Answer, of(askWhen, preview)
		return m, true
	case askWhen:
		if n := p.offers.count(roleTime); n > 0 {
			b, _ := s.offered(p, roleTime, p.intN(n))
			p.choice.minute = int16(b.arg)
			return presses(Answer, b, preview), true
		}
	case preview:
		if b, ok := s.offered(p, rolePublish, 0); ok {
			m := presses(Publish, b, saved).named(s.title(p))
			if p.persona == DoubleTapper {
				m.taps = 2 + p.intN(2)
			}
			return m, true
		}
	}
	return says(Discard, "/cancel", home), true
}

// offered returns a button of the newest screen.
func (s *shard) offered(p *person, r role, n int) (button, bool) {
	b, ok := p.offers.nth(r, n)
	b.message = p.at.message
	return b, ok
}

// title is what the person calls the newest draft.
func (s *shard) title(p *person) string { return s.crowd.Ledger.Title(s.id(p), p.number) }

// ledgered reports whether an event is of this run, so that what happens to it can be proven.
func (s *shard) ledgered(title string) bool { return s.crowd.Ledger.Knows(title) }

// announce takes down what may be in the database from now on.
func (s *shard) announce(p *person, m *move) {
	l, id := s.crowd.Ledger, s.id(p)
	switch {
	case m.kind == Publish:
		at := s.crowd.placeOf(id)
		l.Publishing(verify.Event{
			Owner: id, Number: p.number, Category: categories[p.choice.category].name,
			Minute: p.choice.minute, Lat: at.Latitude, Lon: at.Longitude,
		})
	case m.kind == Join || m.kind == Leave:
		l.Changing(id, m.title)
	case m.kind == CallOff && m.press.role == roleYes:
		l.CallingOff(id, p.number)
	}
}
