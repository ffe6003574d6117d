package rig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// confined is a command that may have so much memory and no more.
type confined struct {
	command []string
	how     string       // the limit, in words
	release func() error // once the command has ended
}

// confine limits a command's memory: by a cgroup where one can be made, as in a container; else by
// the most private memory that the process may have (RLIMIT_DATA). Beyond the first it is killed,
// beyond the second it fails.
func confine(command []string, mb int) confined {
	group, err := newMemoryGroup(mb)
	if err != nil {
		return byRlimit(command, mb, err)
	}
	return confined{
		command: inGroup(group, command...),
		how:     fmt.Sprintf("a cgroup of %d MB", mb),
		release: func() error { return removeGroup(group) },
	}
}

// byRlimit limits a command's private memory, for want of a cgroup.
func byRlimit(command []string, mb int, why error) confined {
	return confined{
		command: append([]string{"sh", "-c", fmt.Sprintf(`ulimit -d %d && exec "$@"`, mb<<10), "sh"}, command...),
		how:     fmt.Sprintf("RLIMIT_DATA of %d MB, for want of a cgroup (%v)", mb, why),
		release: func() error { return nil },
	}
}

// inGroup returns a command that runs another in a cgroup: a shell enters it, and becomes the
// other.
func inGroup(group string, command ...string) []string {
	return append([]string{"sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$@"`, group}, command...)
}

// newMemoryGroup makes a cgroup that may have so many MB, of version 1 or 2, and returns its
// folder, to be removed when nothing runs in it any more. It takes Linux, and root.
func newMemoryGroup(mb int) (string, error) {
	limit := fmt.Sprint(mb << 20)
	name := fmt.Sprintf("okolo-%d-%d", os.Getpid(), time.Now().UnixNano())
	for _, v := range []struct {
		root, controller string
		limits           [2]string // the second also counts swap, which only makes the end slower
		values           [2]string
	}{
		{"/sys/fs/cgroup/memory", "memory", [2]string{"memory.limit_in_bytes", "memory.memsw.limit_in_bytes"}, [2]string{limit, limit}},
		{"/sys/fs/cgroup", "", [2]string{"memory.max", "memory.swap.max"}, [2]string{limit, "0"}},
	} {
		for _, parent := range []string{ownGroup(v.controller), "/"} { // in a container its own name is not visible
			group := filepath.Join(v.root, parent, name)
			if err := os.Mkdir(group, 0o755); err != nil {
				continue
			}
			err := os.WriteFile(filepath.Join(group, v.limits[0]), []byte(v.values[0]), 0)
			if swap := filepath.Join(group, v.limits[1]); err == nil && exists(swap) {
				err = os.WriteFile(swap, []byte(v.values[1]), 0)
			}
			if err == nil {
				return group, nil
			}
			if err := os.Remove(group); err != nil {
				return "", fmt.Errorf("remove a cgroup without a limit: %w", err)
			}
		}
	}
	return "", errors.New("no memory cgroup can be made here: it takes Linux, and root")
}

// removeGroup removes a cgroup, once the last of what ran in it has gone: what a killed process had
// started may take a moment.
func removeGroup(group string) error {
	err := os.Remove(group)
	for began := time.Now(); errors.Is(err, syscall.EBUSY) && time.Since(began) < leavingTime; {
		time.Sleep(10 * time.Millisecond)
		err = os.Remove(group)
	}
	return err
}

// leavingTime is how long that moment may be.
const leavingTime = 10 * time.Second

// ownGroup is the cgroup of this process, by a controller of version 1, or of version 2 ("").
func ownGroup(controller string) string {
	raw, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "/"
	}
	for line := range strings.Lines(string(raw)) {
		if parts := strings.SplitN(strings.TrimSpace(line), ":", 3); len(parts) == 3 && parts[1] == controller {
			return parts[2]
		}
	}
	return "/"
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
