package actors

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestCodec(t *testing.T) {
	applied, pressed := updates{1, 2}, presses{{Key: 1 << 63, At: 9}}
	state := tally{Applied: []int{1, -2}, List: []int32{7}}
	data, err := encode(nil, 3, applied, pressed, &state)
	if err != nil {
		t.Fatal(err)
	}
	a, p, s, err := decode[tally](data, 3)
	if err != nil || !reflect.DeepEqual(a, applied) || !reflect.DeepEqual(p, pressed) || !reflect.DeepEqual(s, state) {
		t.Fatal(a, p, s, err)
	}
	if _, _, _, err := decode[tally](data, 4); !errors.Is(err, errVersion) {
		t.Fatal(err)
	}
	if _, _, _, err := decode[string](data, 3); !errors.Is(err, errDamaged) {
		t.Fatal(err)
	}
	for i := range data {
		bad := append([]byte(nil), data...)
		bad[i] ^= 4
		if _, _, _, err := decode[tally](bad, 3); !errors.Is(err, errDamaged) {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, _, _, err := decode[tally](data[:i], 3); !errors.Is(err, errDamaged) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	tooLong, err := encode(nil, 3, make(updates, MaxApplied+1), nil, &state)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := decode[tally](tooLong, 3); !errors.Is(err, errDamaged) {
		t.Fatal(err)
	}
	if _, err := encode(nil, 1, nil, nil, &struct{ C chan int }{make(chan int)}); err == nil {
		t.Fatal("a channel was encoded")
	}
}

func FuzzDecode(f *testing.F) {
	data, err := encode(nil, 1, updates{1}, presses{{Key: 1, At: 1}}, &tally{Applied: []int{1}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, p, _, err := decode[tally](data, 1); err == nil && (len(a) > MaxApplied || len(p) > MaxPresses) {
			t.Fatal("beyond the bounds")
		}
	})
}

func TestUnreadableSnapshots(t *testing.T) {
	store := newMemoryStore()
	other, err := encode(nil, 99, nil, nil, &tally{Applied: []int{5}})
	if err != nil {
		t.Fatal(err)
	}
	store.newest[1] = Snapshot{User: 1, Revision: 3, Data: []byte("damaged")}
	store.newest[2] = Snapshot{User: 2, Revision: 3, Data: other}
	g := start(t, store, nil, nil)
	for u := range int64(2) {
		if s := g.state(u + 1); len(s.Applied) != 0 {
			t.Fatalf("%+v", s)
		}
	}
	if s := g.stats(); s.SnapshotsDamaged != 2 || s.ActivationsFresh != 2 || len(g.log.with("a snapshot cannot be read")) != 2 {
		t.Fatalf("%+v", s)
	}
	// The fresh state overwrites what could not be read.
	g.expire()
	if s := g.state(1); len(s.Applied) != 1 {
		t.Fatalf("%+v", s)
	}
}

func TestFailedLoadIsNeverFresh(t *testing.T) {
	store := newMemoryStore()
	g := start(t, store, nil, nil)
	g.want(Applied, Input{User: 1, ID: 1, Payload: note{n: 1}})
	g.expire()
	store.set(func(m *memoryStore) { m.failLoad = true })
	a, b := g.send(Input{User: 1, ID: 2, Payload: note{n: 2}}), g.send(Input{User: 1, ID: 3, Payload: note{n: 3}})
	if x, y := g.await(a), g.await(b); x != Busy || y != Busy {
		t.Fatal(x, y)
	}
	s := g.until("the end of the session", func(s Stats) bool { return s.Sessions == 0 && s.UsersKnown == 0 })
	if s.SnapshotLoadsFailed == 0 || s.Passivations != (Passivations{Idle: 1}) {
		t.Fatalf("%+v", s)
	}
	store.set(func(m *memoryStore) { m.failLoad = false })
	g.want(Applied, Input{User: 1, ID: 2, Payload: note{n: 2}})
	if s := g.state(1); !reflect.DeepEqual(s.Applied, []int{1, 2}) {
		t.Fatalf("%+v", s)
	}
}

func TestPassingFaultsOfTheStore(t *testing.T) {
	store := newMemoryStore()
	g := start(t, store, func(c *Config) { c.SnapshotDeadline = time.Minute }, nil)
	store.set(func(m *memoryStore) { m.failSave = true })
	first := g.send(Input{User: 1, ID: 1, Payload: note{n: 1}})
	g.until("the checkpoint", func(s Stats) bool { return s.SnapshotSavesWaiting == 1 })
	g.clock.advance(g.cfg.IdleLife + time.Second)
	g.tell(&sweepOrder{})
	again := g.send(Input{User: 1, ID: 2, Payload: note{n: 2}}) // waits for the session to be stored
	deadline := time.Now().Add(10 * time.Second)
	for tries := 0; tries < 2; {
		store.set(func(m *memoryStore) { tries = m.saves })
		if time.Now().After(deadline) {
			t.Fatal("the save was not tried again")
		}
		time.Sleep(time.Millisecond)
	}
	g.until("the second input", func(s Stats) bool { return s.StashInputs == 1 })
	store.set(func(m *memoryStore) { m.failSave, m.failLoad = false, true })
	g.until("the save", func(s Stats) bool { return s.SnapshotsSaved == 1 })
	store.set(func(m *memoryStore) { m.failLoad = false }) // the load is tried again too
	if a, b := g.await(first), g.await(again); a != Applied || b != Applied {
		t.Fatal(a, b)
	}
	if s := g.state(1); !reflect.DeepEqual(s.Applied, []int{1, 2}) || g.stats().SnapshotsGivenUp != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestMemoryIsReleasedWhileTheStoreIsAway(t *testing.T) {
	for name, away := range map[string]func(*memoryStore){
		"fails": func(m *memoryStore) { m.failSave = true },
		"hangs": func(m *memoryStore) { m.hang = true },
	} {
		t.Run(name, func(t *testing.T) {
			const users = 5000
			store := newMemoryStore()
			g := start(t, store, func(c *Config) {
				c.MaxSessions, c.SnapshotDeadline = users, 100*time.Millisecond
			}, nil)
			store.set(away)
			for u := range users {
				g.send(Input{User: int64(u), ID: 1, Payload: note{n: u}})
			}
			g.until("the inputs", func(s Stats) bool { return s.InputsApplied == users })
			g.expire()
			if s := g.stats(); s.SnapshotsGivenUp < users || s.Passivations.Idle != users || len(store.newest) > 0 {
				t.Fatalf("%+v", s)
			}
			if lines := g.log.with("the snapshot store is down"); len(lines) != 1 {
				t.Fatalf("lines: %q", lines)
			}
			store.set(func(m *memoryStore) { m.failSave, m.hang = false, false })
			g.want(Applied, Input{User: 1, ID: 2, Payload: note{n: 1}})
			g.expire()
			if s := g.stats(); s.SnapshotsSaved != 1 || len(g.log.with("the snapshot store is back")) != 1 {
				t.Fatalf("%+v", s)
			}
		})
	}
}

func TestShutdown(t *testing.T) {
	store := newMemoryStore()
	hold := make(chan func(any), 1)
	g := start(t, store, func(c *Config) { c.MaxSessions = 5000 },
		func(_ context.Context, e Effect, done func(any)) { hold <- done })
	for u := range 3000 {
		g.send(Input{User: int64(u + 1), ID: 1, Payload: note{n: u}})
	}
	slow := g.send(Input{User: 1, ID: 2, Payload: note{n: 5, emit: []any{"message"}}})
	done := <-hold
	type end struct {
		report ShutdownReport
		err    error
	}
	ended := make(chan end, 1)
	go func() {
		report, err := g.Shutdown(context.Background())
		ended <- end{report, err}
	}()
	for o := Outcome(0); o != Stopped; o = g.await(g.send(Input{User: 4000, Payload: note{}})) {
	}
	select {
	case e := <-ended:
		t.Fatalf("it did not wait for the message: %+v", e)
	case <-time.After(20 * time.Millisecond):
	}
	done(back{n: 7})
	if o := g.await(slow); o != Applied {
		t.Fatal(o)
	}
	e := <-ended
	if e.err != nil || e.report.Sessions < 3000 || len(store.newest) < 3000 || e.report.SnapshotsGivenUp+uint64(e.report.InputsAbandoned) != 0 {
		t.Fatalf("%+v", e)
	}
	if _, err := g.Stats(context.Background()); err != ErrStopped {
		t.Fatal(err)
	}
	if _, err := g.Purge(context.Background()); err != ErrStopped {
		t.Fatal(err)
	}
	g.want(Stopped, Input{User: 1, Payload: note{}})

	next := start(t, store, func(c *Config) { c.Epoch = 2 }, nil)
	if s := next.state(1); !reflect.DeepEqual(s.Applied, []int{0, 5}) || !reflect.DeepEqual(s.Results, []int{7}) {
		t.Fatalf("%+v", s)
	}
}

func TestShutdownThatMayWaitNoLonger(t *testing.T) {
	store := newMemoryStore()
	never := make(chan func(any), 8)
	g := start(t, store, func(c *Config) { c.MaxSessions = 3 }, func(_ context.Context, e Effect, done func(any)) { never <- done })
	emitted := g.send(Input{User: 1, ID: 1, Payload: note{n: 1, emit: []any{"message"}}})
	stuck := g.send(Input{User: 2, ID: 1, Payload: note{n: 1, await: []any{"write"}}})
	behind := g.send(Input{User: 2, ID: 2, Payload: note{n: 2}})
	g.send(Input{User: 3, ID: 1, Payload: note{n: 1, await: []any{"write"}}})
	g.until("the sessions", func(s Stats) bool { return s.Sessions == 3 })
	waiting := g.send(Input{User: 4, ID: 1, Payload: note{n: 1, await: []any{"write"}}})
	g.until("a fourth user", func(s Stats) bool { return s.Passivations.Size == 1 })
	store.set(func(m *memoryStore) { m.hang = true })
	last := g.send(Input{User: 5, ID: 1, Payload: note{n: 1}})

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	report, err := g.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "inputs") || report.InputsAbandoned != 6 {
		t.Fatalf("%+v %v", report, err)
	}
	for _, c := range []<-chan Outcome{stuck, behind, waiting, last} {
		if o := g.await(c); o != Stopped {
			t.Fatal(o)
		}
	}
	for range 4 { // whose effects are done too late: settled all the same
		(<-never)(back{n: 1})
	}
	if o := g.await(emitted); o != Applied { // and stored, when its session left
		t.Fatal(o)
	}
	if n := g.unsettled.Load(); n != 0 {
		t.Fatalf("%d unsettled", n)
	}
	if again, err2 := g.Shutdown(context.Background()); again != report || err2 != err {
		t.Fatal(again, err2)
	}
}

func TestWhatShutdownCouldNotStoreComesAgain(t *testing.T) {
	store := newMemoryStore()
	store.hang = true
	g := start(t, store, patiently, nil)
	applied := g.send(Input{User: 1, ID: 1, Payload: note{n: 1}})
	g.until("the input", func(s Stats) bool { return s.SnapshotSavesWaiting == 1 })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if report, err := g.Shutdown(ctx); err == nil || report.InputsAbandoned != 1 || report.SnapshotsGivenUp == 0 {
		t.Fatalf("%+v %v", report, err)
	}
	if o := g.await(applied); o != Stopped {
		t.Fatalf("%v: it would not be delivered again", o)
	}
}

func TestOlderSnapshotsAreLeftOut(t *testing.T) {
	old := Snapshot{User: 1, Epoch: 1, Incarnation: 9, Revision: 9}
	for _, s := range []Snapshot{{1, 1, 9, 8, nil}, {1, 1, 8, 10, nil}, {1, 0, 10, 10, nil}} {
		if !newer(old, s) || newer(s, old) {
			t.Fatalf("%+v", s)
		}
	}
}

// What is stored of users is read without bringing their sessions into memory; what cannot be read is
// as if it were not there.
func TestStored(t *testing.T) {
	store := newMemoryStore()
	g := start(t, store, patiently, nil)
	for user := range int64(3) {
		g.want(Applied, Input{User: user + 1, ID: 1, Payload: note{n: int(user) + 10}})
	}
	store.set(func(m *memoryStore) {
		damaged := m.newest[3]
		damaged.Data = append([]byte{1}, damaged.Data...)
		m.newest[3] = damaged
	})
	states, err := g.Stored(t.Context(), []int64{2, 3, 4})
	if err != nil || len(states) != 1 || !reflect.DeepEqual(states[2].Applied, []int{11}) {
		t.Fatal(states, err)
	}
	if s := g.stats(); s.Sessions != 3 {
		t.Fatalf("%d sessions in memory", s.Sessions)
	}
	store.set(func(m *memoryStore) { m.failLoad = true })
	if states, err = g.Stored(t.Context(), []int64{2}); !errors.Is(err, errDown) {
		t.Fatal(states, err)
	}
	without := start(t, nil, nil, nil)
	if states, err = without.Stored(t.Context(), []int64{2}); err != nil || len(states) != 0 {
		t.Fatal(states, err)
	}
}
