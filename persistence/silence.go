package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// silence bounds how long a statement waits for the database. The database itself ends a statement
// that takes too long, so whoever has heard nothing for longer than that will never hear of it: the
// connection is half open, as after a failover, and nobody told. It implements the tracers of pgx,
// whose contexts are those that statements run in.
type silence struct {
	most time.Duration
}

// silenceSlack is how much longer than the database itself takes an answer may be under way.
const silenceSlack = 2 * time.Second

type silenceKey struct{}

func (s silence) begin(ctx context.Context) context.Context {
	ctx, cancel := context.WithTimeout(ctx, s.most)
	return context.WithValue(ctx, silenceKey{}, cancel)
}

func (silence) end(ctx context.Context) {
	if cancel, ok := ctx.Value(silenceKey{}).(context.CancelFunc); ok {
		cancel()
	}
}

// TraceQueryStart implements [pgx.QueryTracer].
func (s silence) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return s.begin(ctx)
}

// TraceQueryEnd implements [pgx.QueryTracer].
func (s silence) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) { s.end(ctx) }

// TraceBatchStart implements [pgx.BatchTracer].
func (s silence) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return s.begin(ctx)
}

// TraceBatchQuery implements [pgx.BatchTracer].
func (silence) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements [pgx.BatchTracer].
func (s silence) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchEndData) { s.end(ctx) }
