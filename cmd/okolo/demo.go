package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"okolo/bot/sandbox"
	"okolo/persistence"
	"okolo/persistence/embedded"
)

// demoToken is what the demo's bot shows to its sandbox, which takes any token.
const demoToken = "4242:demo-token-that-any-sandbox-takes--"

// operator is the simulated person who may see the statistics in the demo.
const operator = 100001

// demoCmd is okolo demo.
type demoCmd struct {
	Tour   bool   `help:"Have a simulated person take the whole tour, print it as a chat, and stop. The exit code tells whether every step did what it should."`
	Fresh  bool   `help:"Keep the data in a temporary folder, removed at the end (with --tour: always)."`
	Data   string `env:"OKOLO_DATA" placeholder:"FOLDER" help:"Where the data is kept. Default: the user's cache folder."`
	Listen string `default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Where the local Telegram listens; a free port if it is taken."`

	Ops      opsSettings     `embed:""`
	Tracing  tracingSettings `embed:""`
	Sessions sessionSettings `embed:"" group:"Sessions:"`
	Maps     mapSettings     `embed:""`
}

// Run brings everything up, prints the addresses, and serves until ctx is done or the tour
// is over.
func (c *demoCmd) Run(ctx context.Context, stdout io.Writer, log *slog.Logger) error {
	began := time.Now()
	d := &demo{}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	if err := c.up(ctx, d, stop, log); err != nil {
		return errors.Join(unlessStopped(ctx, err, log), d.down(ctx))
	}
	served, lost := make(chan error, 1), make(chan error, 1)
	go func() { served <- d.program.run(serving) }()
	go func() {
		lost <- d.database.Wait(serving)
		stop()
	}()
	d.banner(stdout, time.Since(began))

	var toured error
	if c.Tour {
		toured = takeTour(ctx, stdout, d)
		stop()
	}
	err := errors.Join(toured, <-served)
	if err == nil {
		stop() // the wait for the database
	} else { // perhaps for want of the database, whose end may be noticed a moment later
		defer time.AfterFunc(time.Second, stop).Stop()
	}
	if gone := <-lost; gone != nil {
		if err != nil {
			log.Warn("without its database the bot could not stop in order", "error", err)
		}
		err = gone
	}
	return errors.Join(err, d.down(ctx))
}

// demo is what runs: the database, the local Telegram, the bot.
type demo struct {
	database *embedded.Server
	sandbox  *sandbox.Server
	url      string // of the sandbox
	program  *program
}

// up brings up one part after the other; on failure d has those that run.
func (c *demoCmd) up(ctx context.Context, d *demo, drain func(), log *slog.Logger) (err error) {
	if err := cmp.Or(c.Ops.check(), c.Tracing.check(), checkListen("--listen", c.Listen, false), c.checkData()); err != nil {
		return err
	}
	p := plan{token: demoToken, operators: []int64{operator}, ops: c.Ops, tracing: c.Tracing, drain: drain, log: log}
	if p.sessions, err = c.Sessions.config(log); err != nil {
		return err
	}
	if p.snapshots, err = c.Sessions.snapshots(); err != nil {
		return err
	}
	if p.maps, err = c.Maps.renderer(log); err != nil {
		return err
	}
	folder, err := c.folder()
	if err != nil {
		return err
	}
	if d.database, err = embedded.Start(ctx, embedded.Options{Dir: folder, Logger: log}); err != nil {
		return err
	}
	p.databaseURL = d.database.URL()
	if err := persistence.Migrate(ctx, p.databaseURL); err != nil {
		return err
	}
	if d.sandbox, err = sandbox.New(sandbox.Options{IDs: idsFile(folder), Control: true, Logger: log}); err != nil {
		return err
	}
	// The bot has to drain before its Telegram goes, so that does not end with ctx.
	if d.url, err = d.sandbox.Listen(context.WithoutCancel(ctx), freeAddr(c.Listen)); err != nil {
		return err
	}
	p.apiURL, p.ops.OpsAddr = d.url, freeAddr(c.Ops.OpsAddr)
	if d.program, err = start(ctx, p); err != nil {
		return err
	}
	if err := addSamples(ctx, d.program.writer, 0, time.Now()); err != nil {
		return errors.Join(err, d.program.stop(ctx))
	}
	return nil
}

// down stops what the bot stood on; the bot itself has stopped.
func (d *demo) down(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	var err error
	if d.sandbox != nil {
		err = errors.Join(err, d.sandbox.Close())
	}
	if d.database != nil {
		err = errors.Join(err, d.database.Stop(ctx))
	}
	return err
}

func (d *demo) banner(w io.Writer, took time.Duration) {
	fmt.Fprintf(w, `okolo is ready, after %.1f s.

  Web chat and Bot API  %s/
  Dashboard             %s/
  Database              %s

Sample events are around Berlin (52.52, 13.405), Belgrade (44.8125, 20.4612) and
Moscow (55.7558, 37.6173). Ctrl-C stops everything.

`, took.Seconds(), d.url, d.program.ops.URL(), d.database.URL())
}

// checkData refuses what can be no folder.
func (c *demoCmd) checkData() error {
	info, err := os.Stat(c.Data)
	if errors.Is(err, syscall.ENOTDIR) || err == nil && !info.IsDir() {
		return usageError{"OKOLO_DATA is no folder, and cannot become one."}
	}
	return nil
}

// folder returns where the data is kept; empty: in a temporary folder.
func (c *demoCmd) folder() (string, error) {
	switch {
	case c.Tour || c.Fresh:
		return "", nil
	case c.Data != "":
		return c.Data, nil
	}
	return embedded.DefaultDir()
}

// idsFile keeps the sandbox's ids growing over restarts wherever the database is kept.
func idsFile(folder string) string {
	if folder == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(folder), filepath.Base(folder)+".ids")
}

// freeAddr returns addr, or the same host with any port where that one is taken.
func freeAddr(addr string) string {
	l, err := net.Listen("tcp", addr)
	if err == nil {
		_ = l.Close() // it was only a question
		return addr
	}
	host, _, splitErr := net.SplitHostPort(addr)
	if splitErr != nil || !errors.Is(err, syscall.EADDRINUSE) {
		return addr // whoever listens there gets the error
	}
	return net.JoinHostPort(host, "0")
}
