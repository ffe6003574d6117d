package sandbox_test

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

// hook is a bot's side of a webhook: each update goes to the channel with what to answer it.
type hook struct {
	*httptest.Server
	updates chan telego.Update
	answers chan func(w http.ResponseWriter)
	secret  chan string
}

func newHook(t *testing.T) *hook { return newHookOn(t, httptest.NewServer) }

func newHookOn(t *testing.T, serve func(http.Handler) *httptest.Server) *hook {
	h := &hook{updates: make(chan telego.Update), answers: make(chan func(http.ResponseWriter)), secret: make(chan string, 1000)}
	h.Server = serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var u telego.Update
		if err != nil || json.Unmarshal(body, &u) != nil {
			t.Errorf("delivered %q, %v", body, err)
		}
		h.secret <- r.Header.Get("X-Telegram-Bot-Api-Secret-Token")
		select {
		case h.updates <- u:
			(<-h.answers)(w)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(h.Close)
	return h
}

// next takes the next update and answers it.
func (h *hook) next(answer func(w http.ResponseWriter)) telego.Update {
	u := <-h.updates
	h.answers <- answer
	return u
}

func fine(w http.ResponseWriter) {}

func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(code) }
}

func info(t *testing.T, base string) telego.WebhookInfo {
	t.Helper()
	return must[telego.WebhookInfo](t, call(t, base, "getWebhookInfo", nil))
}

func TestWebhook(t *testing.T) {
	s, base := start(t, sandbox.Options{})
	p, h := person(t, base, ann), newHook(t)
	said(t, p, "before")
	if i := info(t, base); i.URL != "" || i.PendingUpdateCount != 1 {
		t.Fatalf("info: %+v", i)
	}
	o := call(t, base, "setWebhook", fields{"url": h.URL, "secret_token": "s3cret", "max_connections": 7, "allowed_updates": []string{"message"}})
	if !must[bool](t, o) || o.Description != "Webhook was set" {
		t.Fatalf("set: %+v", o)
	}
	if u := h.next(fine); u.Message.Text != "before" || <-h.secret != "s3cret" {
		t.Fatalf("delivered %+v", u)
	}
	o = call(t, base, "getUpdates", nil)
	if o.ErrorCode != 409 || o.Description != "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first" {
		t.Fatalf("getUpdates beside a webhook: %+v", o)
	}
	said(t, p, "one", "two")
	if u := h.next(status(500)); u.Message.Text != "one" {
		t.Fatalf("delivered %+v", u)
	}
	again := h.next(status(404)) // the first repetition is at once, and "two" has to wait
	if again.Message.Text != "one" {
		t.Fatalf("delivered %+v", again)
	}
	if i := info(t, base); i.URL != h.URL || i.MaxConnections != 7 || i.LastErrorDate == 0 || i.PendingUpdateCount != 2 ||
		i.LastErrorMessage != "Wrong response from the webhook: 500 Internal Server Error" && i.LastErrorMessage != "Wrong response from the webhook: 404 Not Found" ||
		len(i.AllowedUpdates) != 1 {
		t.Fatalf("info: %+v", i)
	}
	failed := time.Now()
	if u := h.next(fine); u.UpdateID != again.UpdateID || time.Since(failed) < time.Second {
		t.Fatalf("delivered after %v: %+v", time.Since(failed), u)
	}
	// An answer may name a method.
	if u := h.next(func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, `{"method":"sendMessage","chat_id":501,"text":"by the way"}`)
	}); u.Message.Text != "two" {
		t.Fatalf("delivered %+v", u)
	}
	if _, err := p.Wait(t.Context(), func(chat []sandbox.Message) bool { return chat[len(chat)-1].Text == "by the way" }); err != nil {
		t.Fatal(err)
	}
	if o := call(t, base, "deleteWebhook", nil); !must[bool](t, o) || o.Description != "Webhook was deleted" {
		t.Fatalf("deleted: %+v", o)
	}
	said(t, p, "after")
	want(t, get(t, base, nil), "after")
	if o := call(t, base, "setWebhook", fields{"url": ""}); o.Description != "Webhook is already deleted" {
		t.Fatalf("deleted: %+v", o)
	}
	if n := s.Stats().UpdatesWaiting; n != 1 {
		t.Errorf("%d updates wait", n)
	}
}

func TestWebhookRunsChatsSideBySide(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	h := newHook(t)
	a, b := person(t, base, ann), person(t, base, sandbox.Profile{ID: 502, FirstName: "Bob"})
	must[bool](t, call(t, base, "setWebhook", fields{"url": h.URL}))
	said(t, a, "a1", "a2")
	said(t, b, "b1")
	first, second := <-h.updates, <-h.updates // the third waits for the first
	if got := texts([]telego.Update{first, second}); !(got[0] == "a1" && got[1] == "b1" || got[0] == "b1" && got[1] == "a1") {
		t.Fatalf("side by side: %q", got)
	}
	h.answers <- fine
	h.answers <- fine
	if u := h.next(fine); u.Message.Text != "a2" {
		t.Fatalf("delivered %+v", u)
	}
}

func TestWebhookEndsThePoll(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	h := newHook(t)
	got := make(chan outcome)
	go func() { got <- call(t, base, "getUpdates", fields{"timeout": 30}) }()
	must[bool](t, call(t, base, "setWebhook", fields{"url": h.URL, "drop_pending_updates": true}))
	// The poll came before the webhook or after it.
	if o := <-got; o.ErrorCode != 409 || o.Description != "Conflict: terminated by setWebhook request" &&
		o.Description != "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first" {
		t.Errorf("the poll: %+v", o)
	}
}

func TestWebhookOutOfReach(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	must[bool](t, call(t, base, "setWebhook", fields{"url": gone.URL}))
	said(t, p, "hello")
	eventually(t, "an error", func() bool { return info(t, base).LastErrorMessage == "Connection refused" })
	if n := info(t, base).PendingUpdateCount; n != 1 {
		t.Errorf("%d updates wait", n)
	}
	must[bool](t, call(t, base, "deleteWebhook", fields{"drop_pending_updates": true}))
	want(t, get(t, base, nil))
}

func TestWebhookGetsDuplicates(t *testing.T) {
	_, base := start(t, sandbox.Options{Faults: sandbox.Faults{DuplicateUpdates: 1}})
	h := newHook(t)
	must[bool](t, call(t, base, "setWebhook", fields{"url": h.URL}))
	said(t, person(t, base, ann), "a", "b")
	var us []telego.Update
	for range 4 {
		us = append(us, h.next(fine))
	}
	want(t, us, "a", "a", "b", "b")
	if us[0].UpdateID != us[1].UpdateID {
		t.Errorf("a repetition has its own id: %d, %d", us[0].UpdateID, us[1].UpdateID)
	}
}

func TestLogOutAndClose(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	must[bool](t, call(t, base, "close", nil))
	must[telego.User](t, call(t, base, "getMe", nil))
	ended := make(chan outcome, 1)
	go func() { ended <- call(t, base, "getUpdates", fields{"timeout": 50}) }()
	for waiting := true; waiting; {
		must[bool](t, call(t, base, "close", nil)) // once the poll waits, it ends
		select {
		case o := <-ended:
			refuses(t, o, 500, "Internal Server Error: restart")
			waiting = false
		case <-time.After(10 * time.Millisecond):
		}
	}
	must[bool](t, call(t, base, "logOut", nil))
	if o := call(t, base, "getMe", nil); o.ErrorCode != 400 || o.Description != "Logged out" {
		t.Errorf("after logOut: %+v", o)
	}
}

func TestWebhookWithACertificate(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	h := newHookOn(t, httptest.NewTLSServer)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.Certificate().Raw})
	if o := uploads(t, base, "setWebhook", map[string]string{"url": h.URL}, map[string][]byte{"certificate": {1}}); o.Description != "Bad Request: bad webhook: Failed to set custom certificate file" {
		t.Fatalf("no certificate: %+v", o)
	}
	must[bool](t, uploads(t, base, "setWebhook", map[string]string{"url": h.URL}, map[string][]byte{"certificate": certificate}))
	said(t, person(t, base, ann), "hello")
	if u := h.next(fine); u.Message.Text != "hello" || !info(t, base).HasCustomCertificate {
		t.Fatalf("delivered %+v", u)
	}
}

func TestWebhookCutsTheConnection(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	h := newHook(t)
	must[bool](t, call(t, base, "setWebhook", fields{"url": h.URL}))
	said(t, person(t, base, ann), "hello")
	h.next(func(w http.ResponseWriter) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			err = conn.Close()
		}
		if err != nil {
			t.Error(err)
		}
	})
	if u := h.next(fine); u.Message.Text != "hello" || info(t, base).LastErrorMessage != "Webhook connection closed" {
		t.Fatalf("delivered %+v, %+v", u, info(t, base))
	}
}
