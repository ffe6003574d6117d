package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"okolo/cmd/loadtest/crowd"
	"okolo/cmd/loadtest/report"
	"okolo/cmd/loadtest/rig"
	"okolo/persistence/pgtest"
)

// okolo is the bot's program, built once.
var okolo string

func TestMain(m *testing.M) {
	program, remove, err := rig.Build(context.Background(), "okolo/cmd/okolo")
	if err != nil {
		panic(err)
	}
	okolo = program
	code := pgtest.Main(m)
	if err := remove(); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// TestRun: the program, with a database of its own, finds nothing wrong with the bot, and its
// JSON has what scripts read.
func TestRun(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"run", "--okolo", okolo, "--users", "150", "--duration", "5s", "--rate", "100", "--think", "300ms",
		"--max-sessions", "20", "--patience", "2m", "--json", "-"}, &out, &errs)
	if code != exitOK {
		t.Fatalf("exit %d\n%s\n%s", code, out.String(), errs.String())
	}
	var r map[string]any
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"updates_per_s", "acked_writes", "rss_mb_max", "sessions_max", "screens_checked"} {
		if n, ok := r[name].(float64); !ok || n <= 0 {
			t.Errorf("%s is %v", name, r[name])
		}
	}
	for _, name := range []string{"lost", "doubled", "misdelivered"} {
		if n, ok := r[name].(float64); !ok || n != 0 {
			t.Errorf("%s is %v", name, r[name])
		}
	}
	if v, ok := r["violations"].([]any); !ok || len(v) != 0 {
		t.Errorf("violations: %v", r["violations"])
	}
	actions := r["actions"].(map[string]any)
	for _, kind := range []string{"start", "locate", "days"} {
		a, ok := actions[kind].(map[string]any)
		if !ok {
			t.Errorf("nobody did %s: %v", kind, actions)
			continue
		}
		for _, name := range []string{"p50_ms", "p99_ms", "p999_ms"} {
			if n, ok := a[name].(float64); !ok || n <= 0 {
				t.Errorf("%s of %s is %v", name, kind, a[name])
			}
		}
	}
	if p := r["passivated"].(map[string]any); p["size"].(float64) == 0 {
		t.Errorf("no session left memory, so nobody's place was tried: %v", p)
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"run", "--users", "0"}, "--users goes from"},
		{[]string{"run", "--rate=-1"}, "--rate goes from"},
		{[]string{"run", "--zipf", "0.5"}, "--zipf is 0"},
		{[]string{"run", "--rate", "0", "--at-once", "0"}, "--at-once goes from"},
		{[]string{"run", "--think", "0s"}, "--think goes from"},
		{[]string{"run", "--patience", "0s"}, "--patience goes from"},
		{[]string{"run", "--target", "http://127.0.0.1:1"}, "--target needs --listen"},
		{[]string{"run", "--bot-env", "nonsense"}, "NAME=VALUE"},
		{[]string{"torture", "--kills=-1"}, "--kills, --terms, --db-kills and --silences"},
		{[]string{"torture", "--pause", "0s"}, "--pause goes from"},
		{[]string{"torture", "--database-url", "postgres:///x"}, "a PostgreSQL of its own"},
		{[]string{"run", "--duplicates", "2"}, "--duplicates is a share"},
		{[]string{"run", "--db-latency", "1h"}, "--db-latency goes from"},
		{[]string{"run", "--against", "testdata/base.json", "--users", "10"}, "of fewer than 10"},
		{[]string{"run", "--against", "testdata/base.json", "--rate", "7"}, "at the same rate"},
		{[]string{"run", "--nonsense"}, "--nonsense"},
		{[]string{"nonsense"}, "nonsense"},
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), c.args, &out, &errs); code != exitUsage || !strings.Contains(errs.String(), c.says) {
			t.Errorf("%v: exit %d, %q", c.args, code, errs.String())
		}
	}
	for _, args := range [][]string{nil, {"--help"}, {"run", "--help"}} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, &out, &errs); code != exitOK || !strings.Contains(out.String(), "Usage: loadtest") {
			t.Errorf("%v: exit %d, %q", args, code, out.String())
		}
	}
}

// TestNoBot: a bot that does not start is a failure in a sentence, and leaves nothing behind.
func TestNoBot(t *testing.T) {
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"run", "--okolo", "/bin/false", "--database-url", pgtest.URL(t)}, &out, &errs)
	if code != exitFailed || !strings.Contains(errs.String(), "did not become ready") {
		t.Errorf("exit %d, %q", code, errs.String())
	}
}

// TestFaults: the bot keeps its promises through faults of every kind at once, each of which
// does strike.
func TestFaults(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"run", "--okolo", okolo, "--database-url", pgtest.URL(t), "--users", "60", "--duration", "3s",
		"--rate", "40", "--think", "300ms", "--events", "5", "--patience", "2m", "--duplicates", "0.2", "--late", "0.1",
		"--too-many-requests", "0.02", "--server-errors", "0.05", "--cut-before", "0.05", "--cut-after", "0.05",
		"--api-latency", "2ms", "--db-latency", "2ms", "--json", "-"}, &out, &errs)
	var r report.Result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("exit %d, %v\n%s", code, err, errs.String())
	}
	for _, v := range r.Violations {
		t.Errorf("%s: person %d %s\n%s", v.Kind, v.Person, v.What, v.Story)
	}
	if code != exitOK || r.Updates < 20 || !strings.Contains(r.Settings.Faults, "duplicates 0.2") {
		t.Errorf("exit %d, %d updates, faults %q\n%s", code, r.Updates, r.Settings.Faults, errs.String())
	}
}

// try runs a trial of a few seconds against a bot that something lies about.
func try(t *testing.T, mix crowd.Mix, o rig.Options, patience time.Duration, disturb func(context.Context, *trial) error) *report.Result {
	t.Helper()
	o.Command, o.DatabaseURL = []string{okolo, "serve"}, pgtest.URL(t)
	var log bytes.Buffer
	c := &console{&log, &log}
	tr, err := startTrial(t.Context(), trialOptions{
		command: "run", rig: o, events: 10,
		crowd: crowd.Options{People: 80, FirstID: firstPerson, Seed: 1, Mix: mix, Rate: 100, Think: 200 * time.Millisecond, Patience: patience},
	}, c)
	if err != nil {
		t.Fatal(err)
	}
	err = tr.load(t.Context(), 5*time.Second, func(ctx context.Context) error { return disturb(ctx, tr) })
	if err == nil {
		tr.sampler.agree(t.Context())
		err = tr.conclude(t.Context())
	}
	if err != nil {
		t.Error(err)
	}
	if err := tr.close(t.Context()); err != nil {
		t.Error(err)
	}
	return tr.result
}
