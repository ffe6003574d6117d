package persistence

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"

	"okolo/actors"
)

// Snapshots keeps the session snapshots of one bot. It implements [actors.SnapshotStore].
type Snapshots struct {
	store *Store
	bot   int64
}

var _ actors.SnapshotStore = (*Snapshots)(nil)

// Snapshots returns the snapshots of a bot.
func (s *Store) Snapshots(bot int64) *Snapshots { return &Snapshots{store: s, bot: bot} }

// Load returns the snapshots of those users who have one, in any order.
func (s *Snapshots) Load(ctx context.Context, users []int64) ([]actors.Snapshot, error) {
	const query = `
		SELECT person, epoch, incarnation, revision, data FROM snapshots
		WHERE bot = $1 AND person = ANY($2)`
	rows, err := s.store.writes.Query(ctx, query, s.bot, users)
	if err != nil {
		return nil, fmt.Errorf("load snapshots: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (actors.Snapshot, error) {
		var f actors.Snapshot
		err := row.Scan(&f.User, &f.Epoch, &f.Incarnation, &f.Revision, &f.Data)
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("load snapshots: %w", err)
	}
	return found, nil
}

// Save stores a batch in one round trip. The newest of a user's snapshots stays, by epoch,
// incarnation and revision, in the batch as in the table. Numbers above the largest int64 are
// an error.
func (s *Snapshots) Save(ctx context.Context, batch []actors.Snapshot) error {
	kept, gone := newStack(len(batch)), newStack(0)
	for i := range batch {
		b := &batch[i]
		if max(b.Epoch, b.Incarnation, b.Revision) > math.MaxInt64 {
			return fmt.Errorf("save snapshots: a number of user %d is out of range", b.User)
		}
		if len(b.Data) == 0 {
			gone.add(b)
		} else {
			kept.add(b)
		}
	}
	var b pgx.Batch
	if len(kept.persons) > 0 {
		// In the order of persons, so that two processes that save at once cannot deadlock.
		b.Queue(`
			INSERT INTO snapshots AS old (bot, person, epoch, incarnation, revision, data)
			SELECT $1::bigint, person, epoch, incarnation, revision, substr($8::bytea, first, length)
			FROM (
				SELECT DISTINCT ON (person) *
				FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::integer[], $7::integer[])
				     AS all_of_them (person, epoch, incarnation, revision, first, length)
				ORDER BY person, epoch DESC, incarnation DESC, revision DESC
			) AS new
			ON CONFLICT (bot, person) DO UPDATE SET
				epoch = excluded.epoch, incarnation = excluded.incarnation, revision = excluded.revision,
				data = excluded.data, saved_at = excluded.saved_at
			WHERE (excluded.epoch, excluded.incarnation, excluded.revision)
			    > (old.epoch, old.incarnation, old.revision)`,
			s.bot, kept.persons, kept.epochs, kept.incarnations, kept.revisions, kept.firsts, kept.lengths, bytes.Join(kept.data, nil))
	}
	if len(gone.persons) > 0 {
		b.Queue(`
			DELETE FROM snapshots AS old
			USING unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
			     AS new (person, epoch, incarnation, revision)
			WHERE old.bot = $1 AND old.person = new.person
			  AND (new.epoch, new.incarnation, new.revision) > (old.epoch, old.incarnation, old.revision)`,
			s.bot, gone.persons, gone.epochs, gone.incarnations, gone.revisions)
	}
	if b.Len() == 0 {
		return nil
	}
	if err := s.store.writes.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("save snapshots: %w", err)
	}
	return nil
}

// stack is snapshots, column by column, as the arguments of a statement. Their data goes as one
// value, the last, which takes the driver and the server half of what an array of them takes.
type stack struct {
	persons, epochs, incarnations, revisions []int64
	data                                     [][]byte
	firsts, lengths                          []int32 // where the data of each is in all of it, from 1
	size                                     int
}

// newStack has room for n snapshots.
func newStack(n int) *stack {
	numbers := func() []int64 { return make([]int64, 0, n) }
	return &stack{
		persons: numbers(), epochs: numbers(), incarnations: numbers(), revisions: numbers(),
		data: make([][]byte, 0, n), firsts: make([]int32, 0, n), lengths: make([]int32, 0, n),
	}
}

func (c *stack) add(s *actors.Snapshot) {
	c.persons = append(c.persons, s.User)
	c.epochs = append(c.epochs, int64(s.Epoch))
	c.incarnations = append(c.incarnations, int64(s.Incarnation))
	c.revisions = append(c.revisions, int64(s.Revision))
	c.data = append(c.data, s.Data)
	c.firsts = append(c.firsts, int32(c.size+1))
	c.lengths = append(c.lengths, int32(len(s.Data)))
	c.size += len(s.Data)
}
