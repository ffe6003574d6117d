package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// container holds a process to a memory limit: a memory cgroup where one can be made, which takes
// Linux with cgroup v1 and root. Elsewhere a limit of the address space stands in, which is
// coarser, for Go takes addresses 64 MB at a time: the process dies by itself, and is not killed.
type container struct {
	mb    int
	group string // folder of the cgroup; empty: the limit is on the address space
}

// newContainer makes a container of so many MB. Where it is to be a cgroup and cannot be, why
// says so.
func newContainer(mb int, limit string) (c container, why error) {
	c.mb = mb
	if limit == byCgroup {
		c.group, why = newGroup(mb)
	}
	return c, why
}

// Ways to limit memory.
const (
	byCgroup    = "cgroup"
	byAddresses = "addresses"
)

// String names the limit.
func (c container) String() string {
	if c.group == "" {
		return fmt.Sprintf("an address space of %d MB", c.mb)
	}
	return fmt.Sprintf("a memory cgroup of %d MB", c.mb)
}

// run runs a program in the container, and returns what it printed. The error is errKilled where
// the limit was its end.
func (c container) run(ctx context.Context, program string, args ...string) ([]byte, error) {
	var cmd *exec.Cmd
	if c.group != "" { // the shell enters the cgroup, and becomes the program
		enter := []string{"-c", `echo $$ > "$0/cgroup.procs" && exec "$@"`, c.group, program}
		cmd = exec.CommandContext(ctx, "sh", append(enter, args...)...)
	} else {
		cmd = exec.CommandContext(ctx, program, append(args, fmt.Sprint("-address-space=", c.mb))...)
	}
	log := &log{}
	cmd.Stderr = log
	out, err := cmd.Output()
	var ended *exec.ExitError
	switch {
	case !errors.As(err, &ended) || ctx.Err() != nil:
		return out, err
	case c.group != "" && ended.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL,
		c.group == "" && log.outOfMemory:
		return out, errKilled
	}
	return out, err
}

var errKilled = errors.New("killed for want of memory")

// peak returns the most memory that the cgroup has had, in bytes; 0 where there is none.
func (c container) peak() (bytes int64, err error) {
	if c.group == "" {
		return 0, nil
	}
	if _, err := fmt.Sscan(read(filepath.Join(c.group, "memory.max_usage_in_bytes")), &bytes); err != nil {
		return 0, fmt.Errorf("read the cgroup's peak: %w", err)
	}
	return bytes, nil
}

func (c container) remove() error {
	if c.group == "" {
		return nil
	}
	return os.Remove(c.group)
}

// log passes the log of the program inside on, until Go finds no more memory.
type log struct{ outOfMemory bool }

func (l *log) Write(p []byte) (int, error) {
	for _, sign := range []string{"out of memory", "cannot allocate"} {
		l.outOfMemory = l.outOfMemory || bytes.Contains(p, []byte(sign))
	}
	if l.outOfMemory {
		return len(p), nil // every goroutine with its stack
	}
	return os.Stderr.Write(p)
}

// limitAddresses holds this process to so many MB more than the addresses that Go reserves at the
// start, without what it holds already.
func limitAddresses(mb int) error {
	var pages, resident uint64
	if _, err := fmt.Sscan(read("/proc/self/statm"), &pages, &resident); err != nil {
		return fmt.Errorf("read the size of the address space: %w", err)
	}
	most := (pages-resident)*uint64(os.Getpagesize()) + uint64(mb)<<20
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
		return fmt.Errorf("limit the address space: %w", err)
	}
	return nil
}

// newGroup makes a cgroup below the one of this process that may have so many MB.
func newGroup(mb int) (string, error) {
	own := ""
	for line := range strings.Lines(read("/proc/self/cgroup")) {
		if parts := strings.SplitN(strings.TrimSpace(line), ":", 3); len(parts) == 3 && parts[1] == "memory" {
			own = parts[2]
		}
	}
	for _, parent := range []string{own, "/"} { // in a container its own name is not visible
		group := filepath.Join("/sys/fs/cgroup/memory", parent, fmt.Sprintf("okolo-memproof-%d-%d", os.Getpid(), time.Now().UnixNano()))
		if err := os.Mkdir(group, 0o755); err != nil {
			continue
		}
		limit := fmt.Sprint(mb << 20)
		err := os.WriteFile(filepath.Join(group, "memory.limit_in_bytes"), []byte(limit), 0o644)
		// Swap would only make the end slower. Where it is not counted the file is missing.
		if _, statErr := os.Stat(filepath.Join(group, "memory.memsw.limit_in_bytes")); statErr == nil {
			err = errors.Join(err, os.WriteFile(filepath.Join(group, "memory.memsw.limit_in_bytes"), []byte(limit), 0o644))
		}
		if err != nil {
			return "", errors.Join(fmt.Errorf("limit the cgroup: %w", err), os.Remove(group))
		}
		return group, nil
	}
	return "", errors.New("no memory cgroup can be made here: it takes Linux with cgroup v1, and root")
}

// read returns a file's text, empty where it cannot be read.
func read(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(raw)
}
