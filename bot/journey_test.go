package bot_test

import (
	"bytes"
	"image/png"
	"strings"
	"testing"

	"github.com/mymmrac/telego"

	"okolo/bot"
	"okolo/bot/sandbox"
)

// TestJourney goes the way of a newcomer: hello, a search, an event of one's own, a guest.
func TestJourney(t *testing.T) {
	w := newWorld(t, worldOptions{operators: []int64{1}})
	anna := w.visitor(1, "Anna", "en")
	anna.Say("/start")
	anna.See("the greeting", contains("Hello, Anna!"))
	anna.See("the menu", has("Create"))
	card := create(anna, "Lanterns")
	if n := query[int](w, `SELECT count(*) FROM events WHERE owner = 1 AND title = 'Lanterns'`); n != 1 {
		t.Errorf("%d rows in place of one, right after 'saved'", n)
	}

	boris := w.visitor(2, "Борис", "ru")
	boris.Say("/start")
	boris.See("the greeting", contains("Здравствуйте, Борис!"))
	boris.Say("52.5201, 13.4051")
	picture := boris.See("the map", func(m sandbox.Message) bool { return m.Photo != nil })
	list := boris.See("the list", has("завтра"))
	boris.Press(list, "завтра")
	list = boris.SeeEdited(list, "the event", contains("Lanterns"))
	boris.Press(list, "1")
	shown := boris.SeeEdited(list, "the card", contains("Lanterns"))
	boris.Press(shown, "Пойду")
	shown = boris.SeeEdited(shown, "that he goes", contains("Вы идёте"))
	boris.Press(shown, "Назад")
	boris.SeeEdited(shown, "the list in place", has("завтра"))

	anna.Press(card, "Call it off")
	card = anna.SeeEdited(card, "the question", contains("Call Lanterns off?"))
	anna.Press(card, "Yes")
	anna.SeeEdited(card, "that it is called off, and who had come", func(m sandbox.Message) bool {
		return strings.Contains(m.Text, "called off") && strings.Contains(m.Text, "Борис")
	})
	anna.Say("/stats")
	anna.See("the statistics", contains("SESSIONS"))
	boris.Say("/stats")
	boris.See("that he is no operator", contains("Не знаю такой команды"))
	for _, err := range []error{anna.Err(), boris.Err()} {
		check(t, err)
	}
	if anna.Err() == nil && boris.Err() == nil {
		raw, err := boris.Person.File(t.Context(), picture.Photo.FileID)
		check(t, err)
		if _, err := png.Decode(bytes.NewReader(raw)); err != nil || len(raw) > 200<<10 {
			t.Errorf("the map is no PNG under 200 KB: %d bytes, %v", len(raw), err)
		}
	}
}

// TestPlaceKept: a session that left memory comes back where it was, old buttons included.
func TestPlaceKept(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	m := preview(anna, "Kept through a restart")
	check(t, w.stop())
	w.startBot(worldOptions{})
	anna.Press(m, "Back")
	m = anna.SeeEdited(m, "the question when", contains("Kept through a restart"))
	anna.Press(m, "tomorrow 19:00")
	m = anna.SeeEdited(m, "the preview", contains("Is everything right"))
	anna.Press(m, "Publish")
	anna.SeeEdited(m, "the saved event", contains("Saved."))
	check(t, anna.Err())
}

// TestWebhookLeftBehind: a webhook that was set before does not keep the bot from polling.
func TestWebhookLeftBehind(t *testing.T) {
	w := newWorld(t, worldOptions{})
	check(t, w.stop())
	api, err := bot.NewAPI(token, w.api)
	check(t, err)
	check(t, api.SetWebhook(t.Context(), &telego.SetWebhookParams{URL: "http://127.0.0.1:1/"}))
	w.startBot(worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	anna.Say("/start")
	anna.See("the greeting", contains("Hello, Anna!"))
	check(t, anna.Err())
}
