package actors

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// still is a behaviour that does nothing, over the state S.
type still[S any] struct{ fresh func(int64) S }

func (b still[S]) Fresh(user int64) S      { return b.fresh(user) }
func (b still[S]) Step(s S, _ any) Turn[S] { return Turn[S]{Next: s} }
func (b still[S]) Prepared(*S) int         { return 0 }
func (b still[S]) Trim(s S, _ int) S       { return s }

func benchRuntime[S any](b testing.TB, sessions int, fresh func(int64) S, store SnapshotStore) *Runtime[S] {
	b.Helper()
	cfg := Defaults()
	cfg.MaxSessions, cfg.MemoryThreshold, cfg.Logger = sessions, 0, slog.New(slog.DiscardHandler)
	r, err := New[S](cfg, still[S]{fresh}, performer(echo), store)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if _, err := r.Shutdown(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return r
}

// BenchmarkDeliver is one input through supervisor and session and back, beside a bare
// request to a protoactor actor.
func BenchmarkDeliver(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		system := NewSystem(slog.New(slog.DiscardHandler))
		defer system.Shutdown()
		pid := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
			if _, ok := ctx.Message().(string); ok {
				ctx.Respond("pong")
			}
		}))
		for b.Loop() {
			if _, err := system.Root.RequestFuture(pid, "ping", time.Minute).Result(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("runtime", func(b *testing.B) {
		b.ReportAllocs()
		r := benchRuntime(b, 10, func(int64) int { return 0 }, nil)
		settled := make(chan Outcome, 1)
		done := func(o Outcome) { settled <- o }
		var id int64
		for b.Loop() {
			id++
			r.Deliver(Input{User: 1, ID: id, Payload: "ping", Settled: done})
			<-settled
		}
	})
}

// BenchmarkDeliverParallel is the throughput of 10,000 users.
func BenchmarkDeliverParallel(b *testing.B) {
	const users = 10_000
	r := benchRuntime(b, users, func(int64) int { return 0 }, nil)
	window := make(chan struct{}, 1024)
	done := func(o Outcome) {
		if o != Applied {
			b.Error(o)
		}
		<-window
	}
	var id atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := id.Add(1)
			window <- struct{}{}
			r.Deliver(Input{User: n % users, ID: n, Payload: "ping", Settled: done})
		}
	})
	for range cap(window) {
		window <- struct{}{}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "inputs/s")
}

func BenchmarkTouch(b *testing.B) {
	b.ReportAllocs()
	const n = 100_000
	s := manyEntries(n)
	r := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		s.active.touch(s.table.get(r.Int64N(n)), 5)
	}
}

// BenchmarkSweep is a sweep that finds 1,000 sessions expired.
func BenchmarkSweep(b *testing.B) {
	b.ReportAllocs()
	s := manyEntries(1000)
	for b.Loop() {
		sweepAll(s)
	}
}

// BenchmarkPurgeSelect is the choice of the oldest half of 1,000 sessions.
func BenchmarkPurgeSelect(b *testing.B) {
	b.ReportAllocs()
	s := manyEntries(1000)
	for b.Loop() {
		chooseHalf(s)
	}
}

// BenchmarkDedup is the check of an input that is new to a session that remembers all it can.
func BenchmarkDedup(b *testing.B) {
	b.ReportAllocs()
	s := &session[int]{}
	for i := range int64(MaxApplied) {
		s.applied.add(i + 1)
		s.pressed.add(uint64(i+1), i)
	}
	it := &item{Input: Input{ID: -1, Press: 1 << 60}}
	for b.Loop() {
		if s.repeats(it) {
			b.Fatal("not new")
		}
	}
}

// BenchmarkSessionFootprint measures what a live session costs with a state like the bot's:
// 50 prepared events and a few ids.
func BenchmarkSessionFootprint(b *testing.B) {
	type screen struct {
		Lang, Zone string
		IDs        [6]int64
		Lat, Lon   float64
		Prepared   []uint64
	}
	const sessions = 100_000
	for b.Loop() {
		rss0, live0 := memoryNow(b)
		r := benchRuntime(b, sessions, func(u int64) screen { return screen{Lang: "ru", Prepared: make([]uint64, 50)} }, nil)
		touchAll(b, r, sessions)
		touchAll(b, r, sessions)
		rss, live := memoryNow(b)
		b.ReportMetric(float64(rss-rss0)/sessions, "rss-B/session")
		b.ReportMetric(float64(live-live0)/sessions, "live-B/session")
		if _, err := r.Shutdown(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// touchAll delivers one input to each session, in random order.
func touchAll[S any](b *testing.B, r *Runtime[S], sessions int) {
	b.Helper()
	var open sync.WaitGroup
	window := make(chan struct{}, 256)
	for _, u := range rand.Perm(sessions) {
		open.Add(1)
		window <- struct{}{}
		r.Deliver(Input{User: int64(u), Payload: "ping", Settled: func(o Outcome) {
			<-window
			open.Done()
		}})
	}
	open.Wait()
}

// memoryNow returns RSS, after freed memory was given back, and the live heap.
func memoryNow(b *testing.B) (rss, live int64) {
	b.Helper()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	n, err := residentMemory()
	if err != nil {
		b.Fatal(err)
	}
	return int64(n), int64(m.HeapAlloc)
}

// BenchmarkPurge is a purge of half of the sessions, all of them changed, over a store in
// memory and without one.
func BenchmarkPurge(b *testing.B) {
	const sessions = 100_000
	for name, store := range map[string]func() SnapshotStore{
		"clean": func() SnapshotStore { return nil },
		"dirty": func() SnapshotStore { return newMemoryStore() },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				r := benchRuntime(b, sessions, func(int64) tally { return tally{} }, store())
				touchAll(b, r, sessions)
				b.StartTimer()
				if _, err := r.Purge(context.Background()); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				s, err := r.Stats(context.Background())
				if err != nil || s.Sessions != sessions/2 || s.SnapshotsGivenUp > 0 {
					b.Fatal(s, err)
				}
				_, err = r.Shutdown(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
