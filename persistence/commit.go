package persistence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"okolo/persistence/model"
)

const (
	// resolveTimeout is how long the writer tries to find out what became of a COMMIT whose
	// answer was lost.
	resolveTimeout = time.Second
	resolvePause   = 50 * time.Millisecond
)

// committer carries out batches of commands, one at a time.
type committer struct {
	pool     *pgxpool.Pool
	timeout  time.Duration
	log      *slog.Logger
	counters *counters
	execute  executor
}

// executor runs the commands in a transaction that it leaves open. With an error it returns
// the index of the command that failed.
type executor func(ctx context.Context, conn *pgx.Conn, batch []*pending) (index int, err error)

// commit carries out a batch and leaves an answer or an error in each of its commands. It
// reports whether the database could be reached for all of them.
func (c *committer) commit(ctx context.Context, batch []*pending) (reached bool) {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	err := c.run(ctx, batch)
	c.counters.observe(batch, time.Since(begun))
	if err != nil {
		c.log.Warn("writes failed", "commands", len(batch), "error", err)
	}
	return err == nil
}

// run commits a batch as one transaction. Where PostgreSQL rejects it, the commands before the
// one that it stumbled over, that one alone, and those behind it are tried again, so that only
// a bad command fails, and the order stays. Its error says that the database could not be
// reached for some of the commands.
func (c *committer) run(ctx context.Context, batch []*pending) error {
	if len(batch) == 0 {
		return nil
	}
	err := c.transact(ctx, batch)
	var r *rejection
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &r):
		for _, p := range batch {
			p.answer, p.err = model.Answer{}, err
		}
		return err
	case len(batch) == 1:
		batch[0].answer, batch[0].err = model.Answer{}, r.reason()
		c.counters.rejected.Add(1)
		c.log.Error("the database rejected a write", "command", fmt.Sprintf("%T", batch[0].cmd), "error", r.err)
		return nil
	default:
		return errors.Join(
			c.run(ctx, batch[:r.index]),
			c.run(ctx, batch[r.index:r.index+1]),
			c.run(ctx, batch[r.index+1:]))
	}
}

// transact commits a batch. Its error is a *rejection, or wraps model.ErrUnavailable (surely
// not committed) or model.ErrUnknown. What bad luck may have caused is tried a second time: a
// connection that had died unnoticed, and a command that lost a race against another process.
func (c *committer) transact(ctx context.Context, batch []*pending) error {
	err := c.attempt(ctx, batch)
	if ctx.Err() == nil {
		switch {
		case errors.Is(err, errBroken):
			c.pool.Reset() // the others may have died with it
			err = c.attempt(ctx, batch)
		case len(batch) == 1 && lostRace(err):
			err = c.attempt(ctx, batch)
		}
	}
	if errors.Is(err, errBroken) {
		return fmt.Errorf("%w: %w", model.ErrUnavailable, err)
	}
	return err
}

// errBroken marks a connection that was lost before COMMIT was sent.
var errBroken = errors.New("the connection was lost")

// attempt makes one attempt to commit the batch, in two round trips: all commands, COMMIT.
func (c *committer) attempt(ctx context.Context, batch []*pending) error {
	acquired, err := c.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", model.ErrUnavailable, err)
	}
	defer acquired.Release() // which closes it where a transaction is still open
	conn := acquired.Conn()
	if index, err := c.execute(ctx, conn, batch); err != nil {
		if conn.IsClosed() || ctx.Err() != nil || fatal(err) {
			return fmt.Errorf("%w: %w", errBroken, err)
		}
		_, _ = conn.Exec(ctx, "ROLLBACK") // where it fails, the connection is closed
		return refusal(index, err)
	}
	tag, err := conn.Exec(ctx, "COMMIT")
	switch {
	case err == nil && tag.String() == "COMMIT":
		return nil
	case err == nil: // "ROLLBACK"
		return &rejection{len(batch) / 2, errors.New("the transaction was rolled back")}
	case code(err) != "" && !fatal(err):
		return refusal(len(batch)/2, err) // it does not say over which
	default:
		return c.resolve(conn.PgConn().PID(), batch, err)
	}
}

// execute runs the commands in a transaction that it leaves open. With an error it returns the
// index of the command that failed.
func execute(ctx context.Context, conn *pgx.Conn, batch []*pending) (index int, err error) {
	var b pgx.Batch
	b.Queue("BEGIN")
	for _, p := range batch {
		sql, args := p.statement()
		b.Queue(sql, args...)
	}
	results := conn.SendBatch(ctx, &b)
	defer func() {
		if closeErr := results.Close(); err == nil {
			err = closeErr
		}
	}()
	if _, err := results.Exec(); err != nil {
		return 0, err
	}
	for i, p := range batch {
		if err := p.take(results.QueryRow()); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// resolve finds out whether a COMMIT took effect whose answer was lost. All keys of a committed
// batch are in the database, and its answers are known; without one of them it was rolled back.
func (c *committer) resolve(backend uint32, batch []*pending, cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout) // whatever the batch's own took
	defer cancel()
	c.counters.resolved.Add(1)
	for {
		committed, err := c.lookUp(ctx, backend, batch)
		switch {
		case err == nil && committed:
			return nil
		case err == nil:
			return fmt.Errorf("%w: %w", model.ErrUnavailable, cause)
		}
		c.pool.Reset() // of what died with the lost connection
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", model.ErrUnknown, cause)
		case <-time.After(resolvePause):
		}
	}
}

// lookUp reports whether all keys of the batch are in the database. The backend of the lost
// connection may still be at work on the COMMIT, or find it in its socket yet, so it is ended
// first; only when it has gone is the answer final.
func (c *committer) lookUp(ctx context.Context, backend uint32, batch []*pending) (bool, error) {
	// CASE, because the conditions of a WHERE may be evaluated in any order, on every backend.
	const end = `
		SELECT CASE WHEN EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND pid <> pg_backend_pid())
			THEN NOT pg_terminate_backend($1, 500) ELSE false END`
	var running bool
	if err := c.pool.QueryRow(ctx, end, int32(backend)).Scan(&running); err != nil {
		return false, err
	}
	if running {
		return false, errors.New("the lost connection is still being served")
	}
	bots, updates, ordinals := make([]int64, len(batch)), make([]int64, len(batch)), make([]int32, len(batch))
	for i, p := range batch {
		bots[i], updates[i], ordinals[i] = p.key.Bot, p.key.Update, int32(p.key.Ordinal)
	}
	const keys = `
		SELECT count(*) FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) AS k (bot, update_id, ordinal)
		JOIN writes USING (bot, update_id, ordinal)`
	var found int
	err := c.pool.QueryRow(ctx, keys, bots, updates, ordinals).Scan(&found)
	return found == len(batch), err
}

// rejection is PostgreSQL's refusal of a batch over one of its commands, which changed nothing.
type rejection struct {
	index int
	err   error
}

func (r *rejection) Error() string { return r.err.Error() }
func (r *rejection) Unwrap() error { return r.err }

// reason is what the sender of a command that was rejected alone is told.
func (r *rejection) reason() error {
	switch code(r.err) {
	case "55P03", "57014": // a row was locked for too long, the statement took too long
		return fmt.Errorf("%w: %w", model.ErrBusy, r.err)
	}
	return fmt.Errorf("the database rejected the command: %w", r.err)
}

// refusal returns the error of a batch that was rolled back on a connection that lives: about
// one command, or about the state of the server, which lets no other through either.
func refusal(index int, err error) error {
	if c := code(err); c != "" && c != "57014" { // a statement's time is its own
		switch c[:2] {
		case "25", "53", "57", "58": // read-only, resources, operators, input and output
			return fmt.Errorf("%w: %w", model.ErrUnavailable, err)
		}
	}
	return &rejection{index, err}
}

// lostRace reports whether another process did the same at the same time, so that a second
// attempt finds what that one did.
func lostRace(err error) bool {
	switch code(err) {
	case "23505", "40001", "40P01": // unique violation, serialization failure, deadlock
		return true
	}
	return false
}

// code returns the SQLSTATE of an error that the server sent; "" of any other.
func code(err error) string {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

// fatal reports whether the server ended the connection with the error.
func fatal(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.SeverityUnlocalized != "ERROR"
}
