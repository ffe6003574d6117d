package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	gopsutil "github.com/shirou/gopsutil/v3/process"
)

// makeCluster makes the database cluster unless there is one. It is built beside its place
// and renamed, so that a crash in between leaves no half of one there.
func makeCluster(ctx context.Context, p programs, f *folder, log *slog.Logger) error {
	if _, err := os.Stat(f.data()); err == nil {
		return nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("look for the database cluster: %w", err)
	}
	if err := os.RemoveAll(f.newData()); err != nil {
		return fmt.Errorf("remove a half-made database cluster: %w", err)
	}
	log.Info("making a database cluster", "folder", f.path)
	// Whoever gets through the folder to the socket is trusted.
	args := []string{"-D", f.newData(), "-U", Database, "-E", "UTF8", "--no-locale",
		"--auth-local=trust", "--auth-host=reject", "--no-instructions"}
	if f.temporary {
		args = append(args, "--no-sync")
	}
	initdb, err := p.start(f, "initdb", args...)
	if err != nil {
		return err
	}
	select {
	case <-initdb.exited:
	case <-ctx.Done():
		initdb.kill()
		return fmt.Errorf("initdb in %s was stopped: %w", f.path, ctx.Err())
	}
	if !initdb.cmd.ProcessState.Success() {
		return fmt.Errorf("initdb in %s: %s%s", f.path, initdb.cmd.ProcessState, f.logTail())
	}
	if err := os.Rename(f.newData(), f.data()); err != nil {
		return fmt.Errorf("put the database cluster in its place: %w", err)
	}
	return syncFolder(f.path)
}

// syncFolder makes a rename inside of path survive a loss of power.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// stopOrphan stops the server that a dead owner of the cluster left running. A dead server's
// postmaster.pid is left to PostgreSQL, which also looks for survivors among its children;
// but where its process number has gone to some other program, PostgreSQL would take that
// for a server, so then the file is removed.
func stopOrphan(ctx context.Context, data string, log *slog.Logger) error {
	lock := filepath.Join(data, "postmaster.pid")
	content, err := os.ReadFile(lock)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for a running server: %w", err)
	}
	first, _, _ := bytes.Cut(content, []byte("\n"))
	pid, err := strconv.Atoi(string(bytes.TrimSpace(first)))
	if err != nil || !alive(pid) {
		return nil
	}
	if !serves(pid, data) {
		log.Info("removing the lock file of a server that has gone", "file", lock)
		return os.Remove(lock)
	}
	log.Info("stopping the PostgreSQL server of an owner that has gone", "process", pid)
	for _, try := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, stopTimeout}, {syscall.SIGQUIT, killTimeout}} {
		_ = syscall.Kill(pid, try.signal) // it may end just now
		if ended(ctx, pid, data, try.wait) {
			return nil
		}
	}
	return fmt.Errorf("an earlier PostgreSQL server (process %d) still runs on %s and does not stop", pid, data)
}

// serves reports whether the process is a living server of the cluster in data. One that
// has ended, though nobody has asked how, has no arguments.
func serves(pid int, data string) bool {
	p, err := gopsutil.NewProcess(int32(pid))
	if err != nil {
		return false
	}
	args, err := p.CmdlineSlice()
	return err == nil && slices.Contains(args, data)
}

func alive(pid int) bool {
	if pid <= 1 {
		return false
	}
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// ended waits for the end of the server.
func ended(ctx context.Context, pid int, data string, most time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for serves(pid, data) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pollEvery):
		}
	}
	return true
}
