package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// setAsideKept is how long an update that was set aside is kept.
const setAsideKept = 30 * 24 * time.Hour

// Letter is an update in the inbox.
type Letter struct {
	Update   int64
	Payload  []byte // JSON
	Attempts int    // how often it was begun
	Received time.Time
	SetAside *time.Time // nil: it is not
}

// Inbox keeps updates of one bot that were confirmed to Telegram before they were settled. Its
// methods change nothing, and fail with [model.ErrDeposed], when another process owns the bot.
type Inbox struct {
	store *Store
	bot   int64
	owner owner
}

// Inbox returns the inbox of a bot for its owner in an epoch; 0: for an operator, who is none.
func (s *Store) Inbox(bot int64, epoch uint64) *Inbox {
	return &Inbox{store: s, bot: bot, owner: owner{bot, epoch}}
}

// Put adds updates with their attempts, in one statement, and returns the ids of those that
// were not there. What is there stays as it is, unless it is set aside now.
func (i *Inbox) Put(ctx context.Context, letters []Letter) (added []int64, err error) {
	n := len(letters)
	ids, payloads := make([]int64, n), make([][]byte, n)
	attempts, aside := make([]int, n), make([]*time.Time, n)
	for k, l := range letters {
		ids[k], payloads[k], attempts[k], aside[k] = l.Update, l.Payload, l.Attempts, l.SetAside
	}
	const query = `
		INSERT INTO inbox AS old (bot, update_id, payload, attempts, set_aside)
		SELECT DISTINCT ON (u) $1::bigint, u, p, a, s
		FROM unnest($2::bigint[], $3::bytea[], $4::integer[], $5::timestamptz[]) AS new (u, p, a, s)
		ORDER BY u, s
		ON CONFLICT (bot, update_id) DO UPDATE SET set_aside = excluded.set_aside
			WHERE excluded.set_aside IS NOT NULL
		RETURNING update_id`
	_, err = i.store.fenced(ctx, i.owner, func(row pgx.CollectableRow) error {
		id, err := pgx.RowTo[int64](row)
		added = append(added, id)
		return err
	}, query, i.bot, ids, payloads, attempts, aside)
	if err != nil {
		return nil, fmt.Errorf("put updates into the inbox: %w", err)
	}
	return added, nil
}

// Delete removes updates that are settled. What is set aside stays.
func (i *Inbox) Delete(ctx context.Context, updates []int64) error {
	const query = `DELETE FROM inbox WHERE bot = $1 AND update_id = ANY($2) AND set_aside IS NULL`
	if _, err := i.store.fenced(ctx, i.owner, nil, query, i.bot, updates); err != nil {
		return fmt.Errorf("delete updates from the inbox: %w", err)
	}
	return nil
}

// Drop removes updates that were set aside, and returns how many there were.
func (i *Inbox) Drop(ctx context.Context, updates []int64) (int64, error) {
	const query = `DELETE FROM inbox WHERE bot = $1 AND update_id = ANY($2) AND set_aside IS NOT NULL`
	n, err := i.store.fenced(ctx, i.owner, nil, query, i.bot, updates)
	if err != nil {
		return 0, fmt.Errorf("drop updates from the inbox: %w", err)
	}
	return n, nil
}

// Waiting returns at most limit updates that are not set aside and have an id above after, by
// their ids.
func (i *Inbox) Waiting(ctx context.Context, after int64, limit int) ([]Letter, error) {
	return i.list(ctx, `update_id > $2 AND set_aside IS NULL ORDER BY update_id LIMIT $3`, after, limit)
}

// These returns those of the updates that are there and not set aside, by their ids.
func (i *Inbox) These(ctx context.Context, updates []int64) ([]Letter, error) {
	return i.list(ctx, `update_id = ANY($2) AND set_aside IS NULL ORDER BY update_id`, updates)
}

// Asked returns at most limit updates that nobody has begun: those of [Inbox.Replay].
func (i *Inbox) Asked(ctx context.Context, limit int) ([]Letter, error) {
	return i.list(ctx, `attempts = $2 AND set_aside IS NULL ORDER BY update_id LIMIT $3`, 0, limit)
}

// Aside returns at most limit updates that are set aside and have an id above after.
func (i *Inbox) Aside(ctx context.Context, after int64, limit int) ([]Letter, error) {
	return i.list(ctx, `update_id > $2 AND set_aside IS NOT NULL ORDER BY update_id LIMIT $3`, after, limit)
}

func (i *Inbox) list(ctx context.Context, where string, args ...any) ([]Letter, error) {
	var letters []Letter
	_, err := i.store.fenced(ctx, i.owner, func(row pgx.CollectableRow) error {
		l, err := pgx.RowToStructByPos[Letter](row)
		letters = append(letters, l)
		return err
	}, `SELECT update_id, payload, attempts, received_at, set_aside FROM inbox WHERE bot = $1 AND `+where,
		append([]any{i.bot}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	return letters, nil
}

// Begin counts an attempt of each of the updates. It has to be committed before they are handled.
func (i *Inbox) Begin(ctx context.Context, updates []int64) error {
	const query = `UPDATE inbox SET attempts = attempts + 1 WHERE bot = $1 AND update_id = ANY($2)`
	if _, err := i.store.fenced(ctx, i.owner, nil, query, i.bot, updates); err != nil {
		return fmt.Errorf("count attempts in the inbox: %w", err)
	}
	return nil
}

// SetAside takes an update out of those that are handled.
func (i *Inbox) SetAside(ctx context.Context, update int64) error {
	const query = `UPDATE inbox SET set_aside = now() WHERE bot = $1 AND update_id = $2`
	if _, err := i.store.fenced(ctx, i.owner, nil, query, i.bot, update); err != nil {
		return fmt.Errorf("set an update aside: %w", err)
	}
	return nil
}

// Replay has updates that were set aside handled once more, by the running program or the next,
// and returns how many there are.
func (i *Inbox) Replay(ctx context.Context, updates []int64) (int64, error) {
	const query = `
		UPDATE inbox SET attempts = 0, set_aside = NULL
		WHERE bot = $1 AND update_id = ANY($2) AND set_aside IS NOT NULL`
	n, err := i.store.fenced(ctx, i.owner, nil, query, i.bot, updates)
	if err != nil {
		return 0, fmt.Errorf("replay updates: %w", err)
	}
	return n, nil
}

// Tidy deletes what was set aside thirty days ago, and returns how many are set aside.
func (i *Inbox) Tidy(ctx context.Context) (aside int64, err error) {
	const query = `
		WITH gone AS (DELETE FROM inbox WHERE bot = $1 AND set_aside < $2)
		SELECT count(*) FROM inbox WHERE bot = $1 AND set_aside >= $2`
	read := func(row pgx.CollectableRow) error { return row.Scan(&aside) }
	if _, err := i.store.fenced(ctx, i.owner, read, query, i.bot, time.Now().Add(-setAsideKept)); err != nil {
		return 0, fmt.Errorf("tidy the inbox: %w", err)
	}
	return aside, nil
}
