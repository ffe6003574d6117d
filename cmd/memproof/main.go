// Command memproof proves the memory guard where it counts: in a container. It starts a
// PostgreSQL, makes a memory cgroup of 600 MB, and runs in it the session runtime with the bot's
// real state and the default threshold of 512 MB, while a million users act twice each, in random
// order, the second time after they left memory. Then it does the same without the guard, and
// that has to be killed, or the proof would prove nothing.
//
// A cgroup takes Linux with cgroup v1 (memory) and root; elsewhere an address-space limit stands
// in, and it says so. Exit code 0: proven.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"okolo/persistence"
	"okolo/persistence/embedded"
)

// proof are the numbers of a run.
type proof struct {
	users, container, threshold int    // container and threshold in MB
	limit                       string // of what the container is to be: byCgroup or byAddresses
	program                     string // this one
}

func main() {
	var p proof
	flag.IntVar(&p.users, "users", 1_000_000, "distinct users")
	flag.IntVar(&p.container, "container", 600, "memory of the container, in MB")
	flag.IntVar(&p.threshold, "threshold", 512, "threshold of the guard, in MB")
	flag.StringVar(&p.limit, "limit", byCgroup, "what limits the memory: cgroup, or addresses (coarser)")
	database := flag.String("inside", "", "run inside the container, over this database (set by the program itself)")
	addresses := flag.Int("address-space", 0, "limit the own address space, in MB (set by the program itself)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch p.program, err = os.Executable(); {
	case err != nil:
	case p.limit != byCgroup && p.limit != byAddresses:
		err = fmt.Errorf("-limit is cgroup or addresses, not %q", p.limit)
	case *database != "":
		err = inside(ctx, *database, p, *addresses)
	default:
		err = p.prove(ctx, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "memproof:", err)
		os.Exit(1)
	}
}

// prove runs with the guard and without, and writes what came of it.
func (p proof) prove(ctx context.Context, out io.Writer) (err error) {
	server, err := embedded.Start(ctx, embedded.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(context.WithoutCancel(ctx))) }()
	if err := persistence.Migrate(ctx, server.URL()); err != nil {
		return err
	}
	if err := p.withGuard(ctx, server.URL(), out); err != nil {
		return fmt.Errorf("with the guard: %w", err)
	}
	if err := p.withoutGuard(ctx, server.URL(), out); err != nil {
		return fmt.Errorf("without the guard: %w", err)
	}
	fmt.Fprintln(out, "proven")
	return nil
}

// withGuard has to keep the promise.
func (p proof) withGuard(ctx context.Context, database string, out io.Writer) error {
	fmt.Fprintf(out, "With the guard at %d MB, %d users who act twice each:\n", p.threshold, p.users)
	printed, in, peak, err := p.run(ctx, database, out)
	if err != nil {
		return err
	}
	var r result
	if err := json.Unmarshal(printed, &r); err != nil {
		return fmt.Errorf("read the result: %w", err)
	}
	r.print(out, p)
	if in.group != "" {
		fmt.Fprintf(out, "  most in the cgroup      %d MB\n", peak>>20)
	}
	return r.judge(p)
}

// controlUsers is how many times as many users the run without the guard has: they need not come
// to an end, but they have to fill the container.
const controlUsers = 4

// withoutGuard has to be killed.
func (p proof) withoutGuard(ctx context.Context, database string, out io.Writer) error {
	fmt.Fprintln(out, "Without the guard:")
	p.threshold, p.users = 0, controlUsers*p.users
	began := time.Now()
	_, in, peak, err := p.run(ctx, database, out)
	if !errors.Is(err, errKilled) {
		return fmt.Errorf("it was not killed: %v", err)
	}
	fmt.Fprintf(out, "  killed after            %.0f s\n", time.Since(began).Seconds())
	if in.group != "" {
		fmt.Fprintf(out, "  most in the cgroup      %d MB\n", peak>>20)
	}
	return nil
}

// run starts this program again in a container, and returns what it printed and the peak of the
// container's memory.
func (p proof) run(ctx context.Context, database string, out io.Writer) (printed []byte, in container, peak int64, err error) {
	in, why := newContainer(p.container, p.limit)
	if why != nil {
		fmt.Fprintf(out, "  (%v)\n", why)
	}
	fmt.Fprintf(out, "  container               %v\n", in)
	defer func() { err = errors.Join(err, in.remove()) }()
	printed, err = in.run(ctx, p.program, "-inside", database, fmt.Sprint("-users=", p.users), fmt.Sprint("-threshold=", p.threshold))
	peak, peakErr := in.peak()
	return printed, in, peak, errors.Join(err, peakErr)
}
