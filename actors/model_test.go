package actors

import (
	"context"
	"flag"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"
)

var (
	modelSteps = flag.Int("steps", 10_000, "steps of the test against the model")
	modelSeed  = flag.Uint64("seed", 0, "seed of the test against the model; 0: a new one")
)

// delivery is an input of the model and what became of it.
type delivery struct {
	id      int64
	poison  bool // panics as often as it is tried
	result  bool // an emitted effect has a result
	outcome chan Outcome
	got     Outcome
}

// model delivers at random and knows what must have come of it.
type model struct {
	*rig
	rand   *rand.Rand
	store  *memoryStore
	users  [][]*delivery
	nextID int64
	lost   uint64 // results, over all lives
}

// TestAgainstModel drives a runtime through random inputs, redeliveries, panics, idle
// times, purges, faults of the store and restarts, and compares with a simple model:
// every input applied exactly once, in order per user, over all incarnations.
func TestAgainstModel(t *testing.T) {
	seed := *modelSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	m := &model{rand: rand.New(rand.NewPCG(seed, 1)), store: newMemoryStore(), users: make([][]*delivery, 40)}
	for life := range 3 {
		m.rig = start(t, m.store, func(c *Config) {
			c.Epoch = uint64(life + 1)
			c.MaxSessions, c.MaxStash, c.MaxInFlight = 12, 200, 16
			c.SnapshotDeadline = time.Minute // faults pass before it: nothing is given up
		}, m.performer())
		for range *modelSteps / 3 {
			m.step()
		}
		m.heal()
		m.settle()
		m.check()
		s := m.stats()
		t.Logf("life %d: applied %d, repeated %d, poisoned %d, busy %d, refused %d, results lost %d, left %+v",
			life, s.InputsApplied, s.InputsRepeated, s.InputsPoisoned, s.InputsBusy, s.ActivationsRefused, s.ResultsLost, s.Passivations)
		report, err := m.Shutdown(context.Background())
		if err != nil || report.SnapshotsGivenUp > 0 {
			t.Fatal(report, err)
		}
	}
	m.rig = start(t, m.store, func(c *Config) { c.Epoch = 9 }, nil)
	m.check()
	if m.store.refused > 0 {
		t.Fatalf("%d older snapshots over newer ones", m.store.refused)
	}
}

// performer gives effects back at once, soon or later.
func (m *model) performer() performer {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(m.rand.Uint64(), 2))
	return func(_ context.Context, e Effect, done func(any)) {
		mu.Lock()
		how := r.IntN(4)
		mu.Unlock()
		result := e.Do
		if e.Do == "silent" {
			result = nil
		}
		switch how {
		case 0:
			done(result)
		case 1:
			time.AfterFunc(time.Millisecond, func() { done(result) })
		default:
			go done(result)
		}
	}
}

// step does one random thing.
func (m *model) step() {
	switch n := m.rand.IntN(1000); {
	case n < 10:
		m.clock.advance(m.cfg.IdleLife + time.Second)
		m.tell(&sweepOrder{})
	case n < 20:
		m.rss.set(uint64(100+m.rand.IntN(2)*5000) * mebibyte)
		m.look()
	case n < 25:
		go func() { _, _ = m.Purge(context.Background()) }()
	case n < 35:
		fails := m.rand.IntN(2) == 0
		m.store.set(func(s *memoryStore) { s.failSave = fails })
	case n < 37:
		m.outage()
	case n < 45:
		m.bounds()
	case n < 55:
		m.heal()
		m.settle()
	case n < 60:
		time.Sleep(time.Millisecond) // lets what is under way get further
	case n < 160:
		m.redeliver()
	default:
		m.deliver()
	}
}

// outage delivers while nothing can be loaded.
func (m *model) outage() {
	m.heal()
	m.store.set(func(s *memoryStore) { s.failLoad = true })
	for range 20 {
		m.deliver()
	}
	m.settle()
	m.heal()
}

// heal ends all faults, so that the next inputs can succeed.
func (m *model) heal() {
	m.store.set(func(s *memoryStore) { s.failSave, s.failLoad = false, false })
	m.rss.set(100 * mebibyte)
	m.look()
}

func (m *model) deliver() {
	m.nextID++
	m.put(m.rand.IntN(len(m.users)), &delivery{
		id: m.nextID, poison: m.rand.IntN(50) == 0, result: m.rand.IntN(3) == 0,
	}, m.rand.IntN(10) == 0)
}

// redeliver delivers one of a user's last updates again.
func (m *model) redeliver() {
	u := m.rand.IntN(len(m.users))
	if past := m.users[u]; len(past) > 0 {
		d := past[len(past)-1-m.rand.IntN(min(10, len(past)))]
		m.put(u, &delivery{id: d.id, poison: d.poison, result: d.result}, false)
	}
}

func (m *model) put(user int, d *delivery, stumbles bool) {
	in := note{n: int(d.id), prepare: m.rand.IntN(60), emit: []any{"silent"}}
	switch {
	case d.poison:
		in.await = []any{back{panics: true}}
	case stumbles:
		in.panics, in.tried = 1, new(int)
	case m.rand.IntN(2) == 0:
		in.await = []any{"silent", "silent"}
	}
	if d.result {
		in.emit = append(in.emit, back{n: int(d.id)})
	}
	d.outcome = make(chan Outcome, 2)
	m.users[user] = append(m.users[user], d)
	m.Deliver(Input{User: int64(user + 1), ID: d.id, Payload: in, Settled: func(o Outcome) { d.outcome <- o }})
}

// settle waits until all is settled, and notes the outcomes.
func (m *model) settle() {
	for _, deliveries := range m.users {
		for _, d := range deliveries {
			if d.outcome == nil {
				continue
			}
			d.got = m.await(d.outcome)
			if len(d.outcome) > 0 {
				m.t.Fatalf("input %d was settled twice", d.id)
			}
			d.outcome = nil
		}
	}
}

// bounds checks what must hold at any time.
func (m *model) bounds() {
	s := m.stats()
	if s.Sessions > m.cfg.MaxSessions || s.SessionsLeaving > s.Sessions {
		m.t.Fatalf("too many sessions: %+v", s)
	}
	p := s.Passivations
	sum := p.Idle + p.Size + p.Memory + p.Operator + p.Shutdown + s.ActivationsRefused + uint64(s.Sessions)
	if sum != s.Incarnations {
		m.t.Fatalf("%d of %d incarnations accounted for: %+v", sum, s.Incarnations, s)
	}
	if s.PreparedEvents > int64(s.Sessions*m.cfg.MaxPrepared) || s.PreparedEvents < 0 {
		m.t.Fatalf("too many prepared events: %+v", s)
	}
}

// check compares every user's state with what the deliveries must have led to.
func (m *model) check() {
	m.t.Helper()
	m.bounds()
	var missing uint64
	for u, deliveries := range m.users {
		var applied, results []int
		seen := map[int64]bool{}
		for _, d := range deliveries {
			switch {
			case d.got == Applied && (seen[d.id] || d.poison):
				m.t.Fatalf("user %d: %d was applied twice, or is poison", u+1, d.id)
			case d.got == Repeated && !seen[d.id]:
				m.t.Fatalf("user %d: %d repeats nothing", u+1, d.id)
			case d.got == Poisoned && !d.poison || d.got == Stopped:
				m.t.Fatalf("user %d: %d: %v", u+1, d.id, d.got)
			case d.got == Applied:
				seen[d.id] = true
				applied = append(applied, int(d.id))
				if d.result {
					results = append(results, int(d.id))
				}
			}
		}
		var got tally
		m.want(Repeated, m.peek(int64(u+1), applied, &got))
		if !reflect.DeepEqual(got.Applied, applied) {
			m.t.Fatalf("user %d: applied\n%v, not\n%v", u+1, got.Applied, applied)
		}
		slices.Sort(got.Results)
		missing += uint64(len(results) - len(subset(m.t, got.Results, results)))
	}
	if s := m.stats(); s.Incarnations > 0 && m.cfg.Epoch != 9 {
		m.lost += s.ResultsLost
	}
	if missing != m.lost {
		m.t.Fatalf("%d results are missing, %d were lost", missing, m.lost)
	}
}

// peek is an input that shows a state and changes nothing that counts: the last update
// that was applied, once more.
func (m *model) peek(user int64, applied []int, into *tally) Input {
	if len(applied) == 0 {
		m.t.Fatalf("user %d had no input applied: too few steps", user)
	}
	return Input{User: user, ID: int64(applied[len(applied)-1]), Payload: note{reply: func(s tally) { *into = s }}}
}

// subset fails where a sorted list has what the other does not have, or twice.
func subset(t testing.TB, got, of []int) []int {
	t.Helper()
	slices.Sort(of)
	for i, n := range got {
		if _, ok := slices.BinarySearch(of, n); !ok || i > 0 && got[i-1] == n {
			t.Fatalf("result %d is wrong, or there twice", n)
		}
	}
	return got
}
