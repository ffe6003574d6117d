// Package pgtest gives tests a real PostgreSQL: a fresh database with okolo's tables for each
// test, on one private server for each test process; or, for tests that kill it, a server of
// their own.
//
// It knows how to start servers and to migrate; what the tests do with them it does not know.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"okolo/persistence"
	"okolo/persistence/embedded"
)

const timeout = time.Minute

// shared is the server of this test process. Its own database, with the tables and nothing in
// them, is the template of all others.
var shared struct {
	sync.Mutex
	server *embedded.Server
	made   int // databases
}

// Main runs a package's tests, stops the shared server, and fails when a goroutine is left. A
// package that uses [URL] calls it so:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
func Main(m *testing.M, options ...goleak.Option) int {
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
		code = max(code, 1)
	}
	if code == 0 {
		if err := goleak.Find(options...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

// URL returns the connection string of a database made for this test and dropped after it.
func URL(tb testing.TB) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	name, server, err := createDatabase(ctx)
	if err != nil {
		tb.Fatalf("make a database for the test: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		if err := execute(ctx, server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Errorf("drop the test's database: %v", err)
		}
	})
	return withDatabase(server, name)
}

func createDatabase(ctx context.Context) (name, server string, err error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		if shared.server, err = start(ctx, embedded.Options{}); err != nil {
			return "", "", err
		}
		// Nobody kills this one.
		for _, sql := range []string{"ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"} {
			if err := execute(ctx, shared.server.URL(), sql); err != nil {
				return "", "", err
			}
		}
	}
	shared.made++
	name, server = fmt.Sprintf("test%d", shared.made), shared.server.URL()
	return name, server, execute(ctx, server, "CREATE DATABASE "+name+" TEMPLATE "+embedded.Database)
}

func stopShared() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return shared.server.Stop(ctx)
}

// Private is a server of one test, which may kill it.
type Private struct {
	tb     testing.TB
	first  *embedded.Server // owns the folder
	server *embedded.Server
}

// Server starts a server for this test alone, stopped after it.
func Server(tb testing.TB) *Private {
	tb.Helper()
	p := &Private{tb: tb}
	p.start(embedded.Options{})
	p.first = p.server
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		for _, s := range []*embedded.Server{p.server, p.first} {
			if err := s.Stop(ctx); err != nil {
				tb.Errorf("stop PostgreSQL: %v", err)
			}
		}
	})
	return p
}

// URL returns the connection string of a database with okolo's tables. It stays the same over
// a restart.
func (p *Private) URL() string { return p.server.URL() }

// Kill stops the server at once, as a crash would.
func (p *Private) Kill() {
	p.tb.Helper()
	if err := p.server.Kill(); err != nil {
		p.tb.Fatalf("kill PostgreSQL: %v", err)
	}
}

// Restart starts the server again after Kill.
func (p *Private) Restart() {
	p.tb.Helper()
	p.start(embedded.Options{Dir: p.server.Dir()})
}

func (p *Private) start(o embedded.Options) {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	server, err := start(ctx, o)
	if err != nil {
		p.tb.Fatal(err)
	}
	p.server = server
}

func start(ctx context.Context, o embedded.Options) (*embedded.Server, error) {
	server, err := embedded.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := persistence.Migrate(ctx, server.URL()); err != nil {
		_ = server.Stop(ctx) // the test fails with the first error
		return nil, err
	}
	return server, nil
}

// execute runs a statement in the server's maintenance database.
func execute(ctx context.Context, server, sql string) error {
	conn, err := pgx.Connect(ctx, withDatabase(server, "postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // nothing is lost with it
	_, err = conn.Exec(ctx, sql)
	return err
}

// withDatabase returns the connection string with another database's name.
func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic(err) // the server made it
	}
	u.Path = "/" + name
	return u.String()
}
