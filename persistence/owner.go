package persistence

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

const (
	// standbyPause is the time between two tries of a standby to become the owner, and of an
	// owner to get back a lock whose connection it lost.
	standbyPause = 250 * time.Millisecond
	// ownerPing is the time between two looks at the connection that holds the lock, and
	// ownerPatience the longest that one look may take.
	ownerPing     = time.Second
	ownerPatience = 2 * time.Second
)

// Ownership is the right of one process to act for a bot. It is a lock that PostgreSQL keeps for
// a connection, so that it ends with the process, however that ends; and an epoch, greater than
// all before it, by which the writer and the snapshots refuse a process that has not yet noticed
// that it lost the lock.
type Ownership struct {
	store *Store
	bot   int64
	epoch uint64

	cancel context.CancelFunc
	kept   sync.WaitGroup
	lost   chan struct{} // closed when another process owns the bot
}

// Own makes this process the owner of a bot. As long as another process is, it stands by, until
// ctx ends. Release gives the bot up.
func (s *Store) Own(ctx context.Context, bot int64) (*Ownership, error) {
	o := &Ownership{store: s, bot: bot, lost: make(chan struct{})}
	conn, err := o.lock(ctx)
	if err != nil {
		return nil, err
	}
	for said := false; conn == nil; {
		if !said {
			s.log.Info("another process owns the bot, standing by", "bot", bot)
			said = true
		}
		if !pause(ctx, standbyPause) {
			return nil, fmt.Errorf("stand by for the bot: %w", ctx.Err())
		}
		if conn, err = o.lock(ctx); err != nil {
			s.log.Warn("standing by, the database does not answer", "error", err)
		}
	}
	if o.epoch, err = s.Epoch(ctx, bot); err != nil {
		return nil, errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	s.log.Info("this process owns the bot", "bot", bot, "epoch", o.epoch)
	keeping, cancel := context.WithCancel(context.Background())
	o.cancel = cancel
	o.kept.Go(func() { o.keep(keeping, conn) })
	return o, nil
}

// Epoch returns the epoch of this ownership, from 1.
func (o *Ownership) Epoch() uint64 { return o.epoch }

// Lost is closed when another process has become the owner: this one must stop acting.
func (o *Ownership) Lost() <-chan struct{} { return o.lost }

// Release gives the bot up; a standby may take it at once. All that acts for the bot has to have
// stopped before.
func (o *Ownership) Release() {
	o.cancel()
	o.kept.Wait()
}

// lock tries to take the lock on a connection of its own; nil where another process has it.
func (o *Ownership) lock(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	config := o.store.writes.Config().ConnConfig.Copy()
	for name, value := range map[string]string{
		// A connection that is cut without a word holds the lock no longer than that.
		"tcp_keepalives_idle": "1", "tcp_keepalives_interval": "1", "tcp_keepalives_count": "2",
		"tcp_user_timeout": milliseconds(3 * time.Second),
	} {
		config.RuntimeParams[name] = value
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect for the owner's lock: %w", err)
	}
	var got bool
	const query = "SELECT pg_try_advisory_lock(hashtextextended('okolo owner', $1))"
	if err = conn.QueryRow(ctx, query, o.bot).Scan(&got); err == nil && got {
		return conn, nil
	}
	return nil, errors.Join(err, conn.Close(ctx))
}

// keep holds the connection until ctx ends. Where it breaks, the lock is taken again: as long as
// nobody else took it in between, this process still is the owner.
func (o *Ownership) keep(ctx context.Context, conn *pgx.Conn) {
	for pause(ctx, ownerPing) {
		if o.alive(ctx, conn) {
			continue
		}
		_ = conn.Close(ctx) // it is broken
		o.store.log.Warn("the connection that holds the owner's lock was lost", "bot", o.bot)
		if conn = o.regain(ctx); conn == nil {
			return
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ownerPatience)
	defer cancel()
	_ = conn.Close(ctx) // the lock ends with it in any case
}

func (o *Ownership) alive(ctx context.Context, conn *pgx.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, ownerPatience)
	defer cancel()
	return conn.Ping(ctx) == nil
}

// regain takes the lock again, or finds that another process has become the owner, or that ctx
// has ended: then it returns nil.
func (o *Ownership) regain(ctx context.Context) *pgx.Conn {
	for {
		conn, _ := o.lock(ctx) // where it fails, it is tried again
		switch err := o.current(ctx); {
		case errors.Is(err, model.ErrDeposed):
			o.store.log.Error("another process owns the bot now", "bot", o.bot, "epoch", o.epoch)
			close(o.lost)
			if conn != nil {
				_ = conn.Close(ctx)
			}
			return nil
		case err == nil && conn != nil:
			return conn
		case conn != nil:
			_ = conn.Close(ctx)
		}
		if !pause(ctx, standbyPause) {
			return nil
		}
	}
}

// current fails with model.ErrDeposed where the epoch is not the newest any more.
func (o *Ownership) current(ctx context.Context) error {
	var epoch int64
	if err := o.store.writes.QueryRow(ctx, "SELECT epoch FROM owners WHERE bot = $1", o.bot).Scan(&epoch); err != nil {
		return fmt.Errorf("read the owner's epoch: %w", err)
	}
	if uint64(epoch) != o.epoch {
		return model.ErrDeposed
	}
	return nil
}
