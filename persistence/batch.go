package persistence

import "okolo/persistence/model"

// batch is commands to be committed as one transaction, and what they touch, as far as is needed
// to say whether another batch may be carried out beside it.
type batch struct {
	commands []*pending

	keys           map[model.Key]bool
	people, events map[int64]bool
	alone          bool // touches what cannot be told beforehand
}

func newBatch(commands []*pending) *batch {
	b := &batch{
		commands: commands,
		keys:     make(map[model.Key]bool, len(commands)),
		people:   make(map[int64]bool, len(commands)),
		events:   map[int64]bool{},
	}
	for _, p := range commands {
		b.keys[p.key] = true
		b.people[p.cmd.Actor().ID] = true
		switch p.cmd.(type) {
		case model.CreateUserEvent: // of the person's own draft
		default:
			b.events[p.event()] = true
			b.alone = b.alone || p.event() == 0
		}
	}
	return b
}

// meets reports whether two batches touch anything in common, so that their order may matter. To
// create an event concerns only the person, and most other commands only the person and an event.
// All others, such as a ban or a community's settings, are rare, and are carried out alone.
func (b *batch) meets(other *batch) bool {
	return b.alone || other.alone || common(b.keys, other.keys) ||
		common(b.people, other.people) || common(b.events, other.events)
}

func common[K comparable](a, b map[K]bool) bool {
	for k := range a {
		if b[k] {
			return true
		}
	}
	return false
}
