package persistence_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"okolo/actors"
	"okolo/persistence"
	"okolo/persistence/pgtest"
)

// BenchmarkSnapshots is what PostgreSQL stores in a second of snapshots as large as the bot's, in
// batches as large as the runtime's, of users in random order: new ones, then newer ones.
func BenchmarkSnapshots(b *testing.B) {
	const users, size = 51_200, 512
	store, err := persistence.Open(context.Background(), pgtest.URL(b), persistence.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	snapshots := store.Snapshots(4242)
	data := make([]byte, 300)
	revision := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		revision++
		for persons := range slices.Chunk(rand.Perm(users), size) {
			batch := make([]actors.Snapshot, 0, size)
			for _, p := range persons {
				batch = append(batch, actors.Snapshot{User: int64(p), Epoch: 1, Incarnation: revision, Revision: revision, Data: data})
			}
			if err := snapshots.Save(context.Background(), batch); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(revision*users)/b.Elapsed().Seconds(), "snapshots/s")
}
