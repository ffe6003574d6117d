package actors

import (
	"log/slog"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// users lists an order from its first to its last, and checks the links back.
func (o *order) users(t *rapid.T) []int64 {
	var out []int64
	var prev *entry
	for e := o.first; e != nil; e = e.next {
		if e.prev != prev {
			t.Fatalf("the link back from %d is wrong", e.user)
		}
		out, prev = append(out, e.user), e
	}
	if o.last != prev || o.n != len(out) {
		t.Fatal("the end or the length is wrong")
	}
	return out
}

func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o order
		var model []int64
		entries := map[int64]*entry{}
		var visited []int64 // by a walk that goes on between the steps
		walking := false
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			user := rapid.Int64Range(1, 8).Draw(t, "user")
			e := entries[user]
			switch op := rapid.IntRange(0, 4).Draw(t, "op"); {
			case op == 0 && !walking:
				o.cursor, walking, visited = o.first, true, nil
			case op == 1 && walking:
				if o.cursor == nil {
					walking = false
					break
				}
				visited = append(visited, o.cursor.user)
				o.cursor = o.cursor.next
				if walking && o.cursor != nil && o.cursor.prev.user != visited[len(visited)-1] {
					t.Fatal("the walk skipped one")
				}
			case e == nil:
				e = &entry{user: user}
				entries[user] = e
				o.push(e)
				model = append(model, user)
			case op == 2:
				o.remove(e)
				delete(entries, user)
				model = slices.DeleteFunc(model, func(u int64) bool { return u == user })
			default:
				o.touch(e, 5)
				model = append(slices.DeleteFunc(model, func(u int64) bool { return u == user }), user)
			}
			if got := o.users(t); !slices.Equal(got, model) {
				t.Fatalf("%v, not %v", got, model)
			}
		}
	})
}

func TestTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tab table
		model := map[int64]*entry{}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			user := rapid.Int64Range(-5, 5).Draw(t, "user")
			switch rapid.IntRange(0, 3).Draw(t, "op") {
			case 0:
				if model[user] == nil {
					model[user] = &entry{user: user}
					tab.put(model[user])
				}
			case 1:
				tab.remove(&entry{user: user}) // of an earlier life: leaves the present one alone
			case 2:
				if e := model[user]; e != nil {
					tab.remove(e)
					delete(model, user)
				}
			case 3:
				tab.rebuild(shard(user))
			}
			n := 0
			tab.each(func(e *entry) {
				n++
				if model[e.user] != e || tab.get(e.user) != e {
					t.Fatal("a stray entry")
				}
			})
			if n != len(model) || tab.n != n {
				t.Fatalf("%d entries, %d counted, not %d", n, tab.n, len(model))
			}
		}
	})
}

// TestATableShrinks: what a purge at the end of its slices leaves of the maps of many entries is small.
func TestATableShrinks(t *testing.T) {
	const n, stay = 200_000, 100
	s := manyEntries(n)
	for e := s.active.first; e != nil && s.table.n > stay; e = e.next {
		s.table.remove(e)
	}
	before := heapInUse()
	s.cfg.Now, s.sampler, s.halted = time.Now, newSampler(nil, s.log), true // nobody is told how it ends
	s.purge = &purge{gone: n - stay}
	s.rounds = []*round{{kind: trimPrepared}} // one is under way, so that the purge starts none
	s.checkPurge()
	for s.rebuildSome() {
	}
	s.workers.Wait()
	const atLeast = n * 16 / 2 // bytes of keys and pointers, a half of them
	if after := heapInUse(); before < after+atLeast {
		t.Errorf("a table of %d entries gave back %d bytes, not %d", n, int64(before)-int64(after), atLeast)
	}
	if s.table.n != stay || len(s.table.shards[shard(n-1)]) == 0 || s.table.get(n-1) == nil {
		t.Error("who stays was lost")
	}
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestUpdatesRememberTheLast(t *testing.T) {
	var u updates
	for i := int64(1); i <= 3*MaxApplied; i++ {
		u.add(i)
		for id := int64(1); id <= i; id++ {
			if u.has(id) != (id > i-MaxApplied) {
				t.Fatalf("after %d: %d", i, id)
			}
		}
	}
	if cap(u) > MaxApplied {
		t.Fatalf("capacity %d", cap(u))
	}
}

func TestPressesRememberTheLast(t *testing.T) {
	var p presses
	for i := int64(1); i <= 3*MaxPresses; i++ {
		p.add(uint64(i), i)
	}
	if !p.has(3*MaxPresses) || !p.has(2*MaxPresses+1) || p.has(2*MaxPresses) || cap(p) > MaxPresses {
		t.Fatal(p)
	}
	if n := p.dropBefore(2*MaxPresses + 3); n != 2 || p.has(2*MaxPresses+2) || !p.has(2*MaxPresses+3) || len(p) != MaxPresses-2 {
		t.Fatal(n, p)
	}
	if n := p.dropBefore(1 << 40); n != MaxPresses-2 || len(p) != 0 || p.dropBefore(1<<40) != 0 {
		t.Fatal(n, p)
	}
}

// TestNoAllocations holds what happens for every input, and for every session of a sweep
// or a purge, to no allocation at all.
func TestNoAllocations(t *testing.T) {
	s := manyEntries(1000)
	var u updates
	var p presses
	for i := range int64(MaxApplied) {
		u.add(i)
		p.add(uint64(i), i)
	}
	i := int64(0)
	for name, f := range map[string]func(){
		"touch":         func() { i++; s.active.touch(s.table.get(i%1000), i) },
		"sweep":         func() { sweepAll(s) },
		"oldest half":   func() { chooseHalf(s) },
		"duplicate":     func() { u.has(-1); p.has(1 << 60) },
		"remember":      func() { i++; u.add(i); p.add(uint64(i), i) },
		"forget":        func() { p.dropBefore(0) },
		"fifo":          func() { var q fifo; q.push(&spare); q.pop() },
		"guard observe": func() { s.guard.observe(s.seen) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

var spare item

// manyEntries is a supervisor with n active users and no actors behind them.
func manyEntries(n int) *supervisor {
	cfg := Defaults()
	cfg.MaxSessions = n
	s := newSupervisor(&core{cfg: cfg, log: slog.New(slog.DiscardHandler)})
	for u := range int64(n) {
		e := &entry{user: u, phase: active, used: u}
		s.table.put(e)
		s.active.push(e)
		s.live++
	}
	return s
}

// sweepAll finds all sessions expired, as the sweep does, and puts them back.
func sweepAll(s *supervisor) {
	n := s.active.n
	s.expired = 1 << 62
	for range n {
		e := s.active.first
		if why, ok := s.reasonToLeave(e); !ok || why != reasonIdle {
			panic("not expired")
		}
		s.active.remove(e)
		s.active.push(e)
	}
	s.expired = 0
}

// chooseHalf chooses the oldest half, as a purge does, and puts it back.
func chooseHalf(s *supervisor) {
	halfPurge = purge{reason: reasonMemory, left: half(s.active.n)}
	s.purge = &halfPurge
	for s.purge.wants() {
		e := s.active.first
		if why, ok := s.reasonToLeave(e); !ok || why != reasonMemory {
			panic("not chosen")
		}
		s.active.remove(e)
		s.active.push(e)
	}
	s.purge = nil
}

var halfPurge purge

func TestConfigIsValidated(t *testing.T) {
	if err := new(Config).validate(); err == nil {
		t.Fatal("zeros are no configuration")
	}
	for name, spoil := range map[string]func(*Config){
		"MaxSessions":      func(c *Config) { c.MaxSessions = 0 },
		"IdleLife":         func(c *Config) { c.IdleLife = -time.Second },
		"MaxPrepared":      func(c *Config) { c.MaxPrepared = 0 },
		"GuardedPrepared":  func(c *Config) { c.GuardedPrepared = c.MaxPrepared + 1 },
		"SweepEvery":       func(c *Config) { c.SweepEvery = 0 },
		"LogEvery":         func(c *Config) { c.LogEvery = 0 },
		"GuardEvery":       func(c *Config) { c.GuardEvery = 0 },
		"MaxInFlight":      func(c *Config) { c.MaxInFlight = MaxApplied + 1 },
		"MaxStash":         func(c *Config) { c.MaxStash = 0 },
		"SnapshotDeadline": func(c *Config) { c.SnapshotDeadline = 0 },
	} {
		c := Defaults()
		if err := c.validate(); err != nil {
			t.Fatal(err)
		}
		spoil(&c)
		if _, err := New[tally](c, tallyBot{}, performer(echo), nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlainData(t *testing.T) {
	type nested struct {
		_    struct{} `cbor:",toarray"`
		N    [3]int8
		M    map[string][]float64
		Next *nested
		At   time.Time
	}
	for _, v := range []any{1, "", tally{}, nested{}, []byte{}, &nested{}, map[int]bool{}} {
		if err := PlainData(reflect.TypeOf(v)); err != nil {
			t.Errorf("%T: %v", v, err)
		}
	}
	for _, v := range []any{
		nil, func() {}, make(chan int), uintptr(0), complex(1, 1), sync.Mutex{}, &atomic.Int64{},
		struct{ F func() }{}, struct{ I any }{}, struct{ E error }{}, struct{ hidden int }{},
		[]func(){}, map[string]any{}, map[any]int{}, [1]chan int{}, struct{ P *struct{ M sync.RWMutex } }{},
	} {
		if err := PlainData(reflect.TypeOf(v)); err == nil {
			t.Errorf("%T was taken for plain data", v)
		}
	}
}

func TestNames(t *testing.T) {
	for o := range outcomes {
		if strings.Contains(o.String(), "(") {
			t.Errorf("outcome %d has no name", o)
		}
	}
	if Outcome(99).String() != "outcome(99)" || GuardState(9).String() != "guard(9)" {
		t.Error("an unknown value has no name")
	}
}
