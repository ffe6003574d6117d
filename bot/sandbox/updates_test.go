package sandbox_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

// said has ann say numbered texts and returns nothing of them.
func said(t testing.TB, p *sandbox.Person, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := p.Say(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
}

// get polls with raw parameters and returns the updates.
func get(t testing.TB, base string, params fields) []telego.Update {
	t.Helper()
	return must[[]telego.Update](t, call(t, base, "getUpdates", params))
}

func texts(us []telego.Update) []string {
	var out []string
	for _, u := range us {
		switch {
		case u.Message != nil:
			out = append(out, u.Message.Text)
		case u.CallbackQuery != nil:
			out = append(out, "press "+u.CallbackQuery.Data)
		case u.MyChatMember != nil:
			out = append(out, u.MyChatMember.NewChatMember.MemberStatus())
		}
	}
	return out
}

func want(t testing.TB, us []telego.Update, texts_ ...string) {
	t.Helper()
	if got := texts(us); !slices.Equal(got, texts_) {
		t.Fatalf("got %q, want %q", got, texts_)
	}
}

func TestConfirmation(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	want(t, get(t, base, nil))
	said(t, p, "a", "b", "c", "d", "e")

	all := get(t, base, nil)
	want(t, all, "a", "b", "c", "d", "e")
	for i, u := range all[1:] {
		if u.UpdateID != all[i].UpdateID+1 {
			t.Fatalf("update ids are not in sequence: %d after %d", u.UpdateID, all[i].UpdateID)
		}
	}
	want(t, get(t, base, fields{"limit": 2}), "a", "b")
	want(t, get(t, base, fields{"limit": 2}), "a", "b") // again at once: nothing was confirmed
	want(t, get(t, base, fields{"offset": all[0].UpdateID}), "a", "b", "c", "d", "e")
	want(t, get(t, base, fields{"offset": all[1].UpdateID, "limit": 0}), "b")
	want(t, get(t, base, fields{"offset": 1}), "b", "c", "d", "e") // an old offset brings nothing back
	want(t, get(t, base, fields{"offset": all[4].UpdateID + 1000}), "b", "c", "d", "e")
	want(t, get(t, base, fields{"offset": -2}), "d", "e")
	want(t, get(t, base, fields{"offset": math.MinInt64}), "d", "e")
	want(t, get(t, base, nil), "d", "e") // a negative offset forgets what is before
	want(t, get(t, base, fields{"offset": all[4].UpdateID + 1}))
	want(t, get(t, base, nil))
	said(t, p, "f")
	want(t, get(t, base, fields{"offset": all[4].UpdateID + 1}), "f")
}

func TestAtMostAHundred(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	var texts []string
	for i := range 120 {
		texts = append(texts, strconv.Itoa(i))
	}
	said(t, p, texts...)
	first := get(t, base, fields{"limit": 500})
	want(t, first, texts[:100]...)
	want(t, get(t, base, fields{"offset": first[99].UpdateID + 1}), texts[100:]...)
}

func TestLongPoll(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	began := time.Now()
	want(t, get(t, base, fields{"timeout": 1}))
	if d := time.Since(began); d < time.Second || d > 5*time.Second {
		t.Fatalf("an empty poll of 1 s took %v", d)
	}
	got := make(chan outcome)
	go func() { got <- call(t, base, "getUpdates", fields{"timeout": 30}) }()
	said(t, p, "wake up")
	want(t, must[[]telego.Update](t, <-got), "wake up")
}

func TestSecondPollerEndsTheFirst(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	got := make(chan outcome, 2)
	for range 2 {
		go func() { got <- call(t, base, "getUpdates", fields{"timeout": 30}) }()
	}
	if o := <-got; o.ErrorCode != 409 || o.Status != 409 ||
		o.Description != "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running" {
		t.Fatalf("the older poll: %+v", o)
	}
	said(t, p, "hello")
	want(t, must[[]telego.Update](t, <-got), "hello")
}

func TestAllowedUpdatesAreRemembered(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	said(t, p, "before")
	want(t, get(t, base, fields{"allowed_updates": []string{"callback_query"}}), "before") // what waits stays
	m := sendText(t, base, "hi")
	said(t, p, "unwanted")
	if _, err := p.Press(t.Context(), int64(m.MessageID), "x"); err != nil {
		t.Fatal(err)
	}
	want(t, get(t, base, nil), "before", "press x")
	want(t, get(t, base, fields{"allowed_updates": "no list"}), "before", "press x")
	said(t, p, "still unwanted")
	want(t, get(t, base, fields{"allowed_updates": []string{}}), "before", "press x")
	said(t, p, "wanted")
	want(t, get(t, base, nil), "before", "press x", "wanted")
	want(t, get(t, base, fields{"allowed_updates": []string{"no kind", "Callback_Query"}}), "before", "press x", "wanted")
	said(t, p, "unwanted again")
	want(t, get(t, base, fields{"allowed_updates": []string{"no kind"}}), "before", "press x", "wanted") // the default
	said(t, p, "wanted again")
	want(t, get(t, base, nil), "before", "press x", "wanted", "wanted again")
}

func TestUpdatesGrowOld(t *testing.T) {
	var hours atomic.Int64
	_, base := start(t, sandbox.Options{Now: func() time.Time { return time.Unix(1_800_000_000+hours.Load()*3600, 0) }})
	p := person(t, base, ann)
	said(t, p, "old")
	m := sendText(t, base, "hi")
	id, err := p.Press(t.Context(), int64(m.MessageID), "x")
	if err != nil {
		t.Fatal(err)
	}
	want(t, get(t, base, nil), "old", "press x")
	hours.Store(1)
	want(t, get(t, base, nil), "old") // callback queries live shorter
	o := call(t, base, "answerCallbackQuery", fields{"callback_query_id": id})
	if o.Description != "Bad Request: query is too old and response timeout expired or query ID is invalid" {
		t.Fatalf("a late answer: %+v", o)
	}
	said(t, p, "young")
	hours.Store(26)
	want(t, get(t, base, nil))
}

func TestQueueIsBounded(t *testing.T) {
	s, base := start(t, sandbox.Options{UpdatesPerBot: 3})
	p := person(t, base, ann)
	said(t, p, "a", "b", "c")
	refused := (*sandbox.Error)(nil)
	if _, err := p.Say(t.Context(), "d"); !errors.As(err, &refused) || refused.Description != "Service Unavailable: too many updates wait for the bot" {
		t.Fatalf("a full queue took an update: %v", err)
	}
	if chat, err := p.Chat(t.Context()); err != nil || len(chat) != 3 {
		t.Fatalf("the refused message is in the chat: %v, %v", chat, err)
	}
	if st := s.Stats(); st.UpdatesWaiting != 3 || st.UpdatesRefused != 1 || st.Messages != 3 {
		t.Fatalf("stats: %+v", st)
	}
}

func TestDuplicates(t *testing.T) {
	const n = 400
	_, base := start(t, sandbox.Options{MessagesPerChat: 10, Faults: sandbox.Faults{DuplicateUpdates: 0.5, Seed: 1}})
	p := person(t, base, ann)
	for i := range n {
		said(t, p, strconv.Itoa(i))
	}
	seen, first, behind := map[string]int{}, map[string]int{}, 0
	for offset := 0; ; {
		asked := offset
		us := get(t, base, fields{"offset": asked, "limit": 7})
		if len(us) == 0 {
			break
		}
		if len(us) > 7 {
			t.Fatalf("%d updates where 7 were asked for", len(us))
		}
		for _, u := range us {
			if id, again := first[u.Message.Text]; again && id != u.UpdateID {
				t.Fatalf("%q came as %d and %d", u.Message.Text, id, u.UpdateID)
			}
			if u.UpdateID < asked {
				behind++
			}
			first[u.Message.Text] = u.UpdateID
			seen[u.Message.Text]++
			offset = max(offset, u.UpdateID+1)
		}
	}
	twice := 0
	for text, times := range seen {
		if times > 2 {
			t.Errorf("%q came %d times", text, times)
		}
		twice += times - 1
	}
	if len(seen) != n || twice < n*4/10 || twice > n*6/10 || behind == 0 || behind == twice {
		t.Errorf("%d updates, %d twice, %d of them after they were confirmed", len(seen), twice, behind)
	}
}

func TestCloseEndsPolls(t *testing.T) {
	s, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	base, err := s.Listen(t.Context(), "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan []byte)
	go func() {
		resp, err := plain.Get(base + "/bot" + token + "/getUpdates?timeout=50")
		if err != nil {
			got <- nil // the request came after the end
			return
		}
		defer func() { _ = resp.Body.Close() }()
		var o outcome
		_ = json.NewDecoder(resp.Body).Decode(&o)
		got <- o.Result
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if r := <-got; r != nil && string(r) != "[]" {
		t.Errorf("the poll ended with %s", r)
	}
	if _, err := s.Listen(t.Context(), "localhost:0"); err == nil {
		t.Error("a closed server listens")
	}
}
