package persistence

import "okolo/persistence/model"

// enter notes that the bot is in a chat. What is not shown yet is due again: the bot may not have
// been let.
func (l *ledger) enter(c model.EnterCommunity) {
	if l.home(c.Community) != c.Community {
		return // a late word about the group that it was
	}
	into := l.community(c.Community, c.Title)
	topic := max(c.Topic, 0) // of model.NoTopic, none
	if c.Topic == 0 {
		topic = into.topic
	}
	if into.left || into.topic != topic {
		into.left, into.topic, into.changed = false, topic, true
	}
	l.entered[c.Community] = true
}

// quit notes that the bot is not in a chat any more. One that it never saw stays unknown; and
// that it is not in a group which became a supergroup says nothing.
func (l *ledger) quit(c model.LeaveCommunity) {
	from := l.communities[c.Community]
	if from == nil || from.left { // as a group that moved is
		return
	}
	from.left, from.changed = true, true
}

// move gives what a group has to the supergroup that it has become.
func (l *ledger) move(c model.MoveCommunity) {
	if l.home(c.From) != c.From || l.home(c.To) != c.To {
		return // it has moved already
	}
	_, known := l.communities[c.From]
	from, to := l.community(c.From, c.Title), l.community(c.To, c.Title)
	if known {
		to.settings = from.settings
	}
	from.movedTo, from.left, from.changed = c.To, true, true
	to.left, to.changed = false, true
	for _, e := range l.events {
		if e.Community == c.From {
			e.Community = c.To
		}
	}
	l.moves = append(l.moves, move{c.From, c.To})
}
