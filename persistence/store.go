// Package persistence keeps okolo's data in PostgreSQL: it reads events for people, and a
// single writer carries out all commands that change them.
//
// It knows SQL and the nouns of persistence/model. It knows neither Telegram nor how a
// session works; of package actors it knows only what a snapshot is.
package persistence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options bound what the store may take of the database. The zero value is the defaults.
type Options struct {
	// ReadConns are the most connections for reads; 0: 8.
	ReadConns int
	// ReadTimeout is the longest a read may run in the database; 0: 3 s.
	ReadTimeout time.Duration
	// Logger hears of what is not returned as an error; nil: nobody does.
	Logger *slog.Logger
}

const (
	defaultReadConns   = 8
	defaultReadTimeout = 3 * time.Second

	// Apart from the reads, so that no crowd of readers keeps the writer waiting: for each of
	// the writer's commits one, and one for what became of it when lost; two for snapshots.
	writeConns = 2*maxUnderWay + 2
	// lockTimeout is the longest a write waits for a row that someone else holds.
	lockTimeout = 200 * time.Millisecond
	// writeTimeout is the longest one statement of a write may run in the database, and
	// how long the database keeps a transaction whose writer has gone silent.
	writeTimeout = 1500 * time.Millisecond

	connectTimeout = 2 * time.Second
)

// Store is the database as okolo sees it. It is safe for concurrent use.
type Store struct {
	reads  *pgxpool.Pool
	writes *pgxpool.Pool
	jobs   *inserter
	due    chan struct{} // has something in it after a COMMIT that leaves announcements to be shown
	log    *slog.Logger

	notices   struct{ owed, givenUp, sent, missed atomic.Int64 }
	reminders struct{ sent, dropped, missed, repeated atomic.Int64 }
	digests   struct{ sent, missed atomic.Int64 }

	announcements struct {
		owed, sent, edited, dropped, missed, repeated, gone, left, refused, givenUp, chats atomic.Int64
	}
}

// Open connects to the database at url; connections have to be direct, not through a pooler
// that shares them between transactions. It does not migrate: see [Migrate]. It fails when
// the database does not answer.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	if o.ReadConns <= 0 {
		o.ReadConns = defaultReadConns
	}
	if o.ReadTimeout <= 0 {
		o.ReadTimeout = defaultReadTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	reads, err := openPool(ctx, url, o.ReadConns, o.ReadTimeout, byKey)
	if err != nil {
		return nil, err
	}
	writes, err := openPool(ctx, url, writeConns, writeTimeout, byKey, map[string]string{
		"lock_timeout":                        milliseconds(lockTimeout),
		"idle_in_transaction_session_timeout": milliseconds(writeTimeout),
		"synchronous_commit":                  "on",
	})
	if err != nil {
		reads.Close()
		return nil, err
	}
	s := &Store{reads: reads, writes: writes, due: make(chan struct{}, 1), log: o.Logger}
	if s.jobs, err = newInserter(writes, o.Logger); err != nil {
		s.Close()
		return nil, err
	}
	if err := errors.Join(reads.Ping(ctx), writes.Ping(ctx)); err != nil {
		s.Close()
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return s, nil
}

// nudge has announcements looked for at once.
func (s *Store) nudge() {
	select {
	case s.due <- struct{}{}:
	default: // they will be
	}
}

// byKey are the settings of connections that look for all they look for by key, or by an index:
// each statement is planned once, and by no other way, however the tables stood then. To plan the
// read of a page of events takes five times as long as to carry it out.
var byKey = map[string]string{
	"plan_cache_mode":  "force_generic_plan",
	"enable_seqscan":   "off",
	"enable_hashjoin":  "off",
	"enable_mergejoin": "off",
}

// openPool opens a pool whose statements take so long at most.
func openPool(ctx context.Context, url string, conns int, timeout time.Duration, settings ...map[string]string) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err) // pgx masks the password
	}
	c.MaxConns = int32(conns)
	c.ConnConfig.ConnectTimeout, c.PingTimeout = connectTimeout, connectTimeout
	c.ConnConfig.Tracer = silence{timeout + silenceSlack}
	c.ConnConfig.RuntimeParams["statement_timeout"] = milliseconds(timeout)
	c.ConnConfig.RuntimeParams["application_name"] = "okolo"
	c.ConnConfig.RuntimeParams["jit"] = "off" // to compile a search takes longer than to run it
	for _, of := range settings {
		maps.Copy(c.ConnConfig.RuntimeParams, of)
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open the database pool: %w", err)
	}
	return pool, nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// Close ends all connections; it waits for those in use.
func (s *Store) Close() {
	s.reads.Close()
	s.writes.Close()
}

// Epoch makes the caller the newest owner of a bot and returns its epoch, from 1.
func (s *Store) Epoch(ctx context.Context, bot int64) (uint64, error) {
	const query = `
		INSERT INTO owners (bot, epoch) VALUES ($1, 1)
		ON CONFLICT (bot) DO UPDATE SET epoch = owners.epoch + 1
		RETURNING epoch`
	var epoch int64
	if err := s.writes.QueryRow(ctx, query, bot).Scan(&epoch); err != nil {
		return 0, fmt.Errorf("take the next epoch: %w", err)
	}
	return uint64(epoch), nil
}
