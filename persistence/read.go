package persistence

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// read returns the rows of a query that changes nothing. Where its connection turns out to be
// dead, the others have probably died with it, as after a restart of the database: it is tried
// once more, on a fresh one.
func read[T any](ctx context.Context, s *Store, scan pgx.RowToFunc[T], query string, args ...any) ([]T, error) {
	var all []T
	dead := false
	attempt := func(conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, query, args...)
		if err == nil {
			all, err = pgx.CollectRows(rows, scan)
		}
		dead = err != nil && conn.Conn().IsClosed()
		return err
	}
	err := s.reads.AcquireFunc(ctx, attempt)
	if dead && ctx.Err() == nil {
		s.reads.Reset()
		err = s.reads.AcquireFunc(ctx, attempt)
	}
	return all, err
}
