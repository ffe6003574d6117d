// Command loadtest drives simulated people against okolo, or a peer of it, and proves what the
// bot promises: no write lost or doubled, no answer to somebody else, no place lost, and how
// long people wait for it. loadtest --help tells what it can do.
//
// Exit codes: 0 done, and nothing was wrong; 1 it failed, or a promise was broken; 2 wrong
// usage.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit codes, for scripts.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

// cli is the whole command line.
type cli struct {
	Run     runCmd     `cmd:"" help:"Let people use the bot, and check everything they see."`
	Torture tortureCmd `cmd:"" help:"Kill the bot and PostgreSQL under load, over and over, and compare what people read as saved with the database."`
	Report  reportCmd  `cmd:"" help:"Show the result of an earlier run, as a summary, a page or a picture."`
	Compare compareCmd `cmd:"" help:"Let the same people use okolo and its peers in turns, and print the ratios."`
	Sweep   sweepCmd   `cmd:"" help:"Do the same with more and more people, and print the runs side by side."`
	Soak    soakCmd    `cmd:"" help:"Let people use the bot for a long time, and look for what grows."`
}

// usageError is a mistake on the command line: the person at the keyboard can mend it.
type usageError struct{ sentence string }

func (e usageError) Error() string { return e.sentence }

// errViolated says that a promise was broken; what and how was printed.
var errViolated = errors.New("a promise was broken")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	settle := context.AfterFunc(ctx, func() {
		fmt.Fprintln(os.Stderr, "\nending early; once more to end at once, leaving what was started")
		stop()
	})
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	settle()
	stop()
	os.Exit(code)
}

// run carries out a command line and returns the exit code. Once ctx is done it ends early,
// and reports what it has.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	helped := false
	parser, err := kong.New(&c,
		kong.Name("loadtest"),
		kong.Description("Simulated people who prove what okolo promises."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
	)
	if err != nil {
		fmt.Fprintln(stderr, "loadtest:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if helped {
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "loadtest: %v\nTry loadtest --help.\n", err)
		return exitUsage
	}
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(&console{stdout, stderr})
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, "loadtest:", err)
		return exitUsage
	}
	fmt.Fprintln(stderr, "loadtest:", err)
	return exitFailed
}

// console is where results (out) and progress (err) go.
type console struct{ out, err io.Writer }
