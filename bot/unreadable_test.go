package bot_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path"
	"testing"
)

// TestUnreadableUpdate: an update in a form that telego does not know is passed over, and
// holds up neither those beside it nor those behind.
func TestUnreadableUpdate(t *testing.T) {
	// Telegram adds such things: an origin of a kind that nobody has heard of yet.
	novel := func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if path.Base(r.URL.Path) != "getUpdates" {
				api.ServeHTTP(w, r)
				return
			}
			answer := httptest.NewRecorder()
			api.ServeHTTP(answer, r)
			body := bytes.ReplaceAll(answer.Body.Bytes(), []byte(`"text":"/novel"`),
				[]byte(`"text":"/novel","forward_origin":{"type":"brand_new","date":1}`))
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(answer.Code)
			_, _ = w.Write(body) // the bot has gone where this fails
		})
	}
	w := newWorld(t, worldOptions{trouble: novel})
	anna, boris := w.visitor(1, "Anna", "en"), w.visitor(2, "Boris", "en")
	for range 3 {
		anna.Say("/novel")
		boris.Say("/help")
		boris.See("the help", contains("What I can do"))
	}
	check(t, anna.Err())
	check(t, boris.Err())
	s, err := w.bot.Stats(t.Context())
	check(t, err)
	if s.Ingress.Unreadable == 0 {
		t.Error("no update was passed over: this proves nothing")
	}
}
