package sandbox_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

// TestWebFiles: every file that the page names is there, under a policy that lets it load
// nothing else, and none of them goes elsewhere or writes markup from text.
func TestWebFiles(t *testing.T) {
	_, url := start(t, sandbox.Options{})
	todo, seen := []string{"/"}, map[string]bool{"/": true}
	named := regexp.MustCompile(`(?:src|href)="(/web/[^"]+)"|from "\.(/[^"]+)"|import "\.(/[^"]+)"`)
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		resp, err := plain.Get(url + name)
		if err != nil {
			t.Fatal(err)
		}
		body := readAll(t, resp)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") == "" {
			t.Errorf("%s: %s, %q", name, resp.Status, resp.Header.Get("Content-Type"))
		}
		policy := resp.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is %q", name, policy)
		}
		for _, danger := range []string{"innerHTML", "insertAdjacentHTML", "document.write", "eval("} {
			if strings.Contains(body, danger) {
				t.Errorf("%s uses %s", name, danger)
			}
		}
		for _, m := range named.FindAllStringSubmatch(body, -1) {
			next := m[1]
			if next == "" {
				next = "/web" + m[2] + m[3]
			}
			if !seen[next] {
				seen[next], todo = true, append(todo, next)
			}
		}
	}
	if len(seen) < 10 {
		t.Errorf("only found %v", seen)
	}
	for _, name := range []string{"/web/none.js", "/web/../web.go", "/web/screenshots/desktop-light.png"} {
		resp, err := plain.Get(url + name)
		if err != nil {
			t.Fatal(err)
		}
		if body := readAll(t, resp); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s %s", name, resp.Status, body)
		}
	}
}

// TestGuard: what a page of another site could make a browser send is refused.
func TestGuard(t *testing.T) {
	_, url := start(t, sandbox.Options{})
	_, public := start(t, sandbox.Options{Public: true})
	own := "http://" + strings.TrimPrefix(url, "http://")
	for _, c := range []struct {
		why, to, method, path, host string
		header                      map[string]string
		code                        int
	}{
		{"a program", url, "PUT", "/people/5/profile", "", nil, 204},
		{"the page itself", url, "PUT", "/people/5/profile", "", map[string]string{"Origin": own, "Sec-Fetch-Site": "same-origin"}, 204},
		{"by the name localhost", url, "GET", "/", "localhost:1", nil, 200},
		{"by IPv6", url, "GET", "/", "[::1]:1", nil, 200},
		{"another site writes", url, "PUT", "/people/5/profile", "", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"another port writes", url, "PUT", "/people/5/profile", "", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"an old browser, another site", url, "POST", "/people/5/chats/7001/messages", "", map[string]string{"Origin": "https://evil.example"}, 403},
		{"a rebound name", url, "PUT", "/people/5/profile", "evil.example", map[string]string{"Origin": "http://evil.example"}, 403},
		{"a rebound name reads", url, "GET", "/people/5/events", "evil.example:80", nil, 403},
		{"a rebound name sees the page", url, "GET", "/", "evil.example", nil, 403},
		{"a name like loopback", url, "GET", "/", "127.0.0.1.evil.example", nil, 403},
		{"a public sandbox", public, "GET", "/", "sandbox.example", nil, 200},
		{"another site, a public sandbox", public, "PUT", "/people/5/profile", "", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
	} {
		t.Run(c.why, func(t *testing.T) {
			r, err := http.NewRequestWithContext(within(t, 5*time.Second), c.method, c.to+c.path, strings.NewReader(`{"first_name":"Eve"}`))
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			r.Host = c.host
			resp, err := plain.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if body := readAll(t, resp); resp.StatusCode != c.code {
				t.Errorf("%s: %s", resp.Status, body)
			}
		})
	}
}

func TestProfile(t *testing.T) {
	_, url := start(t, sandbox.Options{})
	people := url + "/people/9"
	for _, c := range []struct {
		method, path, body string
		code               int
		says               string
	}{
		{"GET", "/profile", "", 404, "no such person"},
		{"GET", "/events", "", 404, "no such person"},
		{"PUT", "/profile", `{"first_name":""}`, 400, "first name"},
		{"PUT", "/profile", `{`, 400, "JSON"},
		{"PUT", "/profile", `{"id":1,"first_name":"Vera","language_code":"ru"}`, 204, ""},
		{"GET", "/profile", "", 200, `{"id":9,"first_name":"Vera","language_code":"ru"}`},
		{"POST", "/events", "", 404, "Not Found"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, people+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := plain.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if body := readAll(t, resp); resp.StatusCode != c.code || !strings.Contains(body, c.says) {
			t.Errorf("%s %s %s: %s %s", c.method, c.path, c.body, resp.Status, body)
		}
	}
}

// events reads a person's stream; next returns the data of the next event, which must have
// the name.
type events struct {
	t    *testing.T
	body io.Closer
	line *bufio.Scanner
}

func listen(t *testing.T, url string) *events {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := plain.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() }) // the test read what it needed
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("%s, %q", resp.Status, got)
	}
	return &events{t, resp.Body, bufio.NewScanner(resp.Body)}
}

func (e *events) next(name string, into any) {
	e.t.Helper()
	e.any(map[string]any{name: into})
}

// any reads the next event, which must have one of the names.
func (e *events) any(into map[string]any) {
	e.t.Helper()
	late := time.AfterFunc(10*time.Second, func() { _ = e.body.Close() })
	defer late.Stop()
	got := ""
	for e.line.Scan() {
		if n, ok := strings.CutPrefix(e.line.Text(), "event: "); ok {
			got = n
		}
		data, ok := strings.CutPrefix(e.line.Text(), "data: ")
		if !ok {
			continue
		}
		if into[got] == nil {
			e.t.Fatalf("event %q: %s", got, data)
		}
		if err := json.Unmarshal([]byte(data), into[got]); err != nil {
			e.t.Fatal(err)
		}
		return
	}
	e.t.Fatalf("the stream ended: %v", e.line.Err())
}

// TestEvents: a stream begins with what is there, tells of a bot that comes and of its
// commands in the person's language, of what is said, edited, deleted, and ends with the server.
func TestEvents(t *testing.T) {
	s, url := start(t, sandbox.Options{})
	ctx := within(t, 30*time.Second)
	put, err := http.NewRequestWithContext(ctx, http.MethodPut, url+"/people/5/profile", strings.NewReader(`{"first_name":"Vera","language_code":"ru-RU"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := plain.Do(put)
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, resp)

	e := listen(t, url+"/people/5/events")
	var chats []sandbox.ChatInfo
	e.next("chats", &chats)
	if len(chats) != 0 {
		t.Fatalf("chats before any bot: %+v", chats)
	}
	bot := client(t, url)
	if _, err := bot.GetMe(ctx); err != nil {
		t.Fatal(err)
	}
	e.next("chats", &chats)
	if len(chats) != 1 || chats[0].Path != "/people/5/chats/7001" || chats[0].Username != "sandbox7001_bot" || len(chats[0].Commands) != 0 {
		t.Fatalf("chats: %+v", chats)
	}
	var ev sandbox.ChatEvent
	e.next("view", &ev)
	if ev.Path != chats[0].Path || len(ev.View.IDs) != 0 {
		t.Fatalf("an empty chat: %+v", ev)
	}

	vera := person(t, url, sandbox.Profile{ID: 5, FirstName: "Vera", LanguageCode: "ru-RU"})
	if _, err := vera.Say(ctx, "/start"); err != nil {
		t.Fatal(err)
	}
	e.next("view", &ev)
	if len(ev.View.Changed) != 1 || ev.View.Changed[0].Text != "/start" || ev.View.Changed[0].FromBot {
		t.Fatalf("said: %+v", ev)
	}
	began := time.Now()
	m, err := bot.SendMessage(ctx, &telego.SendMessageParams{ChatID: telego.ChatID{ID: 5}, Text: "one"})
	if err != nil {
		t.Fatal(err)
	}
	e.next("view", &ev)
	if took := time.Since(began); took > time.Second {
		t.Errorf("a message took %v to be seen", took)
	}
	if len(ev.View.Changed) != 1 || ev.View.Changed[0].Text != "one" || len(ev.View.IDs) != 2 {
		t.Fatalf("sent: %+v", ev)
	}
	if _, err := bot.EditMessageText(ctx, &telego.EditMessageTextParams{ChatID: telego.ChatID{ID: 5}, MessageID: m.MessageID, Text: "two"}); err != nil {
		t.Fatal(err)
	}
	e.next("view", &ev)
	if len(ev.View.Changed) != 1 || ev.View.Changed[0].Text != "two" || ev.View.Changed[0].Edited != 1 {
		t.Fatalf("edited: %+v", ev)
	}
	if err := bot.DeleteMessage(ctx, &telego.DeleteMessageParams{ChatID: telego.ChatID{ID: 5}, MessageID: m.MessageID}); err != nil {
		t.Fatal(err)
	}
	e.next("view", &ev)
	if len(ev.View.IDs) != 1 {
		t.Fatalf("deleted: %+v", ev)
	}

	for _, c := range []telego.SetMyCommandsParams{
		{Commands: []telego.BotCommand{{Command: "a", Description: "for all"}}},
		{Commands: []telego.BotCommand{{Command: "r", Description: "по-русски"}}, LanguageCode: "ru"},
		{Commands: []telego.BotCommand{{Command: "p", Description: "private"}}, Scope: &telego.BotCommandScopeAllPrivateChats{Type: telego.ScopeTypeAllPrivateChats}},
		{Commands: []telego.BotCommand{{Command: "v", Description: "for Vera"}}, Scope: &telego.BotCommandScopeChat{Type: telego.ScopeTypeChat, ChatID: telego.ChatID{ID: 5}}},
	} {
		if err := bot.SetMyCommands(ctx, &c); err != nil {
			t.Fatal(err)
		}
		e.next("chats", &chats)
		if got := chats[0].Commands; len(got) != 1 || got[0] != c.Commands[0] {
			t.Fatalf("commands: %+v, in place of %+v", got, c.Commands)
		}
	}

	if n := s.Stats().Streams; n != 1 {
		t.Errorf("%d streams", n)
	}
	if err := s.Close(); err != nil {
		t.Errorf("a stream held up the end: %v", err)
	}
	if n := s.Stats().Streams; n != 0 {
		t.Errorf("%d streams after the end", n)
	}
}

// TestEventsOfGroups: a group is in its members' lists with its bots' commands, and what is said
// in it is not told to who was removed.
func TestEventsOfGroups(t *testing.T) {
	base, id, a, b := club(t, sandbox.NewGroup{})
	must[bool](t, call(t, base, "setMyCommands", fields{
		"commands": []fields{{"command": "go", "description": "go on"}}, "scope": fields{"type": "all_chat_administrators"},
	}))
	listenTo := func(p *sandbox.Person) (*events, sandbox.ChatInfo) {
		e := listen(t, fmt.Sprintf("%s/people/%d/events", base, p.ID))
		var chats []sandbox.ChatInfo
		e.next("chats", &chats)
		if len(chats) != 2 || chats[1].Group == nil || chats[1].Group.ID != id || len(chats[1].Group.Members) != 3 {
			t.Fatalf("chats: %+v", chats)
		}
		var ev sandbox.ChatEvent
		e.next("view", &ev)
		e.next("view", &ev)
		return e, chats[1]
	}
	_, hers := listenTo(a)
	if got := hers.Commands; len(got) != 1 || got[0].Command != "go@sandbox7001_bot" {
		t.Errorf("the owner's commands: %+v", got)
	}
	e, his := listenTo(b)
	if len(his.Commands) != 0 {
		t.Errorf("a member has the administrators' commands: %+v", his.Commands)
	}
	said(t, a.In(id), "hello")
	var ev sandbox.ChatEvent
	e.next("view", &ev)
	if len(ev.View.Changed) != 1 || ev.View.Changed[0].Text != "hello" || ev.View.Changed[0].From.Name != "Ann Lee" {
		t.Fatalf("said: %+v", ev)
	}
	set(t, a, id, bob.ID, sandbox.Membership{Status: "kicked"})
	for chats := []sandbox.ChatInfo{{}, {}}; len(chats) > 1; { // until then he may see that he is removed
		e.any(map[string]any{"chats": &chats, "view": &ev})
	}
	said(t, a.In(id), "without him")
	said(t, b, "by himself")
	e.next("view", &ev)
	if ev.View.Changed[0].Text != "by himself" {
		t.Errorf("told who was removed: %+v", ev)
	}
}

// TestStreamsAreBounded: one reader too many is refused, and a place is free again when one goes.
func TestStreamsAreBounded(t *testing.T) {
	const most = 256
	s, url := start(t, sandbox.Options{})
	client(t, url)
	person(t, url, ann)
	path := fmt.Sprintf("%s/people/%d/events", url, ann.ID)
	first := listen(t, path)
	for range most - 1 {
		listen(t, path)
	}
	resp, err := plain.Get(path)
	if err != nil {
		t.Fatal(err)
	}
	if body := readAll(t, resp); resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "too many streams") {
		t.Errorf("%s %s", resp.Status, body)
	}
	if err := first.body.Close(); err != nil {
		t.Error(err)
	}
	eventually(t, "a free place", func() bool { return s.Stats().Streams == most-1 })
	listen(t, path)
}
