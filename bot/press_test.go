package bot_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

// TestButtonThatStays: a button that new messages answer acts once for a double tap, and again
// for a tap that comes later.
func TestButtonThatStays(t *testing.T) {
	var passed atomic.Int64 // in nanoseconds; a slow machine must not make a double tap slow
	began := time.Now()
	w := newWorld(t, worldOptions{now: func() time.Time { return began.Add(time.Duration(passed.Load())) }})
	anna := w.visitor(1, "Anna", "en")
	anna.Locate(berlin.Lat, berlin.Lon)
	anna.See("the list", has("tomorrow"))
	anna.Say("/start")
	menu := anna.See("the menu", has("Nearby"))
	check(t, anna.Err())
	lists := func() int {
		chat, err := anna.Person.Chat(t.Context())
		check(t, err)
		return len(slices.DeleteFunc(chat, func(m sandbox.Message) bool { return !has("tomorrow")(m) }))
	}
	for times := range 3 {
		tap(t, anna, menu, "Nearby", 3)
		if n, want := lists(), times+2; n != want {
			t.Fatalf("%d lists in the chat after %d presses, not %d", n, times+1, want)
		}
		passed.Add(int64(time.Minute))
	}
}

// TestButtonsOfALostState: whose state was lost with PostgreSQL's crash begins anew, and no button of what
// follows is taken for one that was pressed before, be it of an odd screen or of an even one.
func TestButtonsOfALostState(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	create(anna, "Many actions")
	check(t, anna.Err())
	link := "/start " + deepLink(query[int64](w, `SELECT id FROM events`))
	turn := func(v *visit.Visitor, card sandbox.Message, times int) sandbox.Message {
		for range times {
			if has("Join")(card) {
				v.Press(card, "Join")
				card = v.SeeEdited(card, "that they go", has("Leave"))
			} else {
				v.Press(card, "Leave")
				card = v.SeeEdited(card, "that they do not go", has("Join"))
			}
		}
		check(t, v.Err())
		return card
	}
	var visitors [2]*visit.Visitor
	var cards [2]sandbox.Message
	for i := range visitors {
		v := w.visitor(2+int64(i), "Boris", "en")
		v.Say(link)
		visitors[i], cards[i] = v, turn(v, v.See("the card", contains("Many actions")), 4+i)
	}
	check(t, w.stop())
	query[int64](w, `WITH gone AS (DELETE FROM snapshots RETURNING 1) SELECT count(*) FROM gone`)
	w.startBot(worldOptions{})
	for i, v := range visitors {
		turn(v, cards[i], 10)
	}
}
