package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"okolo/cmd/loadtest/report"
	"okolo/persistence/pgtest"
)

// TestSweep: two runs side by side, with a picture.
func TestSweep(t *testing.T) {
	t.Parallel()
	picture := filepath.Join(t.TempDir(), "sweep.png")
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"sweep", "--okolo", okolo, "--database-url", pgtest.URL(t), "--steps", "20,60", "--duration", "1500ms", "--rate", "40",
		"--think", "200ms", "--events", "3", "--patience", "1m", "--json", "-", "--png", picture}, &out, &errs)
	var s report.Sweep
	if err := json.Unmarshal(out.Bytes(), &s); code != exitOK || err != nil || len(s) != 2 || s[1].Settings.Users != 60 || s[1].Updates == 0 {
		t.Fatalf("exit %d, %v, %d runs\n%s\n%.3000s", code, err, len(s), errs.String(), violations(s))
	}
	if f, err := os.Stat(picture); err != nil || f.Size() < 1000 {
		t.Errorf("the picture: %v", err)
	}
	var table bytes.Buffer
	if err := s.Table(&table); err != nil || bytes.Count(table.Bytes(), []byte("\n")) != 3 {
		t.Errorf("%v\n%s", err, table.String())
	}
}

// TestSoak: idle life passes faster, sessions leave memory by it and come back, and nothing
// grows.
func TestSoak(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"soak", "--okolo", okolo, "--database-url", pgtest.URL(t), "--duration", "4s", "--users", "30", "--rate", "20", "--think", "200ms",
		"--events", "3", "--patience", "1m", "--speed", "1800", "--json", "-"}, &out, &errs)
	var r report.Result
	if err := json.Unmarshal(out.Bytes(), &r); code != exitOK || err != nil {
		t.Fatalf("exit %d, %v\n%s", code, err, errs.String())
	}
	if r.Passivated["idle"] == 0 {
		t.Errorf("nobody was idle for the second that half an hour takes: %v", r.Passivated)
	}
}

// violations are those of all runs, as JSON.
func violations(s report.Sweep) (out []byte) {
	for _, r := range s {
		b, err := json.Marshal(r.Violations)
		if err != nil {
			return []byte(err.Error())
		}
		out = append(out, b...)
	}
	return out
}
