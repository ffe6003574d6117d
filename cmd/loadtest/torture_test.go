package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"okolo/cmd/loadtest/report"
)

// TestTorture: the bot and PostgreSQL are killed under load; nothing that anybody read as saved
// is lost or there twice, nothing comes to somebody else, and everything is answered in the end.
func TestTorture(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "torture.json")
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"torture", "--okolo", okolo, "--kills", "3", "--terms", "2", "--db-kills", "1", "--silences", "0", "--pause", "1s",
		"--users", "40", "--rate", "150", "--think", "200ms", "--events", "10", "--patience", "2m", "--json", file}, &out, &errs)
	r, err := report.ReadFile(file)
	if err != nil {
		t.Fatalf("exit %d, %v\n%s", code, err, errs.String())
	}
	if r.Kills != 3 || r.Terms != 2 || r.DatabaseKills != 1 || r.AckedWrites < 10 {
		t.Errorf("the bot was killed %d times and ended %d times, PostgreSQL was killed %d times, and %d writes were acknowledged: this proves little", r.Kills, r.Terms, r.DatabaseKills, r.AckedWrites)
	}
	if (code == exitOK) != (len(r.Violations) == 0) {
		t.Errorf("exit %d with %d violations", code, len(r.Violations))
	}
	for _, v := range r.Violations {
		t.Errorf("%s: person %d %s\n%s", v.Kind, v.Person, v.What, v.Story)
	}
}
