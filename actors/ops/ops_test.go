package ops_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"okolo/actors/ops"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

func serve(t *testing.T, source ops.Source) string { return serveAll(t, source, nil) }

func serveAll(t *testing.T, source ops.Source, purge ops.Purge) string {
	t.Helper()
	s, err := ops.Listen(t.Context(), "127.0.0.1:0", ops.Handler(source, purge, quiet))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s.URL()
}

func TestFetchAndTable(t *testing.T) {
	type group struct {
		Live     int    `json:"live_sessions"`
		Guard    string `json:"guard"`
		Prepared int    `json:"prepared"`
	}
	url := serve(t, func(context.Context) (any, error) {
		return struct {
			Sessions group `json:"sessions"`
			Uptime   int   `json:"uptime_seconds"`
		}{group{3, "normal", 7}, 60}, nil
	})
	stats, err := ops.Fetch(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := ops.Table(&b, stats); err != nil {
		t.Fatal(err)
	}
	want := "SESSIONS\n  live sessions  3\n  guard          normal\n  prepared       7\nuptime seconds   60\n"
	if b.String() != want {
		t.Errorf("table:\n%q\nwant\n%q", b.String(), want)
	}
}

func TestFetchFailure(t *testing.T) {
	url := serve(t, func(context.Context) (any, error) { return nil, errors.New("secret detail") })
	_, err := ops.Fetch(t.Context(), url)
	if err == nil || !strings.Contains(err.Error(), "503") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	if _, err := ops.Fetch(t.Context(), "http://127.0.0.1:1"); err == nil {
		t.Error("nobody listens there, and yet no error")
	}
}

func TestTableOfNonsense(t *testing.T) {
	for _, raw := range []string{"", "[]", `{"a":`, `{"a":{"b":}}`, "null"} {
		if err := ops.Table(&strings.Builder{}, []byte(raw)); err == nil {
			t.Errorf("%q was taken for statistics", raw)
		}
	}
}
