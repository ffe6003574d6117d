package persistence

import (
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
	var kept, gone []actors.Snapshot
	for _, b := range batch {
		if max(b.Epoch, b.Incarnation, b.Revision) > math.MaxInt64 {
			return fmt.Errorf("save snapshots: a number of user %d is out of range", b.User)
		}
		if len(b.Data) == 0 {
			gone = append(gone, b)
		} else {
			kept = append(kept, b)
		}
	}
	var b pgx.Batch
	if len(kept) > 0 {
		// In the order of persons, so that two processes that save at once cannot deadlock.
		b.Queue(`
			INSERT INTO snapshots AS old (bot, person, epoch, incarnation, revision, data)
			SELECT DISTINCT ON (person) $1::bigint, person, epoch, incarnation, revision, data
			FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[])
			     AS new (person, epoch, incarnation, revision, data)
			ORDER BY person, epoch DESC, incarnation DESC, revision DESC
			ON CONFLICT (bot, person) DO UPDATE SET
				epoch = excluded.epoch, incarnation = excluded.incarnation, revision = excluded.revision,
				data = excluded.data, saved_at = excluded.saved_at
			WHERE (excluded.epoch, excluded.incarnation, excluded.revision)
			    > (old.epoch, old.incarnation, old.revision)`, s.columns(kept)...)
	}
	if len(gone) > 0 {
		b.Queue(`
			DELETE FROM snapshots AS old
			USING unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bytea[])
			     AS new (person, epoch, incarnation, revision, data)
			WHERE old.bot = $1 AND old.person = new.person
			  AND (new.epoch, new.incarnation, new.revision) > (old.epoch, old.incarnation, old.revision)`, s.columns(gone)...)
	}
	if b.Len() == 0 {
		return nil
	}
	if err := s.store.writes.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("save snapshots: %w", err)
	}
	return nil
}

// columns are the arguments of a statement on a batch.
func (s *Snapshots) columns(batch []actors.Snapshot) []any {
	n := len(batch)
	users, data := make([]int64, n), make([][]byte, n)
	epochs, incarnations, revisions := make([]int64, n), make([]int64, n), make([]int64, n)
	for i, b := range batch {
		users[i], data[i] = b.User, b.Data
		epochs[i], incarnations[i], revisions[i] = int64(b.Epoch), int64(b.Incarnation), int64(b.Revision)
	}
	return []any{s.bot, users, epochs, incarnations, revisions, data}
}
