package ops_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"okolo/actors/ops"
)

const token = "0123456789abcdef"

// TestWhoMayOrder: without a token, a program on this machine; with one, whoever bears it; and
// never a page of another origin. A refusal changes nothing and is logged.
func TestWhoMayOrder(t *testing.T) {
	for name, c := range map[string]struct {
		token, method, from, host string
		header                    [2]string
		want                      int
	}{
		"a program here":           {"", "POST", "127.0.0.1:5", "127.0.0.1:8090", [2]string{}, 200},
		"by name":                  {"", "POST", "[::1]:5", "localhost:8090", [2]string{}, 200},
		"by IPv6":                  {"", "POST", "[::1]:5", "[::1]:8090", [2]string{}, 200},
		"a link":                   {"", "GET", "127.0.0.1:5", "127.0.0.1:8090", [2]string{}, 405},
		"another machine":          {"", "POST", "10.0.0.7:5", "127.0.0.1:8090", [2]string{}, 403},
		"a page elsewhere":         {"", "POST", "127.0.0.1:5", "127.0.0.1:8090", [2]string{"Origin", "https://evil.example"}, 403},
		"a page elsewhere, newer":  {"", "POST", "127.0.0.1:5", "127.0.0.1:8090", [2]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"a name that points here":  {"", "POST", "127.0.0.1:5", "evil.example", [2]string{"Origin", "http://evil.example"}, 403},
		"an address that is no IP": {"", "POST", "@", "127.0.0.1:8090", [2]string{}, 403},
		"no token":                 {token, "POST", "127.0.0.1:5", "127.0.0.1:8090", [2]string{}, 401},
		"a wrong token":            {token, "POST", "127.0.0.1:5", "127.0.0.1:8090", [2]string{"Authorization", "Bearer 0123456789abcdeg"}, 401},
		"half of the token":        {token, "POST", "127.0.0.1:5", "127.0.0.1:8090", [2]string{"Authorization", "Bearer 01234567"}, 401},
		"the token, otherwise":     {token, "POST", "127.0.0.1:5", "127.0.0.1:8090", [2]string{"Authorization", token}, 401},
		"the token from afar":      {token, "POST", "10.0.0.7:5", "okolo.example", [2]string{"Authorization", "Bearer " + token}, 200},
	} {
		for _, path := range []string{"/purge", "/drain"} {
			changes := 0
			var log bytes.Buffer
			w := window()
			w.Purge = func(context.Context) (int, error) { changes++; return 1, nil }
			w.Drain = func() { changes++ }
			w.Token, w.Logger = c.token, slog.New(slog.NewTextHandler(&log, nil))
			r := httptest.NewRequest(c.method, path, nil)
			r.RemoteAddr, r.Host = c.from, c.host
			if c.header[0] != "" {
				r.Header.Set(c.header[0], c.header[1])
			}
			rec := httptest.NewRecorder()
			w.Handler().ServeHTTP(rec, r)
			if rec.Code != c.want || (changes > 0) != (c.want == http.StatusOK) {
				t.Errorf("%s, %s: %d, not %d; %d changes", path, name, rec.Code, c.want, changes)
			}
			if c.want/100 == 4 && c.want != 405 && strings.Count(log.String(), "level=WARN") != 1 {
				t.Errorf("%s, %s: the log says %q", path, name, log.String())
			}
			if strings.Contains(log.String(), token) || strings.Contains(rec.Body.String(), token) {
				t.Errorf("%s, %s: the token is told", path, name)
			}
		}
	}
}

// TestWhatNeedsTheToken: everything but the page without figures and the two checks.
func TestWhatNeedsTheToken(t *testing.T) {
	w := window()
	w.Token, w.Profiles = token, true
	for path, want := range map[string]int{
		"/": 200, "/page.js": 200, "/charts.js": 200, "/page.css": 200, "/healthz": 200, "/readyz": 200,
		"/stats": 401, "/metrics": 401, "/debug/pprof/": 401, "/debug/pprof/heap": 401, "/nonsense": 401,
	} {
		rec := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.RemoteAddr, r.Host = "10.0.0.7:5", "okolo.example"
		w.Handler().ServeHTTP(rec, r)
		if rec.Code != want {
			t.Errorf("%s: %d, not %d", path, rec.Code, want)
		}
	}
	c := ops.Client{URL: serve(t, w), Token: token}
	if _, err := c.Stats(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestOtherOriginsRead: a page elsewhere is not answered either where nothing changes, for a
// profile costs as well; the dashboard and an address typed by hand are.
func TestOtherOriginsRead(t *testing.T) {
	w := window()
	w.Profiles = true
	for _, path := range []string{"/stats", "/metrics", "/debug/pprof/"} {
		for header, want := range map[[2]string]int{
			{"Origin", "https://evil.example"}:  403,
			{"Sec-Fetch-Site", "cross-site"}:    403,
			{"Sec-Fetch-Site", "same-site"}:     403,
			{"Sec-Fetch-Site", "same-origin"}:   200,
			{"Sec-Fetch-Site", "none"}:          200,
			{"Origin", "http://127.0.0.1:8090"}: 200,
		} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.RemoteAddr, r.Host = "127.0.0.1:5", "127.0.0.1:8090"
			r.Header.Set(header[0], header[1])
			rec := httptest.NewRecorder()
			w.Handler().ServeHTTP(rec, r)
			if rec.Code != want {
				t.Errorf("%s, %s: %d, not %d", path, header, rec.Code, want)
			}
		}
	}
}

// TestRefusalsDoNotHideOneAnother: of many refusals the log has a line for each reason.
func TestRefusalsDoNotHideOneAnother(t *testing.T) {
	var log bytes.Buffer
	w := window()
	w.Logger = slog.New(ops.NewLog(slog.NewTextHandler(&log, nil), nil))
	for range 10 {
		for _, host := range []string{"evil.example", "127.0.0.1:8090"} {
			r := httptest.NewRequest(http.MethodPost, "/purge", nil)
			r.RemoteAddr, r.Host = "127.0.0.1:5", host
			r.Header.Set("Origin", "https://evil.example")
			w.Handler().ServeHTTP(httptest.NewRecorder(), r)
		}
	}
	if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "of this machine") || !strings.Contains(got, "other origins") {
		t.Errorf("the log says %q", got)
	}
}

// TestBodies: a body that is huge, or that does not come, is refused, and nothing changes.
func TestBodies(t *testing.T) {
	changes := 0
	w := window()
	w.Purge = func(context.Context) (int, error) { changes++; return 1, nil }
	url := serve(t, w)
	for name, body := range map[string]string{
		"huge":         "Content-Length: 100000000\r\n\r\n" + strings.Repeat("x", 4096),
		"huge, chunks": "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("400\r\n"+strings.Repeat("x", 1024)+"\r\n", 4),
		"slow":         "Content-Length: 10\r\n\r\nx",
		"huge header":  "X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			// The server may close while this writes: what it answers is what counts.
			go func() { fmt.Fprintf(conn, "POST /purge HTTP/1.1\r\nHost: 127.0.0.1\r\n%s", body) }()
			answer := make([]byte, 64)
			n, _ := conn.Read(answer)
			if got := string(answer[:n]); n > 0 && !strings.HasPrefix(got, "HTTP/1.1 4") {
				t.Errorf("answered %q", got)
			}
		})
	}
	if changes != 0 {
		t.Errorf("%d changes", changes)
	}
}
