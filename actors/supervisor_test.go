package actors

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestManyUsersShareFewSessions(t *testing.T) {
	const users, each, room = 1000, 10, 50
	g := start(t, newMemoryStore(), func(c *Config) { c.MaxSessions = room }, nil)
	var most atomic.Int64
	stop, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for {
			select {
			case <-stop:
				return
			default:
				s, err := g.Stats(context.Background())
				if err != nil {
					return
				}
				most.Store(max(most.Load(), int64(s.Sessions)))
			}
		}
	}()
	outcomes := make([]<-chan Outcome, 0, users*each)
	for i := range each {
		for u := range users {
			outcomes = append(outcomes, g.send(Input{User: int64(u + 1), ID: int64(i + 1), Payload: note{n: i}}))
		}
	}
	for _, o := range outcomes {
		if got := g.await(o); got != Applied {
			t.Fatal(got)
		}
	}
	close(stop)
	<-watched
	for u := range users {
		if s := g.state(int64(u + 1)); !reflect.DeepEqual(s.Applied, ids(each)) {
			t.Fatalf("user %d: %v", u+1, s.Applied)
		}
	}
	// An input is counted out of flight just after its outcome was told.
	g.until("nothing in flight", func(s Stats) bool { return s.InputsInFlight == 0 })
	s := g.stats()
	if most.Load() > room || s.Sessions > room || s.Passivations.Size == 0 || s.StashInputs != 0 {
		t.Fatalf("at most %d sessions: %+v", most.Load(), s)
	}
}

func TestTheOldestMakesRoom(t *testing.T) {
	g := start(t, nil, func(c *Config) { c.MaxSessions = 3 }, nil)
	for _, u := range []int64{1, 2, 3, 1, 4} { // 2 has been silent longest
		g.want(Applied, Input{User: u, Payload: note{n: 1}})
	}
	g.until("room", func(s Stats) bool { return s.Sessions == 3 && s.Passivations.Size == 1 })
	for user, n := range map[int64]int{1: 2, 3: 1, 4: 1} {
		if s := g.state(user); len(s.Applied) != n {
			t.Fatalf("user %d lost its state", user)
		}
	}
}

func TestStashIsBounded(t *testing.T) {
	hold := make(chan func(any), 1)
	g := start(t, nil, func(c *Config) { c.MaxSessions, c.MaxStash = 1, 4 },
		func(_ context.Context, e Effect, done func(any)) { hold <- done })
	busy := g.send(Input{User: 1, Payload: note{n: 1, await: []any{"slow"}}})
	var waiting []<-chan Outcome
	for u := range 4 {
		waiting = append(waiting, g.send(Input{User: int64(10 + u), Payload: note{n: 1}}))
	}
	g.want(Busy, Input{User: 20, Payload: note{n: 1}})
	if s := g.stats(); s.StashInputs != 4 || s.UsersWaiting != 4 || s.Sessions != 1 || s.UsersKnown != 5 {
		t.Fatalf("%+v", s)
	}
	(<-hold)(nil)
	g.await(busy)
	for _, w := range waiting {
		if o := g.await(w); o != Applied {
			t.Fatal(o)
		}
	}
}

func TestIdleSessionsLeave(t *testing.T) {
	store := newMemoryStore()
	g := start(t, store, nil, nil)
	for u := range 5 {
		g.want(Applied, Input{User: int64(u), ID: 1, Payload: note{n: u}})
	}
	g.clock.advance(g.cfg.IdleLife - time.Second)
	g.want(Applied, Input{User: 3, ID: 2, Payload: note{n: 30}})
	g.clock.advance(2 * time.Second)
	g.tell(&sweepOrder{})
	g.until("the sweep", func(s Stats) bool { return s.Sessions == 1 && s.Passivations.Idle == 4 })
	if s := g.state(2); !reflect.DeepEqual(s.Applied, []int{2}) {
		t.Fatalf("%+v", s)
	}
	s := g.stats()
	if s.ActivationsRestored != 1 || s.ActivationsFresh != 5 || s.SnapshotsSaved != 7 || s.Incarnations != 6 || s.OldestIdleSeconds != 2 {
		t.Fatalf("%+v", s)
	}
	// What the store has is not written again.
	g.expire()
	before := g.stats()
	g.want(Poisoned, Input{User: 3, ID: 3, Payload: note{panics: 2, tried: new(int)}})
	g.expire()
	if s := g.stats(); s.SnapshotsSaved != before.SnapshotsSaved || s.ActivationsRestored != before.ActivationsRestored+1 {
		t.Fatalf("%+v", s)
	}
}

func TestGuardMakesTheOldestHalfLeave(t *testing.T) {
	store := newMemoryStore()
	g := start(t, store, func(c *Config) { c.MaxSessions = 1000 }, nil)
	for u := range 500 {
		g.send(Input{User: int64(u + 1), ID: 1, Payload: note{n: u, prepare: 40}})
		g.clock.advance(time.Millisecond)
	}
	g.until("the sessions", func(s Stats) bool { return s.PreparedEvents == 500*40 })
	g.rss.set(600 * mebibyte)
	g.look()
	g.until("the purge", func(s Stats) bool { return s.Passivations.Memory == 250 })
	g.rss.set(450 * mebibyte)
	s := g.until("the end of the purge", func(s Stats) bool { return s.Guard == GuardNormal && s.Purges == 1 })
	if s.Sessions != 250 || s.PreparedEvents != 250*25 || s.PreparedLimit != 50 {
		t.Fatalf("%+v", s)
	}
	want := []string{
		"MEMORY GUARD: memory above threshold (600.0MB > 512MB), forced clean-up starts",
		"MEMORY GUARD: removed 250 entries from user_state",
		"MEMORY GUARD: clean-up done, memory: 450.0MB (freed 150.0MB)",
	}
	if got := g.log.with("MEMORY GUARD"); !reflect.DeepEqual(got, want) {
		t.Fatalf("lines: %q", got)
	}
	for _, u := range []int64{1, 250} { // they left
		if s := g.state(u); !reflect.DeepEqual(s.Applied, []int{int(u - 1)}) || len(s.List) != 40 {
			t.Fatalf("user %d: %+v", u, s)
		}
	}
	if s := g.state(251); len(s.List) != 25 { // it stayed
		t.Fatalf("user 251: %+v", s)
	}
}

func TestPressure(t *testing.T) {
	store := newMemoryStore()
	g := start(t, store, func(c *Config) { c.MaxSessions = 1000 }, nil)
	for u := range 200 {
		g.send(Input{User: int64(u + 1), ID: 1, Payload: note{n: u, prepare: 50}})
	}
	g.until("the sessions", func(s Stats) bool { return s.InputsApplied == 200 })
	g.rss.set(5 << 30) // far more than can be reusable
	g.look()
	g.until("pressure", func(s Stats) bool { return s.Guard == GuardPressure && s.Sessions == 100 })
	if lines := g.log.with("MEMORY GUARD: pressure"); len(lines) != 1 || !strings.Contains(lines[0], "in use > 512MB") {
		t.Fatalf("lines: %q", lines)
	}
	g.look()
	g.until("the floor", func(s Stats) bool {
		return s.Purges == 2 && s.Sessions == guardFloor && s.PreparedEvents == guardFloor*25
	})
	// A stranger is refused, whoever was here is served, with the shorter list.
	g.want(Busy, Input{User: 9999, ID: 1, Payload: note{n: 1}})
	g.want(Applied, Input{User: 1, ID: 2, Payload: note{n: 2, prepare: 50}})
	if s := g.state(1); len(s.List) != 25 || len(s.Applied) != 2 || g.PreparedLimit() != 25 {
		t.Fatalf("%+v", s)
	}
	s := g.until("the stranger's end", func(s Stats) bool { return s.Sessions == guardFloor+1 })
	if s.StrangersRefused != 1 || s.Passivations.Memory != 200-guardFloor {
		t.Fatalf("%+v", s)
	}
	g.rss.set(400 * mebibyte)
	g.look()
	g.until("relief", func(s Stats) bool { return s.Guard == GuardNormal && s.PreparedLimit == 50 })
	g.look()
	g.want(Applied, Input{User: 9999, ID: 1, Payload: note{n: 1}})
	lines := g.log.with("MEMORY GUARD: pressure")
	if len(lines) != 2 || lines[1] != "MEMORY GUARD: pressure is over, memory: 400.0MB" {
		t.Fatalf("lines: %q", lines)
	}
}

func TestThresholdBelowTheBareProcess(t *testing.T) {
	for threshold, want := range map[uint64]int{99 * mebibyte: 1, 100 * mebibyte: 0, 0: 0} {
		g := start(t, nil, func(c *Config) { c.MemoryThreshold = threshold }, nil)
		g.until("the line after it", func(Stats) bool { return len(g.log.with("MEMORY STATS")) == 1 })
		if lines := g.log.with("MEMORY GUARD: memory is above the threshold without any session (100.0MB > 99MB)"); len(lines) != want {
			t.Errorf("threshold %d: %q", threshold, lines)
		}
	}
}

func TestPressureWithoutAStore(t *testing.T) {
	g := start(t, nil, nil, nil)
	g.want(Applied, Input{User: 1, Payload: note{n: 1}})
	g.want(Applied, Input{User: 2, Payload: note{n: 1}})
	g.rss.set(5 << 30)
	g.look()
	g.until("pressure", func(s Stats) bool { return s.Guard == GuardPressure && s.Sessions == 1 })
	g.want(Busy, Input{User: 3, Payload: note{n: 1}})
	g.want(Applied, Input{User: 2, Payload: note{n: 2}})
	if s := g.stats(); s.StrangersRefused != 1 || s.UsersKnown != 1 {
		t.Fatalf("%+v", s)
	}
}

func TestNoMemoryReaderNoGuard(t *testing.T) {
	g := start(t, nil, nil, nil)
	g.rss.mu.Lock()
	g.rss.err = fmt.Errorf("no such file")
	g.rss.mu.Unlock()
	g.want(Applied, Input{User: 1, Payload: note{n: 1}})
	g.look()
	g.look()
	if n, err := g.Purge(context.Background()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if lines := g.log.with("resident memory cannot be read"); len(lines) != 1 {
		t.Fatalf("lines: %q", lines)
	}
	g.logSizes(context.Background())
	if lines := g.log.with("MEMORY STATS: user_state=0, prepared_events=0, memory=unknown"); len(lines) == 0 {
		t.Fatalf("lines: %q", lines)
	}
}

func TestSizesAreLoggedAtTheStart(t *testing.T) {
	g := start(t, nil, nil, nil)
	deadline := time.Now().Add(10 * time.Second)
	for len(g.log.with("MEMORY STATS: user_state=0, prepared_events=0, memory=100.0MB")) != 1 {
		if time.Now().After(deadline) {
			t.Fatalf("lines: %q", g.log.with(""))
		}
		time.Sleep(time.Millisecond)
	}
}

func TestPeriodicWork(t *testing.T) {
	g := start(t, nil, func(c *Config) {
		c.GuardEvery, c.SweepEvery, c.LogEvery = time.Millisecond, time.Millisecond, time.Millisecond
	}, nil)
	g.want(Applied, Input{User: 1, Payload: note{n: 1}})
	g.rss.set(123 * mebibyte)
	g.until("a look at memory", func(s Stats) bool { return s.RSSBytes == 123*mebibyte })
	g.clock.advance(g.cfg.IdleLife + time.Second)
	g.until("a sweep", func(s Stats) bool { return s.Passivations.Idle == 1 && len(g.log.with("MEMORY STATS")) > 2 })
}

func TestOperatorPurges(t *testing.T) {
	store := newMemoryStore()
	g := start(t, store, nil, nil)
	for u := range 7 {
		g.want(Applied, Input{User: int64(u), ID: 1, Payload: note{n: u, prepare: 30}})
	}
	n, err := g.Purge(context.Background())
	if n != 4 || err != nil {
		t.Fatal(n, err)
	}
	if s := g.stats(); s.Passivations.Operator != 4 || s.Sessions != 3 || s.PreparedEvents != 3*25 || s.Guard != GuardNormal {
		t.Fatalf("%+v", s)
	}
	// While one is under way there is no second.
	store.set(func(m *memoryStore) { m.hang = true })
	ctx, cancel := context.WithCancel(context.Background())
	first := make(chan error, 1)
	go func() { _, err := g.Purge(ctx); first <- err }()
	g.until("the purge", func(s Stats) bool { return s.Purges == 2 })
	if _, err := g.Purge(context.Background()); err != ErrPurging {
		t.Fatal(err)
	}
	cancel()
	if err := <-first; err != context.Canceled {
		t.Fatal(err)
	}
}

func TestMailboxIsCounted(t *testing.T) {
	hold := make(chan func(any), 1)
	g := start(t, nil, func(c *Config) { c.MaxInFlight = 1 }, func(_ context.Context, _ Effect, done func(any)) { hold <- done })
	g.until("the start", func(Stats) bool { return len(g.log.with("MEMORY STATS")) == 1 })
	g.send(Input{User: 1, ID: 1, Payload: note{await: []any{"write"}}})
	reached, release := make(chan struct{}), make(chan struct{})
	g.Deliver(Input{User: 1, ID: 2, Settled: func(Outcome) { close(reached); <-release }}) // holds up the supervisor
	<-reached
	reply := make(chan answer[Stats], 1)
	g.tell(&statsQuery{reply})
	for id := range int64(5) {
		g.Deliver(Input{User: 1, ID: 3 + id})
	}
	close(release)
	if s := (<-reply).value; s.SupervisorMailbox != 5 {
		t.Errorf("%+v", s)
	}
	(<-hold)(nil)
}

func TestPurgeRebuildsTheTable(t *testing.T) {
	g := start(t, nil, func(c *Config) { c.MaxSessions = 2000 }, nil)
	for u := range 2000 {
		g.send(Input{User: int64(u), Payload: note{n: u}})
	}
	g.until("the sessions", func(s Stats) bool { return s.InputsApplied == 2000 })
	if _, err := g.Purge(context.Background()); err != nil {
		t.Fatal(err)
	}
	for u := range 2000 {
		g.want(Applied, Input{User: int64(u), Payload: note{n: 1}})
		if s := g.state(int64(u)); u >= 1000 && len(s.Applied) != 2 {
			t.Fatalf("user %d was lost: %+v", u, s)
		}
	}
}
