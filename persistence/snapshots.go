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

// Save stores a batch. The newest of a user's snapshots stays, by epoch, incarnation and revision,
// in the batch as in the table. Numbers above the largest int64 are an error.
func (s *Snapshots) Save(ctx context.Context, batch []actors.Snapshot) error {
	st := stacks.Get().(*stack)
	defer stacks.Put(st)
	st.reset(s.bot)
	for i := range batch {
		b := &batch[i]
		if max(b.Epoch, b.Incarnation, b.Revision) > math.MaxInt64 {
			return fmt.Errorf("save snapshots: a number of user %d is out of range", b.User)
		}
		st.add(b)
	}
	if err := s.save(ctx, st); err != nil {
		return fmt.Errorf("save snapshots: %w", err)
	}
	return nil
}

// save sends what there is to keep, and then what there is to delete, a round trip each. Where its
// connection turns out to be dead, so probably are the others, and the next try is not to wait for them.
func (s *Snapshots) save(ctx context.Context, st *stack) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout+silenceSlack) // as [silence] does, which sees none of this
	defer cancel()
	conn, err := s.store.writes.Acquire(ctx)
	if err != nil {
		return err
	}
	defer func() {
		dead := conn.Conn().IsClosed()
		conn.Release()
		if dead {
			s.store.writes.Reset()
		}
	}()
	if !st.kept.empty() {
		params := append(append([][]byte{st.bot}, st.kept...), st.data)
		if err := execute(ctx, conn.Conn(), keepSnapshots, params); err != nil {
			return err
		}
	}
	if !st.gone.empty() {
		return execute(ctx, conn.Conn(), deleteSnapshots, append([][]byte{st.bot}, st.gone...))
	}
	return nil
}

// keepSnapshots upserts in the order of persons, so that two processes that save at once cannot
// deadlock.
const keepSnapshots = `
	INSERT INTO snapshots AS old (bot, person, epoch, incarnation, revision, data)
	SELECT $1::bigint, person, epoch, incarnation, revision, substr($8::bytea, first::integer, length::integer)
	FROM (
		SELECT DISTINCT ON (person) *
		FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
		     AS all_of_them (person, epoch, incarnation, revision, first, length)
		ORDER BY person, epoch DESC, incarnation DESC, revision DESC
	) AS new
	ON CONFLICT (bot, person) DO UPDATE SET
		epoch = excluded.epoch, incarnation = excluded.incarnation, revision = excluded.revision,
		data = excluded.data, saved_at = excluded.saved_at
	WHERE (excluded.epoch, excluded.incarnation, excluded.revision)
	    > (old.epoch, old.incarnation, old.revision)`

const deleteSnapshots = `
	DELETE FROM snapshots AS old
	USING unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
	     AS new (person, epoch, incarnation, revision)
	WHERE old.bot = $1::bigint AND old.person = new.person
	  AND (new.epoch, new.incarnation, new.revision) > (old.epoch, old.incarnation, old.revision)`
