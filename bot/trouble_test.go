package bot_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"sync"
	"testing"
	"time"

	"okolo/bot/sandbox"
)

// trouble makes some calls of the methods by which a bot answers fail, each in its turn.
type trouble struct {
	mu    sync.Mutex
	calls map[string]int
	hits  int
	every int // which calls of a method fail: every so many'th
	fail  func(w http.ResponseWriter, r *http.Request, api http.Handler)
}

func (tr *trouble) between(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tr.hit(path.Base(r.URL.Path)) {
			tr.fail(w, r, api)
			return
		}
		api.ServeHTTP(w, r)
	})
}

func (tr *trouble) hit(method string) bool {
	switch method {
	case "sendMessage", "sendPhoto", "editMessageText", "editMessageMedia", "answerCallbackQuery":
	default:
		return false
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.calls == nil {
		tr.calls = map[string]int{}
	}
	tr.calls[method]++
	if tr.calls[method]%tr.every != 0 {
		return false
	}
	tr.hits++
	return true
}

// flood answers that the bot has to wait a second, as Telegram does.
func flood(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusTooManyRequests)
	fmt.Fprint(w, `{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1","parameters":{"retry_after":1}}`)
}

// outage answers like a proxy whose server is away.
func outage(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	http.Error(w, "<html>502 Bad Gateway</html>", http.StatusBadGateway)
}

// cut closes the connection before the call reaches the Bot API.
func cut(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// lost lets the call be carried out and loses its answer.
func lost(_ http.ResponseWriter, r *http.Request, api http.Handler) {
	api.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// TestTrouble: whatever happens between the bot and the Bot API, no reply is lost, a write is
// done once, and no message comes twice, except where an answer was lost after the message was
// sent; there the screen goes on all the same.
func TestTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		fail   func(http.ResponseWriter, *http.Request, http.Handler)
		atMost int // messages of the bot in the chat
	}{
		"flood":   {flood, 7},
		"outage":  {outage, 7},
		"cut off": {cut, 14},
		"lost":    {lost, 16},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := &trouble{every: 2, fail: c.fail}
			w := newWorld(t, worldOptions{trouble: tr.between})
			anna := w.visitor(1, "Anna", "en")
			began := time.Now()
			anna.Say("/start")
			anna.See("the greeting", contains("Hello, Anna!"))
			anna.Locate(berlin.Lat, berlin.Lon)
			list := anna.See("the list", has("tomorrow"))
			anna.Press(list, "tomorrow")
			// In place; as a new message where the bot does not know the one that was pressed.
			soon, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			_, err := anna.Person.Wait(soon, func(chat []sandbox.Message) bool {
				return slices.ContainsFunc(chat, has("• tomorrow •"))
			})
			check(t, err)
			create(anna, "In spite of it all")
			check(t, anna.Err())
			if n := query[int](w, `SELECT count(*) FROM events`); n != 1 {
				t.Errorf("%d events", n)
			}
			chat, err := anna.Person.Chat(t.Context())
			check(t, err)
			if n := len(sandbox.FromBot(chat, 0)); n < 7 || n > c.atMost {
				t.Errorf("%d messages of the bot, between 7 and %d would be right", n, c.atMost)
			}
			if tr.hits == 0 {
				t.Error("there was no trouble: this proves nothing")
			}
			if name == "flood" && time.Since(began) < time.Duration(tr.hits/2)*time.Second/2 {
				t.Errorf("%d times told to wait a second, and done after %v", tr.hits, time.Since(began))
			}
			s, err := w.bot.Stats(t.Context())
			check(t, err)
			if s.Ingress.Undelivered != 0 {
				t.Errorf("%d messages were given up", s.Ingress.Undelivered)
			}
		})
	}
}
