package ops_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"okolo/actors/ops"
)

func TestPurge(t *testing.T) {
	var failure error
	url := serveAll(t, nil, func(context.Context) (int, error) { return 250, failure })
	if n, err := ops.OrderPurge(t.Context(), url); n != 250 || err != nil {
		t.Fatal(n, err)
	}
	failure = errors.New("a purge is under way")
	var refused *ops.RefusedError
	if _, err := ops.OrderPurge(t.Context(), url); !errors.As(err, &refused) || !strings.Contains(refused.Why, "under way") {
		t.Fatal(err)
	}
	if _, err := ops.OrderPurge(t.Context(), "http://127.0.0.1:1"); err == nil || errors.As(err, &refused) {
		t.Fatal(err)
	}
}

// TestWhoMayPurge: nobody but a program on this machine.
func TestWhoMayPurge(t *testing.T) {
	purges := 0
	handler := ops.Handler(nil, func(context.Context) (int, error) { purges++; return 1, nil }, quiet)
	for name, c := range map[string]struct {
		method, from, host string
		header             [2]string
		want               int
	}{
		"a program here":           {"POST", "127.0.0.1:5", "127.0.0.1:8090", [2]string{}, 200},
		"by name":                  {"POST", "[::1]:5", "localhost:8090", [2]string{}, 200},
		"by IPv6":                  {"POST", "[::1]:5", "[::1]:8090", [2]string{}, 200},
		"a link":                   {"GET", "127.0.0.1:5", "127.0.0.1:8090", [2]string{}, 405},
		"another machine":          {"POST", "10.0.0.7:5", "127.0.0.1:8090", [2]string{}, 403},
		"a page elsewhere":         {"POST", "127.0.0.1:5", "127.0.0.1:8090", [2]string{"Origin", "https://evil.example"}, 403},
		"a page elsewhere, newer":  {"POST", "127.0.0.1:5", "127.0.0.1:8090", [2]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"a name that points here":  {"POST", "127.0.0.1:5", "evil.example", [2]string{"Origin", "http://evil.example"}, 403},
		"an address that is no IP": {"POST", "@", "127.0.0.1:8090", [2]string{}, 403},
	} {
		before := purges
		r := httptest.NewRequest(c.method, "/purge", nil)
		r.RemoteAddr, r.Host = c.from, c.host
		if c.header[0] != "" {
			r.Header.Set(c.header[0], c.header[1])
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.want || (purges > before) != (c.want == http.StatusOK) {
			t.Errorf("%s: %d, not %d; %d purges", name, w.Code, c.want, purges-before)
		}
	}
}
