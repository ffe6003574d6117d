package bot_test

import (
	"testing"

	"okolo/bot/sandbox"
)

// TestPicturesAreReused: what one person's map shows is neither drawn nor uploaded again for another.
func TestPicturesAreReused(t *testing.T) {
	w := newWorld(t, worldOptions{})
	for id := range int64(3) {
		v := w.visitor(1+id, "Anna", "en")
		v.Locate(berlin.Lat, berlin.Lon)
		v.See("the map", func(m sandbox.Message) bool { return m.Photo != nil })
		v.See("the list", has("today"))
		check(t, v.Err())
	}
	s, err := w.bot.Stats(t.Context())
	check(t, err)
	if s.Maps.Drawn != 1 || s.Reads.Reused != 2 || s.Reads.Pictures != 1 {
		t.Errorf("of three maps that look the same %d were drawn and %d reused, %d are remembered", s.Maps.Drawn, s.Reads.Reused, s.Reads.Pictures)
	}
}
