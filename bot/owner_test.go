package bot_test

import (
	"strings"
	"testing"

	"okolo/bot/sandbox"
)

// TestOwner: who organises sees who comes, and is asked before the same event is made twice; the
// place of the second comes by a link.
func TestOwner(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	create(anna, "Chess")
	check(t, anna.Err())
	id := query[int64](w, `SELECT id FROM events`)
	boris := w.visitor(2, "Борис", "ru")
	boris.Say("/start " + deepLink(id))
	card := boris.See("the card", has("Пойду"))
	boris.Press(card, "Пойду")
	card = boris.SeeEdited(card, "that he goes", contains("Вы идёте"))
	if told := boris.PressData(card.ID, "forged", "1A:"+strings.TrimPrefix(deepLink(id), "e_")+"~0"); !strings.Contains(told, "только организатор") {
		t.Errorf("a guest who asks for the list is told %q", told)
	}
	check(t, boris.Err())

	anna.Say("/start " + deepLink(id))
	card = anna.See("the card", has("Who comes"))
	anna.Press(card, "Who comes")
	card = anna.SeeEdited(card, "the list", contains("1. Борис"))
	anna.Press(card, "Back")
	card = anna.SeeEdited(card, "the card", has("Who comes"))
	anna.Press(card, "Write to all")
	anna.SeeEdited(card, "the question", contains("pass on"))
	anna.Say("Bring <b>boards</b>!")
	anna.See("that it is passed on", contains("passing your message on"))
	boris.See("her message", func(m sandbox.Message) bool {
		return contains("Bring <b>boards</b>!")(m) && contains("Организатор события Chess")(m)
	})
	check(t, boris.Err())

	anna.Say("/create")
	anna.See("the question for a title", contains("the title"))
	anna.Say("CHESS")
	m := anna.See("the question for a category", contains("What kind"))
	anna.Press(m, "games")
	anna.SeeEdited(m, "the question where", contains("Where"))
	anna.Say("https://yandex.ru/maps/-/CDabc")
	anna.See("that the link hides the place", contains("does not say where"))
	anna.Say("https://www.google.com/maps/place/Old+Mill/@52.52,13.405,17z")
	m = anna.See("the question when", contains("Old Mill"))
	anna.Press(m, "tomorrow 19:00")
	m = anna.SeeEdited(m, "the preview", has("Publish"))
	anna.Press(m, "Publish")
	m = anna.SeeEdited(m, "the question", contains("an event like this"))
	if n := query[int](w, `SELECT count(*) FROM events`); n != 1 {
		t.Errorf("%d events before she is sure", n)
	}
	anna.Press(m, "all the same")
	anna.SeeEdited(m, "that it is saved", contains("Saved."))
	check(t, anna.Err())
	if n := query[int](w, `SELECT count(*) FROM events WHERE place = 'Old Mill' AND zone = 'Europe/Berlin'`); n != 1 {
		t.Errorf("%d events at the mill", n)
	}
}
