package pgtest

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// connections are kept while their test runs, for PostgreSQL forks a process for each.
var connections struct {
	sync.Mutex
	of map[client]*connection
}

type client struct {
	tb  testing.TB
	url string
}

type connection struct {
	sync.Mutex // one query at a time
	conn       *pgx.Conn
}

// Value runs a query that returns one row with one column, and returns that. A connection that
// broke since the last one is made anew.
func Value[T any](tb testing.TB, url, sql string, args ...any) (value T) {
	tb.Helper()
	on(tb, url, func(ctx context.Context, conn *pgx.Conn) {
		if err := conn.QueryRow(ctx, sql, args...).Scan(&value); err != nil {
			tb.Fatalf("%s: %v", sql, err)
		}
	})
	return value
}

// Execute runs a statement that returns nothing, as [Value] does.
func Execute(tb testing.TB, url, sql string, args ...any) {
	tb.Helper()
	on(tb, url, func(ctx context.Context, conn *pgx.Conn) {
		if _, err := conn.Exec(ctx, sql, args...); err != nil {
			tb.Fatalf("%s: %v", sql, err)
		}
	})
}

// on calls do with the test's connection to a database.
func on(tb testing.TB, url string, do func(context.Context, *pgx.Conn)) {
	tb.Helper()
	c := connectionOf(client{tb, url})
	c.Lock()
	defer c.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := c.open(ctx, url); err != nil {
		tb.Fatal(err)
	}
	do(ctx, c.conn)
}

func connectionOf(of client) *connection {
	connections.Lock()
	defer connections.Unlock()
	c := connections.of[of]
	if c != nil {
		return c
	}
	if connections.of == nil {
		connections.of = map[client]*connection{}
	}
	c = new(connection)
	connections.of[of] = c
	of.tb.Cleanup(func() {
		connections.Lock()
		delete(connections.of, of)
		connections.Unlock()
		c.Lock()
		defer c.Unlock()
		if c.conn != nil {
			_ = c.conn.Close(context.Background()) // nothing is lost with it
		}
	})
	return c
}

// open sees to it that there is a connection that lives.
func (c *connection) open(ctx context.Context, url string) (err error) {
	if c.conn != nil && c.conn.Ping(ctx) == nil {
		return nil
	}
	if c.conn != nil {
		_ = c.conn.Close(ctx) // it is broken
	}
	c.conn, err = pgx.Connect(ctx, url)
	return err
}
