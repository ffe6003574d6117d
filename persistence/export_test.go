package persistence

import (
	"context"
	"time"
)

// What the tests of plans and the benchmarks of searches need to run the store's own search.
const NearbyQuery = nearbyQuery

var (
	CellOf     = cellOf
	NearbyArgs = nearbyArgs
)

// ExpireSnapshotsOnce walks the snapshots once and returns how many it deleted.
func (s *Store) ExpireSnapshotsOnce(ctx context.Context, before time.Time) (int64, error) {
	return s.expireSnapshots(ctx, before)
}
