package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/bot"
	"okolo/bot/sandbox"
	"okolo/cmd/loadtest/crowd"
	"okolo/cmd/loadtest/report"
	"okolo/cmd/loadtest/rig"
	"okolo/cmd/loadtest/verify"
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
		`INSERT INTO inbox (bot, update_id, payload, attempts, set_aside) SELECT max(bot), -1, '', 5, now() FROM owners`,
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
	if r.Lost < 2 || r.Doubled != 1 || r.Altered < 1 || r.Ghosts != 1 || r.Oversold != 1 || r.SetAside != 1 {
		t.Errorf("lost %d, doubled %d, altered %d, ghosts %d, oversold %d, set aside %d", r.Lost, r.Doubled, r.Altered, r.Ghosts, r.Oversold, r.SetAside)
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

// TestLyingBot: an update is lost, and all that somebody said at once; an answer goes to somebody
// else; a press is not answered; an answer comes when nobody waits any more; answers come in
// another order. Each is seen by the person that it befell.
func TestLyingBot(t *testing.T) {
	t.Parallel()
	l := &liar{befell: map[string]map[int64]bool{}, last: map[string]int{}}
	mix := crowd.Mix{crowd.Spammer: 1, crowd.Browser: 4}
	const patience = 10 * time.Second
	l.tooLate = patience + 2*time.Second
	o := rig.Options{Between: l.between}
	r := try(t, mix, o, patience, func(ctx context.Context, _ *trial) error {
		<-ctx.Done()
		l.late.Wait() // the crowd waits for this, also after its time is over
		return nil
	})
	l.late.Wait()
	l.server.Close()
	for lie, kind := range map[string]string{
		"update": "unanswered", "stash": "unanswered", "chat": "misdelivered", "press": "unanswered", "late": "unanswered", "order": "disordered",
	} {
		if len(l.befell[lie]) == 0 {
			t.Errorf("it did not tell the lie of the %s", lie)
			continue
		}
		if !slices.ContainsFunc(r.Violations, func(v report.Violation) bool { return v.Kind == kind && l.befell[lie][v.Person] }) {
			t.Errorf("nobody of %v, whom the lie of the %s befell, complains of %s", l.befell[lie], lie, kind)
		}
	}
	if r.Disagreeing < 1 {
		t.Error("the counters of a bot that did not get an update agree")
	}
	told(t, r, "misdelivered", "nothing was asked")
	told(t, r, "unanswered", "presses")
}

// TestCardOfAnotherVersion: a bot says on the card of what it has saved another category than it has saved.
func TestCardOfAnotherVersion(t *testing.T) {
	t.Parallel()
	r := try(t, crowd.Mix{crowd.Organizer: 1}, rig.Options{Between: swapping(t, "🚶 walks", "🍲 food")}, time.Minute, func(ctx context.Context, _ *trial) error {
		<-ctx.Done()
		return nil
	})
	if r.Altered == 0 || r.Altered == r.StoredEvents || r.Lost+r.Doubled+r.Ghosts+r.PlaceLost > 0 {
		t.Errorf("altered %d of %d; lost %d, doubled %d, ghosts %d, places lost %d", r.Altered, r.StoredEvents, r.Lost, r.Doubled, r.Ghosts, r.PlaceLost)
	}
	told(t, r, "altered", "walks")
}

// swapping is a proxy between the bot and its Bot API that puts other words in place of some wherever the bot
// says that something is saved.
func swapping(t *testing.T, words, others string) func(string) (string, error) {
	return func(api string) (string, error) {
		to, err := url.Parse(api)
		if err != nil {
			return "", err
		}
		next := httputil.NewSingleHostReverseProxy(to)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
				return
			}
			if bytes.Contains(body, []byte("Saved. ")) {
				body = bytes.ReplaceAll(body, []byte(words), []byte(others))
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			next.ServeHTTP(w, r)
		}))
		t.Cleanup(server.Close)
		return server.URL, nil
	}
}

// TestWrongCounter: each counter of the bot that is not what it should be is named.
func TestWrongCounter(t *testing.T) {
	telegram, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = telegram.Close() })
	ledger := verify.NewLedger("test")
	people, err := crowd.New(crowd.Options{Ledger: ledger, People: 1, Rate: 1, Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = people.Close() })
	ledger.Changed(1, "x", verify.Going) // a write, of no update: the crowd itself did nothing
	s := newSampler(&rig.Rig{Telegram: telegram}, people)
	honest := bot.Stats{}
	honest.Writes.Commands = 1
	if said := s.differences(honest, nil); len(said) > 0 {
		t.Fatalf("an honest bot: %q", said)
	}
	for says, lie := range map[string]func(*bot.Stats){
		"updates received":            func(st *bot.Stats) { st.Ingress.Received++; st.Sessions.InputsApplied++ },
		"updates unsettled":           func(st *bot.Stats) { st.Ingress.Unsettled++ },
		"updates settled, by outcome": func(st *bot.Stats) { st.Sessions.InputsRepeated++ },
		"inputs in flight":            func(st *bot.Stats) { st.Sessions.InputsInFlight++ },
		"messages given up":           func(st *bot.Stats) { st.Ingress.Undelivered++ },
		"keys used twice":             func(st *bot.Stats) { st.Writes.KeyConflicts++ },
		"writes":                      func(st *bot.Stats) { st.Writes.Commands-- },
	} {
		st := honest
		lie(&st)
		if said := s.differences(st, nil); len(said) != 1 || !strings.HasPrefix(said[0], says) {
			t.Errorf("a wrong counter of %s: %q", says, said)
		}
	}
	if said := s.differences(honest, errors.New("no answer")); len(said) != 1 {
		t.Errorf("without statistics: %q", said)
	}
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

// liar is a proxy between the bot and its Bot API that tells each lie once, or a few times.
type liar struct {
	server  *httptest.Server
	late    sync.WaitGroup
	tooLate time.Duration // after which nobody waits for an answer

	mu     sync.Mutex
	befell map[string]map[int64]bool // by lie, whom
	calls  int
	last   map[string]int // which call was the last to a chat

	presses sync.Map // who pressed, by the id of the callback query
}

// honestCalls are those before the first lie.
const honestCalls = 100

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

// lies reports whether a lie is to be told to a person: at most to so many, and to nobody two.
func (l *liar) lies(lie string, to int64, most int) bool {
	if l.liedTo(to) || l.calls < honestCalls || len(l.befell[lie]) == most {
		return false
	}
	if l.befell[lie] == nil {
		l.befell[lie] = map[int64]bool{}
	}
	l.befell[lie][to] = true
	return true
}

// silent is the chat that the bot has not written to for the longest time, but for those who wait since they
// were lied to: nobody waits there.
func (l *liar) silent() int64 {
	silent, since := int64(0), l.calls+1
	for chat, n := range l.last {
		id, _ := strconv.ParseInt(chat, 10, 64) // digits
		if n < since && !l.liedTo(id) {
			silent, since = id, n
		}
	}
	return silent
}

func (l *liar) liedTo(person int64) bool {
	for _, people := range l.befell {
		if people[person] {
			return true
		}
	}
	return false
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
	chat, id := chatID.FindSubmatch(body), int64(0)
	if chat != nil {
		l.last[string(chat[1])] = l.calls
		id, _ = strconv.ParseInt(string(chat[1]), 10, 64) // digits
	}
	send := strings.HasSuffix(r.URL.Path, "/sendMessage")
	switch {
	case strings.HasSuffix(r.URL.Path, "/answerCallbackQuery") && l.lies("press", l.pressedBy(body), 1):
		l.mu.Unlock()
		_, _ = io.WriteString(w, `{"ok":true,"result":true}`)
		return
	case send && bytes.Contains(body, []byte("Nearby")) && l.lies("chat", id, 3): // some of them may wait for something after all
		other := l.silent()
		delete(l.befell["chat"], id)
		l.befell["chat"][other] = true
		if l.befell["robbed"] == nil {
			l.befell["robbed"] = map[int64]bool{}
		}
		l.befell["robbed"][id] = true
		l.mu.Unlock()
		pass(chatID.ReplaceAll(body, fmt.Appendf(nil, `"chat_id":%d`, other)))
		return
	case send && bytes.Contains(body, []byte("Nearby")) && l.lies("late", id, 1):
		l.mu.Unlock()
		l.later(w, r, body, id, l.tooLate, next)
		return
	case send && bytes.Contains(body, []byte("What I can do")) && l.lies("order", id, 5):
		l.mu.Unlock()
		l.later(w, r, body, id, 500*time.Millisecond, next) // by then the next answers have gone
		return
	}
	l.mu.Unlock()
	pass(body)
}

// later tells the bot that a message was sent, and sends it after a while.
func (l *liar) later(w http.ResponseWriter, r *http.Request, body []byte, chat int64, after time.Duration, next http.Handler) {
	fmt.Fprintf(w, `{"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":%d,"type":"private"}}}`, chat)
	r = r.Clone(context.WithoutCancel(r.Context()))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	l.late.Go(func() {
		time.Sleep(after)
		next.ServeHTTP(httptest.NewRecorder(), r)
	})
}

// fetched is an update, as far as the liar reads it.
type fetched struct {
	Message struct {
		From struct{ ID int64 } `json:"from"`
	} `json:"message"`
	Press struct {
		ID   string             `json:"id"`
		From struct{ ID int64 } `json:"from"`
	} `json:"callback_query"`
}

// answer takes updates out of what the bot fetches: one, and all that one person said at once.
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
	if body, err = json.Marshal(map[string]any{"ok": got.OK, "result": l.keep(got.Result)}); err != nil {
		return err
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Set("Content-Length", fmt.Sprint(len(body)))
	return nil
}

// keep returns the updates that the bot gets to see. The last stays, or the bot would ask for those
// before it again.
func (l *liar) keep(all []json.RawMessage) []json.RawMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	said := map[int64]int{}
	from := make([]int64, len(all))
	for i, raw := range all {
		var u fetched
		if err := json.Unmarshal(raw, &u); err != nil {
			continue // then it is kept
		}
		from[i] = u.Message.From.ID + u.Press.From.ID
		said[from[i]]++
		if u.Press.ID != "" {
			l.presses.Store(u.Press.ID, u.Press.From.ID)
		}
	}
	kept := all[:0]
	for i, raw := range all {
		last := i == len(all)-1
		switch stash := said[from[i]] > 2; {
		case !last && l.befell["stash"][from[i]], !last && stash && l.lies("stash", from[i], 1):
		case !last && !stash && l.lies("update", from[i], 1):
		default:
			kept = append(kept, raw)
		}
	}
	return kept
}

var callbackID = regexp.MustCompile(`"callback_query_id":"(\d+)"`)

// pressedBy returns whose press a call answers.
func (l *liar) pressedBy(body []byte) int64 {
	id := callbackID.FindSubmatch(body)
	if id == nil {
		return 0
	}
	by, _ := l.presses.Load(string(id[1]))
	person, _ := by.(int64) // of a press that nobody made: 0
	return person
}
