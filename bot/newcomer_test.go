package bot_test

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
)

// mostSteps is how many presses and messages a first event may take, from /start to "saved".
const mostSteps = 8

// TestNewcomer: who has never used the bot makes an event in few steps; the English way is the one that the
// README shows, to the letter but for dates.
func TestNewcomer(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	check(t, err)
	for lang, words := range map[string]struct{ create, category, when, publish, saved string }{
		"en": {"Create", "walks", "tomorrow 19:00", "Publish", "✅ Saved."},
		"ru": {"Создать", "прогулки", "завтра 19:00", "Опубликовать", "✅ Сохранено."},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			began, thursday := time.Now(), thursdayNoon(time.Now())
			w := newWorld(t, worldOptions{now: func() time.Time { return thursday.Add(time.Since(began)) }})
			var said bytes.Buffer
			anna, err := visit.Join(t.Context(), w.people, sandbox.Profile{ID: 1, FirstName: "Anna", LanguageCode: lang},
				visit.Options{Out: io.MultiWriter(&said, t.Output()), Name: "okolo"})
			check(t, err)
			anna.Say("/start")
			anna.See("the greeting", contains("Anna!"))
			menu := anna.See("the menu", has(words.create))
			anna.Press(menu, words.create)
			anna.SeeEdited(menu, "the question for a title", has("✖"))
			anna.Say("Lanterns on the Spree")
			m := anna.See("the question for a category", has(words.category))
			anna.Press(m, words.category)
			anna.SeeEdited(m, "the question where", contains(words.category))
			anna.Locate(52.52, 13.405)
			m = anna.See("the question when", has(words.when))
			anna.Press(m, words.when)
			m = anna.SeeEdited(m, "the preview", has(words.publish))
			anna.Press(m, words.publish)
			anna.SeeEdited(m, "that it is saved", contains(words.saved))
			check(t, anna.Err())
			if steps := strings.Count(said.String(), "Anna ▸ "); steps > mostSteps || steps < 4 {
				t.Errorf("it took %d steps, %d are the most", steps, mostSteps)
			}
			if n := query[int](w, `SELECT count(*) FROM events WHERE owner = 1`); n != 1 {
				t.Errorf("%d events are in the database", n)
			}
			if way := undated(strings.TrimSpace(said.String())); lang == "en" && !strings.Contains(undated(string(readme)), "\n"+way+"\n") {
				t.Errorf("the README shows another way than\n%s", said.String())
			}
		})
	}
}

// thursdayNoon is that of the coming week, so that the days to choose from have the same names always.
func thursdayNoon(now time.Time) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+1+(int(time.Thursday-now.Weekday())+6)%7, 11, 0, 0, 0, time.UTC)
}

// undated leaves out what differs from week to week, and from season to season.
func undated(text string) string {
	return regexp.MustCompile(`(Sat|Sun) \d{1,2} \p{L}{3}|CES?T`).ReplaceAllString(text, "·")
}
