package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// TestCompare: the same people use okolo and both peers, and find nothing wrong with any; the
// ratios are there.
func TestCompare(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"compare", "--okolo", okolo, "--users", "100", "--rate", "0", "--at-once", "8", "--zipf", "0", "--events", "5",
		"--rounds", "1", "--duration", "2s", "--patience", "1m", "--json", "-"}, &out, &errs)
	var c comparison
	if err := json.Unmarshal(out.Bytes(), &c); code != exitOK || err != nil {
		t.Fatalf("exit %d, %v\n%s", code, err, errs.String())
	}
	if len(c.Turns) != 3 {
		t.Fatalf("%d turns", len(c.Turns))
	}
	for _, x := range c.Turns {
		if x.UpdatesPerS <= 0 || x.CPUMicros <= 0 || x.RSSMB <= 0 || x.Violations != 0 {
			t.Errorf("a turn came to %+v", x)
		}
	}
	for _, name := range []string{"bare", "perperson"} {
		if r := c.Ratios[name]; r.UpdatesPerS <= 0 || r.CPUMicros <= 0 || r.RSSMB <= 0 {
			t.Errorf("okolo over %s is %+v", name, r)
		}
	}
}

// TestRatios: the ratio is of the medians.
func TestRatios(t *testing.T) {
	r := comparison{Turns: []turn{
		{Bot: "okolo", UpdatesPerS: 10}, {Bot: "x", UpdatesPerS: 5}, {Bot: "okolo", UpdatesPerS: 20}, {Bot: "x", UpdatesPerS: 50}, {Bot: "okolo", UpdatesPerS: 90}, {Bot: "x", UpdatesPerS: 40},
	}}
	r.Ratios = ratios(r.Turns)
	if got := r.Ratios["x"].UpdatesPerS; got != 0.5 {
		t.Errorf("the ratio is %v", got)
	}
	var b strings.Builder
	if err := r.print(&b); err != nil || !strings.Contains(b.String(), "okolo ÷ x") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
