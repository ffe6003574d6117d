package persistence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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
	// retries is how often a batch is tried again that failed by bad luck.
	retries = 2

	lockNotAvailable = "55P03" // SQLSTATE: a row was locked for longer than lockTimeout
)

// committer carries out batches of commands, one at a time.
type committer struct {
	pool     *pgxpool.Pool
	timeout  time.Duration
	log      *slog.Logger
	counters *counters
	execute  executor
}

// executor begins a transaction, decides the commands of a batch in it, leaves an answer in
// each, and returns the statements that are to be carried out before COMMIT, and what is to be
// called after it.
type executor func(ctx context.Context, conn *pgx.Conn, batch []*pending) (changes *pgx.Batch, committed func(), err error)

// commit carries out a batch and leaves an answer or an error in each of its commands. It
// reports whether the database could be reached for all of them.
func (c *committer) commit(ctx context.Context, batch []*pending) (reached bool) {
	for _, p := range batch {
		p.span.Next("commit")
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	err := c.run(ctx, batch)
	if err != nil {
		c.log.Warn("writes failed", "commands", len(batch), "error", err)
	}
	return err == nil
}

// run commits a batch as one transaction. Where PostgreSQL rejects it, it is halved until the
// bad command stands alone, so that only that one fails, and the order stays. Its error says
// that the database could not be reached for some of the commands.
func (c *committer) run(ctx context.Context, batch []*pending) error {
	if len(batch) == 0 {
		return nil
	}
	err := c.transact(ctx, batch)
	var r *rejection
	if err == nil || !errors.As(err, &r) {
		if err != nil {
			fail(batch, err)
		}
		return err
	}
	if code(r.err) == lockNotAvailable {
		if free, held := c.divide(ctx, batch); len(held) > 0 {
			return c.runAround(ctx, free, held, r)
		}
	}
	if len(batch) == 1 {
		fail(batch, r.reason())
		c.counters.rejected.Add(1)
		c.log.Error("the database rejected a write", "command", fmt.Sprintf("%T", batch[0].cmd), "error", r.err)
		return nil
	}
	half := len(batch) / 2
	return errors.Join(c.run(ctx, batch[:half]), c.run(ctx, batch[half:]))
}

// runAround commits the commands of a batch that need no row which somebody else holds; then
// it tries the others once more, and gives those up that still have to wait.
func (c *committer) runAround(ctx context.Context, free, held []*pending, r *rejection) error {
	if len(free) == 0 {
		fail(held, r.reason())
		c.counters.rejected.Add(int64(len(held)))
		return nil
	}
	return errors.Join(c.run(ctx, free), c.run(ctx, held))
}

// divide tells the commands whose event somebody else holds from the others.
func (c *committer) divide(ctx context.Context, batch []*pending) (free, held []*pending) {
	const query = `
		WITH free AS (SELECT id FROM events WHERE id = ANY ($1) FOR NO KEY UPDATE SKIP LOCKED)
		SELECT id FROM events WHERE id = ANY ($1) AND id NOT IN (SELECT id FROM free)`
	var ids []int64
	for _, p := range batch {
		if id := p.event(); id != 0 {
			ids = append(ids, id)
		}
	}
	rows, _ := c.pool.Query(ctx, query, ids) // its error is the rows'
	locked, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return batch, nil
	}
	for _, p := range batch {
		if slices.Contains(locked, p.event()) {
			held = append(held, p)
		} else {
			free = append(free, p)
		}
	}
	return free, held
}

// fail gives all commands of a batch an error for their answer.
func fail(batch []*pending, err error) {
	for _, p := range batch {
		p.answer, p.err = model.Answer{}, err
	}
}

// transact commits a batch. Its error is a *rejection, or wraps model.ErrUnavailable (surely
// not committed), model.ErrUnknown or model.ErrDeposed. What bad luck may have caused is tried
// again: a connection that had died unnoticed, and commands that lost a race against another
// process.
func (c *committer) transact(ctx context.Context, batch []*pending) error {
	err := c.attempt(ctx, batch)
	for range retries {
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, errBroken):
			c.pool.Reset() // the others may have died with it
			err = c.attempt(ctx, batch)
		case lostRace(err):
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

// attempt makes one attempt to commit the batch, in two round trips: what it needs to know of
// the database, and all that it changes together with COMMIT.
func (c *committer) attempt(ctx context.Context, batch []*pending) error {
	acquired, err := c.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", model.ErrUnavailable, err)
	}
	defer acquired.Release() // which closes it where a transaction is still open
	conn := acquired.Conn()
	changes, committed, err := c.execute(ctx, conn, batch)
	if err != nil {
		if conn.IsClosed() || ctx.Err() != nil || fatal(err) {
			return fmt.Errorf("%w: %w", errBroken, err)
		}
		_, _ = conn.Exec(ctx, "ROLLBACK") // where it fails, the connection is closed
		return refusal(err)
	}
	err = commitChanges(ctx, conn, changes)
	switch {
	case err == nil:
		committed()
		return nil
	case code(err) != "" && !fatal(err), errors.Is(err, errRolledBack):
		_, _ = conn.Exec(ctx, "ROLLBACK") // where it fails, the connection is closed
		return refusal(err)
	default:
		return c.resolve(conn.PgConn().PID(), batch, err)
	}
}

var errRolledBack = errors.New("the transaction was rolled back")

// commitChanges carries out the statements and COMMIT in one round trip. Where one of them
// fails, the server skips the others.
func commitChanges(ctx context.Context, conn *pgx.Conn, changes *pgx.Batch) error {
	changes.Queue("COMMIT").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return errRolledBack
		}
		return nil
	})
	return conn.SendBatch(ctx, changes).Close()
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
type rejection struct{ err error }

func (r *rejection) Error() string { return r.err.Error() }
func (r *rejection) Unwrap() error { return r.err }

// reason is what the sender of a command that was rejected alone is told.
func (r *rejection) reason() error {
	switch code(r.err) {
	case lockNotAvailable, "57014": // the statement took too long
		return fmt.Errorf("%w: %w", model.ErrBusy, r.err)
	}
	return fmt.Errorf("the database rejected the command: %w", r.err)
}

// refusal returns the error of a batch that was rolled back on a connection that lives: about
// one command, or about the state of the server, which lets no other through either.
func refusal(err error) error {
	if errors.Is(err, model.ErrDeposed) {
		return err
	}
	if c := code(err); c != "" && c != "57014" { // a statement's time is its own
		switch c[:2] {
		case "25", "53", "57", "58": // read-only, resources, operators, input and output
			return fmt.Errorf("%w: %w", model.ErrUnavailable, err)
		}
	}
	return &rejection{err}
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
