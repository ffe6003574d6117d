package bot_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"runtime/metrics"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"okolo/actors"
	"okolo/bot/ui"
	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

// sessions starts a runtime for a benchmark, without a guard.
func sessions(b *testing.B, n int, behavior actors.Behavior[ui.State], p actors.Performer, store actors.SnapshotStore, epoch uint64) *actors.Runtime[ui.State] {
	b.Helper()
	cfg := actors.Defaults()
	cfg.MaxSessions, cfg.MemoryThreshold, cfg.Logger = n, 0, slog.New(slog.DiscardHandler)
	cfg.Epoch, cfg.SnapshotDeadline = epoch, deadline
	r, err := actors.New(cfg, behavior, p, store)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func snapshotsIn(b *testing.B) *persistence.Snapshots {
	b.Helper()
	store, err := persistence.Open(context.Background(), pgtest.URL(b), persistence.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(store.Close)
	return store.Snapshots(4242)
}

// deadline is raised where nothing may be given up, and a loaded machine may be slow.
const deadline = 10 * time.Minute

// touchAll delivers an input to each user in random order, a bounded number at a time.
func touchAll(b *testing.B, r *actors.Runtime[ui.State], users, window int, firstID int64, payload func(int64) any) {
	b.Helper()
	var all sync.WaitGroup
	room := make(chan struct{}, window)
	for _, user := range rand.Perm(users) {
		room <- struct{}{}
		all.Add(1)
		r.Deliver(actors.Input{User: int64(user), ID: firstID + int64(user), Payload: payload(int64(user)), Settled: func(o actors.Outcome) {
			if o != actors.Applied {
				b.Errorf("user %d: %v", user, o)
			}
			<-room
			all.Done()
		}})
	}
	all.Wait()
}

// reachAll is touchAll where the store is shut: it waits until the inputs have changed the states.
func reachAll(b *testing.B, r *actors.Runtime[ui.State], users int, firstID int64) {
	b.Helper()
	var all sync.WaitGroup
	room := make(chan struct{}, 4096)
	for _, user := range rand.Perm(users) {
		room <- struct{}{}
		all.Add(1)
		arrived := func() { <-room; all.Done() }
		r.Deliver(actors.Input{User: int64(user), ID: firstID + int64(user), Payload: announced{int64(user), arrived}})
	}
	all.Wait()
}

func shutDown(b *testing.B, r *actors.Runtime[ui.State]) actors.ShutdownReport {
	b.Helper()
	report, err := r.Shutdown(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	return report
}

// BenchmarkSessionFootprint is what a live session costs in memory with the bot's real state
// and 50 prepared events, the supervisor's table included: 100,000 of them, each touched twice
// in random order, after memory was returned to the system.
func BenchmarkSessionFootprint(b *testing.B) {
	const users = 100_000
	for b.Loop() {
		rss0, live0 := settledRSS(b), liveHeap()
		r := sessions(b, users, filler{}, nobody{}, nil, 1)
		touchAll(b, r, users, 256, 1, visitOf)
		touchAll(b, r, users, 256, users+1, visitOf)
		rss, live := settledRSS(b), liveHeap()
		b.ReportMetric(float64(rss-rss0)/users, "rss-B/session")
		b.ReportMetric(float64(live-live0)/users, "live-B/session")
		shutDown(b, r)
	}
}

// realStep is the bot's own behaviour.
type realStep struct{ filler }

func (realStep) Step(s ui.State, in any) actors.Turn[ui.State] {
	t := ui.Step(s, in)
	return actors.Turn[ui.State]{Next: t.Next, Await: t.Await, Emit: t.Emit, Repeatable: t.Repeatable}
}

// instantly answers every effect at once, as PostgreSQL and Telegram would if they took no time.
type instantly struct{}

func (instantly) Perform(_ context.Context, e actors.Effect, done func(any)) {
	switch do := e.Do.(type) {
	case ui.FindNearby:
		found := make([]model.Found, 50)
		for i := range found {
			found[i] = model.Found{ID: e.User + int64(i), Kind: model.Personal, Metres: 10 * i}
		}
		done(ui.NearbyFound{Context: do.Context, Found: found})
	case ui.LoadEvents:
		events := make([]model.Seen, len(do.IDs))
		for i, id := range do.IDs {
			events[i] = model.Seen{Event: model.Event{ID: id}}
			events[i].Title, events[i].Zone = "An event", "Europe/Berlin"
		}
		done(ui.EventsLoaded{Context: do.Context, Events: events})
	case ui.Send:
		done(ui.Sent{Slot: do.Slot, ID: e.User})
	default:
		done(nil)
	}
}

func search(user int64) any {
	return ui.Location{
		Context: ui.Context{From: model.Person{ID: user, Name: "P", Lang: "en"}, Now: time.Unix(1_800_000_000, 0), Update: 1},
		Point:   berlin, Zone: "Europe/Berlin",
	}
}

// BenchmarkSettled is the throughput of updates that go through the bot's own Step, a search
// each, and settle once the state is stored in PostgreSQL; 10,000 users in random order.
func BenchmarkSettled(b *testing.B) {
	const users = 10_000
	for _, of := range []string{"nothing", "search"} {
		b.Run(of, func(b *testing.B) {
			r := sessions(b, users, realStep{}, instantly{}, snapshotsIn(b), 1)
			touchAll(b, r, users, 4096, 1, search)
			payload := search
			if of == "nothing" { // a Step that does next to nothing, over the same state
				payload = func(int64) any { return nil }
			}
			b.ResetTimer()
			n := 0
			for round := int64(1); b.Loop(); round++ {
				touchAll(b, r, users, 4096, round*users+1, payload)
				n += users
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "settled/s")
			s, err := r.Stats(context.Background())
			if err != nil || s.SnapshotsGivenUp > 0 {
				b.Fatal(s, err)
			}
			b.ReportMetric(float64(s.SnapshotsSaved)/float64(s.InputsApplied), "saves/input")
			shutDown(b, r)
		})
	}
}

// BenchmarkActivation is the time to the answer of a user who comes back from a snapshot in
// PostgreSQL, one at a time.
func BenchmarkActivation(b *testing.B) {
	const users = 2000
	store := snapshotsIn(b)
	r := sessions(b, users, filler{}, nobody{}, store, 1)
	touchAll(b, r, users, 1024, 1, visitOf)
	shutDown(b, r)
	var took []time.Duration
	epoch := uint64(1)
	for b.Loop() {
		epoch++
		r = sessions(b, users, filler{}, nobody{}, store, epoch)
		settled := make(chan actors.Outcome, 1)
		for _, user := range rand.Perm(users) {
			began := time.Now()
			r.Deliver(actors.Input{User: int64(user), Payload: look{func() { took = append(took, time.Since(began)) }}, Settled: func(o actors.Outcome) { settled <- o }})
			<-settled
		}
		b.StopTimer()
		shutDown(b, r)
		b.StartTimer()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// look is an input that only says when it has reached its user's state.
type look struct{ arrived func() }

// BenchmarkActivationStorm is 50,000 users who come back from PostgreSQL at once.
func BenchmarkActivationStorm(b *testing.B) {
	const users = 50_000
	store := snapshotsIn(b)
	r := sessions(b, users, filler{}, nobody{}, store, 1)
	touchAll(b, r, users, 4096, 1, visitOf)
	shutDown(b, r)
	epoch := uint64(1)
	for b.Loop() {
		epoch++
		r = sessions(b, users, filler{}, nobody{}, store, epoch)
		began := time.Now()
		touchAll(b, r, users, 10_000, int64(epoch)*users+1, visitOf)
		b.ReportMetric(time.Since(began).Seconds(), "s/storm")
		b.StopTimer()
		if s, err := r.Stats(context.Background()); err != nil || s.ActivationsRestored != users {
			b.Fatal(s, err)
		}
		shutDown(b, r)
		b.StartTimer()
	}
}

// BenchmarkShutdown is the end of 100,000 sessions, all of which have changed since they were
// stored, over PostgreSQL.
func BenchmarkShutdown(b *testing.B) {
	const users = 100_000
	epoch := uint64(0)
	gate := &gate{SnapshotStore: snapshotsIn(b)}
	for b.Loop() {
		b.StopTimer()
		epoch++
		gate.shut()
		r := sessions(b, users, filler{}, nobody{}, gate, epoch)
		reachAll(b, r, users, int64(epoch)*users+1)
		b.StartTimer()
		began := time.Now()
		gate.open()
		report := shutDown(b, r)
		b.ReportMetric(time.Since(began).Seconds(), "s/shutdown")
		if report.Sessions != users || report.SnapshotsSaved != users {
			b.Fatalf("%+v", report)
		}
	}
}

// BenchmarkPurge is a purge of half of 500,000 sessions: without a store, and all of them changed
// since they were stored in PostgreSQL. Meanwhile users who stay send 10,000 inputs a second,
// whether they are answered or not; the p99 of their answers is compared with that before. It takes until
// the half has left and memory in use is below nine tenths of what it was, which is what ends pressure
// (s-to-below); and until that is returned to the system, too, which is when Purge returns (s-to-return).
func BenchmarkPurge(b *testing.B) {
	const users = 500_000
	for _, dirty := range []bool{false, true} {
		name := map[bool]string{false: "clean", true: "dirty"}[dirty]
		b.Run(name, func(b *testing.B) {
			g := &gate{}
			var store actors.SnapshotStore
			if dirty {
				g.SnapshotStore = snapshotsIn(b)
				store = g
			}
			epoch := uint64(0)
			for b.Loop() {
				b.StopTimer()
				epoch++
				g.shut()
				r := sessions(b, users, filler{}, nobody{}, store, epoch)
				reachAll(b, r, users, int64(epoch)*users+1)
				reachAll(b, r, stayers, int64(epoch+1)*users+1)
				normal := openLoop(r, func() { time.Sleep(2 * time.Second) })
				before := mustStats(b, r)
				var took time.Duration
				b.StartTimer()
				during := openLoop(r, func() {
					g.open()
					below := whenBelow(b, r, users/2)
					spent, began := processorTime(b), time.Now()
					if n, err := r.Purge(context.Background()); n != users/2 || err != nil {
						b.Error(n, err)
					}
					took = time.Since(began)
					b.ReportMetric(below().Sub(began).Seconds(), "s-to-below")
					b.ReportMetric((processorTime(b) - spent).Seconds(), "cpu-s/purge")
				})
				b.StopTimer()
				b.ReportMetric(took.Seconds(), "s-to-return")
				b.ReportMetric(float64(normal.Microseconds()), "p99-before-µs")
				b.ReportMetric(float64(during.Microseconds()), "p99-during-µs")
				after := mustStats(b, r)
				b.ReportMetric(float64(after.SnapshotsGivenUp-before.SnapshotsGivenUp), "given-up")
				shutDown(b, r)
				b.StartTimer()
			}
		})
	}
}

// inUse is resident memory without the heap that can be used again, as the guard judges a purge.
func inUse(b *testing.B) uint64 {
	b.Helper()
	resident, err := rss()
	if err != nil {
		b.Error(err)
	}
	reusable := [...]metrics.Sample{{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
	metrics.Read(reusable[:])
	return resident - min(reusable[0].Value.Uint64()+reusable[1].Value.Uint64(), resident)
}

// whenBelow looks from now on when memory in use is below nine tenths of what it is, and no more sessions are
// there than that. The function that it returns waits for that moment.
func whenBelow(b *testing.B, r *actors.Runtime[ui.State], sessions int) func() time.Time {
	b.Helper()
	limit, at := inUse(b)/10*9, make(chan time.Time)
	go func() {
		for inUse(b) >= limit || mustStats(b, r).Sessions > sessions {
			time.Sleep(10 * time.Millisecond)
		}
		at <- time.Now()
	}()
	return func() time.Time { return <-at }
}

// processorTime is what this process has used; on a busy machine it says more than the clock.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func mustStats(b *testing.B, r *actors.Runtime[ui.State]) actors.Stats {
	b.Helper()
	s, err := r.Stats(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// stayers are the users who go on during a purge: so many that none has too many inputs in flight,
// though none of these settles before the sessions that leave are stored.
const stayers = 20_000

// openLoop has the stayers send 10,000 inputs a second until do returns, and returns the p99 of the
// time to their state.
func openLoop(r *actors.Runtime[ui.State], do func()) time.Duration {
	var mu sync.Mutex
	var took []time.Duration
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		began, sent := time.Now(), 0
		for {
			select {
			case <-done:
				return
			case now := <-tick.C:
				for ; sent < int(now.Sub(began)/(100*time.Microsecond)); sent++ {
					at := time.Now()
					all.Add(1)
					r.Deliver(actors.Input{User: int64(sent % stayers), Payload: look{func() {
						mu.Lock()
						defer mu.Unlock()
						took = append(took, time.Since(at))
						all.Done()
					}}})
				}
			}
		}
	})
	do()
	close(done)
	all.Wait()
	slices.Sort(took)
	return took[len(took)*99/100]
}

// gate is a store that can be shut: then nobody is found in it, and what is saved waits until it
// opens again.
type gate struct {
	actors.SnapshotStore
	mu     sync.Mutex
	opened chan struct{} // closed when it opens; nil: it is open
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opened = make(chan struct{})
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.opened)
	g.opened = nil
}

func (g *gate) waiting() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.opened
}

func (g *gate) Save(ctx context.Context, batch []actors.Snapshot) error {
	if opened := g.waiting(); opened != nil {
		select {
		case <-opened:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return g.SnapshotStore.Save(ctx, batch)
}

func (g *gate) Load(ctx context.Context, users []int64) ([]actors.Snapshot, error) {
	if g.waiting() != nil {
		return nil, nil
	}
	return g.SnapshotStore.Load(ctx, users)
}
