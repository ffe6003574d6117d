package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Reply is what waits in the outbox to be delivered to a chat.
type Reply struct {
	ID      int64 // set by the outbox
	Chat    int64
	Edits   int64  // the message that it edits; 0: none
	Payload []byte // JSON
	Message int64  // as which it was delivered; 0: it was not
}

// Outbox keeps the replies of one bot that could not be delivered yet. Its methods change nothing,
// and fail with [model.ErrDeposed], when another process owns the bot.
type Outbox struct {
	store *Store
	bot   int64
	owner owner
}

// Outbox returns the outbox of a bot for its owner in an epoch; 0: unchecked.
func (s *Store) Outbox(bot int64, epoch uint64) *Outbox {
	return &Outbox{store: s, bot: bot, owner: owner{bot, epoch}}
}

// Own fails with [model.ErrDeposed] when another process owns the bot: who delivers a reply asks
// right before, as it may have waited for long since it was read.
func (o *Outbox) Own(ctx context.Context) error {
	if err := o.store.own(ctx, o.owner); err != nil {
		return fmt.Errorf("deliver from the outbox: %w", err)
	}
	return nil
}

// Put appends replies in their order. An edit takes the place of those of the same message that
// wait; it returns how many fell out by that, for each chat.
func (o *Outbox) Put(ctx context.Context, replies []Reply) (replaced map[int64]int, err error) {
	chats, edits, payloads := make([]int64, len(replies)), make([]int64, len(replies)), make([][]byte, len(replies))
	for i, r := range replies {
		chats[i], edits[i], payloads[i] = r.Chat, r.Edits, r.Payload
	}
	batch := &pgx.Batch{}
	o.owner.fence(batch)
	batch.Queue(`
		INSERT INTO outbox (bot, chat, edits, payload)
		SELECT $1, chat, edits, payload
		FROM unnest($2::bigint[], $3::bigint[], $4::bytea[]) WITH ORDINALITY AS new (chat, edits, payload, place)
		ORDER BY place`, o.bot, chats, edits, payloads)
	replaced = map[int64]int{}
	var chat int64
	batch.Queue(`
		DELETE FROM outbox old WHERE bot = $1 AND chat = ANY($2) AND edits <> 0 AND message = 0 AND EXISTS (
			SELECT FROM outbox new
			WHERE new.bot = old.bot AND new.chat = old.chat AND new.edits = old.edits AND new.id > old.id)
		RETURNING chat`, o.bot, chats).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&chat}, func() error { replaced[chat]++; return nil })
		return err
	})
	if err = o.owner.deposed(o.store.writes.SendBatch(ctx, batch).Close()); err != nil {
		return nil, fmt.Errorf("put replies into the outbox: %w", err)
	}
	return replaced, nil
}

// Chats returns how many replies wait for each chat that any wait for.
func (o *Outbox) Chats(ctx context.Context) (map[int64]int, error) {
	chats := map[int64]int{}
	_, err := o.store.fenced(ctx, o.owner, func(row pgx.CollectableRow) error {
		var chat int64
		var n int
		err := row.Scan(&chat, &n)
		chats[chat] = n
		return err
	}, `SELECT chat, count(*) FROM outbox WHERE bot = $1 GROUP BY chat`, o.bot)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	return chats, nil
}

// First returns the first reply that waits for a chat, and false where there is none.
func (o *Outbox) First(ctx context.Context, chat int64) (r Reply, found bool, err error) {
	const query = `
		SELECT id, chat, edits, payload, message FROM outbox
		WHERE bot = $1 AND chat = $2 ORDER BY id LIMIT 1`
	n, err := o.store.fenced(ctx, o.owner, func(row pgx.CollectableRow) error {
		return row.Scan(&r.ID, &r.Chat, &r.Edits, &r.Payload, &r.Message)
	}, query, o.bot, chat)
	if err != nil {
		return Reply{}, false, fmt.Errorf("read the outbox: %w", err)
	}
	return r, n > 0, nil
}

// Delivered notes as which message a reply was delivered, so that it is not delivered again.
func (o *Outbox) Delivered(ctx context.Context, r Reply, message int64) error {
	const query = `UPDATE outbox SET message = $4 WHERE bot = $1 AND chat = $2 AND id = $3`
	if _, err := o.store.fenced(ctx, o.owner, nil, query, o.bot, r.Chat, r.ID, message); err != nil {
		return fmt.Errorf("note a delivered reply: %w", err)
	}
	return nil
}

// Delete removes a reply, and reports whether it was there.
func (o *Outbox) Delete(ctx context.Context, r Reply) (bool, error) {
	const query = `DELETE FROM outbox WHERE bot = $1 AND chat = $2 AND id = $3`
	n, err := o.store.fenced(ctx, o.owner, nil, query, o.bot, r.Chat, r.ID)
	if err != nil {
		return false, fmt.Errorf("delete a reply from the outbox: %w", err)
	}
	return n > 0, nil
}

// Forget deletes what waits for a chat, and returns how many replies that were.
func (o *Outbox) Forget(ctx context.Context, chat int64) (int, error) {
	const query = `DELETE FROM outbox WHERE bot = $1 AND chat = $2`
	n, err := o.store.fenced(ctx, o.owner, nil, query, o.bot, chat)
	if err != nil {
		return 0, fmt.Errorf("delete what waits for a chat: %w", err)
	}
	return int(n), nil
}

// Expire deletes the replies that have waited for longer than life, and returns how many of each
// chat.
func (o *Outbox) Expire(ctx context.Context, life time.Duration) (map[int64]int, error) {
	const query = `DELETE FROM outbox WHERE bot = $1 AND queued_at < $2 AND message = 0 RETURNING chat`
	expired := map[int64]int{}
	_, err := o.store.fenced(ctx, o.owner, func(row pgx.CollectableRow) error {
		chat, err := pgx.RowTo[int64](row)
		expired[chat]++
		return err
	}, query, o.bot, time.Now().Add(-life))
	if err != nil {
		return nil, fmt.Errorf("expire replies: %w", err)
	}
	return expired, nil
}
