package bot_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/png"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
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
	if s, err := w.bot.Stats(t.Context()); err != nil || s.Reads.Zones < 1 || s.Reads.Zones > s.Reads.ZonesBound {
		t.Errorf("%d time zones of %d are remembered, %v", s.Reads.Zones, s.Reads.ZonesBound, err)
	}
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

// TestSnapshotOfNewerProgram: a screen and a question that only a newer program has cost a person
// that screen, and nothing else of their place.
func TestSnapshotOfNewerProgram(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	preview(anna, "Back from the future")
	check(t, anna.Err())
	check(t, w.stop())
	w.alterState(1, func(state map[int]any) {
		state[2] = 99                           // the screen
		state[18].(map[any]any)[uint64(2)] = 99 // the draft's question
	})
	w.startBot(worldOptions{})
	anna.Say("/create")
	m := anna.See("the preview", contains("Is everything right"))
	anna.Press(m, "Publish")
	anna.SeeEdited(m, "the saved event", contains("Back from the future"))
	check(t, anna.Err())
	if s, err := w.bot.Stats(t.Context()); err != nil || s.Sessions.SnapshotsDamaged != 0 {
		t.Errorf("%d snapshots could not be read, %v", s.Sessions.SnapshotsDamaged, err)
	}
}

// alterState changes the state in a person's snapshot.
func (w *world) alterState(person int64, change func(state map[int]any)) {
	w.t.Helper()
	data := query[[]byte](w, `SELECT data FROM snapshots WHERE person = $1`, person)
	var envelope []cbor.RawMessage
	check(w.t, cbor.Unmarshal(data[4:], &envelope))
	var state map[int]any
	check(w.t, cbor.Unmarshal(envelope[3], &state))
	change(state)
	var err error
	envelope[3], err = cbor.Marshal(state)
	check(w.t, err)
	body, err := cbor.Marshal(envelope)
	check(w.t, err)
	sum := crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))
	data = append(binary.BigEndian.AppendUint32(nil, sum), body...)
	query[int64](w, `UPDATE snapshots SET data = $2 WHERE person = $1 RETURNING person`, person, data)
}
