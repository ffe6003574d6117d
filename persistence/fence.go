package persistence

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

const divisionByZero = "22012" // SQLSTATE

// fence makes a batch fail as a whole where the owner has been deposed; what follows in it must not
// divide. The row is locked until the end of the batch, so that the next owner begins only after it.
// PostgreSQL has no statement that fails over rows that are not there, but a division by their count
// does.
func (o owner) fence(b *pgx.Batch) {
	if o.epoch != 0 {
		b.Queue(`SELECT 1 / count(*) FROM (SELECT FROM owners WHERE bot = $1 AND epoch = $2 FOR SHARE) AS mine`, o.bot, int64(o.epoch))
	}
}

// deposed returns the error of a fenced batch.
func (o owner) deposed(err error) error {
	if code(err) == divisionByZero {
		return fmt.Errorf("%w: epoch %d is over", model.ErrDeposed, o.epoch)
	}
	return err
}

// fenced carries out a statement for an owner, in one round trip, and returns how many rows it
// changed or read. It fails with [model.ErrDeposed], and changes nothing, where another process owns
// the bot. read, unless it is nil, gets each row.
func (s *Store) fenced(ctx context.Context, o owner, read func(pgx.CollectableRow) error, sql string, args ...any) (n int64, err error) {
	var b pgx.Batch
	o.fence(&b)
	b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() && read != nil {
			if err := read(rows); err != nil {
				return err
			}
		}
		rows.Close()
		n = rows.CommandTag().RowsAffected()
		return rows.Err()
	})
	if err := o.deposed(s.writes.SendBatch(ctx, &b).Close()); err != nil {
		return 0, err
	}
	return n, nil
}

// own fails with [model.ErrDeposed] where another process owns the bot.
func (s *Store) own(ctx context.Context, o owner) error {
	var b pgx.Batch
	o.fence(&b)
	return o.deposed(s.writes.SendBatch(ctx, &b).Close())
}
