package bot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v3/process"

	"okolo/actors"
	"okolo/bot/ui"
	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

// TestGuardAtHundredThousand: with 100,000 live sessions above the threshold the oldest half
// leaves, memory really falls, and those who left go on where they were.
//
// It runs in a process of its own, since it is about the memory of a process, and in one built
// without the race detector, which keeps a shadow of all memory and never gives it back.
func TestGuardAtHundredThousand(t *testing.T) {
	if os.Getenv(ownProcess) == "" {
		inOwnProcess(t)
		return
	}
	const users = 100_000
	store, err := persistence.Open(t.Context(), pgtest.URL(t), persistence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	perSession := sessionCost(t)
	base := settledRSS(t)
	threshold := base + perSession*users*8/10
	var watched atomic.Bool
	var log syncBuffer
	cfg := actors.Defaults()
	cfg.MaxSessions, cfg.MemoryThreshold = 2*users, threshold
	cfg.GuardEvery = 50 * time.Millisecond
	cfg.SnapshotDeadline = time.Minute
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	cfg.RSS = func() (uint64, error) { // the real one, once everybody is there
		if !watched.Load() {
			return 0, errors.New("not yet")
		}
		return rss()
	}
	r, err := actors.New(cfg, filler{}, nobody{}, store.Snapshots(4242))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_, err := r.Shutdown(context.Background())
		check(t, err)
	}()
	empty := liveHeap()
	deliverAll(t, r, 0, users, 1, visitOf)
	full := liveHeap()
	before := settledRSS(t)
	if before <= threshold {
		t.Fatalf("RSS %d MB is not above the threshold of %d MB: nothing to prove", before>>20, threshold>>20)
	}
	watched.Store(true)
	s := waitForPurge(t, r, users/2)
	after := liveHeap()
	resident, err := rss()
	check(t, err)
	t.Logf("%d B/session; RSS %d MB → %d MB, threshold %d MB; live heap of the sessions %d MB → %d MB; guard %s",
		perSession, before>>20, resident>>20, threshold>>20, (full-empty)>>20, (after-min(empty, after))>>20, s.Guard)
	if s.Sessions != users/2 || s.Passivations.Memory != users/2 {
		t.Errorf("%d sessions stayed, %d left", s.Sessions, s.Passivations.Memory)
	}
	if fell := full - min(full, after); fell < (full-empty)*4/10 {
		t.Errorf("the live heap fell by %d MB of the %d MB that the sessions held", fell>>20, (full-empty)>>20)
	}
	if resident >= threshold {
		t.Errorf("RSS is %d MB, the threshold %d MB", resident>>20, threshold>>20)
	}
	if s.PreparedEvents > users/2*25 {
		t.Errorf("%d events are prepared in those who stayed", s.PreparedEvents)
	}
	for _, line := range []string{
		`MEMORY STATS: user_state=\d+, prepared_events=\d+, memory=`,
		`MEMORY GUARD: memory above threshold \(\d+\.\dMB > \d+MB\), forced clean-up starts`,
		`MEMORY GUARD: removed 50000 entries from user_state`,
		`MEMORY GUARD: clean-up done, memory: \d+\.\dMB \(freed \d+\.\dMB\)`,
	} {
		if !regexp.MustCompile(line).MatchString(log.String()) {
			t.Errorf("no line like %s in the log:\n%s", line, log.String())
		}
	}
	watched.Store(false) // those who come back shall not be sent away again
	// The oldest half is the one that came first.
	deliverAll(t, r, 0, 2000, 2*users, func(user int64) any { return wantPage{t, user} })
	deliverAll(t, r, users-2000, users, 2*users, func(user int64) any { return wantPage{t, user} })
	again, err := r.Stats(t.Context())
	check(t, err)
	if again.ActivationsRestored != 2000 {
		t.Errorf("%d came back from their snapshots, not 2000", again.ActivationsRestored)
	}
}

// filler keeps the bot's real state, filled by hand.
type filler struct{}

type wantPage struct {
	t    *testing.T
	user int64
}

func pageOf(user int64) int16 { return int16(user % 5) }

func visitOf(user int64) any { return user }

// announced is a visit that says when it has reached its user's state.
type announced struct {
	user    int64
	arrived func()
}

func (filler) Fresh(int64) ui.State                { return ui.Fresh() }
func (filler) Prepared(s *ui.State) int            { return s.Prepared.Len() }
func (filler) Trim(s ui.State, limit int) ui.State { return s.Trim(limit) }

func (filler) Step(s ui.State, in any) actors.Turn[ui.State] {
	if a, ok := in.(announced); ok {
		a.arrived()
		in = a.user
	}
	switch in := in.(type) {
	case int64:
		s.Screen, s.Zone, s.Page, s.ListMessageID = ui.ScreenNearby, "Europe/Berlin", pageOf(in), in
		s.Prepared = ui.Prepare(foundBy(in))
	case look:
		in.arrived()
	case wantPage:
		if s.ListMessageID != in.user || s.Page != pageOf(in.user) || !preparedFor(s, in.user) {
			in.t.Errorf("user %d came back to %+v", in.user, s)
		}
	}
	return actors.Turn[ui.State]{Next: s}
}

// foundBy is what a user finds: 50 of a million events, in five kilometres.
func foundBy(user int64) []model.Found {
	found := make([]model.Found, 50)
	for i := range found {
		found[i] = model.Found{ID: (user + int64(i)*618_033) % 1_000_000, Metres: 100 * i}
	}
	return found
}

// preparedFor reports whether a state holds what its user has found, all or half of it.
func preparedFor(s ui.State, user int64) bool {
	found := foundBy(user)
	return bytes.Equal(s.Prepared, ui.Prepare(found)) || bytes.Equal(s.Prepared, ui.Prepare(found[:25]))
}

// nobody carries nothing out: filler asks for nothing.
type nobody struct{}

func (nobody) Perform(_ context.Context, e actors.Effect, done func(any)) {
	panic(fmt.Sprintf("an effect out of nowhere: %v", e))
}

// deliverAll delivers one input to each user and waits until all are settled, a bounded
// number at a time. Update ids begin at firstID.
func deliverAll(t *testing.T, r *actors.Runtime[ui.State], from, to, firstID int64, payload func(int64) any) {
	t.Helper()
	room := make(chan struct{}, 5000)
	var all sync.WaitGroup
	var refused atomic.Int64
	// Not all at once: the stash is bounded, too.
	for user := from; user < to; user++ {
		room <- struct{}{}
		all.Add(1)
		r.Deliver(actors.Input{User: user, ID: firstID + user, Payload: payload(user), Settled: func(o actors.Outcome) {
			if o != actors.Applied {
				refused.Add(1)
			}
			<-room
			all.Done()
		}})
	}
	all.Wait()
	if n := refused.Load(); n > 0 {
		t.Errorf("%d inputs were not applied", n)
	}
}

func waitForPurge(t *testing.T, r *actors.Runtime[ui.State], left uint64) (s actors.Stats) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		var err error
		if s, err = r.Stats(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s.Passivations.Memory >= left && s.SessionsLeaving == 0 && s.Guard == actors.GuardNormal {
			return s
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("the guard has not finished: %+v", s)
	return s
}

// sessionCost measures the resident memory of a session.
func sessionCost(t *testing.T) uint64 {
	t.Helper()
	const sample = 20_000
	cfg := actors.Defaults()
	cfg.MaxSessions, cfg.MemoryThreshold = sample, 0
	cfg.Logger = slog.New(slog.DiscardHandler)
	r, err := actors.New(cfg, filler{}, nobody{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := settledRSS(t)
	deliverAll(t, r, 0, sample, 1, visitOf)
	after := settledRSS(t)
	_, err = r.Shutdown(context.Background())
	check(t, err)
	return (after - before) / sample
}

func settledRSS(t testing.TB) uint64 {
	t.Helper()
	debug.FreeOSMemory()
	n, err := rss()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func rss() (uint64, error) {
	p, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return 0, err
	}
	m, err := p.MemoryInfo()
	if err != nil {
		return 0, err
	}
	return m.RSS, nil
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// ownProcess is set in the environment of a test that has a process of its own.
const ownProcess = "OKOLO_TEST_OWN_PROCESS"

// inOwnProcess runs the calling test, and no other, in a process without the race detector.
func inOwnProcess(t *testing.T) {
	t.Helper()
	binary, err := os.Executable()
	check(t, err)
	if raceEnabled {
		binary = filepath.Join(t.TempDir(), "plain.test")
		if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
			t.Fatalf("build without the race detector: %v\n%s", err, out)
		}
	}
	cmd := exec.CommandContext(t.Context(), binary, "-test.run", "^"+t.Name()+"$", "-test.v", "-test.timeout", "5m")
	cmd.Env = append(os.Environ(), ownProcess+"=1")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	check(t, err)
}
