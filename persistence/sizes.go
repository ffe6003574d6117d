package persistence

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// PoolStats is the use of one pool of connections.
type PoolStats struct {
	Conns         int     `json:"conns" metric:"connections" help:"Connections open now."`
	InUse         int     `json:"in_use" metric:"connections_in_use" help:"Connections in use."`
	Bound         int     `json:"bound" metric:"connections_max" help:"Most connections there may be."`
	Waits         int64   `json:"waits" metric:"waits_total" help:"Times that a caller had to wait for a connection."`
	WaitedSeconds float64 `json:"waited_seconds" metric:"waited_seconds_total" help:"Time that callers waited for a connection, in all."`
}

// PoolStats returns the use of the connections for reads and for writes. It asks the database
// nothing.
func (s *Store) PoolStats() (reads, writes PoolStats) {
	return poolStats(s.reads), poolStats(s.writes)
}

func poolStats(p *pgxpool.Pool) PoolStats {
	stat := p.Stat()
	return PoolStats{
		Conns:         int(stat.TotalConns()),
		InUse:         int(stat.AcquiredConns()),
		Bound:         int(stat.MaxConns()),
		Waits:         stat.EmptyAcquireCount(),
		WaitedSeconds: stat.EmptyAcquireWaitTime().Seconds(),
	}
}

// TableSize is how much a table holds.
type TableSize struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`  // live ones, as PostgreSQL's statistics estimate them
	Bytes int64  `json:"bytes"` // on disk, with indexes
}

// Sizes returns the sizes of all tables, by name.
func (s *Store) Sizes(ctx context.Context) ([]TableSize, error) {
	const query = `
		SELECT relname, n_live_tup, pg_total_relation_size(relid) FROM pg_stat_user_tables
		WHERE schemaname = current_schema() ORDER BY relname`
	rows, err := s.reads.Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read table sizes: %w", err)
	}
	sizes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[TableSize])
	if err != nil {
		return nil, fmt.Errorf("read table sizes: %w", err)
	}
	return sizes, nil
}
