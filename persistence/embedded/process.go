package embedded

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a running server.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended
}

// startProcess starts cmd and waits for its end in a goroutine that keeps its thread: on
// Linux the server is told to shut down when the thread that started it dies, which is so
// when this process is killed.
func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // how it ended is in its log
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// stop shuts the server down in order (SIGINT is PostgreSQL's "fast" shutdown), and kills it
// when ctx ends first.
func (p *process) stop(ctx context.Context) error {
	p.signal(syscall.SIGINT)
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
		p.kill()
		return errors.New("PostgreSQL did not stop in time and was stopped at once: it will recover at its next start")
	}
}

// kill stops the server at once (SIGQUIT is PostgreSQL's "immediate" shutdown), and by force
// where even that takes too long: its children end when they miss it. It returns when the
// server has gone.
func (p *process) kill() {
	p.signal(syscall.SIGQUIT)
	select {
	case <-p.exited:
	case <-time.After(killTimeout):
		p.signal(syscall.SIGKILL)
		<-p.exited
	}
}

func (p *process) signal(s syscall.Signal) {
	_ = p.cmd.Process.Signal(s) // a process that has ended needs none
}
