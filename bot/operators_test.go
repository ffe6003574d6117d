package bot_test

import (
	"strings"
	"testing"
)

// TestOperators: two people report an event; the operator hears of it, also where the bot ends
// before, looks at it, deletes it, and those who joined are told; a ban holds.
func TestOperators(t *testing.T) {
	var log syncBuffer
	w := newWorld(t, worldOptions{operators: []int64{5}, log: &log})
	anna, boris, clara, olga := w.visitor(1, "Anna", "en"), w.visitor(2, "Борис", "ru"), w.visitor(3, "Clara", "en"), w.visitor(5, "Olga", "en")
	olga.Say("/reports")
	olga.See("that there are none", contains("No reports wait"))
	create(anna, "Free crypto")
	event := query[int64](w, `SELECT id FROM events`)
	boris.Say("/start " + deepLink(event))
	card := boris.See("the card", has("Пойду"))
	card = press(boris, card, "Пойду", contains("Вы идёте"))
	press(boris, press(boris, card, "Пожаловаться", has("спам")), "спам", has("Не пойду"))
	clara.Say("/start " + deepLink(event))
	press(clara, clara.See("the card", has("Report")), "Report", has("spam"))
	clara.Say("They want <b>money</b>")
	clara.See("that it was reported", contains("The operators"))
	for _, err := range []error{anna.Err(), boris.Err(), clara.Err()} {
		check(t, err)
	}
	check(t, w.stop())
	w.startBot(w.options)
	olga.See("what is new", contains("2 new reports: /reports"))
	check(t, olga.Err())

	olga.Say("/reports")
	m := olga.See("the event", contains("Free crypto"))
	if text := m.Body(); !strings.Contains(text, "They want <b>money</b>") || !strings.Contains(text, "Anna · 1") {
		t.Errorf("an operator sees %q", text)
	}
	m = press(olga, m, "Hide", has("Show again"))
	boris.Say("/mine")
	boris.See("that it is out of sight", contains("Пока ничего"))
	m = press(olga, m, "Show again", has("Hide"))
	m = press(olga, m, "Delete", contains("1 person who joined is told"))
	yes, _ := m.Button("Yes, delete it")
	tap(t, olga, m, "Yes, delete it", 3)
	m = olga.SeeEdited(m, "that it is deleted", contains("deleted"))
	boris.See("that it is no more", contains("Операторы убрали событие Free crypto"))
	olga.PressData(m.ID, "an old button", yes.Data)
	press(olga, m, "Ban the organiser", has("Let the organiser in"))
	anna.Say("/create")
	anna.See("the question for a title", contains("the title"))
	anna.Say("More crypto")
	q := anna.See("the question for a category", contains("What kind"))
	press(anna, q, "walks", contains("Where"))
	anna.Locate(berlin.Lat, berlin.Lon)
	q = press(anna, anna.See("the question when", contains("When")), "tomorrow 19:00", has("Publish"))
	b, _ := q.Button("Publish")
	if told := anna.PressData(q.ID, "Publish", b.Data); !strings.Contains(told, "no longer let you") {
		t.Errorf("who is banned is told %q", told)
	}
	for _, err := range []error{anna.Err(), boris.Err(), olga.Err()} {
		check(t, err)
	}
	if n := query[int](w, `SELECT count(*) FROM writes WHERE event = $1 AND outcome = 'done' AND update_id IN (SELECT max(update_id) FROM writes)`, event); n > 1 {
		t.Errorf("%d writes of one press", n)
	}
	for _, deed := range []string{"hid_event=1", "showed_event=1", "deleted_event=1", "banned_person=1"} {
		if n := strings.Count(log.String(), "operator=5 "+deed); n != 1 {
			t.Errorf("%q is logged %d times", deed, n)
		}
	}
	if strings.Contains(log.String(), "Anna") || strings.Contains(log.String(), "crypto") {
		t.Errorf("names are in the log:\n%s", log.String())
	}
}
