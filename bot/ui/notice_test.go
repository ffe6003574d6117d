package ui

import (
	"strings"
	"testing"
	"time"

	"okolo/persistence/model"
)

// Notices say what happened, when by the event's clock and where; what is of no use any more is
// not said.
func TestNotice(t *testing.T) {
	concert := event(7, "Rock <&> Roll").Event
	off := event(7, "Rock <&> Roll", func(e *model.Seen) { e.Status = model.Cancelled }).Event
	for name, c := range map[string]struct {
		news  model.News
		event model.Event
		now   time.Time
		says  string // by its name; empty: nothing
	}{
		"edited":                   {model.NewsEdited, concert, monday, "notice_edited"},
		"let in":                   {model.NewsPromoted, concert, monday, "notice_promoted"},
		"called off":               {model.NewsCancelled, off, monday, "notice_cancelled"},
		"edited, then called off":  {model.NewsEdited, off, monday, ""},
		"let in, then called off":  {model.NewsPromoted, off, monday, ""},
		"told when it is over":     {model.NewsEdited, concert, monday.Add(48 * time.Hour), ""},
		"called off and long over": {model.NewsCancelled, off, monday.Add(48 * time.Hour), ""},
		"news of another version":  {"unheard of", concert, monday, ""},
	} {
		for _, lang := range languages {
			m, ok := Notice(Reader{Lang: lang}, model.Notice{News: c.news}, c.event, c.now)
			if ok != (c.says != "") {
				t.Errorf("%s: it is said: %v", name, ok)
			}
			if !ok {
				continue
			}
			day := map[string]string{"en": "Mon 23 Nov 19:00", "ru": "пн 23 ноя 19:00"}[lang] // it may be read tomorrow
			checkTold(t, lang, m, tongues[lang].html(c.says, "Title", concert.Title), day)
		}
	}
}

func TestReminder(t *testing.T) {
	concert := event(7, "Rock <&> Roll").Event
	for _, lang := range languages {
		for ahead, says := range map[model.Ahead]string{model.DayAhead: "reminder_day", model.HourAhead: "reminder_hour"} {
			m := Reminder(Reader{Lang: lang}, ahead, concert, monday)
			checkTold(t, lang, m, tongues[lang].html(says, "Title", concert.Title), tongues[lang].say("today_at", "Time", "19:00"))
			if len(m.Buttons[0]) != 2 {
				t.Errorf("%s: it cannot be muted: %+v", says, m.Buttons)
			}
		}
	}
}

// Who last looked around where the clocks show something else reads the time by both: on the day
// that it is there.
func TestTwoClocks(t *testing.T) {
	concert := event(7, "Concert").Event
	day := map[string]string{"en": "Mon 23 Nov ", "ru": "пн 23 ноя "}
	next := map[string]string{"en": "Tue 24 Nov ", "ru": "вт 24 ноя "}
	for _, lang := range languages {
		told, _ := Notice(Reader{lang, "Europe/Moscow"}, model.Notice{News: model.NewsEdited}, concert, monday)
		checkSays(t, told, "🕒 "+day[lang]+"19:00–21:00 (CET, Europe/Berlin)\n🕰 "+
			tongues[lang].html("where_you_looked", "When", day[lang]+"21:00–23:00 (MSK, Europe/Moscow)")+"\n📍 Club")
		told, _ = Notice(Reader{lang, "Asia/Tokyo"}, model.Notice{News: model.NewsPromoted}, concert, monday)
		checkSays(t, told, next[lang]+"03:00–05:00 (JST, Asia/Tokyo)")
		checkSays(t, Reminder(Reader{lang, "Asia/Tokyo"}, model.DayAhead, concert, monday),
			tongues[lang].say("tomorrow_at", "Time", "03:00")+"–05:00 (JST, Asia/Tokyo)")
		for _, zone := range []string{"", "Europe/Berlin", "Europe/Paris"} {
			m := Reminder(Reader{lang, zone}, model.HourAhead, concert, monday)
			if strings.Contains(m.Text, "🕰") {
				t.Errorf("%s: from %q the clock shows the same: %s", lang, zone, m.Text)
			}
		}
	}
}

func checkSays(t *testing.T, m Message, want string) {
	t.Helper()
	if !strings.Contains(m.Text, want) {
		t.Errorf("%q is missing in:\n%s", want, m.Text)
	}
}

// The card shows both clocks, too.
func TestTwoClocksOnCard(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.world.events[7] = event(7, "Concert")
		c.state.Here, c.state.Zone = model.Point{Lat: 55.75, Lon: 37.61}, "Europe/Moscow"
		c.says("/start e_7")
		c.sees("Concert", "19:00–21:00 (CET, Europe/Berlin)", "21:00–23:00 (MSK, Europe/Moscow)")
	})
}

// checkTold checks what every message of an event has.
func checkTold(t *testing.T, lang string, m Message, sentence, when string) {
	t.Helper()
	for _, want := range []string{sentence, "Rock &lt;&amp;&gt; Roll", when + "–21:00 (CET, Europe/Berlin)", "Club"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("%s: %q is missing in:\n%s", lang, want, m.Text)
		}
	}
	d, err := decode(m.Buttons[0][0].Data)
	if err != nil || d.action != actEvent || d.arg(0) != 7 {
		t.Errorf("%s: the button opens %+v, %v", lang, d, err)
	}
}

// The reminders of an event are switched off by the button of a reminder, on a message that the
// session never knew, and on again by that of the card.
func TestMute(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.world.events[7] = event(7, "Concert", func(e *model.Seen) { e.Part = model.Going })
		reminder := c.send(SlotNone, Reminder(Reader{Lang: c.lang}, model.DayAhead, c.world.events[7].Event, monday))
		c.pressesOn(reminder, "button_mute")
		c.hears("muted")
		c.seesOn(reminder, "Concert", "card_you_go", "button_unmute")
		c.pressesOn(reminder, "button_unmute")
		c.hears("unmuted")
		c.seesOn(reminder, "button_mute")

		e := c.world.events[7]
		e.Part = model.Absent // left meanwhile
		c.world.events[7] = e
		c.pressesOn(reminder, "button_mute")
		c.hears("mute_not_joined")
		c.seesOn(reminder, "button_join")
	})
}
