package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/cmd/loadtest/crowd"
	"okolo/cmd/loadtest/report"
	"okolo/cmd/loadtest/rig"
)

// The harness against known liars: what each lies about is seen, and told with the story of
// whoever saw it.

// TestLyingDatabase: writes that were acknowledged are dropped, doubled, altered; an event
// comes from nowhere; somebody is taken off a list.
func TestLyingDatabase(t *testing.T) {
	t.Parallel()
	lies := []string{
		`DELETE FROM events WHERE id = (SELECT max(id) FROM events WHERE title LIKE 'Event %')`,
		`INSERT INTO events (kind, owner, draft, title, description, category, starts, ends, zone, place, latitude, longitude, capacity, cell)
		 SELECT kind, owner, -1, title, description, category, starts, ends, zone, place, latitude, longitude, capacity, cell
		 FROM events WHERE id = (SELECT min(id) FROM events WHERE title LIKE 'Event %')`,
		`UPDATE events SET latitude = latitude + 0.01 WHERE id = (SELECT min(id) FROM events WHERE title LIKE 'Event %')`,
		`INSERT INTO events (kind, owner, draft, title, description, category, starts, ends, zone, place, latitude, longitude, capacity, cell)
		 SELECT kind, owner, -2, replace(title, 'Event ', 'Event 9'), description, category, starts, ends, zone, place, latitude, longitude, capacity, cell
		 FROM events WHERE id = (SELECT min(id) FROM events WHERE title LIKE 'Event %')`,
		`DELETE FROM participants WHERE number = (SELECT max(number) FROM participants)`,
	}
	mix := crowd.Mix{crowd.Organizer: 1, crowd.Browser: 1}
	r := try(t, mix, rig.Options{}, time.Minute, func(ctx context.Context, tr *trial) error {
		<-ctx.Done()
		conn, err := pgx.Connect(context.Background(), tr.rig.DatabaseURL())
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(context.Background()) }()
		for _, lie := range lies {
			if tag, err := conn.Exec(context.Background(), lie); err != nil || tag.RowsAffected() != 1 {
				return fmt.Errorf("%s: %s %w", lie, tag, err)
			}
		}
		return nil
	})
	if r.Lost < 2 || r.Doubled != 1 || r.Altered < 1 || r.Ghosts != 1 || r.Oversold != 1 {
		t.Errorf("lost %d, doubled %d, altered %d, ghosts %d, oversold %d", r.Lost, r.Doubled, r.Altered, r.Ghosts, r.Oversold)
	}
	told(t, r, "lost", "Publish")
}

// TestForgettingDatabase: snapshots vanish, so people do not find their place again.
func TestForgettingDatabase(t *testing.T) {
	t.Parallel()
	mix := crowd.Mix{crowd.Leaver: 1, crowd.Browser: 1}
	o := rig.Options{Env: []string{"USER_STATE_MAX_SIZE=5"}}
	r := try(t, mix, o, time.Minute, func(ctx context.Context, tr *trial) error {
		conn, err := pgx.Connect(context.Background(), tr.rig.DatabaseURL())
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(context.Background()) }()
		for ctx.Err() == nil {
			if _, err := conn.Exec(context.Background(), `DELETE FROM snapshots`); err != nil {
				return err
			}
			time.Sleep(50 * time.Millisecond) // the pace of the lie
		}
		return nil
	})
	if r.PlaceLost == 0 {
		t.Error("nobody noticed that their place was lost")
	}
	told(t, r, "place_lost", "says")
}

// TestLyingBot: an update is lost, an answer goes to somebody else, a press is not answered,
// answers come in another order.
func TestLyingBot(t *testing.T) {
	t.Parallel()
	l := &liar{told: map[string]int{}, last: map[string]int{}}
	mix := crowd.Mix{crowd.Spammer: 1, crowd.Browser: 4}
	o := rig.Options{Between: l.between}
	r := try(t, mix, o, 10*time.Second, func(ctx context.Context, _ *trial) error { <-ctx.Done(); return nil })
	l.late.Wait()
	l.server.Close()
	if len(l.told) != 4 {
		t.Fatalf("it told only the lies %v", l.told)
	}
	if r.Misdelivered < 1 || r.Unanswered < 3 || r.Disordered < 1 || r.Disagreeing < 1 {
		t.Errorf("misdelivered %d, unanswered %d, disordered %d, disagreeing %d", r.Misdelivered, r.Unanswered, r.Disordered, r.Disagreeing)
	}
	told(t, r, "misdelivered", "nothing was asked")
	told(t, r, "unanswered", "presses")
}

// told checks that a violation of a kind is told with a story that has such words.
func told(t *testing.T, r *report.Result, kind, words string) {
	t.Helper()
	var b bytes.Buffer
	if err := r.Summary(&b); err != nil || !r.Failed() {
		t.Errorf("failed: %v, %v", r.Failed(), err)
	}
	for _, v := range r.Violations {
		if v.Kind == kind && strings.Contains(strings.ToLower(v.Story), strings.ToLower(words)) {
			return
		}
	}
	t.Errorf("no %s is told with %q:\n%s", kind, words, b.String())
}

// liar is a proxy between the bot and its Bot API that tells each lie once.
type liar struct {
	server *httptest.Server
	late   sync.WaitGroup

	mu    sync.Mutex
	told  map[string]int
	calls int
	last  map[string]int // which call was the last to a chat
}

var chatID = regexp.MustCompile(`"chat_id":(\d+)`)

func (l *liar) between(api string) (string, error) {
	to, err := url.Parse(api)
	if err != nil {
		return "", err
	}
	p := httputil.NewSingleHostReverseProxy(to)
	p.ModifyResponse = l.answer
	l.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.call(w, r, p) }))
	return l.server.URL, nil
}

// lies reports whether a lie is still to be told, at most so often.
func (l *liar) lies(lie string, times int) bool {
	if l.told[lie] == times {
		return false
	}
	l.told[lie]++
	return true
}

// silent is the chat that the bot has not written to for the longest time: nobody waits there.
func (l *liar) silent() (chat string) {
	for c, n := range l.last {
		if chat == "" || n < l.last[chat] {
			chat = c
		}
	}
	return chat
}

// call lies about what the bot does.
func (l *liar) call(w http.ResponseWriter, r *http.Request, next http.Handler) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	pass := func(b []byte) {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
		next.ServeHTTP(w, r)
	}
	l.mu.Lock()
	l.calls++
	chat := chatID.FindSubmatch(body)
	if chat != nil {
		l.last[string(chat[1])] = l.calls
	}
	send := strings.HasSuffix(r.URL.Path, "/sendMessage")
	switch {
	case l.calls < 100:
	case strings.HasSuffix(r.URL.Path, "/answerCallbackQuery") && l.lies("press", 1):
		l.mu.Unlock()
		_, _ = io.WriteString(w, `{"ok":true,"result":true}`)
		return
	case send && bytes.Contains(body, []byte("Nearby")) && l.lies("chat", 1):
		other := l.silent()
		l.mu.Unlock()
		pass(chatID.ReplaceAll(body, []byte(`"chat_id":`+other)))
		return
	case send && bytes.Contains(body, []byte("What I can do")) && l.lies("order", 5):
		l.mu.Unlock()
		fmt.Fprintf(w, `{"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":%s,"type":"private"}}}`, chat[1])
		r = r.Clone(context.WithoutCancel(r.Context()))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		l.late.Go(func() {
			time.Sleep(500 * time.Millisecond) // by then the next answers have gone
			next.ServeHTTP(httptest.NewRecorder(), r)
		})
		return
	}
	l.mu.Unlock()
	pass(body)
}

// answer takes an update out of what the bot fetches.
func (l *liar) answer(resp *http.Response) error {
	if !strings.HasSuffix(resp.Request.URL.Path, "/getUpdates") {
		return nil
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var got struct {
		OK     bool              `json:"ok"`
		Result []json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	l.mu.Lock()
	if l.calls > 100 && len(got.Result) > 1 && l.lies("update", 1) {
		got.Result = got.Result[1:]
		if body, err = json.Marshal(got); err != nil {
			return err
		}
	}
	l.mu.Unlock()
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Set("Content-Length", fmt.Sprint(len(body)))
	return nil
}
