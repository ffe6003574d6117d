package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"okolo/actors"
	"okolo/persistence"
)

// snapshotPlan says where sessions are kept that left memory.
type snapshotPlan struct {
	ttl      time.Duration // 0: nowhere
	redisURL string        // empty: in PostgreSQL
}

// snapshots checks the settings of the store.
func (s sessionSettings) snapshots() (snapshotPlan, error) {
	if s.SnapshotTTL != 0 {
		if err := within("SNAPSHOT_TTL", s.SnapshotTTL, time.Minute, 87_600*time.Hour); err != nil {
			return snapshotPlan{}, err
		}
	}
	if s.RedisURL != "" && persistence.CheckRedisURL(s.RedisURL) != nil {
		return snapshotPlan{}, usageError{"REDIS_URL is not the address of a Redis server: it should look like redis://:password@localhost:6379/0."}
	}
	return snapshotPlan{ttl: s.SnapshotTTL, redisURL: s.RedisURL}, nil
}

// snapshots is the store of a running program, and what keeps it tidy.
type snapshots struct {
	of    func(bot int64) actors.SnapshotStore
	redis *persistence.Redis // nil: not there
	stop  context.CancelFunc
	tidy  sync.WaitGroup
}

// openSnapshots opens the store. One in PostgreSQL is rid of old snapshots until it is closed;
// Redis does that by itself.
func openSnapshots(ctx context.Context, p snapshotPlan, store *persistence.Store) (*snapshots, error) {
	tidying, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &snapshots{stop: stop}
	switch {
	case p.ttl == 0:
		s.of = func(int64) actors.SnapshotStore { return nil }
	case p.redisURL != "":
		r, err := persistence.OpenRedis(ctx, p.redisURL, p.ttl)
		if err != nil {
			stop()
			return nil, fmt.Errorf("open REDIS_URL: %w", err)
		}
		s.redis = r
		s.of = func(bot int64) actors.SnapshotStore { return r.Snapshots(bot) }
	default:
		s.of = func(bot int64) actors.SnapshotStore { return store.Snapshots(bot) }
		s.tidy.Go(func() { store.ExpireSnapshots(tidying, p.ttl) })
	}
	return s, nil
}

// close releases the store.
func (s *snapshots) close() error {
	s.stop()
	s.tidy.Wait()
	if s.redis != nil {
		return s.redis.Close()
	}
	return nil
}
