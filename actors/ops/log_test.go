package ops_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"okolo/actors/ops"
)

func TestOneLineForAnIncident(t *testing.T) {
	now := time.Unix(0, 0)
	var out bytes.Buffer
	handler := ops.NewLog(slog.NewTextHandler(&out, nil), func() time.Time { return now })
	log := slog.New(handler)
	for i := range 1000 {
		log.With("part", "sender").Warn("a message could not be delivered", "chat", i)
		log.Info("this is told every time")
	}
	if n := strings.Count(out.String(), "delivered"); n != 1 {
		t.Errorf("%d lines for one incident", n)
	}
	if n := strings.Count(out.String(), "every time"); n != 1000 {
		t.Errorf("%d lines of 1000 at info level", n)
	}
	log.Error("another one")
	out.Reset()
	now = now.Add(61 * time.Second)
	log.Info("later")
	if !strings.Contains(out.String(), `msg="a message could not be delivered" suppressed=999`) || strings.Contains(out.String(), "another one") {
		t.Errorf("after a minute: %s", out.String())
	}
	out.Reset()
	log.Warn("a message could not be delivered", "chat", 7)
	if !strings.Contains(out.String(), "chat=7") {
		t.Errorf("a new incident: %q", out.String())
	}
	if s := handler.Stats(); s.Warnings != 1001 || s.Errors != 1 || s.Suppressed != 999 || s.Incidents != 1 {
		t.Errorf("%+v", s)
	}
}

// TestManyIncidents: what does not fit into the table is written, not lost.
func TestManyIncidents(t *testing.T) {
	var out bytes.Buffer
	handler := ops.NewLog(slog.NewTextHandler(&out, nil), nil)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 1000 {
				slog.New(handler).Warn(strings.Repeat("x", i))
			}
		})
	}
	all.Wait()
	if s := handler.Stats(); s.Incidents != s.Bound || s.Warnings != 4000 {
		t.Errorf("%+v", s)
	}
	if n := uint64(strings.Count(out.String(), "level=WARN")); n+handler.Stats().Suppressed != 4000 {
		t.Errorf("%d lines and %d counted of 4000", n, handler.Stats().Suppressed)
	}
}
