package bot_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
)

// answering are the methods by which the bot answers people.
var answering = []string{"sendMessage", "sendPhoto", "editMessageText", "editMessageMedia", "answerCallbackQuery"}

// always makes the same go wrong with every one of some methods.
func always(f sandbox.CallFaults, methods ...string) map[string]sandbox.CallFaults {
	calls := map[string]sandbox.CallFaults{}
	for _, m := range methods {
		calls[m] = f
	}
	return calls
}

// both joins the faults of different methods.
func both(a, b map[string]sandbox.CallFaults) map[string]sandbox.CallFaults {
	maps.Copy(a, b)
	return a
}

var second = sandbox.Chance{Every: 2} // every second call is struck

// journey is how many messages the bot has in the chat at the end of [TestTrouble]. repaired is
// how many more it takes where the copy of a screen is pressed that the bot does not know: a map
// and a list, each perhaps twice.
const journey, repaired = 9, 4

// TestTrouble: whatever happens between the bot and Telegram, no reply is lost, a write is done
// once, and no message comes twice, except where an answer was lost after the message was sent;
// there the screen goes on all the same.
func TestTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		faults sandbox.Faults
		struck func(sandbox.FaultCounts) int64
		twice  bool // an answer can be lost after a message was sent
	}{
		"flood": {sandbox.Faults{Calls: always(sandbox.CallFaults{TooManyRequests: second, RetryAfter: 1}, answering...)},
			func(n sandbox.FaultCounts) int64 { return n.TooManyRequests }, false},
		"outage": {sandbox.Faults{Calls: always(sandbox.CallFaults{ServerError: second}, answering...)},
			func(n sandbox.FaultCounts) int64 { return n.ServerErrors }, false},
		"cut off": {sandbox.Faults{Calls: always(sandbox.CallFaults{CutBefore: second}, answering...)},
			func(n sandbox.FaultCounts) int64 { return n.CutBefore }, false},
		"slow": {sandbox.Faults{Calls: always(sandbox.CallFaults{Latency: 200 * time.Millisecond, Jitter: 300 * time.Millisecond}, answering...)},
			func(n sandbox.FaultCounts) int64 { return n.Delayed }, false},
		"delivered twice": {sandbox.Faults{DuplicateUpdates: 1},
			func(n sandbox.FaultCounts) int64 { return n.DuplicateUpdates }, false},
		"late": {sandbox.Faults{LateUpdates: 0.7, LateBy: 400 * time.Millisecond, Seed: 4},
			func(n sandbox.FaultCounts) int64 { return n.LateUpdates }, false},
		"polling": {sandbox.Faults{Calls: always(sandbox.CallFaults{
			CutBefore: sandbox.Chance{Every: 6}, TooManyRequests: sandbox.Chance{Every: 7}, ServerError: sandbox.Chance{Every: 5}, CutAfter: sandbox.Chance{Every: 3},
		}, "getUpdates")},
			func(n sandbox.FaultCounts) int64 {
				return min(n.CutBefore+n.TooManyRequests, n.ServerErrors, n.CutAfter)
			}, false},
		"answers lost": {sandbox.Faults{Calls: always(sandbox.CallFaults{CutAfter: second}, answering...)},
			func(n sandbox.FaultCounts) int64 { return n.CutAfter }, true},
		"everything": {sandbox.Faults{DuplicateUpdates: 0.3, LateUpdates: 0.3, LateBy: 200 * time.Millisecond, Seed: 7,
			Calls: both(
				always(sandbox.CallFaults{Jitter: 100 * time.Millisecond, ServerError: sandbox.Chance{Share: .15}, CutBefore: sandbox.Chance{Share: .15}, CutAfter: sandbox.Chance{Share: .15}}, answering...),
				always(sandbox.CallFaults{CutAfter: sandbox.Chance{Share: .2}}, "getUpdates"))},
			func(n sandbox.FaultCounts) int64 { return n.ServerErrors + n.CutBefore + n.CutAfter }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{faults: c.faults})
			anna := w.visitor(1, "Anna", "en")
			anna.Say("/start")
			anna.See("the greeting", contains("Hello, Anna!"))
			anna.Locate(berlin.Lat, berlin.Lon)
			list := anna.See("the list", has("tomorrow"))
			anna.Press(list, "tomorrow")
			// In place; as a new message where the bot does not know the one that was pressed.
			w.wait(anna, "the choice", has("• tomorrow •"))
			card := create(anna, "In spite of it all")
			anna.Press(card, "Back")
			w.wait(anna, "the event in the list", func(m sandbox.Message) bool {
				return has("• tomorrow •")(m) && contains("In spite of it all")(m)
			})
			check(t, anna.Err())
			struck := w.sandbox.Stats().Faults
			check(t, w.sandbox.SetFaults(sandbox.Faults{})) // the bot's end is not what is tested
			if n := query[int](w, `SELECT count(*) FROM events`); n != 1 {
				t.Errorf("%d events", n)
			}
			chat, err := anna.Person.Chat(t.Context())
			check(t, err)
			most := journey
			if c.twice {
				most = 2*journey + repaired
			}
			if n := len(sandbox.FromBot(chat, 0)); n < journey || n > most {
				t.Errorf("%d messages of the bot, between %d and %d would be right", n, journey, most)
			}
			if c.struck(struck) == 0 {
				t.Errorf("there was no trouble: this proves nothing: %+v", struck)
			}
			s, err := w.bot.Stats(t.Context())
			check(t, err)
			if s.Ingress.Undelivered != 0 {
				t.Errorf("%d messages were given up", s.Ingress.Undelivered)
			}
		})
	}
}

// TestRetryAfterKept: as long as Telegram says so, the bot waits, and then the message comes
// once.
func TestRetryAfterKept(t *testing.T) {
	t.Parallel()
	const asked, times = 2, 3
	w := newWorld(t, worldOptions{faults: sandbox.Faults{
		Calls: always(sandbox.CallFaults{TooManyRequests: sandbox.Chance{Share: 1}, RetryAfter: asked}, "sendMessage"),
	}})
	anna := w.visitor(1, "Anna", "en")
	began := time.Now()
	anna.Say("/start")
	eventually(t, "the bot tries again", func() bool { return w.sandbox.Stats().Faults.TooManyRequests >= times })
	if took := time.Since(began); took < (times-1)*asked*time.Second {
		t.Errorf("told %d times to wait %d s, and tried again within %v", times, asked, took)
	}
	check(t, w.sandbox.SetFaults(sandbox.Faults{}))
	anna.See("the greeting", contains("Hello, Anna!"))
	anna.See("the menu", has("Create"))
	check(t, anna.Err())
	chat, err := anna.Person.Chat(t.Context())
	check(t, err)
	if n := len(sandbox.FromBot(chat, 0)); n != 2 {
		t.Errorf("%d messages in place of a greeting and a menu", n)
	}
}

// TestOldPresses: a press that comes too late to be answered is acted on all the same, and
// nobody counts the useless answer as a loss.
func TestOldPresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{faults: sandbox.Faults{OldCallbacks: 1}})
	anna := w.visitor(1, "Anna", "en")
	anna.Say("/start")
	anna.See("the greeting", contains("Hello, Anna!"))
	anna.Locate(berlin.Lat, berlin.Lon)
	list := anna.See("the list", has("tomorrow"))
	for _, day := range []string{"tomorrow", "week"} {
		b, _ := list.Button(day)
		_, err := anna.Person.Press(t.Context(), list.ID, b.Data)
		check(t, err)
		list = anna.SeeEdited(list, "the choice", has("• "+day+" •"))
	}
	check(t, anna.Err())
	chat, err := anna.Person.Chat(t.Context())
	check(t, err)
	if n := len(sandbox.FromBot(chat, 0)); n != 4 {
		t.Errorf("%d messages in place of a greeting, a menu, a map and a list", n)
	}
	if n := w.sandbox.Stats().Faults.OldCallbacks; n != 2 {
		t.Errorf("%d presses were old", n)
	}
	s, err := w.bot.Stats(t.Context())
	check(t, err)
	if s.Ingress.Undelivered != 0 {
		t.Errorf("%d messages were given up", s.Ingress.Undelivered)
	}
}

// wait waits for a message of the chat, new or not, that fulfils a condition.
func (w *world) wait(v *visit.Visitor, what string, ok func(sandbox.Message) bool) {
	w.t.Helper()
	soon, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	if _, err := v.Person.Wait(soon, func(chat []sandbox.Message) bool { return slices.ContainsFunc(chat, ok) }); err != nil {
		w.t.Errorf("did not see %s: %v", what, err)
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not so in time: %s", what)
		}
	}
}
