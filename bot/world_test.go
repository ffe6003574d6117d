package bot_test

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"okolo/actors"
	"okolo/bot"
	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/bot/sender"
	"okolo/bot/staticmap"
	"okolo/bot/stops"
	"okolo/bot/timezone"
	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "4") // most of them wait, for a pace or a second try; the command line has the last word
	os.Exit(pgtest.Main(m))
}

// world is a whole bot on real parts: PostgreSQL, the sandbox over HTTP, telego.
type world struct {
	t       testing.TB
	url     string // of the database
	api     string // of the sandbox
	sandbox *sandbox.Server
	people  *sandbox.People
	store   *persistence.Store
	bot     *bot.Bot
	options worldOptions
	stop    func() error // drains the bot, once
}

// worldOptions change a world from what it is by default.
type worldOptions struct {
	sessions   func(*actors.Config)
	faults     sandbox.Faults
	sending    sender.Options
	operators  []int64
	personRate float64
	webhook    bot.Webhook
	database   string // empty: one of its own
	log        io.Writer
	now        func() time.Time // nil: the clock on the wall
	// trouble stands between the bot and the Bot API; nil: nothing does.
	trouble func(api http.Handler) http.Handler
}

const token = "4242:demo-token-that-any-sandbox-takes--"

var berlin = model.Point{Lat: 52.52, Lon: 13.405}

func newWorld(t testing.TB, o worldOptions) *world {
	t.Helper()
	w := &world{t: t, url: o.database, options: o}
	if w.url == "" {
		w.url = pgtest.URL(t)
	}
	var err error
	if w.sandbox, err = sandbox.New(sandbox.Options{Faults: o.faults}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, w.sandbox.Close()) })
	if w.api, err = w.sandbox.Listen(context.Background(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	w.people = sandbox.NewPeople(w.api, nil)
	if o.trouble != nil {
		between := httptest.NewServer(o.trouble(w.sandbox.Handler()))
		t.Cleanup(between.Close)
		w.api = between.URL
	}
	w.startBot(o)
	return w
}

// startBot starts the bot on the world's database and sandbox; w.stop ends it.
func (w *world) startBot(o worldOptions) {
	t := w.t
	t.Helper()
	out := o.log
	if out == nil {
		out = t.Output()
	}
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelInfo}))
	ctx := context.Background()
	store, err := persistence.Open(ctx, w.url, persistence.Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	system := actors.NewSystem(log)
	writer := persistence.NewWriter(system, store, persistence.WriterOptions{Logger: log})
	b, err := bot.New(ctx, w.config(o, log, store, writer))
	if err != nil {
		t.Fatal(err)
	}
	running, cancel := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- b.Run(running, 30*time.Second) }()
	stopped := false
	w.store, w.bot = store, b
	w.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		err := <-ran
		return closeAll(ctx, err, writer, system, store)
	}
	t.Cleanup(func() { check(t, w.stop()) })
}

func closeAll(ctx context.Context, err error, w *persistence.Writer, system *actor.ActorSystem, s *persistence.Store) error {
	if stopErr := w.Stop(ctx); err == nil {
		err = stopErr
	}
	system.Shutdown()
	s.Close()
	return err
}

func (w *world) config(o worldOptions, log *slog.Logger, store *persistence.Store, writer *persistence.Writer) bot.Config {
	w.t.Helper()
	api, err := bot.NewAPI(token, w.api)
	if err != nil {
		w.t.Fatal(err)
	}
	maps, err := staticmap.New(staticmap.Options{Logger: log})
	if err != nil {
		w.t.Fatal(err)
	}
	zones, err := timezone.New()
	if err != nil {
		w.t.Fatal(err)
	}
	o.sending.Logger = log
	sessions := actors.Defaults()
	sessions.MemoryThreshold = 0 // all tests at once may be large, and strangers told that the bot is busy
	if o.sessions != nil {
		o.sessions(&sessions)
	}
	return bot.Config{
		API: api, Store: store, Writer: writer, Maps: maps, Zones: zones, Sessions: sessions,
		Sending: o.sending, Operators: o.operators, PersonRate: o.personRate, Webhook: o.webhook, Now: o.now, Logger: log,
	}
}

// visitor lets a person in.
func (w *world) visitor(id int64, name, lang string) *visit.Visitor {
	w.t.Helper()
	v, err := visit.Join(w.t.Context(), w.people, sandbox.Profile{ID: id, FirstName: name, LanguageCode: lang}, visit.Options{Out: w.t.Output(), Name: "okolo"})
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// query reads one value from the database.
func query[T any](w *world, sql string, args ...any) T {
	w.t.Helper()
	return pgtest.Value[T](w.t, w.url, sql, args...)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// How people find their way.
var (
	contains, has   = stops.Contains, stops.Has
	press           = stops.Press
	preview, create = stops.Preview, stops.Create
)

// group has a person make a group with the bot, and with others, and returns its chat id.
func (w *world) group(by *visit.Visitor, g sandbox.NewGroup, others ...*visit.Visitor) int64 {
	w.t.Helper()
	g.Bots = []string{"4242"}
	if g.Title == "" {
		g.Title = "Club"
	}
	for _, o := range others {
		g.Members = append(g.Members, o.Person.ID)
	}
	made, err := by.Person.CreateGroup(w.t.Context(), g)
	if err != nil {
		w.t.Fatal(err)
	}
	return made.ID
}
