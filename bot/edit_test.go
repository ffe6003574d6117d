package bot_test

import (
	"strings"
	"testing"
)

// TestEdit: what the organiser changes is changed in the database, the rest is not, and a
// restart in the middle of it costs nothing.
func TestEdit(t *testing.T) {
	for lang, words := range map[string]struct{ edit, title, where, save, saved string }{
		"en": {"Edit", "Title", "Where", "Save", "Your event is changed"},
		"ru": {"Изменить", "Название", "Где", "Сохранить", "Событие изменено"},
	} {
		t.Run(lang, func(t *testing.T) {
			w := newWorld(t, worldOptions{})
			boris := w.visitor(1, "Boris", "en")
			create(boris, "Old name")
			check(t, boris.Err())
			id := query[int64](w, `SELECT id FROM events`)
			row := `SELECT concat_ws(' ', description, category, ends - starts, latitude, zone) FROM events`
			before := query[string](w, row)

			anna := w.visitor(1, "Anna", lang)
			anna.Say("/start " + deepLink(id))
			m := anna.See("the card", has(words.edit))
			anna.Press(m, words.edit)
			m = anna.SeeEdited(m, "the fields", has(words.title))
			anna.Press(m, words.title)
			anna.SeeEdited(m, "the question", contains("Old name"))
			anna.Say("New <name>")
			m = anna.See("the fields", has(words.save))
			check(t, anna.Err())
			check(t, w.stop())
			w.startBot(worldOptions{})
			anna.Press(m, words.where)
			anna.SeeEdited(m, "the question", contains("New <name>"))
			anna.Locate(berlin.Lat+1, berlin.Lon)
			m = anna.See("the fields", has(words.save))
			if n := query[int](w, `SELECT count(*) FROM events WHERE title = 'Old name'`); n != 1 {
				t.Error("it was changed before it was saved")
			}
			anna.Press(m, words.save)
			anna.SeeEdited(m, "that it is saved", contains(words.saved))
			check(t, anna.Err())
			after := query[string](w, row)
			if strings.ReplaceAll(after, "53.52", "52.52") != before || after == before {
				t.Errorf("the row was %q and is %q", before, after)
			}
			if got := query[string](w, `SELECT title FROM events`); got != "New <name>" {
				t.Errorf("the title is %q", got)
			}
		})
	}
}
