package bot_test

import (
	"sync"
	"testing"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
)

// TestDoubleTap: two presses of "publish", two updates with two callback ids, are one event.
func TestDoubleTap(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	m := preview(anna, "Tapped twice")
	check(t, anna.Err())
	tap(t, anna, m, "Publish", 5)
	anna.SeeEdited(m, "the saved event", contains("Saved."))
	check(t, anna.Err())
	if n := query[int](w, `SELECT count(*) FROM events`); n != 1 {
		t.Errorf("%d events of one draft", n)
	}
	s, err := w.bot.Stats(t.Context())
	check(t, err)
	if s.Sessions.InputsRepeated != 4 {
		t.Errorf("%d duplicates were counted, not 4", s.Sessions.InputsRepeated)
	}
}

// tap presses one button several times at once and waits until every press is answered.
func tap(t *testing.T, v *visit.Visitor, m sandbox.Message, label string, times int) {
	t.Helper()
	b, ok := m.Button(label)
	if !ok {
		t.Fatalf("no button %q on %s", label, m.Body())
	}
	var taps sync.WaitGroup
	for range times {
		taps.Go(func() {
			_, err := v.Person.PressAndWait(t.Context(), m.ID, b.Data)
			check(t, err)
		})
	}
	taps.Wait()
}

// TestJoinLeaveJoin: three presses on three screens are three actions; the first button
// tapped twice is one.
func TestJoinLeaveJoin(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna, boris := w.visitor(1, "Anna", "en"), w.visitor(2, "Boris", "en")
	create(anna, "Three actions")
	check(t, anna.Err())
	id := query[int64](w, `SELECT id FROM events`)
	boris.Say("/start " + deepLink(id))
	card := boris.See("the card", contains("Three actions"))
	check(t, boris.Err())
	going := func() int { return query[int](w, `SELECT count(*) FROM participants WHERE person = 2`) }

	tap(t, boris, card, "Join", 2)
	card = boris.SeeEdited(card, "that he goes", contains("You are going"))
	if n := going(); n != 1 {
		t.Errorf("joined twice on one screen: %d rows", n)
	}
	boris.Press(card, "Leave")
	card = boris.SeeEdited(card, "that he does not go", has("Join"))
	if n := going(); n != 0 {
		t.Errorf("left, and still %d rows", n)
	}
	boris.Press(card, "Join")
	boris.SeeEdited(card, "that he goes again", contains("You are going"))
	if n := going(); n != 1 {
		t.Errorf("joined again: %d rows", n)
	}
	check(t, boris.Err())
}
