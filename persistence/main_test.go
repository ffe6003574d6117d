package persistence_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/jackc/pgx/v5"

	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "40") // each is a transaction after the other; the command line has the last word
	os.Exit(pgtest.Main(m))
}

// bot is the bot of all tests' keys.
const bot = 7000

func openStore(tb testing.TB, url string) *persistence.Store {
	tb.Helper()
	s, err := persistence.Open(context.Background(), url, persistence.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

func startWriter(tb testing.TB, s *persistence.Store, o persistence.WriterOptions) *persistence.Writer {
	tb.Helper()
	quiet := slog.New(slog.DiscardHandler)
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet }))
	w := persistence.NewWriter(system, s, o)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := w.Stop(ctx); err != nil {
			tb.Error(err)
		}
		system.Shutdown()
	})
	return w
}

// setUp returns a store and a writer on a fresh database.
func setUp(tb testing.TB) (*persistence.Store, *persistence.Writer, string) {
	tb.Helper()
	url := pgtest.URL(tb)
	s := openStore(tb, url)
	return s, startWriter(tb, s, persistence.WriterOptions{}), url
}

func person(id int64) model.Person {
	return model.Person{ID: id, Name: fmt.Sprintf("Person %d", id), Lang: "en"}
}

func key(update int64) model.Key { return model.Key{Bot: bot, Update: update} }

// tomorrow is when the tests' events start: whole seconds, as a database keeps them.
var tomorrow = time.Now().Add(24 * time.Hour).Truncate(time.Second).UTC()

var berlin = model.Point{Lat: 52.52, Lon: 13.405}

func details() model.Details {
	return model.Details{
		Title: "Chess in the park", Description: "Bring a board", Category: "games",
		Starts: tomorrow, Ends: tomorrow.Add(2 * time.Hour), Zone: "Europe/Berlin",
		Place: "Mauerpark", Point: berlin,
	}
}

// create makes an event of the owner's draft and returns its id.
func create(tb testing.TB, w *persistence.Writer, update, owner, draft int64, change ...func(*model.Details)) int64 {
	tb.Helper()
	d := details()
	for _, c := range change {
		c(&d)
	}
	a, err := w.CreateUserEvent(tb.Context(), key(update), model.CreateUserEvent{By: person(owner), Draft: draft, Details: d})
	if err != nil {
		tb.Fatal(err)
	}
	return a.Event
}

func do(tb testing.TB, w *persistence.Writer, update int64, c model.Command) model.Answer {
	tb.Helper()
	a, err := w.Do(tb.Context(), key(update), c)
	if err != nil {
		tb.Fatalf("%T: %v", c, err)
	}
	return a
}

func capacity(n int) func(*model.Details) { return func(d *model.Details) { d.Capacity = n } }

// execute runs a statement past the store.
func execute(tb testing.TB, url, sql string, args ...any) {
	tb.Helper()
	connect(tb, url, func(conn *pgx.Conn) error {
		_, err := conn.Exec(context.Background(), sql, args...)
		return err
	})
}

// number returns the number that a query gives.
func number(tb testing.TB, url, sql string, args ...any) int {
	tb.Helper()
	return pgtest.Value[int](tb, url, sql, args...)
}

func connect(tb testing.TB, url string, do func(*pgx.Conn) error) {
	tb.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if err := do(conn); err != nil {
		tb.Fatal(err)
	}
}
