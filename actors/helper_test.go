package actors

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tally is the state of the tests: it notes what was applied, in order.
type tally struct {
	Applied []int   `cbor:"1,keyasint,omitempty"`
	Results []int   `cbor:"2,keyasint,omitempty"` // of effects
	List    []int32 `cbor:"3,keyasint,omitempty"` // the prepared list
	Shown   int     `cbor:"4,keyasint,omitempty"` // how often a duplicate was seen
}

// note is an input of the tests, and says what its turn is to be.
type note struct {
	n          int
	await      []any
	emit       []any
	prepare    int // makes the list this long
	panics     int // this many times
	repeatable bool
	lasting    bool
	forget     bool // leaves a state of which nothing is kept
	tried      *int
	reply      func(tally) // is shown the state before
}

// back is the result of an effect: it is noted, and may panic or await more.
type back struct {
	n      int
	panics bool
	await  []any
	emit   []any
}

// further is the result of an effect after which these are awaited.
type further []any

// blank is what is shown by a state of which nothing is kept.
const blank = -1

// tallyBot is the behaviour of the tests.
type tallyBot struct{}

func (tallyBot) Blank(s *tally) bool { return s.Shown == blank }

func (tallyBot) Fresh(int64) tally     { return tally{} }
func (tallyBot) Prepared(s *tally) int { return len(s.List) }
func (tallyBot) Trim(s tally, n int) tally {
	s.List = append([]int32(nil), s.List[:n]...)
	return s
}

func (tallyBot) Step(s tally, in any) Turn[tally] {
	switch in := in.(type) {
	case Duplicate:
		s.Shown++
		if n, ok := in.Payload.(note); ok && n.reply != nil {
			n.reply(s)
		}
		return Turn[tally]{Next: s}
	case back:
		if in.panics {
			panic("boom on a result")
		}
		s.Results = with(s.Results, in.n)
		return Turn[tally]{Next: s, Await: in.await, Emit: in.emit}
	case further:
		return Turn[tally]{Next: s, Await: in}
	case note:
		if in.tried != nil {
			if *in.tried++; *in.tried <= in.panics {
				panic("boom")
			}
		}
		if in.reply != nil {
			in.reply(s)
		}
		if in.forget {
			return Turn[tally]{Next: tally{Shown: blank}}
		}
		s.Applied = with(s.Applied, in.n)
		if in.prepare > 0 {
			s.List = make([]int32, in.prepare)
		}
		return Turn[tally]{Next: s, Await: in.await, Emit: in.emit, Repeatable: in.repeatable, Lasting: in.lasting}
	}
	return Turn[tally]{Next: s}
}

// with appends without changing what the argument refers to.
func with(list []int, n int) []int { return append(list[:len(list):len(list)], n) }

// performer carries out effects by a function.
type performer func(ctx context.Context, e Effect, done func(any))

func (p performer) Perform(ctx context.Context, e Effect, done func(any)) { p(ctx, e, done) }

// echo gives every effect itself as its result, from another goroutine.
func echo(_ context.Context, e Effect, done func(any)) { go done(e.Do) }

var errDown = errors.New("the store is down")

// memoryStore keeps snapshots in memory, and fails or hangs when it is told to.
type memoryStore struct {
	mu       sync.Mutex
	newest   map[int64]Snapshot
	refused  int // older than what was there
	saves    int // calls
	failLoad bool
	failSave bool
	hang     bool          // Save returns only when its context ends
	gate     chan struct{} // where it is not nil, every Save waits for a token
}

// get returns what is stored of a user.
func (m *memoryStore) get(t testing.TB, user int64) (tally, bool) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.newest[user]
	if !ok {
		return tally{}, false
	}
	_, _, state, err := decode[tally](s.Data, Defaults().StateVersion)
	if err != nil {
		t.Fatal(err)
	}
	return state, true
}

func newMemoryStore() *memoryStore { return &memoryStore{newest: map[int64]Snapshot{}} }

func (m *memoryStore) set(f func(*memoryStore)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(m)
}

func (m *memoryStore) Load(_ context.Context, users []int64) ([]Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failLoad {
		return nil, errDown
	}
	var out []Snapshot
	for _, u := range users {
		if s, ok := m.newest[u]; ok {
			out = append(out, s)
		}
	}
	return out, nil
}

func (m *memoryStore) Save(ctx context.Context, batch []Snapshot) error {
	m.mu.Lock()
	m.saves++
	hang, gate := m.hang, m.gate
	m.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failSave {
		return errDown
	}
	for _, s := range batch {
		if old, ok := m.newest[s.User]; ok && newer(old, s) {
			m.refused++
			continue
		}
		s.Data = bytes.Clone(s.Data)
		if m.newest[s.User] = s; len(s.Data) == 0 {
			delete(m.newest, s.User)
		}
	}
	return nil
}

// newer reports whether a is newer than b.
func newer(a, b Snapshot) bool {
	if a.Epoch != b.Epoch {
		return a.Epoch > b.Epoch
	}
	if a.Incarnation != b.Incarnation {
		return a.Incarnation > b.Incarnation
	}
	return a.Revision > b.Revision
}

// clock is a clock that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// journal keeps what is logged.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) Enabled(context.Context, slog.Level) bool { return true }
func (j *journal) WithAttrs([]slog.Attr) slog.Handler       { return j }
func (j *journal) WithGroup(string) slog.Handler            { return j }

func (j *journal) Handle(_ context.Context, r slog.Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, r.Message)
	return nil
}

// with returns the lines that begin with prefix.
func (j *journal) with(prefix string) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []string
	for _, l := range j.lines {
		if strings.HasPrefix(l, prefix) {
			out = append(out, l)
		}
	}
	return out
}

// rig is a runtime under test, with everything around it in the test's hands.
type rig struct {
	*Runtime[tally]
	t     testing.TB
	clock *clock
	log   *journal
	rss   *gauge
}

// gauge is an RSS that the test sets.
type gauge struct {
	mu    sync.Mutex
	bytes uint64
	err   error
}

func (g *gauge) set(bytes uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bytes = bytes
}

func (g *gauge) read() (uint64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bytes, g.err
}

// start starts a runtime whose periodic work happens only when the test asks for it.
func start(t testing.TB, store SnapshotStore, change func(*Config), perform performer) *rig {
	t.Helper()
	g := &rig{t: t, clock: &clock{now: time.Unix(1_700_000_000, 0)}, log: &journal{}, rss: &gauge{bytes: 100 * mebibyte}}
	cfg := Defaults()
	cfg.Now, cfg.RSS, cfg.Logger = g.clock.Now, g.rss.read, slog.New(g.log)
	cfg.GuardEvery, cfg.SweepEvery, cfg.LogEvery = time.Hour, time.Hour, time.Hour
	if change != nil {
		change(&cfg)
	}
	if perform == nil {
		perform = echo
	}
	r, err := New[tally](cfg, tallyBot{}, perform, store)
	if err != nil {
		t.Fatal(err)
	}
	g.Runtime = r
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_, _ = r.Shutdown(ctx)
	})
	return g
}

// send delivers and returns where the outcome comes.
func (g *rig) send(in Input) <-chan Outcome {
	out := make(chan Outcome, 2)
	in.Settled = func(o Outcome) { out <- o }
	g.Deliver(in)
	return out
}

// want delivers and waits for an outcome.
func (g *rig) want(o Outcome, in Input) {
	g.t.Helper()
	if got := g.await(g.send(in)); got != o {
		g.t.Fatalf("input %+v: %v, not %v", in.Payload, got, o)
	}
}

func (g *rig) await(c <-chan Outcome) Outcome {
	g.t.Helper()
	select {
	case o := <-c:
		return o
	case <-time.After(10 * time.Second):
		g.t.Fatal("an input was not settled")
		return 0
	}
}

// state returns a user's state, as an input sees it.
func (g *rig) state(user int64) tally {
	g.t.Helper()
	var got tally
	g.want(Applied, Input{User: user, Payload: note{n: -1, reply: func(s tally) { got = s }}})
	return got
}

func (g *rig) stats() Stats {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s, err := g.Stats(ctx)
	if err != nil {
		g.t.Fatal(err)
	}
	return s
}

// until polls the statistics for a condition.
func (g *rig) until(what string, cond func(Stats) bool) Stats {
	g.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		s := g.stats()
		if cond(s) {
			return s
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("%s did not come: %+v", what, s)
		}
		time.Sleep(time.Millisecond)
	}
}

// look shows the guard the memory as it is.
func (g *rig) look() { g.tell(g.sampler.read(g.clock.Now())) }

// expire makes all sessions idle and sweeps, and waits until they are gone.
func (g *rig) expire() {
	g.t.Helper()
	g.clock.advance(g.cfg.IdleLife + time.Second)
	g.tell(&sweepOrder{})
	g.until("the end of the idle sessions", func(s Stats) bool { return s.Sessions == 0 })
}

func ids(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
