package bot_test

import (
	"bytes"
	"strings"
	"testing"

	ics "github.com/arran4/golang-ical"

	"okolo/bot/sandbox"
)

// TestCardExtras: the pin, the calendar file and the report of an event reach who asks, and the
// operators, in both languages.
func TestCardExtras(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	create(anna, "Чай & <tea>")
	check(t, anna.Err())
	id := query[int64](w, `SELECT id FROM events`)
	for i, words := range []struct{ lang, pin, calendar, report, reason, thanks string }{
		{"en", "Pin", "Calendar", "Report", "spam", "Thank you"},
		{"ru", "Точка", "календарь", "Пожаловаться", "спам", "Спасибо"},
	} {
		t.Run(words.lang, func(t *testing.T) {
			v := w.visitor(int64(10+i), "Bo", words.lang)
			v.Say("/start " + deepLink(id))
			card := v.See("the card", contains("Чай & <tea>"))
			v.Press(card, words.pin)
			pin := v.See("the pin", func(m sandbox.Message) bool { return m.Venue != nil })
			v.Press(card, words.calendar)
			file := v.See("the file", func(m sandbox.Message) bool { return m.Document != nil })
			v.Press(card, words.report)
			card = v.SeeEdited(card, "the question", has(words.reason))
			toast := v.Press(card, words.reason)
			v.SeeEdited(card, "the card", has(words.pin))
			check(t, v.Err())
			if t.Failed() {
				return
			}
			if pin.Venue.Title != "Чай & <tea>" || pin.Venue.Latitude != berlin.Lat || !strings.Contains(toast, words.thanks) {
				t.Errorf("the pin is %+v, and the report was answered %q", pin.Venue, toast)
			}
			raw, err := v.Person.File(t.Context(), file.Document.FileID)
			check(t, err)
			cal, err := ics.ParseCalendar(bytes.NewReader(raw))
			if err != nil || cal.Events()[0].GetProperty(ics.ComponentPropertySummary).Value != "Чай & <tea>" {
				t.Errorf("%v: the file is\n%s", err, raw)
			}
		})
	}
	if n := query[int](w, `SELECT count(*) FROM reports WHERE event = $1 AND reason LIKE '%spam%'`, id); n != 2 {
		t.Errorf("%d reports reached the operators, not 2", n)
	}
}

// TestInlineMode: an event shared into another chat leads back to its card.
func TestInlineMode(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "ru")
	check(t, anna.Person.SetBot(t.Context(), "4242", sandbox.BotSettings{Inline: true}))
	check(t, w.stop())
	w.startBot(worldOptions{})
	anna.Say("/start")
	anna.See("the menu", has("Создать"))
	check(t, anna.Err())
	boris := w.visitor(2, "Boris", "en")
	create(boris, "Lanterns")
	check(t, boris.Err())
	event := query[int64](w, `SELECT id FROM events`)
	anna.Say("/start " + deepLink(event))
	card := anna.See("the card", has("Поделиться"))
	check(t, anna.Err())
	share, ok := card.Button("Поделиться")
	if !ok || share.SwitchTo == nil || *share.SwitchTo != deepLink(event) {
		t.Fatalf("the button is %+v", share)
	}
	_, answer, err := anna.Person.AskInline(t.Context(), sandbox.InlineAsk{Query: *share.SwitchTo})
	if err != nil || len(answer.Results) != 1 || answer.Results[0].Title != "Lanterns" || !strings.Contains(answer.Results[0].Description, "завтра 19:00") {
		t.Fatalf("offers %+v, %v", answer, err)
	}
	_, answer, err = anna.Person.AskInline(t.Context(), sandbox.InlineAsk{})
	if err != nil || len(answer.Results) != 0 {
		t.Fatalf("offers Anna, who has none, %+v, %v", answer, err)
	}
	asked, _, err := anna.Person.AskInline(t.Context(), sandbox.InlineAsk{Query: *share.SwitchTo})
	check(t, err)
	sent, err := anna.Person.Choose(t.Context(), asked, deepLink(event), anna.Person.Bot.ID)
	check(t, err)
	if open, _ := sent.Button("Открыть"); !strings.HasSuffix(open.URL, "?start="+deepLink(event)) || !strings.Contains(sent.Text, "Lanterns") {
		t.Errorf("sent is %+v", sent)
	}
}
