package actors

import (
	"bytes"
	"context"
	"flag"
	"fmt"
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
	writes  int  // awaited effects that are writes: the second is decided on the first one's result
	lead    int  // awaited effects before the first write
	lasting bool
	before  *tally // is shown the state before
	outcome chan Outcome
	got     Outcome
	killed  bool // the program was killed before it settled, so it was delivered again
}

// cable is a life's connection to the store. When the program is killed it is cut: what was
// on its way may still arrive, late.
type cable struct {
	*memoryStore
	mu   sync.Mutex
	cut  bool
	lags bool // what is saved arrives late, and counts as failed
	late []Snapshot

	loads sync.RWMutex // write-locked: loads wait
}

func (c *cable) isCut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut
}

func (c *cable) Load(ctx context.Context, users []int64) ([]Snapshot, error) {
	if c.isCut() {
		return nil, errDown
	}
	c.loads.RLock()
	defer c.loads.RUnlock()
	return c.memoryStore.Load(ctx, users)
}

func (c *cable) Save(ctx context.Context, batch []Snapshot) error {
	c.mu.Lock()
	if c.cut || c.lags {
		for _, s := range batch {
			s.Data = bytes.Clone(s.Data)
			c.late = append(c.late, s)
		}
		c.mu.Unlock()
		return errDown
	}
	c.mu.Unlock()
	return c.memoryStore.Save(ctx, batch)
}

// ledger is the database of the model: a write is carried out once under its key.
type ledger struct {
	mu   sync.Mutex
	rows map[Effect]bool
}

func (l *ledger) write(e Effect) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows[e] = true
}

// model delivers at random and knows what must have come of it.
type model struct {
	*rig
	rand   *rand.Rand
	store  *memoryStore
	cable  *cable // of this life
	ledger ledger
	users  [][]*delivery
	nextID int64
	lost   uint64     // results, over all lives
	late   []Snapshot // of lives that were killed, or given up
	watch  *time.Timer
}

// stuck is how long a step, or what comes between steps, may take.
const stuck = time.Minute

// newModel has a seed that a failing run prints.
func newModel(t *testing.T) *model {
	seed := *modelSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	watch := time.AfterFunc(stuck, func() { panic(fmt.Sprintf("a step does not come to its end, seed %d", seed)) })
	t.Cleanup(func() { watch.Stop() })
	return &model{
		rand: rand.New(rand.NewPCG(seed, 1)), store: newMemoryStore(), users: make([][]*delivery, 40),
		ledger: ledger{rows: map[Effect]bool{}}, watch: watch,
	}
}

// begin starts a life.
func (m *model) begin(t *testing.T, epoch uint64, deadline time.Duration) {
	m.cable = &cable{memoryStore: m.store}
	m.rig = start(t, m.cable, func(c *Config) {
		c.Epoch = epoch
		c.MaxSessions, c.MaxStash, c.MaxInFlight = 12, 200, 16
		c.SnapshotDeadline = deadline
	}, m.performer(m.cable))
}

// TestAgainstModel drives a runtime through random inputs, redeliveries, panics, idle
// times, purges, faults of the store, restarts and kills at any moment, between the commit of a
// write, the checkpoint, the send and the confirmation; a killed program's last snapshots
// arrive late. It compares with a simple model: every input applied exactly once, in order per
// user, over all incarnations, and every write carried out once.
func TestAgainstModel(t *testing.T) {
	m := newModel(t)
	const lives = 6
	for life := range lives {
		m.begin(t, uint64(life+1), time.Minute) // faults pass before it: nothing is given up
		m.deliverAgain()
		for range *modelSteps / lives {
			m.step()
		}
		if life%2 == 0 {
			m.kill()
			continue
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
	m.rig = start(t, m.store, func(c *Config) { c.Epoch = lives + 1 }, nil)
	m.check()
}

// kill ends the program at once: nothing that it does from now on reaches anybody.
func (m *model) kill() {
	m.cable.mu.Lock()
	m.cable.cut = true
	m.cable.mu.Unlock()
	m.lost += m.stats().ResultsLost
	for _, deliveries := range m.users {
		for _, d := range deliveries {
			if d.outcome == nil {
				continue
			}
			select {
			case d.got = <-d.outcome:
			default:
				d.killed, d.got = true, Stopped
				if d.result {
					m.lost++ // it may be
				}
			}
			d.outcome = nil
		}
	}
	dead, cancel := context.WithCancel(context.Background())
	cancel()
	_, _ = m.Shutdown(dead) // so that its goroutines end: it is an error, as it has to be
	m.store.set(func(s *memoryStore) { s.failSave, s.failLoad = false, false })
	m.cable.mu.Lock()
	m.late = append(m.late, m.cable.late...)
	m.cable.mu.Unlock()
}

// deliverAgain delivers what had not settled when the program was killed, as Telegram does, in
// the old order and before anything new. A bound that is hit is no end: it comes once more.
func (m *model) deliverAgain() {
	for u, deliveries := range m.users {
		for _, d := range deliveries {
			for d.killed && (d.got == Stopped || d.got == Busy) {
				m.hand(u, d, false)
				d.got = m.await(d.outcome)
				d.outcome = nil
			}
		}
	}
}

// flushLate has a snapshot arrive that the program was killed over, or has given up.
func (m *model) flushLate() {
	if len(m.late) == 0 {
		return
	}
	i := m.rand.IntN(len(m.late))
	m.store.set(func(s *memoryStore) {
		if old, ok := s.newest[m.late[i].User]; !ok || !newer(old, m.late[i]) {
			s.newest[m.late[i].User] = m.late[i]
		}
	})
	m.late = slices.Delete(m.late, i, i+1)
}

// performer gives effects back at once, soon or later.
func (m *model) performer(c *cable) performer {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(m.rand.Uint64(), 2))
	return func(_ context.Context, e Effect, done func(any)) {
		mu.Lock()
		how := r.IntN(4)
		mu.Unlock()
		if c.isCut() {
			return // it was killed
		}
		result := e.Do
		switch e.Do {
		case "write":
			m.ledger.write(e)
			result = nil
		case "silent":
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
	m.watch.Reset(stuck)
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
	case n < 58:
		m.flushLate()
	case n < 60:
		m.returnTwice()
	case n < 62:
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

// returnTwice delivers an update twice to a user who is away, before the session has its snapshot.
func (m *model) returnTwice() {
	m.heal()
	m.settle()
	m.expire()
	m.cable.loads.Lock()
	defer m.cable.loads.Unlock()
	u := m.rand.IntN(len(m.users))
	m.put(u, m.next(), false)
	m.again(u, len(m.users[u])-1)
	m.put(u, m.next(), false)
	m.again(u, len(m.users[u])-3)
}

// heal ends all faults, so that the next inputs can succeed.
func (m *model) heal() {
	m.store.set(func(s *memoryStore) { s.failSave, s.failLoad = false, false })
	m.rss.set(100 * mebibyte)
	m.look()
}

// next is a new update of any kind.
func (m *model) next() *delivery {
	m.nextID++
	return &delivery{
		id: m.nextID, poison: m.rand.IntN(50) == 0, result: m.rand.IntN(3) == 0,
		writes: m.rand.IntN(3), lead: m.rand.IntN(3),
	}
}

func (m *model) deliver() { m.put(m.rand.IntN(len(m.users)), m.next(), m.rand.IntN(10) == 0) }

// redeliver delivers one of a user's last updates again.
func (m *model) redeliver() {
	u := m.rand.IntN(len(m.users))
	if past := m.users[u]; len(past) > 0 {
		m.again(u, len(past)-1-m.rand.IntN(min(10, len(past))))
	}
}

// again delivers the update of a user's i-th delivery once more.
func (m *model) again(user, i int) {
	d := m.users[user][i]
	m.put(user, &delivery{id: d.id, poison: d.poison, result: d.result, writes: d.writes, lead: d.lead}, false)
}

func (m *model) put(user int, d *delivery, stumbles bool) {
	m.users[user] = append(m.users[user], d)
	m.hand(user, d, stumbles)
}

// hand delivers.
func (m *model) hand(user int, d *delivery, stumbles bool) {
	in := note{n: int(d.id), prepare: m.rand.IntN(60), emit: []any{"silent"}, lasting: d.lasting || d.writes > 0}
	if d.poison {
		in.await, in.lasting = []any{back{panics: true}}, false
	} else if d.writes > 0 {
		in.await = append(slices.Repeat([]any{"silent"}, d.lead), "write")
	}
	if d.writes > 1 && !d.poison {
		in.await = append(in.await, further{"silent", "write"})
	}
	if d.before != nil {
		in.reply = func(s tally) { *d.before = s }
	}
	if stumbles {
		in.panics, in.tried = 1, new(int)
	}
	if d.result {
		in.emit = append(in.emit, back{n: int(d.id)})
	}
	outcome := make(chan Outcome, 2)
	d.outcome = outcome
	m.Deliver(Input{User: int64(user + 1), ID: d.id, Payload: in, Settled: func(o Outcome) { outcome <- o }})
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
			case d.got == Repeated && !seen[d.id] && !d.killed:
				m.t.Fatalf("user %d: %d repeats nothing", u+1, d.id)
			case d.got == Poisoned && !d.poison || d.got == Stopped:
				m.t.Fatalf("user %d: %d: %v", u+1, d.id, d.got)
			case d.got == Applied, d.got == Repeated && !seen[d.id]: // or stored, and not settled before a kill
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
		m.checkWrites(int64(u+1), deliveries, seen)
		slices.Sort(got.Results)
		missing += uint64(len(results) - len(subset(m.t, got.Results, results)))
	}
	m.lost += m.stats().ResultsLost
	if missing > m.lost {
		m.t.Fatalf("%d results are missing, %d were lost", missing, m.lost)
	}
}

// checkWrites looks for the writes of a user's inputs: one for each that was applied, and none
// for what never was.
func (m *model) checkWrites(user int64, deliveries []*delivery, applied map[int64]bool) {
	m.t.Helper()
	m.ledger.mu.Lock()
	defer m.ledger.mu.Unlock()
	rows := map[int64]int{}
	for e := range m.ledger.rows {
		if e.User == user {
			rows[e.Input]++
		}
	}
	for _, d := range deliveries {
		want := 0
		if applied[d.id] {
			want = d.writes
		}
		if rows[d.id] != want {
			m.t.Fatalf("user %d: %d wrote %d times, not %d", user, d.id, rows[d.id], want)
		}
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
