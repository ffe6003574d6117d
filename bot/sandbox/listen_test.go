package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

// wire is a connection to a sandbox, byte by byte.
type wire struct {
	net.Conn
	t  testing.TB
	in *bufio.Reader
}

func dial(t testing.TB, base string) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // a second time
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &wire{conn, t, bufio.NewReader(conn)}
}

func (w *wire) send(format string, args ...any) {
	w.t.Helper()
	if _, err := fmt.Fprintf(w, strings.ReplaceAll(format, "\n", "\r\n"), args...); err != nil {
		w.t.Fatal(err)
	}
}

// receive reads an answer to the end.
func (w *wire) receive() (*http.Response, string) {
	w.t.Helper()
	resp, err := http.ReadResponse(w.in, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err = closing(resp, err); err != nil {
		w.t.Fatal(err)
	}
	return resp, string(body)
}

// id reads an answer that holds a bot, and returns its id.
func (w *wire) id() int64 {
	w.t.Helper()
	resp, body := w.receive()
	var o struct{ Result telego.User }
	if err := json.Unmarshal([]byte(body), &o); err != nil || resp.StatusCode != 200 {
		w.t.Fatalf("%d %s", resp.StatusCode, body)
	}
	return o.Result.ID
}

// ended waits for the other side to close the connection.
func (w *wire) ended() {
	w.t.Helper()
	if b, err := io.ReadAll(w.in); err != nil || len(b) > 0 {
		w.t.Fatalf("still there: %q, %v", b, err)
	}
}

// Whatever HTTP/1 has: on one connection, one after the other.
func TestOneConnection(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	w := dial(t, base)
	const host = " HTTP/1.1\nHost: localhost\n"

	w.send("GET /bot7001:a/getMe" + host + "\nGET /bot7002:a/getMe" + host + "\n") // at once
	if a, b := w.id(), w.id(); a != 7001 || b != 7002 {
		t.Errorf("pipelined: %d, %d", a, b)
	}
	w.send("GET /bot7003%%3Aa/get%%4De?x=1" + host + "\n")
	if id := w.id(); id != 7003 {
		t.Errorf("escaped: %d", id)
	}
	w.send("POST /bot7004:a/getMe" + host + "Content-Type: application/json\nTransfer-Encoding: chunked\n\n3\n{\"a\n4\n\":1}\n0\n\n")
	if id := w.id(); id != 7004 {
		t.Errorf("chunked: %d", id)
	}
	w.send("POST /bot7005:a/getMe" + host + "Expect: 100-Continue\nContent-Length: 3\n\n")
	if resp, _ := w.receive(); resp.StatusCode != http.StatusContinue {
		t.Errorf("expected to go on: %d", resp.StatusCode)
	}
	w.send("a=b")
	if id := w.id(); id != 7005 {
		t.Errorf("gone on: %d", id)
	}
	text := strings.Repeat("%%D0%%B6", 4096) // longer than any buffer, by GET
	w.send("GET /bot7006:a/sendMessage?chat_id=9&text=" + text + host + "\n")
	if resp, body := w.receive(); resp.StatusCode != 400 || !strings.Contains(body, "Bad Request: chat not found") {
		t.Errorf("long: %d %s", resp.StatusCode, body)
	}
	w.send("GET /bot7007:a/getMe" + host + "\n")
	if id := w.id(); id != 7007 {
		t.Errorf("after a long one: %d", id)
	}
	w = dial(t, base)
	w.send("PUT /people/9/profile" + host + "Content-Length: 18\n\n{\"first_name\":\"A\"}GET /bot7006:a/getMe" + host + "\n")
	if resp, body := w.receive(); resp.StatusCode != http.StatusNoContent {
		t.Errorf("people: %d %s", resp.StatusCode, body)
	}
	if id := w.id(); id != 7006 {
		t.Errorf("a call after people: %d", id)
	}
	w.send("GET /people/9/profile" + host + "Connection: close\n\n")
	if _, body := w.receive(); !strings.Contains(body, `"first_name":"A"`) {
		t.Errorf("profile: %s", body)
	}
	w.ended()
}

// What ends a connection: the caller's wish, an old protocol, what is no HTTP.
func TestLastAnswer(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	for request, want := range map[string]int{
		"GET /bot7001:a/getMe HTTP/1.1\nHost: localhost\nConnection: close\n\n":    200,
		"GET /bot7001:a/getMe HTTP/1.0\n\n":                                        200,
		"GET /bot7001:a/getMe HTTP/1.1\nHost: localhost\nno header\n\n":            400,
		"POST /bot7001:a/getMe HTTP/1.1\nContent-Length: 99999999999\n\n":          413,
		"POST /bot7001:a/getMe HTTP/1.1\nContent-Length: -1\n\n":                   400,
		"GET /bot%zz HTTP/1.1\nHost: localhost\nConnection: close\n\n":             404,
		"GET /bot/getMe HTTP/1.1\nHost: localhost\nConnection: close\n\n":          404,
		"GET / HTTP/1.1\nHost: localhost\nConnection: close\n\n":                   200,
		"DELETE /bot7001:a/getMe HTTP/1.1\nHost: localhost\nConnection: close\n\n": 405,
	} {
		w := dial(t, base)
		w.send(strings.ReplaceAll(request, "%", "%%"))
		resp, body := w.receive()
		if resp.StatusCode != want || !resp.Close {
			t.Errorf("%q: %d %s, close %t", request, resp.StatusCode, body, resp.Close)
		}
		w.ended()
	}
}

// Close lets an answer out that is on its way, and waits for nobody who says nothing.
func TestCloseWithOpenConnections(t *testing.T) {
	s, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	base, err := s.Listen(context.Background(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	idle, watching := dial(t, base), dial(t, base)
	idle.send("GET /bot7001:a/getMe HTTP/1.1\n\n")
	idle.id()
	polls := make(chan string, 2)
	for range cap(polls) { // the second ends the first, so that one waits for sure
		w := dial(t, base)
		w.send("GET /bot7001:a/getUpdates?timeout=50 HTTP/1.1\n\n")
		go func() {
			resp, err := http.ReadResponse(w.in, nil)
			if err != nil {
				polls <- err.Error()
				return
			}
			body, err := io.ReadAll(resp.Body)
			if err = closing(resp, err); err != nil {
				body = []byte(err.Error())
			}
			polls <- string(body)
		}()
	}
	if body := <-polls; !strings.Contains(body, "409") {
		t.Errorf("poll: %s", body)
	}
	watching.send("PUT /people/9/profile HTTP/1.1\nHost: localhost\nContent-Length: 18\n\n{\"first_name\":\"A\"}")
	watching.receive()
	watching.send("GET /people/9/events HTTP/1.1\nHost: localhost\n\n")
	if line, err := watching.in.ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Errorf("events: %s %v", line, err)
	}
	began := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if d := time.Since(began); d > 4*time.Second {
		t.Errorf("took %v", d)
	}
	if body := <-polls; body != `{"ok":true,"result":[]}` {
		t.Errorf("poll: %s", body)
	}
	idle.ended()
	if _, err := io.ReadAll(watching.in); err != nil {
		t.Errorf("events: %v", err)
	}
}

// A page of another site, or of a site whose name was bound to this machine's address, gets
// nothing done; programs, and a page of the sandbox's own, do.
func TestPagesOfOthers(t *testing.T) {
	_, local := start(t, sandbox.Options{})
	_, public := start(t, sandbox.Options{Public: true})
	for _, c := range []struct {
		base, headers string
		code          int
	}{
		{local, "", 200},
		{local, "Host: localhost:1\n", 200},
		{local, "Host: evil.example\n", 403},
		{public, "Host: sandbox.example\n", 200},
		{public, "Host: sandbox.example\nOrigin: https://evil.example\n", 403},
		{local, "Host: localhost\nOrigin: http://evil.example\n", 403},
		{local, "Host: localhost\nOrigin: null\n", 403},
		{local, "Host: localhost\nSec-Fetch-Site: cross-site\n", 403},
		{local, "Host: localhost\nSec-Fetch-Site: same-site\n", 403},
		{local, "Host: localhost\nOrigin: http://localhost\n", 200},
		{local, "Host: localhost\nOrigin: http://localhost\nSec-Fetch-Site: same-origin\n", 200},
		{local, "Host: localhost\nSec-Fetch-Site: none\n", 200},
	} {
		for _, begin := range []string{
			"GET /bot7001:a/getMe HTTP/1.1\n", "POST /bot7001:a/getMe HTTP/1.1\nContent-Length: 0\n",
			"GET /bot7001:a/getMe HTTP/1.1\nX-Long: " + strings.Repeat("x", 10_000) + "\n", // net/http has it
			"GET /file/bot7001:a/none HTTP/1.1\n",
		} {
			if c.headers == "" && (len(begin) > 1000 || strings.Contains(begin, "/file/")) {
				continue // net/http wants a Host
			}
			want := c.code
			if want == 200 && strings.Contains(begin, "/file/") {
				want = 404
			}
			w := dial(t, c.base)
			w.send(begin + c.headers + "\n")
			if resp, body := w.receive(); resp.StatusCode != want {
				t.Errorf("%.40q %q: %d %s", begin, c.headers, resp.StatusCode, body)
			}
		}
	}
}

// Connections are bounded, and what is closed makes room.
func TestManyConnections(t *testing.T) {
	s, base := start(t, sandbox.Options{Connections: 2})
	ask := func(w *wire) { w.send("GET /bot7001:a/getMe HTTP/1.1\n\n") }
	one, two := dial(t, base), dial(t, base)
	ask(one)
	one.id()
	ask(two)
	two.id()
	dial(t, base).ended()
	if st := s.Stats(); st.Connections != 2 || st.ConnectionsRefused != 1 {
		t.Errorf("%+v", st)
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "room", func() bool { return s.Stats().Connections == 1 })
	three := dial(t, base)
	ask(three)
	three.id()
	ask(two)
	two.id()
}

// Who leaves during a long poll is noticed soon; what comes then is the next one's.
func TestPollerLeaves(t *testing.T) {
	s, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	w := dial(t, base)
	w.send("GET /bot%s/getUpdates?timeout=50 HTTP/1.1\n\n", token)
	eventually(t, "a poll", func() bool { return s.Polling(7001) })
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nobody polls", func() bool { return !s.Polling(7001) })
	said(t, p, "/start")
	if us := get(t, base, nil); len(us) != 1 || us[0].Message.Text != "/start" {
		t.Errorf("%+v", us)
	}
}

// A poll outlives the looks whether the poller is there, and what was sent ahead.
func TestPollerStays(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	w := dial(t, base)
	w.send("GET /bot7001:a/getUpdates?timeout=3 HTTP/1.1\n\n")
	if resp, body := w.receive(); resp.StatusCode != 200 || body != `{"ok":true,"result":[]}` {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	w.send("GET /bot7001:a/getUpdates?timeout=2 HTTP/1.1\n\nGET /bot7001:a/getMe HTTP/1.1\n\n")
	if resp, body := w.receive(); resp.StatusCode != 200 || body != `{"ok":true,"result":[]}` {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if id := w.id(); id != 7001 {
		t.Errorf("sent ahead: %d", id)
	}
}
