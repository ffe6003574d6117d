package ui

import (
	"testing"

	"okolo/persistence/model"
)

// BenchmarkStep measures a press of "next page" and of an event, each with its two steps: the
// press, and what was loaded for it.
func BenchmarkStep(b *testing.B) {
	for _, lang := range languages {
		c := newChat(b, lang)
		c.lives(50)
		c.sendsLocation(berlin, "Europe/Berlin")
		list := c.newest
		x := c.context
		x.Message, x.Callback = list, "cb"

		b.Run("page/"+lang, func(b *testing.B) {
			press := Press{Context: x, Data: c.data(list, "▶")}
			events := make([]model.Seen, 0, PageSize)
			for _, id := range c.state.page() {
				events = append(events, c.world.events[id])
			}
			b.ReportAllocs()
			for b.Loop() {
				turn := Step(c.state, press)
				turn = Step(turn.Next, EventsLoaded{Context: turn.Await[0].(LoadEvents).Context, Events: events})
				if len(turn.Emit) < 2 {
					b.Fatalf("emits %v", turn.Emit)
				}
			}
		})
		b.Run("event/"+lang, func(b *testing.B) {
			press := Press{Context: x, Data: c.data(list, "3")}
			events := []model.Seen{c.world.events[3]}
			b.ReportAllocs()
			for b.Loop() {
				turn := Step(c.state, press)
				turn = Step(turn.Next, EventsLoaded{Context: turn.Await[0].(LoadEvents).Context, Events: events})
				if len(turn.Emit) != 2 {
					b.Fatalf("emits %v", turn.Emit)
				}
			}
		})
	}
}
