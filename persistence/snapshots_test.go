package persistence_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/jackc/pgx/v5"

	"okolo/actors"
	"okolo/persistence"
	"okolo/persistence/pgtest"
	"okolo/persistence/redistest"
)

// snapshotStores are the stores of snapshots, each fresh: a function from a bot to its store.
func snapshotStores(t *testing.T) map[string]func(bot int64) actors.SnapshotStore {
	t.Helper()
	postgres := openStore(t, pgtest.URL(t))
	inRedis := openRedis(t, redistest.Start(t).URL(), time.Hour)
	return map[string]func(int64) actors.SnapshotStore{
		"postgres": func(bot int64) actors.SnapshotStore { return postgres.Snapshots(bot) },
		"redis":    func(bot int64) actors.SnapshotStore { return inRedis.Snapshots(bot) },
	}
}

func openRedis(t *testing.T, url string, ttl time.Duration) *persistence.Redis {
	t.Helper()
	r, err := persistence.OpenRedis(t.Context(), url, ttl)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func at(user int64, epoch, incarnation, revision uint64) actors.Snapshot {
	return actors.Snapshot{User: user, Epoch: epoch, Incarnation: incarnation, Revision: revision,
		Data: fmt.Appendf(nil, "%d.%d.%d", epoch, incarnation, revision)}
}

// TestSnapshotStores is what the runtime expects of a store, whichever it is.
func TestSnapshotStores(t *testing.T) {
	for name, open := range snapshotStores(t) {
		t.Run(name, func(t *testing.T) {
			t.Run("the newest wins", func(t *testing.T) { testNewestWins(t, open(1), open(2)) })
			t.Run("nothing to keep", func(t *testing.T) { testNothingToKeep(t, open(7)) })
			t.Run("any data", func(t *testing.T) { testAnyData(t, open(3)) })
			t.Run("a large batch", func(t *testing.T) { testLargeBatch(t, open(4)) })
			t.Run("at once", func(t *testing.T) { testSavesAtOnce(t, open(5)) })
			t.Run("a context that ended", func(t *testing.T) { testEndedContext(t, open(6)) })
		})
	}
}

func testNewestWins(t *testing.T, store, other actors.SnapshotStore) {
	const big = math.MaxInt64 // beyond what a float64 tells apart
	for _, c := range []struct {
		batch []actors.Snapshot
		want  string // what user 1 has afterwards
	}{
		{[]actors.Snapshot{at(1, 1, 1, 9)}, "1.1.9"},
		{[]actors.Snapshot{at(1, 1, 1, 8)}, "1.1.9"},
		{[]actors.Snapshot{at(1, 1, 2, 1)}, "1.2.1"},
		{[]actors.Snapshot{at(1, 1, 1, 10)}, "1.2.1"},
		{[]actors.Snapshot{at(1, 1, 2, 255)}, "1.2.255"},
		{[]actors.Snapshot{at(1, 1, 2, 256)}, "1.2.256"},
		{[]actors.Snapshot{at(1, 1, 2, 255)}, "1.2.256"},
		{[]actors.Snapshot{at(1, 2, 1, 1)}, "2.1.1"},
		{[]actors.Snapshot{at(2, 1, 1, 1), at(1, 2, 1, 3)}, "2.1.3"},
		{[]actors.Snapshot{at(1, 2, 1, big-1)}, fmt.Sprintf("2.1.%d", int64(big-1))},
		{[]actors.Snapshot{at(1, 2, 1, big)}, fmt.Sprintf("2.1.%d", int64(big))},
		{[]actors.Snapshot{at(1, 2, 1, big-1)}, fmt.Sprintf("2.1.%d", int64(big))},
		{nil, fmt.Sprintf("2.1.%d", int64(big))},
	} {
		if err := store.Save(t.Context(), c.batch); err != nil {
			t.Fatal(err)
		}
		got, err := store.Load(t.Context(), []int64{1, 99})
		if err != nil || len(got) != 1 || got[0].User != 1 || string(got[0].Data) != c.want {
			t.Fatalf("after %v: %v, %v; want %s", c.batch, got, err, c.want)
		}
		if g := got[0]; fmt.Sprintf("%d.%d.%d", g.Epoch, g.Incarnation, g.Revision) != c.want {
			t.Errorf("numbers %+v, want %s", g, c.want)
		}
	}
	if got, err := other.Load(t.Context(), []int64{1}); len(got) != 0 || err != nil {
		t.Errorf("another bot's: %v, %v", got, err)
	}
	if got, err := store.Load(t.Context(), nil); len(got) != 0 || err != nil {
		t.Errorf("of nobody: %v, %v", got, err)
	}
}

// A snapshot without data deletes the stored one, unless that is newer.
func testNothingToKeep(t *testing.T, s actors.SnapshotStore) {
	none := func(sn actors.Snapshot) actors.Snapshot { sn.Data = nil; return sn }
	save := func(batch ...actors.Snapshot) {
		t.Helper()
		if err := s.Save(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	save(at(1, 1, 1, 5), at(2, 1, 1, 5), at(3, 1, 1, 5))
	save(none(at(1, 1, 1, 6)), none(at(2, 1, 1, 4)), at(3, 1, 1, 6), none(at(4, 1, 1, 1)))
	found, err := s.Load(t.Context(), []int64{1, 2, 3, 4})
	slices.SortFunc(found, func(a, b actors.Snapshot) int { return cmp.Compare(a.User, b.User) })
	if err != nil || len(found) != 2 || found[0].User != 2 || found[1].Revision != 6 {
		t.Errorf("left are %+v, %v", found, err)
	}
	save(at(1, 1, 2, 7)) // who comes back is kept again
	if found, err := s.Load(t.Context(), []int64{1}); err != nil || len(found) != 1 {
		t.Errorf("back is %+v, %v", found, err)
	}
}

func testAnyData(t *testing.T, store actors.SnapshotStore) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for i, data := range [][]byte{{0}, []byte("\r\n$-1\r\n"), all, bytes.Repeat(all, 1000)} {
		user := int64(-i) // groups have ids below 0
		if err := store.Save(t.Context(), []actors.Snapshot{{User: user, Epoch: 1, Data: data}}); err != nil {
			t.Fatal(err)
		}
		got, err := store.Load(t.Context(), []int64{user})
		if err != nil || len(got) != 1 || got[0].User != user || !bytes.Equal(got[0].Data, data) {
			t.Errorf("%d bytes: %d found, %v", len(data), len(got), err)
		}
	}
}

func testLargeBatch(t *testing.T, store actors.SnapshotStore) {
	const n = 2000
	batch, users := make([]actors.Snapshot, n), make([]int64, n)
	for i := range batch {
		batch[i], users[i] = at(int64(n-i), 1, 1, uint64(i+1)), int64(i+1)
	}
	if err := store.Save(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	got, err := store.Load(t.Context(), append(users, n+1))
	if err != nil || len(got) != n {
		t.Fatal(len(got), err)
	}
	for _, s := range got {
		if s.Revision != uint64(n-s.User+1) {
			t.Fatalf("user %d has revision %d", s.User, s.Revision)
		}
	}
}

// testSavesAtOnce: two processes that both think they own the bot. The greater epoch stays.
func testSavesAtOnce(t *testing.T, store actors.SnapshotStore) {
	const users, rounds = 50, 20
	var all sync.WaitGroup
	for epoch := uint64(1); epoch <= 2; epoch++ {
		all.Go(func() {
			for revision := range uint64(rounds) {
				batch := make([]actors.Snapshot, users)
				for u := range batch {
					batch[u] = at(int64(u), epoch, 1, revision)
				}
				if err := store.Save(t.Context(), batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for u := range int64(users) {
		got, err := store.Load(t.Context(), []int64{u})
		if err != nil || len(got) != 1 || got[0].Epoch != 2 || got[0].Revision != rounds-1 {
			t.Fatal(got, err)
		}
	}
}

func testEndedContext(t *testing.T, store actors.SnapshotStore) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Save(ctx, []actors.Snapshot{at(1, 1, 1, 1)}); err == nil {
		t.Error("saved")
	}
	if _, err := store.Load(ctx, []int64{1}); err == nil {
		t.Error("a load that did not happen looks like nobody's")
	}
}

// TestSnapshotOutOfRange: PostgreSQL's numbers end at the largest int64.
func TestSnapshotOutOfRange(t *testing.T) {
	s := openStore(t, pgtest.URL(t))
	if err := s.Snapshots(bot).Save(t.Context(), []actors.Snapshot{at(3, 1<<63, 1, 1)}); err == nil {
		t.Error("an epoch that the database cannot hold is no error")
	}
	// Twice the same user in a batch is not what the runtime sends, and yet the newest stays.
	if err := s.Snapshots(bot).Save(t.Context(), []actors.Snapshot{at(1, 1, 1, 3), at(1, 1, 1, 4), at(1, 1, 1, 2)}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Snapshots(bot).Load(t.Context(), []int64{1}); err != nil || got[0].Revision != 4 {
		t.Error(got, err)
	}
}

func TestSnapshotsExpire(t *testing.T) {
	url := pgtest.URL(t)
	s := openStore(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	const n = 5000 // more than two steps
	for _, b := range []int64{1, bot} {
		batch := make([]actors.Snapshot, n)
		for i := range batch {
			batch[i] = at(int64(i-n/2), 1, 1, 1)
		}
		if err := s.Snapshots(b).Save(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Exec(t.Context(), `UPDATE snapshots SET saved_at = now() - interval '30 days' WHERE person % 2 = 0`); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{n, 0} {
		if got, err := s.ExpireSnapshotsOnce(t.Context(), time.Now().Add(-29*24*time.Hour)); got != want || err != nil {
			t.Fatalf("%d deleted, not %d: %v", got, want, err)
		}
	}
	var stay int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM snapshots WHERE person % 2 <> 0`).Scan(&stay); err != nil || stay != n {
		t.Fatalf("%d stay, not %d: %v", stay, n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.ExpireSnapshots(ctx, time.Hour); close(done) }()
	cancel()
	<-done
}

func TestRedisExpiresAndOverwrites(t *testing.T) {
	server := redistest.Start(t)
	store := openRedis(t, server.URL(), time.Hour).Snapshots(bot)
	client, err := server.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	key := fmt.Sprintf("okolo:%d:session:1", bot)
	// What cannot be read is a snapshot without numbers, and is overwritten.
	for name, spoil := range map[string][]any{
		"short":         {"SET", key, "short"},
		"another form":  {"SET", key, bytes.Repeat([]byte{255}, 60)},
		"of other type": {"HSET", key, "a", "b"},
	} {
		if _, err := client.Do("DEL", key); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Do(spoil[0].(string), spoil[1:]...); err != nil {
			t.Fatal(name, err)
		}
		if got, err := store.Load(t.Context(), []int64{1}); err != nil || len(got) > 0 && got[0].Data != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if err := store.Save(t.Context(), []actors.Snapshot{at(1, 1, 1, 1)}); err != nil {
			t.Fatal(name, err)
		}
		if got, err := store.Load(t.Context(), []int64{1}); err != nil || len(got) != 1 || got[0].Revision != 1 {
			t.Errorf("%s was not overwritten: %v, %v", name, got, err)
		}
	}
	ms, err := redis.Int64(client.Do("PTTL", key))
	if ttl := time.Duration(ms) * time.Millisecond; err != nil || ttl <= 59*time.Minute || ttl > time.Hour {
		t.Errorf("it lives for %v: %v", ttl, err)
	}
}

// TestRedisRestarts: a server that was started anew has neither the snapshots nor the script.
func TestRedisRestarts(t *testing.T) {
	server := redistest.Start(t)
	store := openRedis(t, server.URL(), time.Hour).Snapshots(bot)
	if err := store.Save(t.Context(), []actors.Snapshot{at(1, 1, 1, 1)}); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if err := store.Save(t.Context(), []actors.Snapshot{at(1, 1, 1, 2)}); err == nil {
		t.Fatal("saved where nobody is")
	}
	server.Restart()
	if got, err := store.Load(t.Context(), []int64{1}); len(got) != 0 || err != nil {
		t.Fatal(got, err)
	}
	if err := store.Save(t.Context(), []actors.Snapshot{at(1, 1, 1, 3), at(2, 1, 1, 1)}); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Load(t.Context(), []int64{1, 2}); len(got) != 2 || err != nil {
		t.Fatal(got, err)
	}
	if _, err := persistence.OpenRedis(t.Context(), "mysql://x:hunter2@y", time.Hour); err == nil {
		t.Error("no address of Redis")
	}
	if _, err := persistence.OpenRedis(t.Context(), "redis://127.0.0.1:1", time.Hour); err == nil {
		t.Error("nobody listens there")
	}
}
