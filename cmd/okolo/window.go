package main

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"okolo/actors/ops"
	"okolo/bot"
)

// readyTimeout bounds the look at whether the program serves.
const readyTimeout = 2 * time.Second

// errStarting is why a program without a bot is not ready.
var errStarting = errors.New("starting, or standing by while another process owns the bot")

// errNoConnection is why a program whose database is away is not ready.
var errNoConnection = errors.New("the database does not answer: no connection can be made")

// opsSettings are the operators' window of a running program.
type opsSettings struct {
	OpsAddr  string `env:"OPS_ADDR" default:"127.0.0.1:8090" placeholder:"HOST:PORT" help:"Where the dashboard, the statistics and the metrics are served (demo: a free port if it is taken). Beyond this machine only with OPS_TOKEN."`
	OpsToken string `env:"OPS_TOKEN" mask:"all" placeholder:"TOKEN" help:"What whoever asks there has to bear (16 characters or more). Without it, only programs of this machine are answered."`
	Pprof    bool   `env:"PPROF" help:"Serve profiles there, at /debug/pprof."`
}

// minToken is the fewest characters of OPS_TOKEN.
const minToken = 16

// check refuses a window that the world could look into.
func (s opsSettings) check() error {
	switch {
	case s.OpsToken == "" && !ops.Loopback(s.OpsAddr):
		return usageError{"OPS_ADDR goes beyond this machine, or is no address: use 127.0.0.1:8090 or [::1]:8090, or set OPS_TOKEN."}
	case s.OpsToken != "" && len(s.OpsToken) < minToken:
		return usageError{"OPS_TOKEN is too short: it has 16 characters or more, such as openssl rand -hex 16 makes."}
	}
	return checkListen("OPS_ADDR", s.OpsAddr, true)
}

// window is what operators see of a program, from its start to its end.
type window struct {
	bot    atomic.Pointer[bot.Bot] // nil: it is starting, or stands by
	traces *ops.Tracing            // nil: there are none
	log    *slog.Logger
	began  time.Time
	drain  func()
}

// programStats is about the process. Its fields' tags are explained in package ops.
type programStats struct {
	Bot           string  `json:"bot" metric:"-" help:"Name of the bot on Telegram."`
	Version       string  `json:"version" metric:"-" help:"Version of the program."`
	UptimeSeconds float64 `json:"uptime_seconds" metric:"uptime_seconds" help:"Time since the program started."`
	Ready         bool    `json:"ready" metric:"ready" help:"Whether it serves: 1, or 0."`
	Reason        string  `json:"reason" metric:"-" help:"Why it does not serve."`
}

// stats is all that /stats tells.
type stats struct {
	Program programStats `json:"program" metric:"program"`
	bot.Stats
	Traces ops.TracingStats `json:"traces" metric:"traces"`
	Log    ops.LogStats     `json:"log" metric:"log"`
}

// open serves the window at addr.
func (w *window) open(ctx context.Context, s opsSettings) (*ops.Server, error) {
	return ops.Listen(ctx, s.OpsAddr, ops.Window{
		Stats:   func(ctx context.Context) (any, error) { return w.stats(ctx) },
		Figures: reflect.TypeFor[stats](),
		Ready:   func(ctx context.Context) error { return forEverybody(w.ready(ctx)) },
		Purge:   w.purge, Drain: w.drain,
		Token: s.OpsToken, Profiles: s.Pprof, Logger: w.log,
	}.Handler())
}

func (w *window) ready(ctx context.Context) error {
	b := w.bot.Load()
	if b == nil {
		return errStarting
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return b.Ready(ctx)
}

// forEverybody is why the program does not serve, without where its database is and who asks it:
// /readyz answers whoever asks. The statistics and the log say that.
func forEverybody(err error) error {
	var away *pgconn.ConnectError
	if errors.As(err, &away) {
		return errNoConnection
	}
	return err
}

func (w *window) purge(ctx context.Context) (int, error) {
	b := w.bot.Load()
	if b == nil {
		return 0, errStarting
	}
	return b.Runtime().Purge(ctx)
}

func (w *window) stats(ctx context.Context) (stats, error) {
	b := w.bot.Load()
	if b == nil {
		return stats{}, errStarting
	}
	s, err := b.Stats(ctx)
	if err != nil {
		return stats{}, err
	}
	out := stats{Stats: s, Traces: w.traces.Stats(), Program: programStats{
		Bot: "@" + b.Username(), Version: version, UptimeSeconds: time.Since(w.began).Seconds(),
	}}
	if err := w.ready(ctx); err != nil {
		out.Program.Reason = err.Error()
	} else {
		out.Program.Ready = true
	}
	if l, ok := w.log.Handler().(*ops.Log); ok {
		out.Log = l.Stats()
	}
	return out, nil
}
