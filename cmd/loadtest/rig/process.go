package rig

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v3/process"
)

// readyTime is how long a bot may take until it is ready.
const readyTime = 2 * time.Minute

// Build builds a program of this module into a temporary folder, which remove removes.
func Build(ctx context.Context, pkg string) (program string, remove func() error, err error) {
	folder, err := os.MkdirTemp("", "loadtest")
	if err != nil {
		return "", nil, fmt.Errorf("build %s: %w", pkg, err)
	}
	remove = func() error { return os.RemoveAll(folder) }
	program = filepath.Join(folder, filepath.Base(pkg))
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, pkg).CombinedOutput(); err != nil {
		return "", nil, errors.Join(fmt.Errorf("build %s (name a program that is built with --okolo): %w\n%s", pkg, err, out), remove())
	}
	return program, remove, nil
}

// botProcess is a bot that runs.
type botProcess struct {
	cmd    *exec.Cmd
	window string // where its statistics are
	tail   *tail
	exited chan struct{} // closed when it has ended
}

// announced finds the address of the statistics in the line that says that a bot is ready.
var announced = regexp.MustCompile(`^ready\b.*?(?:statistics at (\S+)/stats)?$`)

// startProcess starts a bot and returns when it has printed that it is ready.
func startProcess(ctx context.Context, command, env []string, log io.Writer) (*botProcess, error) {
	p := &botProcess{cmd: exec.Command(command[0], command[1:]...), tail: &tail{next: log}, exited: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = p.tail
	// A Ctrl-C at the terminal is for the harness: the bot goes on until everybody is answered.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the bot: %w", err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the bot: %w", err)
	}
	ready := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if m := announced.FindStringSubmatch(lines.Text()); m != nil && len(ready) == 0 {
				ready <- m[1]
			}
		}
		_, _ = io.Copy(io.Discard, out) // whatever is left, so that it does not block
		_ = p.cmd.Wait()                // how it ended is asked of whoever ended it
		close(p.exited)
	}()
	late := time.NewTimer(readyTime)
	defer late.Stop()
	select {
	case p.window = <-ready:
		return p, nil
	case <-p.exited:
		err = errors.New("it ended")
	case <-late.C:
		err = fmt.Errorf("it took longer than %s", readyTime)
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, errors.Join(fmt.Errorf("the bot did not become ready: %w; it said:\n%s", err, p.tail), p.kill())
}

// kill ends the process at once.
func (p *botProcess) kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill the bot: %w", err)
	}
	<-p.exited
	return nil
}

// terminate lets the process end by itself, and kills it where it does not. To terminate one
// that has ended is no error, unless it ended by itself and badly.
func (p *botProcess) terminate(ctx context.Context) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the bot: %w", err)
	}
	select {
	case <-p.exited:
	case <-ctx.Done():
		return errors.Join(errors.New("the bot did not stop after SIGTERM"), p.kill())
	}
	s := p.cmd.ProcessState
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() && w.Signal() == syscall.SIGKILL {
		return nil // by kill, before
	}
	if !s.Success() {
		return fmt.Errorf("the bot ended with %s; it said:\n%s", s, p.tail)
	}
	return nil
}

// Usage is what a process uses.
type Usage struct {
	RSS uint64        // bytes
	CPU time.Duration // user and system, since it started

	Handles int // threads and open files, where the system tells
}

func (p *botProcess) usage() (Usage, error) {
	ps, err := process.NewProcess(int32(p.cmd.Process.Pid))
	if err != nil {
		return Usage{}, err
	}
	m, err := ps.MemoryInfo()
	if err != nil {
		return Usage{}, err
	}
	t, err := ps.Times()
	if err != nil {
		return Usage{}, err
	}
	threads, _ := ps.NumThreads() // not told: 0
	files, _ := ps.NumFDs()
	return Usage{Handles: int(threads + files), RSS: m.RSS, CPU: time.Duration((t.User + t.System) * float64(time.Second))}, nil
}

// tailSize is how much of what a bot says is kept for the message about its end, in bytes.
const tailSize = 4 << 10

// tail passes on what is written, and remembers the end of it. Safe for concurrent use.
type tail struct {
	next io.Writer

	mu  sync.Mutex
	end []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, b...)
	if over := len(t.end) - tailSize; over > 0 {
		t.end = append(t.end[:0], t.end[over:]...)
	}
	return t.next.Write(b)
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.end))
}
