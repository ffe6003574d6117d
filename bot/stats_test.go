package bot

import (
	"reflect"
	"strings"
	"testing"

	"okolo/actors"
	"okolo/actors/ops"
)

// TestEveryFigureIsToldOfOnce: each field of the statistics says what it means, and no two
// are the same metric.
func TestEveryFigureIsToldOfOnce(t *testing.T) {
	seen := make(map[string]string)
	for _, f := range ops.Fields(reflect.TypeFor[Stats]()) {
		if !strings.HasSuffix(f.Help, ".") {
			t.Errorf("%s: %q is no sentence", f.Path, f.Help)
		}
		series := f.Metric
		for _, l := range f.Labels {
			series += " " + l.Name + "=" + l.Value
		}
		if other := seen[series]; other != "" && f.Metric != "" {
			t.Errorf("%s and %s are both %s", other, f.Path, series)
		}
		seen[series] = f.Path
	}
	if len(seen) < 80 {
		t.Errorf("only %d figures", len(seen))
	}
}

// TestDigestFitsAPhone: no line of it is wrapped, also with large figures, and nothing is cut off.
func TestDigestFitsAPhone(t *testing.T) {
	var s Stats
	text := s.digest()
	s.Sessions.Sessions, s.Sessions.MaxSessions, s.Sessions.Purges, s.Sessions.Guard = 123_456, 500_000, 9999, actors.GuardPressure
	s.Sessions.RSSBytes, s.Sessions.MemoryThresholdBytes = 30<<30, 32<<30
	s.Ingress.Received, s.Ingress.Unsettled, s.Ingress.OldestUnsettledSeconds = 1_234_567_890, 10_000, 3599.9
	s.Writes.Commands, s.Writes.Queued, s.Sending.Sent, s.Sending.Queued = 123_456_789, 10_000, 1_234_567_890, 9999
	s.Notices.Owed, s.Notices.Sent = 99_999, 999_999
	for _, text := range []string{text, s.digest()} {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		for _, line := range lines {
			if len(line) > 30 {
				t.Errorf("%q has %d letters", line, len(line))
			}
		}
		if len(lines) < 20 || len(text) > 1000 {
			t.Errorf("%d lines:\n%s", len(lines), text)
		}
	}
	for _, want := range []string{"123456 of 500000", "30720 of 32768 MB", "guard      pressure", "oldest     3599.9 s", "received   1234567890"} {
		if !strings.Contains(s.digest(), want) {
			t.Errorf("no %q in\n%s", want, s.digest())
		}
	}
	if !strings.Contains(text, "guard      none") {
		t.Errorf("without a threshold it says:\n%s", text)
	}
}
