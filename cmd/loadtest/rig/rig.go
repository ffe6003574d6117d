package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"okolo/bot/sandbox"
	"okolo/persistence"
	"okolo/persistence/embedded"
)

// secret is the second part of the token that the bot shows to its sandbox, which takes any.
const secret = "load-test-token-any-sandbox-takes--"

// stopTime bounds the end of what was started.
const stopTime = 45 * time.Second

// Options say what to bring up.
type Options struct {
	Watcher sandbox.Watcher
	Faults  sandbox.Faults
	Listen  string // of the sandbox; default: a free port of loopback
	// MessagesPerChat bounds what the sandbox keeps; default 12.
	MessagesPerChat int

	DatabaseURL string            // empty: a private PostgreSQL
	Postgres    map[string]string // settings of the private one

	// Command is the bot's program with its arguments; it learns the rest from the
	// environment. Empty: okolo serve, built from this module.
	Command []string
	Env     []string // NAME=value, beside what it needs
	// Target is the window for operators of a bot that runs already; nothing is started then.
	Target string
	// DatabaseLatency is how much longer every request of the bot to PostgreSQL takes.
	DatabaseLatency time.Duration
	// Silences is whether connections of the bot to PostgreSQL are to go silent, see
	// [Rig.SilenceDatabase].
	Silences bool
	// MemoryMB is the most memory that the bot may have; 0: no limit.
	MemoryMB int
	// Between is put between the bot and its Bot API; nil: nothing is.
	Between func(apiURL string) (string, error)

	Log io.Writer // of the bot
}

// Rig is what runs.
type Rig struct {
	o        Options
	Telegram *sandbox.Server
	// BotID is the bot's Telegram id, new for each rig: in a database that earlier runs used,
	// it has the keys and snapshots of none of them.
	BotID    int64
	apiURL   string
	database *embedded.Server   // nil: not ours
	folders  []*embedded.Server // each owns the folder of an earlier one that was killed
	url      string
	botURL   string // of the database, as the bot is told
	proxy    *proxy // nil: none
	command  []string
	memory   string         // how the bot's memory is limited; empty: it is not
	removes  []func() error // what was made for the command
	bot      atomic.Pointer[botProcess]
}

// Up brings everything up, in the order of what needs what.
func Up(ctx context.Context, o Options) (_ *Rig, err error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.MessagesPerChat == 0 {
		o.MessagesPerChat = 12
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	r := &Rig{o: o, BotID: time.Now().UnixMilli()}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Down(ctx))
		}
	}()
	if err := r.openDatabase(ctx); err != nil {
		return nil, err
	}
	r.Telegram, err = sandbox.New(sandbox.Options{
		Watcher: o.Watcher, Faults: o.Faults,
		MessagesPerChat: o.MessagesPerChat, UpdatesPerBot: 4_000_000, CallbacksPerBot: 1_000_000,
	})
	if err != nil {
		return nil, err
	}
	// The bot has to drain before its Telegram goes, so that does not end with ctx.
	if r.apiURL, err = r.Telegram.Listen(context.WithoutCancel(ctx), o.Listen); err != nil {
		return nil, err
	}
	if o.Target != "" {
		return r, nil
	}
	if o.Between != nil {
		if r.apiURL, err = o.Between(r.apiURL); err != nil {
			return nil, err
		}
	}
	if r.command = o.Command; len(r.command) == 0 {
		program, remove, err := Build(ctx, "okolo/cmd/okolo")
		if err != nil {
			return nil, err
		}
		r.command, r.removes = []string{program, "serve"}, append(r.removes, remove)
	}
	if o.MemoryMB > 0 {
		c := confine(r.command, o.MemoryMB)
		r.command, r.memory, r.removes = c.command, c.how, append(r.removes, c.release)
	}
	return r, r.StartBot(ctx)
}

func (r *Rig) openDatabase(ctx context.Context) (err error) {
	r.url = r.o.DatabaseURL
	if r.url == "" {
		if r.database, err = embedded.Start(ctx, embedded.Options{Settings: r.o.Postgres}); err != nil {
			return err
		}
		r.url = r.database.URL()
	}
	if err := persistence.Migrate(ctx, r.url); err != nil {
		return err
	}
	r.botURL = r.url
	if r.o.DatabaseLatency > 0 || r.o.Silences {
		r.proxy, r.botURL, err = newProxy(r.url, r.o.DatabaseLatency)
	}
	return err
}

// DatabaseURL is where the database is, without anything in between.
func (r *Rig) DatabaseURL() string { return r.url }

// APIURL is where the Bot API is, as the bot is told.
func (r *Rig) APIURL() string { return r.apiURL }

// StartBot starts the bot, and returns when it is ready.
func (r *Rig) StartBot(ctx context.Context) error {
	env := append([]string{
		fmt.Sprintf("BOT_TOKEN=%d:%s", r.BotID, secret), "BOT_API_URL=" + r.apiURL, "DATABASE_URL=" + r.botURL,
		"OPS_ADDR=127.0.0.1:0", "SEND_RATE=0", "CHAT_RATE=0", "PERSON_RATE=0", "LOG_LEVEL=WARN",
	}, r.o.Env...)
	p, err := startProcess(ctx, r.command, env, r.o.Log)
	if err != nil {
		return err
	}
	r.bot.Store(p)
	return nil
}

// KillBot kills the bot, as SIGKILL does: nothing of it gets to know.
func (r *Rig) KillBot() error { return r.bot.Load().kill() }

// TerminateBot lets the bot end by itself, as SIGTERM does, and fails where it ends badly.
func (r *Rig) TerminateBot(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	return r.bot.Load().terminate(ctx)
}

// MemoryLimit says how the bot's memory is limited; empty: it is not.
func (r *Rig) MemoryLimit() string { return r.memory }

// SilenceDatabase lets every connection that the bot has to PostgreSQL go silent, half open: its
// other end is gone, and nobody tells. It returns how many there were.
func (r *Rig) SilenceDatabase() (int, error) {
	if r.proxy == nil {
		return 0, errors.New("nothing stands between the bot and its database")
	}
	return r.proxy.silence(), nil
}

// KillDatabase stops PostgreSQL at once, as a crash would. Only a private one can be killed.
func (r *Rig) KillDatabase() error {
	if r.database == nil {
		return errors.New("only a private PostgreSQL can be killed: leave --database-url out")
	}
	return r.database.Kill()
}

// RestartDatabase starts it again on what it left.
func (r *Rig) RestartDatabase(ctx context.Context) error {
	next, err := embedded.Start(ctx, embedded.Options{Dir: r.database.Dir(), Settings: r.o.Postgres})
	if err != nil {
		return err
	}
	r.folders = append(r.folders, r.database)
	r.database = next
	return nil
}

// Down takes everything down: the bot first, so that it can drain.
func (r *Rig) Down(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	var err error
	if r.Telegram != nil {
		err = r.Telegram.SetFaults(sandbox.Faults{}) // the end is not part of the test
	}
	if p := r.bot.Load(); p != nil {
		err = errors.Join(err, p.terminate(ctx))
	}
	if r.Telegram != nil {
		err = errors.Join(err, r.Telegram.Close())
	}
	if r.proxy != nil {
		err = errors.Join(err, r.proxy.close())
	}
	if r.database != nil {
		err = errors.Join(err, r.database.Stop(ctx))
	}
	for _, d := range r.folders {
		err = errors.Join(err, d.Stop(ctx)) // its folder, if it is a temporary one
	}
	for _, remove := range r.removes {
		err = errors.Join(err, remove())
	}
	return err
}

// Window is where the bot's statistics are; empty: it has none.
func (r *Rig) Window() string {
	if r.o.Target != "" {
		return strings.TrimSuffix(strings.TrimRight(r.o.Target, "/"), "/stats")
	}
	if p := r.bot.Load(); p != nil {
		return p.window
	}
	return ""
}

// Usage is what the bot's process uses; zero where it is not ours.
func (r *Rig) Usage() (Usage, error) {
	p := r.bot.Load()
	if p == nil {
		return Usage{}, nil
	}
	u, err := p.usage()
	if err != nil {
		return u, fmt.Errorf("measure the bot: %w", err)
	}
	return u, nil
}
