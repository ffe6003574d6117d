package bot_test

import (
	"strconv"
	"strings"
	"testing"

	"okolo/bot/sandbox"
)

// TestPressOnPicture: a picture has no buttons, but old clients and other programs press what
// they like. Its screen comes as a new message, since a picture does not become a text.
func TestPressOnPicture(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	anna.Locate(berlin.Lat, berlin.Lon)
	picture := anna.See("the map", func(m sandbox.Message) bool { return m.Photo != nil })
	anna.See("the list", has("tomorrow"))
	anna.PressData(picture.ID, "the menu", "1h~1")
	anna.See("the menu", has("Nearby"))
	check(t, anna.Err())
	s, err := w.bot.Stats(t.Context())
	check(t, err)
	if s.Ingress.Resent != 1 || s.Ingress.Undelivered != 0 {
		t.Errorf("%d screens were sent anew, %d messages given up", s.Ingress.Resent, s.Ingress.Undelivered)
	}
}

func deepLink(event int64) string { return "e_" + strconv.FormatInt(event, 36) }

// TestBadInput: whatever a person sends, they get a clear sentence, and nothing is lost and
// nothing stored wrongly.
func TestBadInput(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	say := func(text, want string) sandbox.Message {
		t.Helper()
		anna.Say(text)
		m := anna.See(want, contains(want))
		check(t, anna.Err())
		return m
	}
	say("/start", "Hello, Anna!")
	say("/nonsense", "I don't know that command")
	say("/nonsense\n/start", "I don't know that command")
	say("/HELP@okolo_bot\nplease", "What I can do")
	say("/start\u00a0e_zzz", "no longer there")
	say("around the corner", "Send me a location")
	say("95.0, 200.0", "There is no such place")
	say("/create", "the title")
	say(strings.Repeat("ы", 4000), "the most. Please shorten it")
	m := say("<b>Jazz</b> & 🎷👨‍👩‍👧 </i>", "<b>Jazz</b> & 🎷👨‍👩‍👧 </i>")
	say("music please", "choose with one of the buttons")
	anna.Press(m, "music")
	anna.SeeEdited(m, "the question where", contains("Where"))
	say("in the cellar bar", "the spot on the map")
	say("-91, 5.0", "There is no such place")
	say("52.5200, 13.4050", "When does it begin")
	say("yesterday 12:00", "already passed")
	say("01.01.2001 10:00", "already passed")
	say("31.02 10:00", "There is no such moment")
	say("soon", "can't read a day and an hour")
	m = say("31.12 23:30", "Is everything right")
	if n := query[int](w, `SELECT count(*) FROM events`); n != 0 {
		t.Errorf("%d events before any was confirmed", n)
	}
	anna.Press(m, "Publish")
	card := anna.SeeEdited(m, "the saved event, as typed", contains("<b>Jazz</b> & 🎷👨‍👩‍👧 </i>"))
	check(t, anna.Err())
	if !strings.Contains(card.Text, "in the cellar bar") {
		t.Errorf("the place's name is lost:\n%s", card.Text)
	}
	if title := query[string](w, `SELECT title FROM events`); title != "<b>Jazz</b> & 🎷👨‍👩‍👧 </i>" {
		t.Errorf("stored as %q", title)
	}

	id := query[int64](w, `SELECT id FROM events`)
	mallory := w.visitor(2, "Mallory", "en")
	mallory.Say("/start " + deepLink(id))
	seen := mallory.See("the card", contains("Jazz"))
	for data, want := range map[string]string{
		"1X:" + strconv.FormatInt(id, 36) + "~1": "Only the organiser",
		"1e:zzzzz~1":                             "no longer there",
		"1j:zzzzz~1":                             "no longer there",
		"1p:0:999~1":                             "send me a location first",
		"1W:1:5~1":                               "no longer there",
		"garbage":                                "no longer works",
		"1~~~":                                   "no longer works",
		"9e:1~1":                                 "no longer works",
	} {
		if toast := mallory.PressData(seen.ID, data, data); !strings.Contains(toast, want) {
			t.Errorf("forged %q was answered %q, not %q", data, toast, want)
		}
	}
	check(t, mallory.Err())
	if status := query[string](w, `SELECT status FROM events`); status != "open" {
		t.Errorf("a stranger made the event %q", status)
	}
	if n := query[int](w, `SELECT count(*) FROM participants`); n != 0 {
		t.Errorf("%d participants out of nowhere", n)
	}
}
