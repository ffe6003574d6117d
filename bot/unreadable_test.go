package bot_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"testing"

	"okolo/bot/sandbox"
)

// TestUnreadableUpdate: an update in a form that telego does not know is passed over, and
// holds up neither those beside it nor those behind.
func TestUnreadableUpdate(t *testing.T) {
	// Telegram adds such things: media, backgrounds, origins of a kind nobody has heard of yet.
	novelties := []string{
		`"forward_origin":{"type":"brand_new","date":1}`,
		`"external_reply":{"origin":{"type":"brand_new","date":1}}`,
		`"external_reply":{}`,
		`"paid_media":{"star_count":1,"paid_media":[{"type":"brand_new"}]}`,
		`"chat_background_set":{"type":{"type":"brand_new"}}`,
		`"chat_background_set":{"type":{"type":"fill","fill":{"type":"brand_new"},"dark_theme_dimming":0}}`,
	}
	for _, n := range novelties { // also one floor below
		novelties = append(novelties,
			`"reply_to_message":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"},`+n+`}`,
			`"pinned_message":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"},`+n+`}`)
	}
	novel := func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if path.Base(r.URL.Path) != "getUpdates" {
				api.ServeHTTP(w, r)
				return
			}
			answer := httptest.NewRecorder()
			api.ServeHTTP(answer, r)
			body := answer.Body.Bytes()
			for i, n := range novelties {
				text := fmt.Sprintf(`"text":"/novel %d"`, i)
				body = bytes.ReplaceAll(body, []byte(text), []byte(text+","+n))
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(answer.Code)
			_, _ = w.Write(body) // the bot has gone where this fails
		})
	}
	w := newWorld(t, worldOptions{trouble: novel})
	anna, boris := w.visitor(1, "Anna", "en"), w.visitor(2, "Boris", "en")
	for i := range novelties {
		anna.Say(fmt.Sprintf("/novel %d", i))
		boris.Say("/help")
		boris.See("the help", contains("What I can do"))
	}
	check(t, anna.Err())
	check(t, boris.Err())
	s, err := w.bot.Stats(t.Context())
	check(t, err)
	if s.Ingress.Unreadable != uint64(len(novelties)) || s.Ingress.Undelivered != 0 {
		t.Errorf("%d updates of %d were passed over", s.Ingress.Unreadable, len(novelties))
	}
	chat, err := anna.Person.Chat(t.Context())
	check(t, err)
	if n := len(sandbox.FromBot(chat, 0)); n != 0 {
		t.Errorf("%d answers to what cannot be read", n)
	}
}
