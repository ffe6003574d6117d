package main

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// startSandbox runs okolo sandbox, and returns its address.
func startSandbox(t *testing.T, args ...string) string {
	t.Helper()
	p := &process{cmd: exec.CommandContext(context.Background(), binary, append([]string{"sandbox", "--listen", "127.0.0.1:0"}, args...)...)}
	p.cmd.Stderr = &p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.terminate(t) })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("it did not become ready: %v\n%s", err, p.log.String())
	}
	return strings.TrimSpace(line[strings.Index(line, "http://"):])
}

// TestSandboxGuide runs what the README shows, and compares what comes back.
func TestSandboxGuide(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("no curl on PATH: install Debian's package \"curl\"")
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, guide, _ := strings.Cut(string(readme), "\n## The sandbox, for a bot of your own\n")
	_, script, _ := strings.Cut(guide, "```sh\n")
	script, _, _ = strings.Cut(script, "```")
	script = strings.ReplaceAll(script, "http://127.0.0.1:8081", startSandbox(t, "--control"))
	out, err := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rest := string(out)
	expected := regexp.MustCompile(`(?m)^# → (.+)$`).FindAllStringSubmatch(script, -1)
	if len(expected) < 8 {
		t.Errorf("the guide says only %d times what comes back", len(expected))
	}
	for _, e := range expected {
		_, after, found := strings.Cut(rest, e[1])
		if !found {
			t.Fatalf("%s did not come back, but\n%s", e[1], rest)
		}
		rest = after
	}
}

// TestControlIsOff: faults can be ordered in the demo, and from okolo sandbox only where a flag
// says so.
func TestControlIsOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		url  string
		code int
	}{
		"sandbox":           {startSandbox(t), http.StatusNotFound},
		"sandbox --control": {startSandbox(t, "--control"), http.StatusOK},
		"demo":              {startDemo(t), http.StatusOK},
	} {
		resp, err := http.Get(strings.TrimSuffix(c.url, "/") + "/control/faults")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close() // only the status is asked for
		if resp.StatusCode != c.code {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
}

// TestLoopbackOnly: an address that others reach is refused, unless that is wanted.
func TestLoopbackOnly(t *testing.T) {
	for _, command := range []string{"sandbox", "demo"} {
		args := []string{command, "--listen", "0.0.0.0:0"}
		if command == "demo" {
			args = append(args, "--fresh", "--ops-addr", "127.0.0.1:0")
		}
		if code, _, errs := okolo(t, nil, args...); code != exitUsage || !strings.Contains(errs, "is not a loopback address") {
			t.Errorf("%s: exit %d, %q", command, code, errs)
		}
	}
	if url := startSandbox(t, "--public", "--listen", "0.0.0.0:0"); !strings.HasPrefix(url, "http://0.0.0.0:") && !strings.HasPrefix(url, "http://[::]:") {
		t.Errorf("--public listens at %s", url)
	}
}
