// Command okolo is the bot for the events around you: the program that wires the rooms
// together and owns their settings. okolo --help tells what it can do.
//
// Exit codes: 0 done; 1 it failed; 2 wrong usage or settings; 3 nothing answered.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/jackc/pgx/v5/pgconn"

	"okolo/persistence"
)

// The exit codes, for scripts.
const (
	exitOK = iota
	exitFailed
	exitUsage
	exitNoAnswer
)

// cli is the whole command line.
type cli struct {
	Config kong.ConfigFlag `placeholder:"FILE" help:"File of settings, a line NAME=value for each, by their names in the environment, which goes before it."`
	Log    logSettings     `embed:""`

	Demo       demoCmd       `cmd:"" help:"Try it: a private PostgreSQL, a local Telegram, the bot, sample events. Needs no token and no account."`
	Serve      serveCmd      `cmd:"" help:"Serve a bot on Telegram. Needs BOT_TOKEN and DATABASE_URL."`
	Sandbox    sandboxCmd    `cmd:"" help:"Run the local Telegram alone, for a bot of your own."`
	Migrate    migrateCmd    `cmd:"" help:"Bring the database's schema up to date, and say which version it has."`
	Stats      statsCmd      `cmd:"" help:"Ask a running program for its statistics."`
	Purge      purgeCmd      `cmd:"" help:"Have a running program send the oldest half of the sessions out of memory."`
	Drain      drainCmd      `cmd:"" help:"Have a running program end, in order, as SIGTERM does."`
	Inbox      inboxCmd      `cmd:"" help:"List the updates that were set aside because they were begun too often; replay or drop them."`
	Import     importCmd     `cmd:"" help:"Import the events of a calendar (.ics), or bring those imported before up to date."`
	Settings   configCmd     `cmd:"" name:"config" help:"Check the settings of okolo serve, and print them with secrets masked."`
	Completion completionCmd `cmd:"" help:"Print a script by which bash, zsh or fish completes commands and flags."`
	Version    versionCmd    `cmd:"" help:"Say which version this is."`
}

// usageError is a mistake in the settings: the person at the keyboard can mend it.
type usageError struct{ sentence string }

func (e usageError) Error() string { return e.sentence }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal does not wait for the draining
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run carries out a command line and returns the exit code. Once ctx is done it drains.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	helped := false
	parser, err := kong.New(&c,
		kong.Name("okolo"),
		kong.Description("okolo, the bot for the events around you."),
		kong.Configuration(readConfigFile),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }),
	)
	if err != nil {
		fmt.Fprintln(stderr, "okolo:", err)
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
		fmt.Fprintf(stderr, "okolo: %v\n%sTry okolo --help.\n", err, meaning(parser.Model, err))
		return exitUsage
	}
	log := c.Log.logger(stderr)
	command.BindTo(ctx, (*context.Context)(nil))
	command.BindTo(stdout, (*io.Writer)(nil))
	return exitCode(command.Run(log), stderr)
}

// meaning says by what name the setting that an error of the parser begins with is set, and to
// what: its help, with the range. It is empty where there is no such setting.
func meaning(app *kong.Application, err error) string {
	option, _, _ := strings.Cut(err.Error(), " ")
	name, isOption := strings.CutPrefix(strings.TrimSuffix(option, ":"), "--")
	says := ""
	_ = kong.Visit(app, func(n kong.Visitable, next kong.Next) error {
		if flag, ok := n.(*kong.Flag); ok && isOption && flag.Name == name && len(flag.Envs) > 0 {
			says = fmt.Sprintf("%s: %s\n", flag.Envs[0], flag.Help)
		}
		return next(nil)
	})
	return says
}

// exitCode says what went wrong, in a sentence, and returns the code for it. 2 means that a
// new start does not help: somebody has to act.
func exitCode(err error, stderr io.Writer) int {
	var usage usageError
	var silent *noAnswerError
	var schema *persistence.SchemaError
	var away *pgconn.ConnectError
	var refusal *pgconn.PgError
	_ = errors.As(err, &refusal)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, "okolo:", err)
		return exitUsage
	case errors.As(err, &schema):
		fmt.Fprintln(stderr, "okolo:", schema)
		return exitUsage
	case refusal != nil && refused[refusal.Code]:
		fmt.Fprintf(stderr, "okolo: the database refuses what DATABASE_URL says: %s.\n", refusal.Message)
		return exitUsage
	case refusal != nil && refusal.Code == readOnly:
		fmt.Fprintln(stderr, "okolo: the database can only be read: okolo needs one that can be written to, not a standby.")
		return exitFailed
	case errors.As(err, &away):
		detail, _, _ := strings.Cut(away.Unwrap().Error(), "\n") // the others repeat it, for every address
		fmt.Fprintf(stderr, "okolo: the database does not answer (%s): is PostgreSQL running, and is DATABASE_URL its address?\n", detail)
		return exitFailed
	case errors.As(err, &silent):
		fmt.Fprintln(stderr, "okolo:", err)
		return exitNoAnswer
	}
	fmt.Fprintln(stderr, "okolo:", oneLine(err))
	return exitFailed
}

// refused are the SQLSTATEs by which PostgreSQL says that there is no such database or role, or that the
// password is wrong: starting again does not help.
var refused = map[string]bool{"3D000": true, "28000": true, "28P01": true}

const readOnly = "25006" // SQLSTATE: a write in a transaction that may only read

// oneLine writes an error, which may be several joined, on one line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
