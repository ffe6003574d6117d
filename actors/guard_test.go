package actors

import (
	"encoding/json"
	"testing"
)

func TestGuard(t *testing.T) {
	const mb = mebibyte
	type look struct {
		rss, reusable uint64 // MB; rss 0: it cannot be read
		sessions      int
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
			g := guard{threshold: 100 * mb}
			for i, l := range looks {
				s := &sample{rss: l.rss * mb, readable: l.rss > 0, reusable: l.reusable * mb, sessions: l.sessions}
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
