// Command memproof proves the memory guard where it counts: in a container. It starts a
// PostgreSQL, makes a memory cgroup of 600 MB, and runs in it the session runtime with the bot's
// real state and the default threshold of 512 MB, while a million users act twice each, in random
// order, the second time after they left memory. Then it does the same without the guard, and
// that has to be killed, or the proof would prove nothing.
//
// It needs Linux with cgroup v1 (memory) and root. Exit code 0: proven.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"okolo/persistence"
	"okolo/persistence/embedded"
)

// proof are the numbers of a run.
type proof struct {
	users, container, threshold int // container and threshold in MB
}

func main() {
	var p proof
	flag.IntVar(&p.users, "users", 1_000_000, "distinct users")
	flag.IntVar(&p.container, "container", 600, "memory of the container, in MB")
	flag.IntVar(&p.threshold, "threshold", 512, "threshold of the guard, in MB")
	database := flag.String("inside", "", "run inside the container, over this database (set by the program itself)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *database != "" {
		err = inside(ctx, *database, p)
	} else {
		err = p.prove(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "memproof:", err)
		os.Exit(1)
	}
}

// prove runs with the guard and without.
func (p proof) prove(ctx context.Context) (err error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	server, err := embedded.Start(ctx, embedded.Options{Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(context.WithoutCancel(ctx))) }()
	if err := persistence.Migrate(ctx, server.URL()); err != nil {
		return err
	}
	out, peak, err := p.run(ctx, server.URL())
	if err != nil {
		return fmt.Errorf("with the guard: %w", err)
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		return fmt.Errorf("read the result: %w", err)
	}
	fmt.Printf("with the guard: %s, cgroup's peak %d MB\n", strings.TrimSpace(string(out)), peak>>20)
	if err := r.judge(p); err != nil {
		return err
	}
	control := p
	control.threshold = 0
	var killed *exec.ExitError
	_, peak, err = control.run(ctx, server.URL())
	if !errors.As(err, &killed) || killed.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		return fmt.Errorf("without the guard it was not killed: %v", err)
	}
	fmt.Printf("without the guard: killed, cgroup's peak %d MB\n", peak>>20)
	return nil
}

// run starts this program again in a cgroup of its own, and returns what it printed and the
// peak of the cgroup's memory.
func (p proof) run(ctx context.Context, database string) (out []byte, peak int64, err error) {
	group, err := newGroup(p.container)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, os.Remove(group)) }()
	// The shell enters the cgroup, and becomes the program.
	cmd := exec.CommandContext(ctx, "sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$@"`, group, os.Args[0],
		"-inside", database, fmt.Sprint("-users=", p.users), fmt.Sprint("-threshold=", p.threshold))
	cmd.Stderr = os.Stderr
	out, err = cmd.Output()
	if _, scanErr := fmt.Sscan(read(filepath.Join(group, "memory.max_usage_in_bytes")), &peak); scanErr != nil {
		err = errors.Join(err, fmt.Errorf("read the cgroup's peak: %w", scanErr))
	}
	return out, peak, err
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
