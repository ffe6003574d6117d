package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"okolo/persistence/pgtest"
)

// small is a proof that takes seconds.
func small(t *testing.T) proof {
	t.Helper()
	// Built anew, for under the race detector a test keeps a shadow of all memory; and without C,
	// whose threads take 8 MB of addresses each, more than is left beside Go's first 64 MB.
	program := filepath.Join(t.TempDir(), "memproof")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return proof{users: 42_000, threshold: 52, container: 72, limit: byCgroup, program: program}
}

// TestProof: in a container of 72 MB the guard at 52 MB keeps the promise for 42,000 users, and
// without it the program is killed, in a cgroup as in an address space. Where no cgroup can be
// made, an address space it is.
func TestProof(t *testing.T) {
	p, database := small(t), pgtest.URL(t)
	var out bytes.Buffer
	defer func() { t.Logf("\n%s", &out) }()
	if err := p.withGuard(t.Context(), database, &out); err != nil {
		t.Fatal("with the guard:", err)
	}
	if err := p.withoutGuard(t.Context(), database, &out); err != nil {
		t.Fatal("without the guard:", err)
	}
	p.limit = byAddresses
	if err := p.withoutGuard(t.Context(), database, &out); err != nil {
		t.Fatal("without the guard:", err)
	}
	for _, line := range []string{
		`With the guard at 52 MB, 42000 users who act twice each:`,
		`  container +(a memory cgroup|an address space) of 72 MB`,
		`  second answers wrong +0`,
		`  back from a snapshot +42000`,
		`  most resident memory +\d+ MB, [01]\.\d\d of the threshold`,
		`Without the guard:`,
		`  container +an address space of 72 MB`,
		`  killed after +\d+ s`,
	} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).Match(out.Bytes()) {
			t.Errorf("no line like %q", line)
		}
	}
}

// TestNoProof: what is not killed without the guard proves nothing.
func TestNoProof(t *testing.T) {
	p := small(t)
	p.users, p.container, p.limit = 10, 2000, byAddresses
	if err := p.withoutGuard(t.Context(), pgtest.URL(t), &bytes.Buffer{}); err == nil {
		t.Error("it is said to be proven")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.withoutGuard(ended, pgtest.URL(t), &bytes.Buffer{}); err == nil {
		t.Error("what was called off is said to be proven")
	}
}

func TestJudge(t *testing.T) {
	p := proof{users: 100, threshold: 64}
	good := result{Users: 100, Restored: 100, Purges: minPurges, PeakMB: 70}
	for name, c := range map[string]struct {
		change func(*result)
		kept   bool
	}{
		"all is well":          {func(*result) {}, true},
		"a wrong answer":       {func(r *result) { r.Wrong = 1 }, false},
		"a snapshot given up":  {func(r *result) { r.GivenUp = 1 }, false},
		"one who never left":   {func(r *result) { r.Restored-- }, false},
		"too few purges":       {func(r *result) { r.Purges-- }, false},
		"too much memory":      {func(r *result) { r.PeakMB = 71 }, false},
		"busy answers are not": {func(r *result) { r.Busy = 50 }, true},
	} {
		r := good
		c.change(&r)
		if err := r.judge(p); (err == nil) != c.kept {
			t.Errorf("%s: %v", name, err)
		}
	}
}
