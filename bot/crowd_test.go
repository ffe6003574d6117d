package bot_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"okolo/actors"
	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
)

// TestCrowd: a thousand people browse and create one event each, at the same time, while a
// tenth of the updates is delivered twice.
func TestCrowd(t *testing.T) {
	people := 1000
	if raceEnabled {
		people = 300 // which takes ten times as long, beside the other packages
	}
	w := newWorld(t, worldOptions{
		faults: sandbox.Faults{DuplicateUpdates: 0.1},
		// The process holds the crowd and its Telegram, too: the guard would see their memory.
		sessions: func(c *actors.Config) { c.MemoryThreshold = 0 },
	})
	began := time.Now()
	var crowd sync.WaitGroup
	chats := make([][]sandbox.Message, people)
	for i := range people {
		crowd.Go(func() {
			name := fmt.Sprintf("P%04d", i)
			v, err := visit.Join(t.Context(), w.people, sandbox.Profile{ID: int64(10_000 + i), FirstName: name, LanguageCode: "en"},
				visit.Options{Wait: 2 * time.Minute})
			if err != nil {
				t.Error(err)
				return
			}
			v.Say("/start")
			v.See("the greeting by name", contains("Hello, "+name+"!"))
			// Fifty places, so that the crowd meets without being in one spot.
			v.Locate(52.40+float64(i%50)*0.005, 13.40)
			list := v.See("the list", has("tomorrow"))
			v.Press(list, "tomorrow")
			v.SeeEdited(list, "tomorrow's list", has("• tomorrow •"))
			title := "Event of " + name
			card := create(v, title)
			if v.Err() == nil && !contains(title)(card) {
				t.Errorf("%s sees somebody else's event: %s", name, card.Text)
			}
			if v.Err() != nil {
				t.Errorf("%s: %v", name, v.Err())
			}
			chats[i], err = v.Person.Chat(t.Context())
			if err != nil {
				t.Error(err)
			}
		})
	}
	crowd.Wait()
	took := time.Since(began)
	if n := query[int](w, `SELECT count(*) FROM events`); n != people {
		t.Errorf("%d events of %d people", n, people)
	}
	if n := query[int](w, `SELECT count(*) FROM events e JOIN users u ON u.id = e.owner WHERE e.title = 'Event of ' || u.name`); n != people {
		t.Errorf("%d events belong to the person they are named after, not %d", n, people)
	}
	checkChats(t, chats)
	s, err := w.bot.Stats(t.Context())
	check(t, err)
	if s.Sessions.InputsRepeated == 0 {
		t.Error("no update was delivered twice: this proves nothing")
	}
	if s.Ingress.Undelivered != 0 || s.Sessions.InputsPoisoned != 0 {
		t.Errorf("undelivered %d, poisoned %d", s.Ingress.Undelivered, s.Sessions.InputsPoisoned)
	}
	t.Logf("%d updates in %.1f s: %.0f/s; %d duplicates suppressed", s.Ingress.Received, took.Seconds(),
		float64(s.Ingress.Received)/took.Seconds(), s.Sessions.InputsRepeated)
}

// checkChats looks for messages that came twice: the script leads to these, and no others.
func checkChats(t *testing.T, chats [][]sandbox.Message) {
	t.Helper()
	for i, chat := range chats {
		fromBot := 0
		for _, m := range chat {
			if m.FromBot {
				fromBot++
			}
		}
		// Greeting, menu, map, list; title, category (edited into where), when (edited into
		// the preview and the saved event).
		if want := 7; fromBot != want {
			t.Errorf("person %d has %d messages of the bot, not %d", i, fromBot, want)
		}
	}
}
