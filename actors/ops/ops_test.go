package ops_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"okolo/actors/histogram"
	"okolo/actors/ops"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// figures are statistics of every kind.
type figures struct {
	Sessions struct {
		Live     int              `json:"live_sessions" metric:"sessions" help:"Sessions."`
		Guard    string           `json:"guard" metric:"-" help:"Guard."`
		ByScreen map[string]int   `json:"by_screen" metric:"sessions_by_screen,screen" help:"By screen."`
		Took     histogram.Counts `json:"took" metric:"took_seconds" help:"Time."`
		Idle     uint64           `json:"idle" metric:"left_total,reason=idle" help:"Idle ones."`
		Memory   uint64           `json:"memory" metric:"left_total,reason=memory" help:"Others."`
	} `json:"sessions"`
	Pools struct {
		Reads  pool `json:"reads" metric:",pool=reads"`
		Writes pool `json:"writes" metric:",pool=writes"`
	} `json:"pools" metric:"database"`
	Ready bool `json:"ready" metric:"ready" help:"Ready."`
}

type pool struct {
	InUse int `json:"in_use" metric:"connections_in_use" help:"In use."`
}

func sample() figures {
	var f figures
	f.Sessions.Live, f.Sessions.Guard, f.Sessions.ByScreen = 3, "normal", map[string]int{"home": 2, "wizard": 1}
	h := histogram.New(1, 2)
	h.Observe(0.5)
	h.Observe(5)
	f.Sessions.Took = h.Read()
	f.Sessions.Idle, f.Sessions.Memory = 7, 8
	f.Pools.Reads.InUse, f.Pools.Writes.InUse, f.Ready = 4, 5, true
	return f
}

// window is one that works.
func window() ops.Window {
	return ops.Window{
		Stats:   func(context.Context) (any, error) { return sample(), nil },
		Figures: reflect.TypeFor[figures](),
		Ready:   func(context.Context) error { return nil },
		Purge:   func(context.Context) (int, error) { return 250, nil },
		Drain:   func() {},
		Logger:  quiet,
	}
}

func serve(t *testing.T, w ops.Window) string {
	t.Helper()
	s, err := ops.Listen(t.Context(), "127.0.0.1:0", w.Handler())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s.URL()
}

func get(t *testing.T, url string) (code int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

func TestStatsAndTable(t *testing.T) {
	stats, err := ops.Client{URL: serve(t, window())}.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := ops.Table(&b, stats); err != nil {
		t.Fatal(err)
	}
	want := `SESSIONS
  live sessions  3
  guard          normal
  BY SCREEN
    home    2
    wizard  1
  TOOK
    count  2
    sum    5.5
    p50    1
    p95    2
    p99    2
  idle     7
  memory   8
POOLS
  READS
    in use  4
  WRITES
    in use  5
ready       true
`
	if b.String() != want {
		t.Errorf("table:\n%s\nwant\n%s", b.String(), want)
	}
}

func TestUnreadableStats(t *testing.T) {
	w := window()
	w.Stats = func(context.Context) (any, error) { return nil, errors.New("secret detail") }
	url := serve(t, w)
	var refused *ops.RefusedError
	_, err := ops.Client{URL: url}.Stats(t.Context())
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "503") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	if _, err := (ops.Client{URL: "http://127.0.0.1:1"}).Stats(t.Context()); err == nil || errors.As(err, &refused) {
		t.Errorf("nobody listens there, and yet %v", err)
	}
	if code, body := get(t, url+"/metrics"); code != 200 || !strings.Contains(body, "okolo_stats_readable 0") || !strings.Contains(body, "go_goroutines") {
		t.Errorf("metrics: %d\n%s", code, body)
	}
}

// TestClientDoesNotWaitForEver: a port that accepts and never answers.
func TestClientDoesNotWaitForEver(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := ops.Client{URL: "http://" + l.Addr().String(), Timeout: 50 * time.Millisecond}
	if _, err := c.Stats(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if _, err := c.Purge(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestReadiness(t *testing.T) {
	w := window()
	var why error
	w.Ready = func(context.Context) error { return why }
	url := serve(t, w)
	if code, body := get(t, url+"/readyz"); code != 200 || body != "ready\n" {
		t.Errorf("%d %q", code, body)
	}
	why = errors.New("draining")
	if code, body := get(t, url+"/readyz"); code != 503 || body != "not ready: draining\n" {
		t.Errorf("%d %q", code, body)
	}
	if code, _ := get(t, url+"/healthz"); code != 200 {
		t.Errorf("a program that is not ready lives: %d", code)
	}
}

func TestOrders(t *testing.T) {
	w, drained := window(), 0
	var failure error
	w.Purge = func(context.Context) (int, error) { return 250, failure }
	w.Drain = func() { drained++ }
	c := ops.Client{URL: serve(t, w)}
	if n, err := c.Purge(t.Context()); n != 250 || err != nil {
		t.Error(n, err)
	}
	failure = errors.New("a purge is under way")
	var refused *ops.RefusedError
	if _, err := c.Purge(t.Context()); !errors.As(err, &refused) || !strings.Contains(refused.Why, "under way") {
		t.Error(err)
	}
	if err := c.Drain(t.Context()); err != nil || drained != 1 {
		t.Error(drained, err)
	}
}

func TestProfiles(t *testing.T) {
	w := window()
	if code, _ := get(t, serve(t, w)+"/debug/pprof/"); code != 404 {
		t.Errorf("profiles are there unasked: %d", code)
	}
	w.Profiles = true
	url := serve(t, w)
	if code, body := get(t, url+"/debug/pprof/goroutine?debug=1"); code != 200 || !strings.Contains(body, "goroutine profile") {
		t.Errorf("%d %.200s", code, body)
	}
	if code, _ := get(t, url+"/debug/pprof/cmdline"); code != 404 {
		t.Errorf("the command line, which may hold secrets: %d", code)
	}
}

func TestTableOfNonsense(t *testing.T) {
	for _, raw := range []string{"", "[]", `{"a":`, `{"a":{"b":}}`, "null"} {
		if err := ops.Table(&strings.Builder{}, []byte(raw)); err == nil {
			t.Errorf("%q was taken for statistics", raw)
		}
	}
}
