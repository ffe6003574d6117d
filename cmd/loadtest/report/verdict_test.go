package report

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

// few and aMillion are runs of which the second is as it has to be beside the first.
func few() *Result {
	return &Result{Settings: Settings{Users: 10_000, Rate: 500}, Latency: Latency{P99: 10}}
}

func aMillion() *Result {
	return &Result{Settings: Settings{Users: 1_000_000, Rate: 500}, Latency: Latency{P99: 20}, RSSMaxMB: 563, ThresholdMB: 512, Purges: 5, FewestVisits: 2}
}

// TestJudge: each demand is met at its bound, and missed just beyond it, which fails the run and is said.
func TestJudge(t *testing.T) {
	r := aMillion()
	r.Judge(few())
	if len(r.Verdict) != 4 || r.Failed() {
		t.Errorf("at the bounds: %v", r.Verdict)
	}
	for says, worse := range map[string]func(*Result){
		"p99 over that of 10000 people 2.01": func(r *Result) { r.Latency.P99 = 20.1 },
		"RSS in MB 564.00, at most 563.2":    func(r *Result) { r.RSSMaxMB = 564 },
		"RSS in MB 563.00, at most 0":        func(r *Result) { r.ThresholdMB = 0 }, // it has no statistics
		"RSS in MB 0.00":                     func(r *Result) { r.RSSMaxMB = 0 },
		"p99 over that of 10000 people 0.00": func(r *Result) { r.Latency.P99 = 0 },
		"purges of the guard 4.00":           func(r *Result) { r.Purges = 4 },
		"visits of those who came least 1":   func(r *Result) { r.FewestVisits = 1 },
	} {
		r := aMillion()
		worse(r)
		r.Judge(few())
		var b bytes.Buffer
		if err := errors.Join(r.Summary(&b), r.WriteFile("-", io.Discard)); err != nil || !r.Failed() || strings.Count(b.String(), "MISSED") != 1 || !strings.Contains(b.String(), says) {
			t.Errorf("%s: failed %t, %v\n%s", says, r.Failed(), err, b.String())
		}
	}
}

// TestComparable: a run is judged only beside one of fewer people, at the same rate, in which all was well.
func TestComparable(t *testing.T) {
	if err := Comparable(few(), 1_000_000, 500); err != nil {
		t.Error(err)
	}
	for says, c := range map[string]struct {
		change func(*Result)
		rate   float64
	}{
		"fewer than":          {func(r *Result) { r.Settings.Users = 1_000_000 }, 500},
		"same rate":           {func(*Result) {}, math.Nextafter(500, 501)},
		"rate, which is 0":    {func(r *Result) { r.Settings.Rate = 0 }, 0},
		"promise was broken":  {func(r *Result) { r.Violations = make([]Violation, 1) }, 500},
		"nobody was answered": {func(r *Result) { r.Latency.P99 = 0 }, 500},
	} {
		base := few()
		c.change(base)
		if err := Comparable(base, 1_000_000, c.rate); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}
