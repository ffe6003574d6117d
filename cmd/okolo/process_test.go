package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"os/user"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is the real program at work.
type process struct {
	cmd *exec.Cmd
	url string // of its statistics or, in the demo, of its Telegram
	log output
	// said is what it printed until it was ready.
	said strings.Builder
}

// launch starts the program, and does not wait until it is ready.
func launch(t *testing.T, env []string, as *syscall.Credential, args ...string) (p *process, stdout io.Reader) {
	t.Helper()
	return launchAs(t, &syscall.SysProcAttr{Credential: as}, binary, append([]string{"PATH=" + os.Getenv("PATH")}, env...), args...)
}

// launchAs starts a program with no more of an environment than env.
func launchAs(t *testing.T, as *syscall.SysProcAttr, program string, env []string, args ...string) (p *process, stdout io.Reader) {
	t.Helper()
	p = &process{cmd: exec.CommandContext(context.Background(), program, args...)}
	p.cmd.Dir = "/" // any account may be there
	p.cmd.Env = env
	p.cmd.Stderr = &p.log
	p.cmd.SysProcAttr = as
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // where the test failed before it ended
	return p, stdout
}

// startServe runs okolo serve until it is ready.
func startServe(t *testing.T, env []string) *process {
	t.Helper()
	p, out := launch(t, env, nil, "serve")
	p.ready(t, out, `statistics at (\S+)/stats`)
	return p
}

// launchDemo starts okolo demo on free ports.
func launchDemo(t *testing.T, env []string, as *syscall.Credential, args ...string) (*process, io.Reader) {
	t.Helper()
	return launch(t, env, as, append([]string{"demo", "--listen", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0"}, args...)...)
}

// runDemo runs okolo demo until it is ready.
func runDemo(t *testing.T, env []string, as *syscall.Credential, args ...string) *process {
	t.Helper()
	p, out := launchDemo(t, env, as, args...)
	p.ready(t, out, `Bot API\s+(http\S+?)/$`)
	return p
}

// ready reads until the line that tells the address.
func (p *process) ready(t *testing.T, out io.Reader, address string) {
	t.Helper()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		p.said.WriteString(lines.Text() + "\n")
		if m := regexp.MustCompile(address).FindStringSubmatch(lines.Text()); m != nil {
			p.url = m[1]
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return
		}
	}
	t.Fatalf("it did not become ready:\n%s", p.log.String())
}

// logs waits until the program has logged text.
func (p *process) logs(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(p.log.String(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%q was not logged:\n%s", text, p.log.String())
		}
	}
}

// signal sends a signal to the program.
func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// terminate sends SIGTERM and checks that the program ends by itself, soon and well.
func (p *process) terminate(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	if state := p.end(t); !state.Success() {
		t.Errorf("after SIGTERM: %v\n%s", state, p.log.String())
	}
}

// end waits until the program has ended by itself.
func (p *process) end(t *testing.T) *os.ProcessState {
	t.Helper()
	late := time.AfterFunc(25*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	_ = p.cmd.Wait() // the state tells how it ended
	return p.cmd.ProcessState
}

// output is what a program writes, read while it writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// plainUser returns an account that is not root: another one where root runs the tests, nil
// for that of this process.
func plainUser(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// openDir returns a folder that every account can pass, which t.TempDir is not.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "okolo-cmd-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
