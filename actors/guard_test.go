package actors

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestGuard(t *testing.T) {
	const mb = mebibyte
	type look struct {
		rss, reusable uint64 // MB; rss 0: it cannot be read
		sessions      int
		live          uint64 // MB, of a limit of 90
		garbage       uint64 // MB, beside what is live
		collecting    float64
		judge         bool // after a purge
		order         int
		state         GuardState
	}
	for name, looks := range map[string][]look{
		"below the threshold": {
			{rss: 100, sessions: 500},
		},
		"a purge that helps": {
			{rss: 101, sessions: 501, order: 251, state: GuardPurging},
			{rss: 200, sessions: 300, state: GuardPurging}, // one purge at a time
			{rss: 90, judge: true},
			{rss: 95, sessions: 250},
			{rss: 101, sessions: 250, order: 125, state: GuardPurging},
		},
		"freed memory that stays resident": {
			{rss: 150, sessions: 500, order: 250, state: GuardPurging},
			{rss: 140, reusable: 60, judge: true}, // 80 in use: enough
			{rss: 140, reusable: 50, sessions: 250},
			{rss: 140, reusable: 39, sessions: 250, order: 125, state: GuardPurging},
		},
		"and has been below the threshold since": {
			{rss: 150, sessions: 500, order: 250, state: GuardPurging},
			{rss: 140, reusable: 60, judge: true},
			{rss: 99, sessions: 250},
			{rss: 140, reusable: 60, sessions: 250, order: 125, state: GuardPurging},
		},
		"pressure, down to the floor": {
			{rss: 150, sessions: 300, order: 150, state: GuardPurging},
			{rss: 140, sessions: 150, judge: true, state: GuardPressure},
			{rss: 140, sessions: 150, order: 75, state: GuardPressure},
			{rss: 140, sessions: 75, state: GuardPressure},
			{rss: 140, sessions: 75, judge: true, state: GuardPressure},
			{rss: 140, sessions: 75, order: 75 - guardFloor, state: GuardPressure},
			{rss: 140, sessions: 64, judge: true, state: GuardPressure},
			{rss: 140, sessions: 64, state: GuardPressure},
			{rss: 140, reusable: 45, sessions: 64, state: GuardPressure}, // below, not far enough
			{rss: 140, reusable: 51, sessions: 64},
		},
		"pressure ended by its own purge": {
			{rss: 150, sessions: 300, order: 150, state: GuardPurging},
			{rss: 140, judge: true, state: GuardPressure},
			{rss: 140, sessions: 150, order: 75, state: GuardPressure},
			{rss: 95, judge: true, state: GuardPressure},
			{rss: 101, sessions: 75, order: 11, state: GuardPressure},
			{rss: 89, judge: true},
		},
		"a live heap near its limit": {
			{rss: 95, live: 76, sessions: 100},
			{rss: 95, live: 77, sessions: 100, order: 50, state: GuardPurging},
			{rss: 70, live: 40, judge: true},
			{rss: 95, live: 77, sessions: 50, order: 25, state: GuardPurging},
			{rss: 70, live: 77, judge: true, state: GuardPressure},
			{rss: 70, live: 77, sessions: 75, order: 75 - guardFloor, state: GuardPressure},
			{rss: 70, live: 60, judge: true},
		},
		"a collector that takes too much": {
			{rss: 95, live: 46, collecting: 0.35, sessions: 100},
			{rss: 95, live: 45, collecting: 0.5, sessions: 100}, // of something else
			{rss: 95, live: 46, collecting: 0.36, sessions: 100, order: 50, state: GuardPurging},
			{rss: 80, live: 46, collecting: 0.1, judge: true},
			{rss: 80, live: 46, collecting: 0.4, sessions: 50, order: 25, state: GuardPurging},
			{rss: 80, live: 46, collecting: 0.4, judge: true}, // which was the purge's own
			{rss: 80, live: 40, collecting: 0.4, sessions: 50},
		},
		"garbage alone": {
			{rss: 110, garbage: 35, sessions: 500},
			{rss: 110, garbage: 20, reusable: 15, sessions: 500},
			{rss: 110, garbage: 34, sessions: 500, order: 250, state: GuardPurging},
			{rss: 110, garbage: 11, judge: true}, // 99 in use: enough
			{rss: 110, garbage: 10, sessions: 250},
			{rss: 110, garbage: 9, sessions: 250, order: 125, state: GuardPurging},
			{rss: 110, garbage: 9, judge: true, state: GuardPressure},
			{rss: 110, garbage: 20, sessions: 125, state: GuardPressure},
			{rss: 110, garbage: 21, sessions: 125},
		},
		"nobody to send away": {
			{rss: 150},
			{rss: 150, sessions: 1, order: 1, state: GuardPurging},
		},
		"memory that cannot be read any more": {
			{rss: 150, sessions: 300, order: 150, state: GuardPurging},
			{judge: true},
			{rss: 150, sessions: 300, order: 150, state: GuardPurging},
			{rss: 150, judge: true, state: GuardPressure},
			{sessions: 150},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := guard{threshold: 100 * mb, limit: 90 * mb}
			for i, l := range looks {
				s := &sample{rss: l.rss * mb, readable: l.rss > 0, reusable: l.reusable * mb, sessions: l.sessions, live: l.live * mb, heap: (l.live + l.garbage) * mb, collecting: l.collecting}
				order := 0
				if l.judge {
					g.judge(s)
				} else {
					order = g.observe(s)
				}
				if order != l.order || g.state != l.state || g.active() != (l.state != GuardNormal) {
					t.Fatalf("look %d: order %d, %v; not %d, %v", i, order, g.state, l.order, l.state)
				}
			}
		})
	}
	off := guard{}
	if n := off.observe(&sample{rss: 1 << 40, readable: true, sessions: 5}); n != 0 {
		t.Fatal("a guard without a threshold acted")
	}
}

func TestGuardStateAsText(t *testing.T) {
	for s := GuardNormal; s <= GuardPressure; s++ {
		text, err := json.Marshal(s)
		var back GuardState
		if err != nil || json.Unmarshal(text, &back) != nil || back != s {
			t.Fatal(s, string(text), err)
		}
	}
	if err := new(GuardState).UnmarshalText([]byte("calm")); err == nil {
		t.Fatal("an unknown state was read")
	}
}

func TestResidentMemory(t *testing.T) {
	if n, err := residentMemory(); err != nil || n < mebibyte {
		t.Fatal(n, err)
	}
}

func TestThresholdAndContainer(t *testing.T) {
	none := errors.New("not limited")
	for _, c := range []struct {
		container uint64
		err       error
		want      uint64
	}{
		{600, nil, 512}, {500, nil, 450}, {0, none, 512}, {0, nil, 512}, {1 << 40, nil, 512},
	} {
		got := belowContainer(512*mebibyte, func() (uint64, error) { return c.container * mebibyte, c.err })
		if got != c.want*mebibyte {
			t.Errorf("in %d MB, %v: %d MB, not %d", c.container, c.err, got/mebibyte, c.want)
		}
	}
}

// TestHeapLimit: the soft memory limit follows the threshold while the runtime runs.
func TestHeapLimit(t *testing.T) {
	was := debug.SetMemoryLimit(-1)
	allInside := func() (uint64, error) { return mebibyte, nil }
	g := start(t, nil, func(c *Config) { c.MemoryThreshold, c.RSS = 4096*mebibyte, allInside }, nil)
	if now := debug.SetMemoryLimit(-1); now != 4340*mebibyte || g.stats().HeapLimitBytes != uint64(now) {
		t.Errorf("%d", now)
	}
	if limit, restore := limitHeap(8192*mebibyte, 0); limit != 4340*mebibyte { // a lower one stays
		t.Error(limit)
	} else {
		restore()
	}
	for outside, want := range map[uint64]uint64{0: 124, 20: 104, 40: 84, 60: 64, 500: 64} { // of 128 MB
		limit, restore := limitHeap(128*mebibyte, outside*mebibyte)
		if restore(); limit != want*mebibyte {
			t.Errorf("with %d MB outside: %d", outside, limit)
		}
	}
	if _, err := g.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := debug.SetMemoryLimit(-1); now != was {
		t.Errorf("%d after the end, %d before", now, was)
	}
	start(t, nil, func(c *Config) { c.MemoryThreshold = 0 }, nil)
	start(t, nil, func(c *Config) { c.RSS = func() (uint64, error) { return 0, errDown } }, nil)
	if now := debug.SetMemoryLimit(-1); now != was {
		t.Errorf("a limit of %d without a guard", now)
	}
}

func TestTheGuardActsOnTheLiveHeap(t *testing.T) {
	g := start(t, nil, nil, nil)
	for u := range 100 {
		g.want(Applied, Input{User: int64(u), Payload: note{n: u}})
	}
	g.tell(&sample{rss: 400 * mebibyte, readable: true, live: 400 * mebibyte, collecting: 0.2, at: g.clock.Now()})
	g.until("the purge", func(s Stats) bool { return s.Passivations.Memory == 50 && s.Guard == GuardNormal })
	want := fmt.Sprintf("MEMORY GUARD: live heap near its limit (400.0MB of %s, collecting takes 20%%), forced clean-up starts", megabytes(g.heapLimit))
	if got := g.log.with(want); len(got) != 1 {
		t.Fatalf("lines: %q", g.log.with("MEMORY GUARD"))
	}
}

func TestCollectorsShare(t *testing.T) {
	s := newSampler(nil, slog.New(slog.DiscardHandler))
	s.share(1, 10)
	for _, c := range []struct{ gc, all, want float64 }{{1, 10, 0}, {2, 14, 0.25}, {2, 16, 0}, {1, 18, 0}} {
		if got := s.share(c.gc, c.all); got != c.want {
			t.Errorf("%v: %v", c, got)
		}
	}
	runtime.GC()
	s.read(time.Now())
	runtime.GC()
	if m := s.read(time.Now()); m.live == 0 || m.live > m.rss || m.collecting < 0 || m.collecting > 1 {
		t.Errorf("%+v", m)
	}
}

func TestPace(t *testing.T) {
	const mb = mebibyte
	p := noPace()
	for _, c := range []struct {
		threshold uint64
		sample    sample
		want      int
	}{
		{512 * mb, sample{readable: true, rss: 112 * mb}, 400 << 7},
		{512 * mb, sample{readable: true, rss: 600 * mb, reusable: 100 * mb}, 12 << 7},
		{512 * mb, sample{readable: true, rss: 600 * mb}, minAdmissions},
		{512 * mb, sample{rss: 0}, math.MaxInt},
		{0, sample{readable: true, rss: 600 * mb}, math.MaxInt},
	} {
		p.admitted = 5
		if p.look(&c.sample, c.threshold); p.quota != c.want || p.admitted != 0 {
			t.Errorf("%+v: %d, not %d", c, p.quota, c.want)
		}
	}
}

// TestNewcomersArePaced: above the threshold only a few come in until memory is looked at again;
// the others wait, and none is lost.
func TestNewcomersArePaced(t *testing.T) {
	g := start(t, newMemoryStore(), func(c *Config) { c.MaxSessions = 5000 }, nil)
	g.until("the look at the start", func(s Stats) bool { return s.RSSBytes > 0 })
	g.rss.set(5 << 30)
	g.look()
	const users = 3 * minAdmissions
	settled := make([]<-chan Outcome, users)
	for u := range users {
		// With nobody in memory there is nothing to purge: no pressure, and no strangers.
		settled[u] = g.send(Input{User: int64(u), ID: 1, Payload: note{n: u}})
	}
	if s := g.stats(); s.Incarnations != minAdmissions || s.UsersWaiting != users-minAdmissions {
		t.Fatalf("%+v", s)
	}
	g.rss.set(100 * mebibyte)
	g.look()
	for _, c := range settled {
		if o := g.await(c); o != Applied {
			t.Fatal(o)
		}
	}
}
