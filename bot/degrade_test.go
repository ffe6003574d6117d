package bot_test

import (
	"testing"

	"github.com/mymmrac/telego"
	tu "github.com/mymmrac/telego/telegoutil"

	"okolo/bot"
	"okolo/bot/sandbox"
)

// TestUnknownMethods: on a server that has not all the methods of the Bot API people get what there
// is to read, as text.
func TestUnknownMethods(t *testing.T) {
	t.Parallel()
	isMap := func(m sandbox.Message) bool { return m.Photo != nil }
	unknown := func(methods ...string) sandbox.Faults {
		return sandbox.Faults{Calls: always(sandbox.CallFaults{Unknown: true}, methods...)}
	}
	for lang, says := range map[string]struct{ caption, tomorrow, chosen, week, pin, calendar, noFile string }{
		"en": {"Around you", "tomorrow", "• tomorrow •", "week", "Pin", "Calendar", "take the calendar file"},
		"ru": {"Вокруг вас", "завтра", "• завтра •", "неделя", "Точка", "В календарь", "не принимает файл"},
	} {
		t.Run(lang+", no pictures", func(t *testing.T) {
			w := newWorld(t, worldOptions{faults: unknown("sendPhoto", "editMessageMedia", "sendVenue", "sendDocument")})
			anna := w.visitor(1, "Anna", lang)
			anna.Locate(berlin.Lat, berlin.Lon)
			words := anna.See("the caption", contains(says.caption))
			list := anna.See("the list", has(says.tomorrow))
			for range 2 { // both are edited in place
				anna.Press(list, says.tomorrow)
				anna.Press(anna.SeeEdited(list, "the choice", has(says.chosen)), says.week)
				words = anna.SeeEdited(words, "the caption", contains(says.week))
				list = anna.SeeEdited(list, "the other choice", has("• "+says.week+" •"))
			}
			check(t, anna.Err())
			if n := w.fromBot(anna); n != 2 || isMap(words) {
				t.Errorf("%d messages of the bot in place of two, a picture: %v", n, isMap(words))
			}
			host := w.visitor(2, "Host", "en")
			create(host, "Described")
			check(t, host.Err())
			anna.Say("/start " + deepLink(query[int64](w, `SELECT id FROM events`)))
			card := anna.See("the card", has(says.pin))
			anna.Press(card, says.pin)
			anna.See("the pin in words", contains("52.52000, 13.40500"))
			anna.Press(card, says.calendar)
			anna.See("that there is no file", contains(says.noFile))
			check(t, anna.Err())
			s, err := w.bot.Stats(t.Context())
			check(t, err)
			if s.Ingress.WordsOnly < 4 || s.Ingress.Undelivered != 0 {
				t.Errorf("%d messages are words only, %d were given up", s.Ingress.WordsOnly, s.Ingress.Undelivered)
			}
		})
		t.Run(lang+", pictures stay as they are", func(t *testing.T) {
			w := newWorld(t, worldOptions{faults: unknown("editMessageMedia")})
			anna := w.visitor(1, "Anna", lang)
			anna.Locate(berlin.Lat, berlin.Lon)
			anna.See("the map", isMap)
			list := anna.See("the list", has(says.tomorrow))
			anna.Press(list, says.tomorrow)
			anna.See("the map anew", isMap)
			anna.See("the list below it", has(says.chosen))
			check(t, anna.Err())
		})
		t.Run(lang+", messages stay as they are", func(t *testing.T) {
			w := newWorld(t, worldOptions{faults: unknown("editMessageMedia", "editMessageText", "answerCallbackQuery")})
			anna := w.visitor(1, "Anna", lang)
			anna.Locate(berlin.Lat, berlin.Lon)
			anna.See("the map", isMap)
			list := anna.See("the list", has(says.tomorrow))
			b, _ := list.Button(says.tomorrow)
			_, err := anna.Person.Press(t.Context(), list.ID, b.Data)
			check(t, err)
			anna.See("the map anew", isMap)
			anna.See("the list below it", has(says.chosen))
			check(t, anna.Err())
			if n := w.fromBot(anna); n != 4 {
				t.Errorf("%d messages of the bot in place of two pairs", n)
			}
		})
	}
}

// TestPairGone: a map and a list that are gone come anew, each once, the map above the list.
func TestPairGone(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	anna.Locate(berlin.Lat, berlin.Lon)
	picture := anna.See("the map", func(m sandbox.Message) bool { return m.Photo != nil })
	list := anna.See("the list", has("tomorrow"))
	check(t, anna.Err())
	b, _ := list.Button("tomorrow")
	api, err := bot.NewAPI(token, w.api)
	check(t, err)
	check(t, api.DeleteMessages(t.Context(), &telego.DeleteMessagesParams{ChatID: tu.ID(1), MessageIDs: []int{int(picture.ID), int(list.ID)}}))
	anna.PressData(list.ID, "tomorrow", b.Data)
	anna.See("the map anew", func(m sandbox.Message) bool { return m.Photo != nil })
	anna.See("the list below it", has("• tomorrow •"))
	check(t, anna.Err())
	w.eventually("%d updates are unsettled", func() (any, bool) {
		s, err := w.bot.Stats(t.Context())
		return s.Ingress.Unsettled, err == nil && s.Ingress.Unsettled == 0
	})
	if n := w.fromBot(anna); n != 2 {
		t.Errorf("%d messages of the bot in place of a map and a list", n)
	}
}
