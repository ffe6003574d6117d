package conformance_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// grammY is the folder of the bot on grammY, with what it needs installed once for all tests.
var grammY = struct {
	once   sync.Once
	folder string
	err    error
	output []byte
}{}

// installGrammY installs the pinned packages in a folder of its own.
func installGrammY(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is not on PATH: this test drives the sandbox with grammY, and needs Debian's nodejs and npm (node 20 or newer)", program)
		}
	}
	g := &grammY
	g.once.Do(func() {
		if g.folder, g.err = os.MkdirTemp("", "okolo-grammy-"); g.err != nil {
			return
		}
		for _, name := range []string{"bot.mjs", "package.json", "package-lock.json"} {
			var b []byte
			if b, g.err = os.ReadFile(name); g.err == nil {
				g.err = os.WriteFile(filepath.Join(g.folder, name), b, 0o600)
			}
			if g.err != nil {
				return
			}
		}
		npm := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
		npm.Dir = g.folder
		g.output, g.err = npm.CombinedOutput()
	})
	if g.err != nil {
		t.Fatalf("npm could not install the packages that package-lock.json pins: %v\n%s", g.err, g.output)
	}
	return g.folder
}

// startGrammY runs bot.mjs until the test ends.
func startGrammY(t *testing.T, url, mode string) {
	cmd := exec.Command("node", "bot.mjs", url, token, mode)
	cmd.Dir, cmd.Stderr = installGrammY(t), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // it has ended where this fails
		if err := cmd.Wait(); err != nil {
			t.Errorf("bot.mjs: %v", err)
		}
	})
	said := bufio.NewReader(out)
	if line, err := said.ReadString('\n'); line != "ready\n" {
		t.Fatalf("bot.mjs said %q, not that it is ready: %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }() // ends with the process
}
