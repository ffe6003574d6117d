package actors

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"
	"time"
	"weak"
)

// gated is a store whose saves wait for the test.
func gated() *memoryStore {
	store := newMemoryStore()
	store.gate = make(chan struct{})
	return store
}

// open lets all saves through from now on.
func (m *memoryStore) open() {
	gate := m.gate
	m.set(func(m *memoryStore) { m.gate = nil })
	close(gate)
}

// patiently gives a runtime all the time that a slow machine may need.
func patiently(c *Config) { c.SnapshotDeadline = time.Minute }

// unsettledYet fails where an input has settled.
func unsettledYet(t *testing.T, why string, c <-chan Outcome) {
	t.Helper()
	select {
	case o := <-c:
		t.Fatalf("%s: settled as %v", why, o)
	case <-time.After(20 * time.Millisecond):
	}
}

func TestAnInputSettlesWhenItsStateIsStored(t *testing.T) {
	store := gated()
	g := start(t, store, patiently, nil)
	first := g.send(Input{User: 1, ID: 1, Payload: note{n: 1}})
	unsettledYet(t, "nothing is stored", first)
	store.open()
	if o := g.await(first); o != Applied {
		t.Fatal(o)
	}
	if s, _ := store.get(t, 1); !reflect.DeepEqual(s.Applied, []int{1}) {
		t.Fatalf("settled, and stored is %+v", s)
	}
	g.want(Repeated, Input{User: 1, ID: 1, Payload: note{n: 1}})
	if s, _ := store.get(t, 1); s.Shown != 1 {
		t.Fatalf("a duplicate settled, and stored is %+v", s)
	}
}

func TestAnInputSettlesWhenItsResultsAreStored(t *testing.T) {
	store := newMemoryStore()
	hold := make(chan func(any), 2)
	g := start(t, store, patiently, func(_ context.Context, _ Effect, done func(any)) { hold <- done })
	sent := g.send(Input{User: 1, ID: 1, Payload: note{n: 1, emit: []any{"message", "answer"}}})
	message, answer := <-hold, <-hold
	answer(nil)
	unsettledYet(t, "its message is not sent", sent)
	if _, there := store.get(t, 1); there {
		t.Fatal("a state was stored that will change yet")
	}
	store.set(func(m *memoryStore) { m.gate = make(chan struct{}) })
	message(back{n: 77})
	unsettledYet(t, "the message's id is not stored", sent)
	store.open()
	g.await(sent)
	if s, _ := store.get(t, 1); !reflect.DeepEqual(s.Results, []int{77}) {
		t.Fatalf("%+v", s)
	}
	// Effects without results: the last of them has the state stored.
	sent = g.send(Input{User: 1, ID: 2, Payload: note{n: 2, emit: []any{"answer", "edit"}}})
	for range 2 {
		(<-hold)(nil)
	}
	g.await(sent)
	if s, _ := store.get(t, 1); !reflect.DeepEqual(s.Applied, []int{1, 2}) {
		t.Fatalf("%+v", s)
	}
}

func TestWhileACheckpointIsWrittenTheNextGathers(t *testing.T) {
	store := gated()
	g := start(t, store, patiently, nil)
	settled := []<-chan Outcome{g.send(Input{User: 1, ID: 1, Payload: note{n: 0}})}
	g.until("the first save", func(Stats) bool { store.mu.Lock(); defer store.mu.Unlock(); return store.saves == 1 })
	for i := 1; i < 20; i++ {
		settled = append(settled, g.send(Input{User: 1, ID: int64(i + 1), Payload: note{n: i}}))
	}
	other := g.send(Input{User: 2, ID: 1, Payload: note{n: 1}})
	g.until("the others", func(Stats) bool { return g.saver.batcher.len() == 1 }) // the second user's
	store.open()
	for _, c := range append(settled, other) {
		g.await(c)
	}
	if s, _ := store.get(t, 1); !reflect.DeepEqual(s.Applied, ids(20)) {
		t.Fatalf("%+v", s)
	}
	if s := g.stats(); s.SnapshotsSaved != 3 {
		t.Fatalf("%d snapshots were saved: the newest state of each was enough", s.SnapshotsSaved)
	}
}

func TestWhatIsStoredLeavesWithoutAWrite(t *testing.T) {
	store := newMemoryStore()
	g := start(t, store, nil, nil)
	for u := range 100 {
		g.want(Applied, Input{User: int64(u), ID: 1, Payload: note{n: u, prepare: 40}})
	}
	before := g.stats()
	if _, err := g.Purge(context.Background()); err != nil { // which cuts the lists of those that stay
		t.Fatal(err)
	}
	g.expire()
	if s := g.stats(); s.SnapshotsSaved != before.SnapshotsSaved || s.SnapshotsSaved != 100 {
		t.Fatalf("%+v", s)
	}
}

func TestASessionLeavesWhileItsCheckpointIsWritten(t *testing.T) {
	store := gated()
	g := start(t, store, patiently, nil)
	first := g.send(Input{User: 1, ID: 1, Payload: note{n: 1}})
	g.until("the save", func(Stats) bool { store.mu.Lock(); defer store.mu.Unlock(); return store.saves == 1 })
	second := g.send(Input{User: 1, ID: 2, Payload: note{n: 2}}) // newer than what is being written
	g.stats()                                                    // behind it in the supervisor
	g.clock.advance(g.cfg.IdleLife + time.Second)
	g.tell(&sweepOrder{})
	third := g.send(Input{User: 1, ID: 3, Payload: note{n: 3}}) // for the next incarnation
	store.open()
	for _, c := range []<-chan Outcome{first, second, third} {
		if o := g.await(c); o != Applied {
			t.Fatal(o)
		}
	}
	if s := g.state(1); !reflect.DeepEqual(s.Applied, []int{1, 2, 3}) {
		t.Fatalf("%+v", s)
	}
}

func TestCheckpointPastItsDeadline(t *testing.T) {
	store := newMemoryStore()
	store.failSave = true
	g := start(t, store, func(c *Config) { c.SnapshotDeadline = 50 * time.Millisecond }, nil)
	g.want(Applied, Input{User: 1, ID: 1, Payload: note{n: 1, lasting: true}})
	if s := g.stats(); s.SnapshotsGivenUp == 0 || len(g.log.with("the snapshot store is down")) != 1 {
		t.Fatalf("%+v", s)
	}
	// What was given up is stored when the store is back, by whomever that is noticed.
	store.set(func(m *memoryStore) { m.failSave = false })
	g.want(Applied, Input{User: 2, ID: 1, Payload: note{n: 2}})
	g.until("the one that was given up", func(Stats) bool { s, _ := store.get(t, 1); return len(s.Applied) == 1 })
	if len(g.log.with("the snapshot store is back")) != 1 {
		t.Fatal("nobody was told")
	}
}

// TestWhileTheStoreIsAway: what changed nothing for good settles on its delivered answer,
// what did waits for its checkpoint.
func TestWhileTheStoreIsAway(t *testing.T) {
	store := gated()
	g := start(t, store, patiently, nil)
	g.saver.down.Store(true)
	lasting := g.send(Input{User: 2, ID: 1, Payload: note{n: 1, await: []any{back{n: 1}}, lasting: true}})
	g.until("a probe", func(Stats) bool { return g.saver.probing.Load() })
	for i := range 50 {
		g.want(Applied, Input{User: 3, ID: int64(i + 1), Payload: note{n: i}})
	}
	unsettledYet(t, "what was written settled without its state", lasting)
	if s := g.stats(); s.SnapshotsGivenUp != 50 {
		t.Fatalf("%d snapshots were given up while the store was probed", s.SnapshotsGivenUp)
	}
	store.open()
	if o := g.await(lasting); o != Applied {
		t.Fatal(o)
	}
	if _, there := store.get(t, 2); !there {
		t.Fatal("what was written settled without its state, though the store was back in time")
	}
	g.until("those given up", func(Stats) bool { s, _ := store.get(t, 3); return len(s.Applied) == 50 })
}

// TestTheBufferOfSnapshotsIsBounded: sessions that cannot be stored at once wait without a
// snapshot, and are stored with what came meanwhile.
func TestTheBufferOfSnapshotsIsBounded(t *testing.T) {
	const users = 3 * maxGranted
	store := gated()
	g := start(t, store, func(c *Config) { c.MaxSessions = users; patiently(c) }, nil)
	settled := make([]<-chan Outcome, 0, 2*users)
	for i := range 2 {
		for u := range users {
			settled = append(settled, g.send(Input{User: int64(u), ID: int64(i + 1), Payload: note{n: i}}))
		}
	}
	s := g.until("all", func(s Stats) bool { return s.SnapshotSavesWaiting == users })
	if s.SnapshotsMade != maxGranted || s.MaxSnapshotsMade < maxGranted {
		t.Fatalf("%d of %d snapshots in the buffer", s.SnapshotsMade, s.MaxSnapshotsMade)
	}
	store.open()
	for _, c := range settled {
		g.await(c)
	}
	if s := g.stats(); s.SnapshotSavesWaiting != 0 || s.SnapshotsMade != 0 || s.SnapshotsSaved > users+maxGranted {
		t.Fatalf("%+v", s)
	}
}

// unencodable is a state that cannot be stored.
type unencodable struct{ N int }

func (unencodable) MarshalCBOR() ([]byte, error) { return nil, errors.New("no way") }

func TestAStateThatCannotBeEncoded(t *testing.T) {
	r := benchRuntime(t, 10, func(int64) unencodable { return unencodable{} }, newMemoryStore())
	for i := range int64(maxGranted) + 5 {
		settled := make(chan Outcome, 1)
		r.Deliver(Input{User: 1, ID: i + 1, Settled: func(o Outcome) { settled <- o }})
		if o := <-settled; o != Applied {
			t.Fatal(o)
		}
	}
	if r.count.snapshotsGivenUp.Load() == 0 {
		t.Fatal("nobody counts")
	}
}

// TestAfterAKill: what has settled is where the next program finds it, also of a session
// that never left memory.
func TestAfterAKill(t *testing.T) {
	store := newMemoryStore()
	killed := start(t, store, nil, nil)
	for i := range 10 {
		killed.want(Applied, Input{User: 1, ID: int64(i + 1), Press: uint64(i + 1), Payload: note{n: i, emit: []any{back{n: i}}}})
	}
	g := start(t, store, func(c *Config) { c.Epoch = 2 }, nil) // the first is never told to stop
	g.want(Repeated, Input{User: 1, ID: 10, Payload: note{n: 9}})
	g.want(Repeated, Input{User: 1, ID: 11, Press: 10, Payload: note{n: 9}})
	if s := g.state(1); !reflect.DeepEqual(s.Applied, ids(10)) || !reflect.DeepEqual(s.Results, ids(10)) {
		t.Fatalf("%+v", s)
	}
	// The old program writes late: refused, by the epoch.
	killed.want(Applied, Input{User: 1, ID: 50, Payload: note{n: 50}})
	if s, _ := store.get(t, 1); len(s.Applied) != 11 || s.Applied[10] != -1 || store.refused != 1 {
		t.Fatalf("%+v", s)
	}
}

// TestShutdownWhileTheStoreComesBack: nobody is given up while it is not known yet whether the
// store is back.
func TestShutdownWhileTheStoreComesBack(t *testing.T) {
	const users = 3000
	store := newMemoryStore()
	store.failSave = true
	g := start(t, store, func(c *Config) { c.MaxSessions = users; patiently(c) }, nil)
	g.saver.down.Store(true)
	for u := range users {
		g.send(Input{User: int64(u), ID: 1, Payload: note{n: u}})
	}
	g.until("the inputs", func(s Stats) bool { return s.InputsApplied == users && s.SnapshotSavesWaiting == 0 })
	if len(store.newest) > 0 {
		t.Fatal("stored where nothing can be")
	}
	store.set(func(m *memoryStore) { m.failSave = false })
	report, err := g.Shutdown(context.Background())
	if err != nil || report.SnapshotsSaved != users || report.SnapshotsGivenUp != 0 {
		t.Fatalf("%+v %v", report, err)
	}
}

// TestLateFlushAfterAGiveUp: a snapshot that was given up, since the store took too long, arrives
// when the user's next incarnation, which loaded what was there before, has stored a newer one.
func TestLateFlushAfterAGiveUp(t *testing.T) {
	store := newMemoryStore()
	wire := &cable{memoryStore: store}
	g := start(t, wire, func(c *Config) { c.SnapshotDeadline = 50 * time.Millisecond }, nil)
	g.want(Applied, Input{User: 1, ID: 1, Payload: note{n: 1}})
	wire.mu.Lock()
	wire.cut = true
	wire.mu.Unlock()
	for i := range 3 {
		g.want(Applied, Input{User: 1, ID: int64(i + 2), Payload: note{n: i + 2}})
	}
	g.expire()
	wire.mu.Lock()
	wire.cut = false
	late := wire.late
	wire.mu.Unlock()
	g.want(Applied, Input{User: 1, ID: 9, Payload: note{n: 9}})
	g.until("a checkpoint", func(Stats) bool { s, _ := store.get(t, 1); return len(s.Applied) == 2 && s.Applied[1] == 9 })
	if len(late) == 0 {
		t.Fatal("nothing is late")
	}
	if err := store.Save(t.Context(), late[len(late)-1:]); err != nil {
		t.Fatal(err)
	}
	if s, _ := store.get(t, 1); !reflect.DeepEqual(s.Applied, []int{1, 9}) {
		t.Fatalf("the older state is over the newer: %+v", s)
	}
}

// TestAGiveUpSettlesWhatIsNewerToo: a session leaves while its snapshot is tried, and has applied
// another input since that was made.
func TestAGiveUpSettlesWhatIsNewerToo(t *testing.T) {
	store := newMemoryStore()
	store.hang = true
	g := start(t, store, func(c *Config) { c.SnapshotDeadline = 300 * time.Millisecond }, nil)
	first := g.send(Input{User: 1, ID: 1, Payload: note{n: 1}})
	g.until("the save", func(Stats) bool { store.mu.Lock(); defer store.mu.Unlock(); return store.saves == 1 })
	second := g.send(Input{User: 1, ID: 2, Payload: note{n: 2}})
	g.until("the second input", func(Stats) bool { return g.unsettled.Load() == 2 })
	g.expire()
	for _, c := range []<-chan Outcome{first, second} {
		if o := g.await(c); o != Applied {
			t.Fatal(o)
		}
	}
}

// TestEveryInputEnds has a store that fails, hangs and comes back at random, with so short a deadline
// that snapshots are given up, while sessions leave: whatever becomes of a state, no input is forgotten.
func TestEveryInputEnds(t *testing.T) {
	const users = 20
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	store := newMemoryStore()
	g := start(t, store, func(c *Config) { c.SnapshotDeadline, c.MaxSessions = 20*time.Millisecond, users/2 }, nil)
	var sent []<-chan Outcome
	for i := range 3000 {
		switch dice.IntN(60) {
		case 0:
			store.set(func(m *memoryStore) { m.failSave, m.hang = dice.IntN(2) == 0, dice.IntN(3) == 0 })
		case 1:
			store.set(func(m *memoryStore) { m.failLoad = dice.IntN(3) == 0 })
		case 2:
			_, _ = g.Purge(t.Context()) // one may be under way
		case 3:
			time.Sleep(25 * time.Millisecond)
		}
		n := note{n: i, lasting: dice.IntN(2) == 0}
		if dice.IntN(3) == 0 {
			n.emit = []any{back{n: i}}
		}
		sent = append(sent, g.send(Input{User: dice.Int64N(users), ID: int64(i + 1), Payload: n}))
	}
	store.set(func(m *memoryStore) { m.failSave, m.hang, m.failLoad = false, false, false })
	for _, c := range sent {
		g.await(c)
	}
	if s := g.until("the end of all", func(s Stats) bool { return s.InputsInFlight == 0 && s.StashInputs == 0 }); s.SnapshotsGivenUp == 0 || s.SnapshotsSaved == 0 {
		t.Fatalf("%d snapshots were given up, %d saved", s.SnapshotsGivenUp, s.SnapshotsSaved)
	}
}

// TestAnOlderSnapshotSettlesNothingNewer: what was applied while a snapshot was written waits
// for the next.
func TestAnOlderSnapshotSettlesNothingNewer(t *testing.T) {
	store := gated()
	g := start(t, store, patiently, nil)
	first := g.send(Input{User: 1, ID: 1, Payload: note{n: 1}})
	g.until("the save", func(Stats) bool { store.mu.Lock(); defer store.mu.Unlock(); return store.saves == 1 })
	second := g.send(Input{User: 1, ID: 2, Payload: note{n: 2}})
	g.until("the second input", func(Stats) bool { return g.saver.batcher.len() == 0 && g.unsettled.Load() == 2 })
	store.gate <- struct{}{}
	if o := g.await(first); o != Applied {
		t.Fatal(o)
	}
	unsettledYet(t, "an older state was stored", second)
	store.open()
	if o := g.await(second); o != Applied {
		t.Fatal(o)
	}
}

// Of a state that holds nothing no snapshot is left, also when its session leaves memory.
func TestABlankStateIsNotKept(t *testing.T) {
	store := newMemoryStore()
	g := start(t, store, patiently, nil)
	g.want(Applied, Input{User: 1, ID: 1, Payload: note{n: 1}})
	if _, there := store.get(t, 1); !there {
		t.Fatal("nothing is stored")
	}
	g.want(Applied, Input{User: 1, ID: 2, Payload: note{forget: true}})
	if s, there := store.get(t, 1); there {
		t.Fatalf("stored is %+v", s)
	}
	g.want(Applied, Input{User: 2, ID: 3, Payload: note{forget: true}})
	if _, err := g.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for user := range int64(3) {
		if s, there := store.get(t, user); there {
			t.Errorf("stored of user %d is %+v", user, s)
		}
	}
	if n := g.count.snapshotsDamaged.Load(); n > 0 {
		t.Errorf("%d snapshots are damaged", n)
	}
}

// A session that has left is memory again, also while others wait in the queue that it has waited in: after an
// outage of the store that may be long, and there may be very many.
func TestWhoHasLeftIsNotKeptByThoseWhoWait(t *testing.T) {
	const users, first = 5 * maxGranted, maxGranted // the first in the queue
	store := gated()
	g := start(t, store, func(c *Config) {
		patiently(c)
		c.MaxSessions = users
	}, nil)
	seen := make(chan weak.Pointer[int32], 1)
	for u := range users {
		g.send(Input{User: int64(u), ID: 1, Payload: note{n: 1, prepare: 40}})
		if u == first-1 {
			g.until("the buffer", func(s Stats) bool { return s.SnapshotsMade == maxGranted })
		}
		if u == first {
			g.send(Input{User: first, ID: 2, Payload: note{n: 2, reply: func(s tally) { seen <- weak.Make(&s.List[0]) }}})
			g.until("its claim", func(s Stats) bool { return s.SnapshotSavesWaiting == first+1 }) // ahead of all others
		}
	}
	list := <-seen
	g.until("the claims", func(s Stats) bool { return s.SnapshotSavesWaiting == users })
	g.clock.advance(g.cfg.IdleLife + time.Second)
	g.tell(&sweepOrder{})
	for g.stats().Passivations.Idle <= first {
		store.gate <- struct{}{}
		g.until("the end of who is stored", func(s Stats) bool { return s.Passivations.Idle == s.SnapshotsSaved })
	}
	g.until("its end", func(Stats) bool { runtime.GC(); return list.Value() == nil })
	if made, open := g.saver.sizes(); made == open {
		t.Fatal("nobody waits any more: nothing is proven")
	}
	store.open()
}
