package bot_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/mymmrac/telego"

	"okolo/actors"
	"okolo/bot"
	"okolo/bot/sandbox"
	"okolo/persistence/pgtest"
)

const webhookSecret = "a-secret-that-only-Telegram-knows"

var webhooks atomic.Int32

// webhook returns a webhook at an address of its own, which nobody else connects from.
func webhook() bot.Webhook {
	address := fmt.Sprintf("127.%d.%d.1:8082", 1+os.Getpid()%250, webhooks.Add(1))
	return bot.Webhook{URL: "http://" + address + "/updates", Listen: address, Secret: webhookSecret, Connections: 7}
}

// hooked waits until the bot has its webhook.
func (w *world) hooked() {
	w.t.Helper()
	eventually(w.t, "the bot is ready", func() bool { return w.bot.Ready(w.t.Context()) == nil })
}

// webhookInfo asks as anybody with the token can.
func (w *world) webhookInfo() *telego.WebhookInfo {
	w.t.Helper()
	api, err := bot.NewAPI(token, w.api)
	if err != nil {
		w.t.Fatal(err)
	}
	info, err := api.GetWebhookInfo(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return info
}

func (w *world) ingress() bot.IngressStats {
	w.t.Helper()
	s, err := w.bot.Stats(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return s.Ingress
}

// TestWebhook: updates that Telegram brings are handled as those that are fetched, and a bot goes
// over from the one to the other, and back, without losing any.
func TestWebhook(t *testing.T) {
	t.Parallel()
	hook := webhook()
	hook.Wary = time.Nanosecond // as after the first minutes
	w := newWorld(t, worldOptions{webhook: hook, faults: sandbox.Faults{DuplicateUpdates: 0.5, LateUpdates: 0.2, LateBy: 100 * time.Millisecond}})
	w.hooked()
	info := w.webhookInfo()
	if info.URL != hook.URL || info.MaxConnections != 7 || strings.Join(info.AllowedUpdates, " ") != "message edited_message callback_query inline_query my_chat_member chat_member" {
		t.Errorf("the webhook is %+v", info)
	}
	anna := w.visitor(1, "Anna", "en")
	create(anna, "Brought")
	check(t, anna.Err())
	if in := w.ingress(); in.Mode != "webhook" || in.Webhook.Taken < 7 || in.Webhook.InFlight != 0 && in.Unsettled == 0 {
		t.Errorf("the statistics have %+v", in)
	}
	check(t, w.stop())
	anna.Say("/create") // nobody is there: it waits at Telegram
	w.startBot(worldOptions{})
	anna.See("the question for a title", contains("the title"))
	anna.Say("Fetched")
	m := anna.See("the question for a category", contains("What kind"))
	check(t, anna.Err())
	if in, info := w.ingress(), w.webhookInfo(); in.Mode != "polling" || info.URL != "" {
		t.Errorf("mode %s, and the webhook is %+v", in.Mode, info)
	}
	check(t, w.stop())
	w.startBot(worldOptions{webhook: hook})
	anna.Press(m, "walks")
	anna.SeeEdited(m, "the question where", contains("Where"))
	check(t, anna.Err())
	if n := query[int](w, `SELECT count(*) FROM events`); n != 1 {
		t.Errorf("%d events", n)
	}
}

// TestWebhookTakenAway: a webhook that somebody deletes is set again.
func TestWebhookTakenAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{webhook: webhook()})
	w.hooked()
	api, err := bot.NewAPI(token, w.api)
	check(t, err)
	check(t, api.DeleteWebhook(t.Context(), &telego.DeleteWebhookParams{}))
	eventually(t, "it is set again", func() bool { return w.webhookInfo().URL != "" })
}

// TestWebhookNotSet: where Telegram does not take the webhook, the bot says that it is not ready,
// and tries again.
func TestWebhookNotSet(t *testing.T) {
	t.Parallel()
	var refusing atomic.Bool
	refusing.Store(true)
	w := newWorld(t, worldOptions{webhook: webhook(), trouble: func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if refusing.Load() && path.Base(r.URL.Path) == "setWebhook" {
				rw.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(rw, `{"ok":false,"error_code":400,"description":"Bad Request: bad webhook: Failed to resolve host"}`)
				return
			}
			api.ServeHTTP(rw, r)
		})
	}})
	eventually(t, "the bot says why it is not ready", func() bool {
		err := w.bot.Ready(t.Context())
		return err != nil && strings.Contains(err.Error(), "Failed to resolve host")
	})
	refusing.Store(false)
	w.hooked()
}

// bring does what Telegram does.
func bring(ctx context.Context, hook bot.Webhook, body string) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("X-Telegram-Bot-Api-Secret-Token", hook.Secret)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func saying(update, person int64, text string) string {
	return fmt.Sprintf(`{"update_id":%d,"message":{"message_id":1,"date":1,"text":%q,"chat":{"id":%d,"type":"private"},"from":{"id":%d,"first_name":"X","language_code":"en"}}}`,
		update, text, person, person)
}

// TestWebhookRefuses: what is not an update from Telegram is refused, in little time and memory.
func TestWebhookRefuses(t *testing.T) {
	t.Parallel()
	hook := webhook()
	w := newWorld(t, worldOptions{webhook: hook})
	w.hooked()
	good := saying(1, 1, "/help")
	for name, c := range map[string]struct {
		method, path, secret, body string
		status                     int
	}{
		"another path":    {"POST", "/", webhookSecret, good, 404},
		"a longer path":   {"POST", "/updates/", webhookSecret, good, 404},
		"another method":  {"GET", "/updates", webhookSecret, "", 405},
		"no secret":       {"POST", "/updates", "", good, 401},
		"another secret":  {"POST", "/updates", webhookSecret + "!", good, 401},
		"too large":       {"POST", "/updates", webhookSecret, saying(1, 1, strings.Repeat("x", 2<<20)), 413},
		"no JSON":         {"POST", "/updates", webhookSecret, "update_id=1", 400},
		"cut off":         {"POST", "/updates", webhookSecret, good[:40], 400},
		"empty":           {"POST", "/updates", webhookSecret, "", 400},
		"nameless":        {"POST", "/updates", webhookSecret, `{"message":{}}`, 400},
		"of another kind": {"POST", "/updates", webhookSecret, `{"update_id":5,"something_new":{}}`, 200},
		"unreadable":      {"POST", "/updates", webhookSecret, `{"update_id":6,"message":"new in 2031"}`, 200},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, strings.TrimSuffix(hook.URL, "/updates")+c.path, strings.NewReader(c.body))
		check(t, err)
		if c.secret != "" {
			r.Header.Set("X-Telegram-Bot-Api-Secret-Token", c.secret)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		check(t, resp.Body.Close())
		if resp.StatusCode != c.status {
			t.Errorf("%s is answered %d, not %d", name, resp.StatusCode, c.status)
		}
	}
	if in := w.ingress(); in.Received != 2 || in.Unreadable != 1 || in.Webhook.Strangers != 5 || in.Webhook.Malformed != 5 {
		t.Errorf("the statistics have %+v", in)
	}
	for name, begin := range map[string]string{
		"header": "POST /updates HTTP/1.1\r\nHost: x\r\n",
		"body":   "POST /updates HTTP/1.1\r\nHost: x\r\nX-Telegram-Bot-Api-Secret-Token: " + webhookSecret + "\r\nContent-Length: 1000\r\n\r\n{",
	} {
		t.Run("slow "+name, func(t *testing.T) {
			t.Parallel()
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", hook.Listen)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { check(t, conn.Close()) }()
			_, err = io.WriteString(conn, begin)
			check(t, err)
			check(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
			if _, err = io.ReadAll(conn); err != nil {
				t.Errorf("it was not cut off: %v", err)
			}
		})
	}
}

// TestWebhookFull: what is more than can be in flight is refused at once, and nothing of it is lost;
// an update that is brought several times, also at once, has one effect.
func TestWebhookFull(t *testing.T) {
	t.Parallel()
	const bound = 256
	hook := webhook()
	w := newWorld(t, worldOptions{webhook: hook})
	w.hooked()
	anna := w.visitor(1, "Anna", "en")
	anna.Say("/help") // or the bot may not write to her
	anna.See("the help", contains("What I can do"))

	conn, err := pgx.Connect(t.Context(), w.url) // keeps the inbox from being written
	if err != nil {
		t.Fatal(err)
	}
	defer func() { check(t, conn.Close(context.Background())) }()
	held, err := conn.Begin(t.Context())
	check(t, err)
	_, err = held.Exec(t.Context(), `LOCK TABLE inbox`)
	check(t, err)
	var statuses [1000]atomic.Int32
	var all sync.WaitGroup
	brought := func(n int64) {
		status, err := bring(t.Context(), hook, saying(5_000_000+n, 1, "/start"))
		check(t, err)
		statuses[status].Add(1)
	}
	for range 3 { // the same
		all.Go(func() { brought(0) })
	}
	for n := range int64(bound - 3) {
		all.Go(func() { brought(1 + n) })
	}
	eventually(t, "all are in flight", func() bool { return w.ingress().Webhook.InFlight == bound-2 })
	for n := range int64(3) {
		all.Go(func() { brought(900 + n) })
	}
	eventually(t, "some are refused", func() bool { return statuses[503].Load() > 0 })
	check(t, held.Rollback(t.Context()))
	all.Wait()
	refused := statuses[503].Load()
	in := w.ingress().Webhook
	if statuses[200].Load()+refused != bound+3 || int64(refused) != int64(in.Refused+in.Again) {
		t.Errorf("%d requests were answered 200, %d were refused; %+v", statuses[200].Load(), refused, in)
	}
	if in.Taken != 1+bound+1-in.Refused { // /help, and each of the others once
		t.Errorf("%d updates were taken; %+v", in.Taken, in)
	}
	eventually(t, "what was taken is settled", func() bool {
		return w.ingress().Unsettled == 0 && query[int](w, `SELECT count(*) FROM inbox`) == 0
	})
	check(t, anna.Err())
}

// TestWebhookDatabaseAway: while PostgreSQL is away people hear of it, and what was brought then has
// its one effect when it is back.
func TestWebhookDatabaseAway(t *testing.T) {
	t.Parallel()
	server, hook := pgtest.Server(t), webhook()
	hook.Wary = time.Nanosecond // as after the first minutes
	// Or sessions might leave while the store is away, as all tests at once are large: then the step begins anew.
	noGuard := func(c *actors.Config) { c.MemoryThreshold = 0 }
	w := newWorld(t, worldOptions{webhook: hook, database: server.URL(), sessions: noGuard})
	w.hooked()
	anna := w.visitor(1, "Anna", "en")
	m := preview(anna, "After the storm")
	check(t, anna.Err())
	server.Kill()
	b, _ := m.Button("Publish")
	if told := anna.PressData(m.ID, "Publish", b.Data); !strings.Contains(told, "could not be saved") {
		t.Errorf("she was told %q", told)
	}
	if status, err := bring(t.Context(), hook, saying(7_000_000, 1, "/help")); err != nil || status != 200 && status != 503 {
		t.Errorf("an update is answered %d, %v", status, err)
	}
	server.Restart()
	eventually(t, "what was brought is settled", func() bool {
		in := w.ingress()
		return in.Unsettled == 0 && in.Webhook.InFlight == 0
	})
	anna.Press(m, "Publish")
	anna.SeeEdited(m, "that it is saved", contains("Saved."))
	if n := query[int](w, `SELECT count(*) FROM events`); n != 1 {
		t.Errorf("%d events", n)
	}
	check(t, anna.Err())
}
