package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"okolo/bot"
	"okolo/persistence"
	"okolo/persistence/model"
)

// serveCmd is okolo serve.
type serveCmd struct {
	BotToken    string  `env:"BOT_TOKEN" mask:"all" placeholder:"TOKEN" help:"Token of the bot, from @BotFather. Better in the environment than on the command line."`
	BotAPIURL   string  `env:"BOT_API_URL" mask:"web" placeholder:"URL" help:"Bot API server, if not Telegram's own." name:"bot-api-url"`
	OperatorIDs []int64 `env:"OPERATOR_IDS" placeholder:"ID" help:"Telegram ids of the operators, who see the statistics and reports, hide and delete events, and ban people, separated by commas." name:"operator-ids"`
	Migrate     bool    `env:"MIGRATE" default:"true" negatable:"" help:"Bring the schema up to date before serving."`

	Webhook  webhookSettings  `embed:"" group:"Webhook:"`
	Ops      opsSettings      `embed:""`
	Tracing  tracingSettings  `embed:""`
	Database databaseSettings `embed:""`
	Sessions sessionSettings  `embed:"" group:"Sessions:"`
	Telegram telegramSettings `embed:""`
	Maps     mapSettings      `embed:""`
}

// Run serves until ctx is done.
func (c *serveCmd) Run(ctx context.Context, stdout io.Writer, log *slog.Logger) error {
	p, err := c.plan(log)
	if err != nil {
		return err
	}
	err = c.serve(ctx, p, stdout)
	switch {
	case errors.Is(err, bot.ErrNoBot) && c.BotAPIURL != "":
		return usageError{"BOT_TOKEN or BOT_API_URL is wrong: no bot of that token is at that address."}
	case errors.Is(err, bot.ErrNoBot), errors.Is(err, bot.ErrUnauthorized):
		return usageError{"BOT_TOKEN is not accepted by the Bot API: it is wrong, or was revoked."}
	}
	return err
}

func (c *serveCmd) serve(ctx context.Context, p plan, stdout io.Writer) error {
	ctx, p.drain = context.WithCancel(ctx)
	defer p.drain()
	if c.Migrate {
		if err := persistence.Migrate(ctx, p.databaseURL); err != nil {
			return unlessStopped(ctx, fmt.Errorf("bring the schema up to date: %w", err), p.log)
		}
	}
	for {
		g, err := start(ctx, p)
		if err != nil {
			return unlessStopped(ctx, err, p.log)
		}
		fmt.Fprintf(stdout, "ready: @%s, dashboard at %s/, statistics at %[2]s/stats\n", g.bot.Username(), g.ops.URL())
		if err = g.run(ctx); !errors.Is(err, model.ErrDeposed) || ctx.Err() != nil {
			return err
		}
		p.log.Warn("another process took the bot over, standing by", "error", err)
	}
}

// plan checks the settings; each mistake is one clear sentence.
func (c *serveCmd) plan(log *slog.Logger) (plan, error) {
	if strings.TrimSpace(c.BotToken) == "" {
		return plan{}, usageError{"BOT_TOKEN is not set: give the token that @BotFather gave you, or try okolo demo, which needs none."}
	}
	if err := checkServer(c.BotAPIURL); err != nil {
		return plan{}, err
	}
	if err := c.Ops.check(); err != nil {
		return plan{}, err
	}
	if err := c.Tracing.check(); err != nil {
		return plan{}, err
	}
	database, err := c.Database.url()
	if err != nil {
		return plan{}, err
	}
	p := plan{
		token: c.BotToken, apiURL: strings.TrimRight(c.BotAPIURL, "/"), databaseURL: database,
		ops: c.Ops, tracing: c.Tracing, operators: c.OperatorIDs, log: log,
	}
	if _, err := p.api(); err != nil {
		return plan{}, err
	}
	if p.sessions, err = c.Sessions.config(log); err != nil {
		return plan{}, err
	}
	if p.snapshots, err = c.Sessions.snapshots(); err != nil {
		return plan{}, err
	}
	if p.webhook, err = c.Webhook.config(c.BotAPIURL != ""); err != nil {
		return plan{}, err
	}
	p.personRate = c.Telegram.PersonRate
	if p.sending, err = c.Telegram.options(log); err != nil {
		return plan{}, err
	}
	p.maps, err = c.Maps.renderer(log)
	return p, err
}

// checkServer refuses what is not the address of a Bot API server; empty: Telegram's own. It
// does not repeat the address, which may hold a password.
func checkServer(address string) error {
	if address == "" {
		return nil
	}
	if !isWebAddress(address) {
		return usageError{"BOT_API_URL is not the address of a Bot API server: it should look like https://api.telegram.org."}
	}
	return nil
}
