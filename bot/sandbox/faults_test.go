package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"okolo/bot/sandbox"
)

// try makes a call and returns whether there was an answer.
func try(t testing.TB, base, method string, params fields) (outcome, bool) {
	t.Helper()
	body, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := plain.Post(base+"/bot"+token+"/"+method, "application/json", bytes.NewReader(body))
	if err != nil {
		return outcome{}, false
	}
	return read(t, resp), true
}

func onCalls(method string, f sandbox.CallFaults) sandbox.Faults {
	return sandbox.Faults{Calls: map[string]sandbox.CallFaults{method: f}}
}

func order(t testing.TB, s *sandbox.Server, f sandbox.Faults) {
	t.Helper()
	if err := s.SetFaults(f); err != nil {
		t.Fatal(err)
	}
}

func TestFaultsOfCalls(t *testing.T) {
	s, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	said(t, p, "/start")
	third := sandbox.Chance{Every: 3}
	for _, c := range []struct {
		name     string
		faults   sandbox.CallFaults
		answered bool
		refusal  string // of every third call; empty: none
		done     int    // messages of six calls
		count    func(sandbox.FaultCounts) int64
	}{
		{"cut before", sandbox.CallFaults{CutBefore: third}, false, "", 4, func(f sandbox.FaultCounts) int64 { return f.CutBefore }},
		{"cut after", sandbox.CallFaults{CutAfter: third}, false, "", 6, func(f sandbox.FaultCounts) int64 { return f.CutAfter }},
		{"flood", sandbox.CallFaults{TooManyRequests: third, RetryAfter: 7}, true, "429 Too Many Requests: retry after 7", 4,
			func(f sandbox.FaultCounts) int64 { return f.TooManyRequests }},
		{"gateway", sandbox.CallFaults{ServerError: third}, true, "502 Bad Gateway", 4, func(f sandbox.FaultCounts) int64 { return f.ServerErrors }},
		{"server", sandbox.CallFaults{ServerError: third, ServerCode: 500}, true, "500 Internal Server Error", 4,
			func(f sandbox.FaultCounts) int64 { return f.ServerErrors - 2 }},
	} {
		order(t, s, onCalls("SENDMESSAGE", c.faults))
		before := len(fromBot(t, p))
		for i := range 6 {
			o, answered := try(t, base, "sendMessage", fields{"chat_id": ann.ID, "text": c.name})
			struck := i%3 == 2
			switch {
			case answered != (c.answered || !struck):
				t.Errorf("%s: call %d answered: %t", c.name, i, answered)
			case !answered:
			case o.OK == struck || struck && (&sandbox.Error{Code: o.ErrorCode, Description: o.Description}).Error() != c.refusal:
				t.Errorf("%s: call %d: %+v", c.name, i, o)
			}
			if retry := o.Parameters.RetryAfter; (retry == 7) != (struck && c.name == "flood") {
				t.Errorf("%s: call %d: retry_after %d", c.name, i, retry)
			}
		}
		if n := len(fromBot(t, p)) - before; n != c.done {
			t.Errorf("%s: %d messages of 6 calls, want %d", c.name, n, c.done)
		}
		if n := c.count(s.Stats().Faults); n != 2 {
			t.Errorf("%s: counted %d", c.name, n)
		}
		must[bool](t, call(t, base, "sendChatAction", fields{"chat_id": ann.ID, "action": "typing"})) // other methods go on
	}
	order(t, s, sandbox.Faults{})
	for range 6 {
		sendText(t, base, "all is well")
	}
}

func fromBot(t testing.TB, p *sandbox.Person) []sandbox.Message {
	t.Helper()
	chat, err := p.Chat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sandbox.FromBot(chat, 0)
}

func TestLatency(t *testing.T) {
	const latency = 150 * time.Millisecond
	s, base := start(t, sandbox.Options{Faults: onCalls(sandbox.AllMethods, sandbox.CallFaults{Latency: latency, Jitter: time.Millisecond})})
	began := time.Now()
	get(t, base, nil)
	if d := time.Since(began); d < latency {
		t.Errorf("took %v", d)
	}
	if n := s.Stats().Faults.Delayed; n != 1 {
		t.Errorf("counted %d", n)
	}
	order(t, s, onCalls("getMe", sandbox.CallFaults{Latency: 5 * time.Minute}))
	ctx, cancel := context.WithTimeout(t.Context(), latency)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/bot"+token+"/getMe", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := plain.Do(r); err == nil {
		t.Errorf("answered within %v: %s", latency, readAll(t, resp))
	}
} // and Close does not wait for it

// A share strikes about as often as it says, and the same seed strikes the same calls.
func TestSharesAreSeeded(t *testing.T) {
	const n = 300
	s, base := start(t, sandbox.Options{})
	pattern := func(seed uint64) string {
		f := onCalls("getMe", sandbox.CallFaults{ServerError: sandbox.Chance{Share: 0.3}})
		f.Seed = seed
		order(t, s, f)
		var struck strings.Builder
		for range n {
			if call(t, base, "getMe", nil).OK {
				struck.WriteByte('.')
			} else {
				struck.WriteByte('x')
			}
		}
		return struck.String()
	}
	one, again, other := pattern(1), pattern(1), pattern(2)
	if one != again || one == other {
		t.Errorf("seeds 1, 1, 2:\n%s\n%s\n%s", one, again, other)
	}
	if hits := strings.Count(one, "x"); hits < n/5 || hits > n*2/5 {
		t.Errorf("%d of %d struck", hits, n)
	}
}

func TestLateUpdates(t *testing.T) {
	var late atomic.Int64 // seconds the clock is ahead
	s, base := start(t, sandbox.Options{Now: func() time.Time { return time.Unix(1_800_000_000+late.Load(), 0) }})
	p := person(t, base, ann)
	order(t, s, sandbox.Faults{LateUpdates: 1, LateBy: 30 * time.Second})
	said(t, p, "first")
	order(t, s, sandbox.Faults{LateUpdates: 1, LateBy: 10 * time.Second})
	said(t, p, "second", "third")
	order(t, s, sandbox.Faults{})
	said(t, p, "at once")
	want(t, get(t, base, nil), "at once")
	if st := s.Stats(); st.UpdatesWaiting != 4 || st.Faults.LateUpdates != 3 {
		t.Errorf("stats: %+v", st)
	}
	late.Store(10)
	want(t, get(t, base, nil), "at once", "second", "third")
	late.Store(30)
	us := get(t, base, nil)
	want(t, us, "at once", "second", "third", "first")
	for i, u := range us[1:] {
		if u.UpdateID != us[i].UpdateID+1 || u.Message.Date != 1_800_000_000 {
			t.Errorf("update %d after %d, of %d", u.UpdateID, us[i].UpdateID, u.Message.Date)
		}
	}
}

// Late updates in order: what happens in their chats waits behind them, what happens in others does
// not.
func TestLateUpdatesInOrder(t *testing.T) {
	var late atomic.Int64 // seconds the clock is ahead
	s, base := start(t, sandbox.Options{Now: func() time.Time { return time.Unix(1_800_000_000+late.Load(), 0) }})
	p, other := person(t, base, ann), person(t, base, sandbox.Profile{ID: ann.ID + 1, FirstName: "Bo"})
	order(t, s, sandbox.Faults{LateUpdates: 1, LateBy: 10 * time.Second, LateInOrder: true})
	said(t, p, "late")
	order(t, s, sandbox.Faults{LateUpdates: 1e-12, LateBy: 10 * time.Second, LateInOrder: true})
	said(t, p, "behind it")
	said(t, other, "at once")
	want(t, get(t, base, nil), "at once")
	late.Store(10)
	said(t, p, "last") // nobody has asked for what is due
	want(t, get(t, base, nil), "at once", "late", "behind it", "last")
}

// A poll that waits gets a late update when it is due.
func TestALateUpdateWakesThePoll(t *testing.T) {
	_, base := start(t, sandbox.Options{Faults: sandbox.Faults{LateUpdates: 1, LateBy: 200 * time.Millisecond}})
	p := person(t, base, ann)
	got := make(chan outcome)
	go func() { got <- call(t, base, "getUpdates", fields{"timeout": 30}) }()
	said(t, p, "late")
	began := time.Now()
	want(t, must[[]update](t, <-got), "late")
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("woke after %v", d)
	}
}

func TestOldCallbacks(t *testing.T) {
	s, base := start(t, sandbox.Options{Faults: sandbox.Faults{OldCallbacks: 1}})
	p := person(t, base, ann)
	said(t, p, "/start")
	m := sendText(t, base, "hi")
	id, err := p.Press(t.Context(), int64(m.MessageID), "x")
	if err != nil {
		t.Fatal(err)
	}
	want(t, get(t, base, nil), "/start", "press x")
	o := call(t, base, "answerCallbackQuery", fields{"callback_query_id": id})
	if o.Description != "Bad Request: query is too old and response timeout expired or query ID is invalid" {
		t.Errorf("answer: %+v", o)
	}
	if n := s.Stats().Faults.OldCallbacks; n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestFaultsOutOfRange(t *testing.T) {
	s, _ := start(t, sandbox.Options{})
	many := sandbox.Faults{Calls: map[string]sandbox.CallFaults{}}
	for i := range 201 {
		many.Calls[strings.Repeat("x", i)] = sandbox.CallFaults{}
	}
	for name, f := range map[string]sandbox.Faults{
		"share":   {LateUpdates: 1.1},
		"time":    {LateBy: time.Hour},
		"chance":  onCalls("getMe", sandbox.CallFaults{CutAfter: sandbox.Chance{Share: -1}}),
		"every":   onCalls("getMe", sandbox.CallFaults{CutAfter: sandbox.Chance{Every: -1}}),
		"code":    onCalls("getMe", sandbox.CallFaults{ServerCode: 404}),
		"retry":   onCalls("getMe", sandbox.CallFaults{RetryAfter: -1}),
		"latency": onCalls("getMe", sandbox.CallFaults{Latency: time.Hour}),
		"many":    many,
		"method":  onCalls("sendMesage", sandbox.CallFaults{RetryAfter: 1}),
	} {
		if s.SetFaults(f) == nil {
			t.Errorf("%s: ordered", name)
		}
		if _, err := sandbox.New(sandbox.Options{Faults: f}); err == nil {
			t.Errorf("%s: made a server", name)
		}
	}
}

// ask makes a request of the control API.
func ask(t testing.TB, method, to, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := plain.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, readAll(t, resp)
}

func TestControl(t *testing.T) {
	_, off := start(t, sandbox.Options{})
	if code, body := ask(t, "GET", off+"/control/faults", ""); code != 404 {
		t.Errorf("where it is off: %d %s", code, body)
	}
	s, base := start(t, sandbox.Options{Control: true})
	faults := `{"late_updates":0.5,"late_by":2,"calls":{"sendmessage":{"latency":0.25,"too_many_requests":{"every":3},"retry_after":5}}}`
	limits := `{"chat_per_second":1,"chat_burst":5,"group_per_minute":20,"bot_per_second":30}`
	for _, c := range []struct {
		method, what, body string
		code               int
		want               string
	}{
		{"GET", "faults", "", 200, "{}"},
		{"PUT", "faults", faults, 204, ""},
		{"GET", "faults", "", 200, faults},
		{"PUT", "faults", `{"late_updatez":1}`, 400, `"ok":false`},
		{"PUT", "faults", `{"late_updates":2}`, 400, "a share of faults is not within 0 and 1"},
		{"GET", "faults", "", 200, faults},
		{"DELETE", "faults", "", 204, ""},
		{"GET", "faults", "", 200, "{}"},
		{"GET", "limits", "", 200, "{}"},
		{"PUT", "limits", limits, 204, ""},
		{"GET", "limits", "", 200, limits},
		{"PUT", "limits", `{"chat_burst":-1}`, 400, "a limit is negative"},
		{"DELETE", "limits", "", 204, ""},
		{"GET", "limits", "", 200, "{}"},
		{"GET", "stats", "", 200, `"late_updates":0`},
		{"GET", "nothing", "", 404, "Not Found"},
	} {
		code, body := ask(t, c.method, base+"/control/"+c.what, c.body)
		if code != c.code || !strings.Contains(body, c.want) || c.code == 200 && c.want == "{}" && body != "{}" {
			t.Errorf("%s %s %s: %d %s", c.method, c.what, c.body, code, body)
		}
	}
	if err := s.SetLimits(sandbox.TelegramLimits()); err != nil {
		t.Fatal(err)
	}
	if _, body := ask(t, "GET", base+"/control/limits", ""); body != limits {
		t.Errorf("the preset: %s", body)
	}
}

// Floods are refused with the time to wait, and not a moment longer.
func TestLimits(t *testing.T) {
	var ms atomic.Int64
	s, base := start(t, sandbox.Options{Limits: sandbox.TelegramLimits(), Now: func() time.Time { return time.Unix(1_800_000_000, 0).Add(time.Duration(ms.Load()) * time.Millisecond) }})
	write := func(id int64) outcome { return call(t, base, "sendMessage", fields{"chat_id": id, "text": "hi"}) }
	refused := func(o outcome, seconds int, what string) {
		t.Helper()
		if o.ErrorCode != 429 || o.Status != 429 || o.Parameters.RetryAfter != seconds ||
			!strings.HasPrefix(o.Description, "Too Many Requests: retry after ") {
			t.Errorf("%s: %+v", what, o)
		}
	}
	for i := range int64(10) {
		said(t, person(t, base, sandbox.Profile{ID: 600 + i, FirstName: "P"}), "/start")
	}
	var last outcome
	for range 5 { // a burst
		last = write(600)
		must[message](t, last)
	}
	refused(write(600), 1, "the sixth at once")
	refused(call(t, base, "editMessageText", fields{"chat_id": 600, "message_id": must[message](t, last).MessageID, "text": "new"}), 1, "an edit")
	ms.Store(999)
	refused(write(600), 1, "too early")
	ms.Store(1000)
	must[message](t, write(600))
	refused(write(600), 1, "the next second's")

	ms.Store(60_000)
	for i := range int64(30) {
		must[message](t, write(601+i%6))
	}
	refused(write(609), 1, "the thirty-first of a second")
	ms.Store(61_000)
	must[message](t, write(609))
	if n := s.Stats().Floods; n != 5 {
		t.Errorf("counted %d", n)
	}
}
