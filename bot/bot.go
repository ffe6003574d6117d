// Package bot is all that knows Telegram: it takes updates from the Bot API, hands each to
// the session of the person it is from, carries out what the session's pure user interface
// (package ui) decides, and confirms an update to Telegram only once it is settled.
//
// It stands on actors for the sessions and on persistence for what must last, and is wired
// together in cmd/okolo. It holds no rule of conversation and no SQL.
package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/mymmrac/telego"

	"okolo/actors"
	"okolo/actors/trace"
	"okolo/bot/sender"
	"okolo/bot/staticmap"
	"okolo/bot/timezone"
	"okolo/bot/ui"
	"okolo/persistence"
)

// Config is what a [Bot] stands on. Every field but Webhook, Operators, Follow,
// Snapshots, Now and Logger is required.
type Config struct {
	API    *API
	Store  *persistence.Store
	Writer *persistence.Writer
	Epoch  uint64 // of this process as the bot's owner; 0: New takes the next
	Maps   *staticmap.Renderer
	Zones  *timezone.Finder

	Webhook Webhook // without one, updates are fetched

	Sessions actors.Config // Epoch and StateVersion are set by New
	// Snapshots returns where a bot's sessions are kept, or nil, for nowhere: those that leave
	// memory are forgotten. Without the function they are kept in Store.
	Snapshots func(bot int64) actors.SnapshotStore
	Sending   sender.Options // the limits of sending
	// PersonRate is how many inputs a second a person may send, beyond a burst, before they are
	// told to slow down and ignored for a while; 0: as many as they like.
	PersonRate float64
	Operators  []int64 // Telegram ids of those who may see the statistics, judge events and ban people
	// Follow returns a span, to be finished, for an update whose stations are to be recorded, and
	// nil for the others; without the function none is followed.
	Follow func(name string, came time.Time) *trace.Span

	Now    func() time.Time
	Logger *slog.Logger
}

// Bot serves one Telegram bot.
type Bot struct {
	Config
	id       int64
	self     ui.Self
	runtime  *actors.Runtime[ui.State]
	sender   *sender.Sender
	readers  *crew
	askers   *crew
	admins   *admins
	pictures *pictures
	flood    *flood
	operator map[int64]bool
	ingress  ingress
	webhook  *webhook // nil: updates are fetched
	intake   *intake
	inbox    *inbox
	outbox   *outbox
	counts   counts
	draining atomic.Bool
}

// counts are what the bot itself counts; each only grows.
type counts struct {
	ignored     atomic.Uint64
	unreadable  atomic.Uint64
	flooded     atomic.Uint64
	forged      atomic.Uint64
	refused     atomic.Uint64
	undelivered atomic.Uint64
	resent      atomic.Uint64
	blocked     atomic.Uint64
	wordsOnly   atomic.Uint64
	groupMute   atomic.Uint64
	groupBusy   atomic.Uint64
}

// readersPerBot bounds the reads of the database under way; readsWaiting those that queue
// up. A read beyond that is answered "try again".
const (
	readersPerBot = 16
	readsWaiting  = 4096
)

// New asks the Bot API who the bot is, takes the next epoch from the database and starts
// the sessions. Close releases what it started. It fails with [ErrUnauthorized] where the Bot
// API does not accept the token, and with [ErrNoBot] where there is no such bot.
func New(ctx context.Context, cfg Config) (*Bot, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	me, err := cfg.API.GetMe(ctx)
	switch {
	case isUnknown(err):
		return nil, fmt.Errorf("%w: %w", ErrNoBot, err)
	case isUnauthorized(err):
		return nil, fmt.Errorf("%w: %w", ErrUnauthorized, err)
	case err != nil:
		return nil, fmt.Errorf("ask the Bot API who I am: %w", err)
	}
	if cfg.Epoch == 0 {
		if cfg.Epoch, err = cfg.Store.Epoch(ctx, me.ID); err != nil {
			return nil, fmt.Errorf("take an epoch: %w", err)
		}
	}
	b := &Bot{Config: cfg, id: me.ID, self: ui.Self{Username: me.Username, Inline: me.SupportsInlineQueries}, operator: make(map[int64]bool, len(cfg.Operators))}
	for _, id := range cfg.Operators {
		b.operator[id] = true
	}
	if b.pictures, err = newPictures(cfg.Maps); err != nil {
		return nil, err
	}
	if b.flood, err = newFlood(cfg.PersonRate); err != nil {
		return nil, err
	}
	if b.admins, err = newAdmins(); err != nil {
		return nil, err
	}
	if cfg.Webhook.URL != "" {
		if b.webhook, err = newWebhook(b); err != nil {
			return nil, err
		}
	}
	cfg.Sessions.Epoch, cfg.Sessions.StateVersion = cfg.Epoch, ui.StateVersion
	if cfg.Sessions.Logger == nil {
		cfg.Sessions.Logger = cfg.Logger
	}
	if b.outbox, err = newOutbox(ctx, b); err != nil {
		return nil, fmt.Errorf("open the outbox: %w", err)
	}
	b.readers, b.askers = newCrew(readersPerBot, readsWaiting), newCrew(askersPerBot, asksWaiting)
	b.sender = sender.New(patient(cfg.Sending))
	b.runtime, err = actors.New(cfg.Sessions, behavior{refused: &b.counts.refused}, b, cfg.snapshots(me.ID))
	if err != nil {
		b.readers.close()
		b.askers.close()
		return nil, errors.Join(fmt.Errorf("start the sessions: %w", err), b.sender.Close(ctx))
	}
	b.outbox.start()
	b.intake, b.inbox = newIntake(cfg.Sessions.MaxInFlight), newInbox(b)
	b.API.updates.unreadable = b.unreadable
	return b, nil
}

func (c *Config) snapshots(bot int64) actors.SnapshotStore {
	if c.Snapshots != nil {
		return c.Snapshots(bot)
	}
	return c.Store.Snapshots(bot)
}

// patient makes the sender try for long enough that one slow call may come to its end; what is not
// delivered by then waits in the outbox, and its person's next updates are handled.
func patient(o sender.Options) sender.Options {
	if o.MaxAttempts == 0 {
		o.MaxAttempts = 30
	}
	if o.Deadline == 0 {
		o.Deadline = 25 * time.Second
	}
	return o
}

// Username returns the bot's name on Telegram, without the at sign.
func (b *Bot) Username() string { return b.self.Username }

// Runtime returns the sessions, for the statistics and for load made without Telegram.
func (b *Bot) Runtime() *actors.Runtime[ui.State] { return b.runtime }

// Run serves updates until ctx is done, then drains: it takes no more updates, finishes
// what is begun, stores every session, and confirms to Telegram what was settled. grace
// bounds the draining. Run may be called once; the bot is closed afterwards. Meanwhile it
// delivers the notices and reminders that the database owes.
func (b *Bot) Run(ctx context.Context, grace time.Duration) error {
	b.register(ctx)
	jobs := b.startJobs()
	ended := make(chan error, 1)
	go func() { ended <- b.take(ctx) }()
	running := true
	var err error
	select {
	case err = <-ended:
		running = false
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	pause, stop := context.WithTimeout(drain, grace/3) // of the notices under way
	err = errors.Join(err, jobs.stop(pause), b.Close(drain))
	stop()
	if running {
		err = errors.Join(err, <-ended)
	}
	if b.webhook != nil {
		b.webhook.handling.Wait()
	}
	return errors.Join(err, b.confirm(drain))
}

// take takes updates until ctx is done: Telegram brings them, or they are fetched.
func (b *Bot) take(ctx context.Context) error {
	if b.webhook != nil {
		return b.webhook.listen(ctx)
	}
	return b.poll(ctx)
}

// Close stops the sessions, storing each, and then the sending; what is not done when ctx
// ends is given up and reported.
func (b *Bot) Close(ctx context.Context) error {
	b.draining.Store(true)
	report, err := b.runtime.Shutdown(ctx)
	b.Logger.Info("sessions stored", "sessions", report.Sessions, "saved", report.SnapshotsSaved, "given_up", report.SnapshotsGivenUp)
	b.readers.close()
	b.askers.close()
	err = errors.Join(err, b.sender.Close(ctx))
	b.outbox.close()
	b.inbox.close()
	return err
}

// register tells Telegram which commands to offer, and where updates are fetched, that they are. A
// failure is logged and no more: people only miss the menu, and fetching says itself if it cannot
// work.
func (b *Bot) register(ctx context.Context) {
	if b.webhook == nil {
		if err := b.API.DeleteWebhook(ctx, &telego.DeleteWebhookParams{}); err != nil {
			b.Logger.Warn("a webhook that may be set could not be removed", "error", err)
		}
	}
	for _, lang := range []string{"", "ru"} {
		b.offer(ctx, lang, nil, ui.Commands(lang))
		b.offer(ctx, lang, &telego.BotCommandScopeAllGroupChats{Type: telego.ScopeTypeAllGroupChats}, ui.GroupCommands(lang, false))
		b.offer(ctx, lang, &telego.BotCommandScopeAllChatAdministrators{Type: telego.ScopeTypeAllChatAdministrators}, ui.GroupCommands(lang, true))
	}
}

// offer sets the menu of commands in the chats of a scope; nil: in all that have no other.
func (b *Bot) offer(ctx context.Context, lang string, scope telego.BotCommandScope, commands []ui.CommandInfo) {
	params := &telego.SetMyCommandsParams{LanguageCode: lang, Scope: scope}
	for _, c := range commands {
		params.Commands = append(params.Commands, telego.BotCommand{Command: c.Name, Description: c.About})
	}
	if err := b.API.SetMyCommands(ctx, params); err != nil {
		b.Logger.Warn("the menu of commands could not be set", "language", lang, "error", err)
	}
}

// behavior joins the user interface to the sessions.
type behavior struct {
	refused *atomic.Uint64 // turns that ended for want of a right
}

func (behavior) Kinds() []string                     { return ui.ScreenNames() }
func (behavior) Kind(s *ui.State) int                { return int(s.Screen) }
func (behavior) Fresh(int64) ui.State                { return ui.Fresh() }
func (behavior) Blank(s *ui.State) bool              { return s.Blank() }
func (behavior) Prepared(s *ui.State) int            { return s.Prepared.Len() }
func (behavior) Trim(s ui.State, limit int) ui.State { return s.Trim(limit) }
func (h behavior) Step(s ui.State, in any) actors.Turn[ui.State] {
	if d, ok := in.(actors.Duplicate); ok {
		in = ui.Duplicate{Of: d.Payload}
	}
	lasting := false
	switch in := in.(type) {
	case ui.Written:
		lasting = in.Err == nil
	case ui.Forgotten:
		lasting = in.Err == nil
	}
	t := ui.Step(s, in)
	if t.Refused {
		h.refused.Add(1)
	}
	return actors.Turn[ui.State]{
		Next: t.Next, Await: t.Await, Emit: t.Emit, Repeatable: t.Repeatable,
		Lasting: lasting,
	}
}
