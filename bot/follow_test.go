package bot_test

import (
	"strings"
	"testing"
	"time"
)

// TestLiveLocation: the map and the list follow a person who shares where they are, in place.
func TestLiveLocation(t *testing.T) {
	for lang, words := range map[string]struct{ week, nothing string }{
		"en": {"week", "Nothing here"}, "ru": {"неделя", "ничего нет"},
	} {
		t.Run(lang, func(t *testing.T) {
			w := newWorld(t, worldOptions{})
			boris := w.visitor(2, "Boris", "en")
			create(boris, "Lanterns")
			check(t, boris.Err())
			anna := w.visitor(1, "Anna", lang)
			shared, err := anna.Person.ShareLocation(t.Context(), berlin.Lat+1, berlin.Lon, time.Hour)
			check(t, err)
			list := anna.See("the list", has(words.week))
			anna.Press(list, words.week)
			list = anna.SeeEdited(list, "an empty list", contains(words.nothing))
			check(t, anna.Person.Move(t.Context(), shared.ID, berlin.Lat+0.01, berlin.Lon))
			list = anna.SeeEdited(list, "the event, far", contains("Lanterns"))
			if !strings.Contains(list.Text, "1.1 ") && !strings.Contains(list.Text, "1,1 ") {
				t.Errorf("1.1 km away, the list says\n%s", list.Text)
			}
			check(t, anna.Person.Move(t.Context(), shared.ID, berlin.Lat, berlin.Lon))
			anna.SeeEdited(list, "the event, near", contains(" 0 "))
			check(t, anna.Person.StopSharing(t.Context(), shared.ID))
			check(t, anna.Err())
			chat, err := anna.Person.Chat(t.Context())
			check(t, err)
			if n := len(chat); n != 3 {
				t.Errorf("%d messages in the chat in place of the location, the map and the list", n)
			}
		})
	}
}
