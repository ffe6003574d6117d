package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"okolo/actors"
	"okolo/actors/ops"
	"okolo/bot"
	"okolo/bot/sender"
	"okolo/bot/staticmap"
	"okolo/bot/timezone"
	"okolo/persistence"
	"okolo/persistence/model"
)

// drainTime bounds the end of a program: what is begun is finished, sessions are stored.
const drainTime = 30 * time.Second

// plan is everything a running bot is made of.
type plan struct {
	token, apiURL string // apiURL empty: Telegram's own
	databaseURL   string
	ops           opsSettings
	tracing       tracingSettings
	drain         func() // begins the end of the program
	operators     []int64
	sessions      actors.Config
	snapshots     snapshotPlan
	sending       sender.Options
	personRate    float64
	webhook       bot.Webhook
	maps          *staticmap.Renderer
	log           *slog.Logger
}

// program is a bot with its database, its writer and its window for operators.
type program struct {
	bot    *bot.Bot
	store  *persistence.Store
	owner  *persistence.Ownership
	retain context.CancelFunc // ends what deletes old rows
	tidy   sync.WaitGroup     // of it
	writer *persistence.Writer
	kept   *snapshots
	system *actor.ActorSystem
	window *window
	ops    *ops.Server
	traces *ops.Tracing // nil: nothing is followed
	log    *slog.Logger
}

// start brings everything up, in the order of what needs what; on failure it takes down
// again what already ran.
func start(ctx context.Context, p plan) (_ *program, err error) {
	g := &program{log: p.log}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.close(context.WithoutCancel(ctx)))
		}
	}()
	if g.traces, err = p.tracing.open(ctx, p.log); err != nil {
		return nil, err
	}
	g.window = &window{traces: g.traces, log: p.log, began: time.Now(), drain: p.drain}
	if g.ops, err = g.window.open(ctx, p.ops); err != nil {
		return nil, err
	}
	zones, err := timezone.New()
	if err != nil {
		return nil, err
	}
	if g.store, err = persistence.Open(ctx, p.databaseURL, persistence.Options{Logger: p.log}); err != nil {
		return nil, err
	}
	if err := g.store.Ready(ctx); err != nil {
		return nil, err
	}
	api, err := p.api()
	if err != nil {
		return nil, err
	}
	if g.owner, err = g.store.Own(ctx, botID(p.token)); err != nil {
		return nil, err
	}
	retaining, cancel := context.WithCancel(context.WithoutCancel(ctx))
	g.retain = cancel
	g.tidy.Go(func() { g.store.Retain(retaining) })
	g.system = actors.NewSystem(p.log)
	g.writer = persistence.NewWriter(g.system, g.store, persistence.WriterOptions{
		Bot: botID(p.token), Epoch: g.owner.Epoch(), Logger: p.log,
	})
	if g.kept, err = openSnapshots(ctx, p.snapshots, g.store); err != nil {
		return nil, err
	}
	g.bot, err = bot.New(ctx, bot.Config{
		API: api, Store: g.store, Writer: g.writer, Epoch: g.owner.Epoch(), Maps: p.maps, Zones: zones, Webhook: p.webhook,
		Sessions: p.sessions, Snapshots: g.kept.of, Sending: p.sending, PersonRate: p.personRate, Operators: p.operators, Follow: g.traces.Follow, Logger: p.log,
	})
	if err != nil {
		return nil, err
	}
	g.window.bot.Store(g.bot)
	return g, nil
}

// api makes the client of the Bot API.
func (p plan) api() (*bot.API, error) {
	api, err := bot.NewAPI(p.token, p.apiURL)
	if err != nil {
		return nil, usageError{fmt.Sprintf("BOT_TOKEN or BOT_API_URL cannot be used: the token looks like 123456:ABC…, the address like https://api.telegram.org (%v).", err)}
	}
	return api, nil
}

// unlessStopped returns err, the failure of a start, or nil where ctx is done: who stops a
// program that is still starting knows why it did not start.
func unlessStopped(ctx context.Context, err error, log *slog.Logger) error {
	if ctx.Err() == nil {
		return err
	}
	log.Info("stopped while it was starting")
	return nil
}

// botID returns the id that a token begins with; the Bot API knows the bot by the same.
func botID(token string) int64 {
	id, _, _ := strings.Cut(token, ":")
	n, _ := strconv.ParseInt(id, 10, 64) // a token that begins otherwise was refused before
	return n
}

// run serves until ctx is done, or until another process owns the bot (the error is then
// [model.ErrDeposed]), and then drains and takes everything down.
func (g *program) run(ctx context.Context) error {
	serving, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-g.owner.Lost():
			stop(model.ErrDeposed)
		case <-serving.Done():
		}
	}()
	err := g.bot.Run(serving, drainTime)
	stop(nil)
	<-watched
	if cause := context.Cause(serving); errors.Is(cause, model.ErrDeposed) {
		err = errors.Join(err, cause)
	}
	return errors.Join(err, g.close(context.WithoutCancel(ctx)))
}

// stop takes down a program that has not run.
func (g *program) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	return errors.Join(g.bot.Close(ctx), g.close(ctx))
}

// close takes down what the bot stands on.
func (g *program) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	var err error
	if g.ops != nil {
		err = errors.Join(err, g.ops.Close(ctx))
	}
	if traced := g.traces.Close(ctx); traced != nil {
		g.log.Warn("the last traces could not be sent", "error", traced)
	}
	if g.kept != nil {
		err = errors.Join(err, g.kept.close())
	}
	if g.writer != nil {
		err = errors.Join(err, g.writer.Stop(ctx))
	}
	if g.system != nil {
		g.system.Shutdown()
	}
	if g.retain != nil {
		g.retain()
		g.tidy.Wait()
	}
	if g.owner != nil {
		g.owner.Release() // last: whoever takes over finds everything stored
	}
	if g.store != nil {
		g.store.Close()
	}
	return err
}
