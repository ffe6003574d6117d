package bot_test

import (
	"sync/atomic"
	"testing"
	"time"

	"okolo/actors"
	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/bot/stops"
)

// TestContinuity: on whatever screen, and at whatever step of the wizard, people are when their sessions leave memory, and for whatever
// reason, the next button goes on as if nothing had happened.
func TestContinuity(t *testing.T) {
	var rss atomic.Uint64
	for reason, c := range map[string]struct {
		sessions func(*actors.Config)
		leave    func(w *world) // has all sessions leave that have not
	}{
		"idle": {func(c *actors.Config) { c.IdleLife, c.SweepEvery = 2*time.Second, 20*time.Millisecond }, func(*world) {}},
		"size": {func(c *actors.Config) { c.MaxSessions = 1 }, func(*world) {}},
		"memory": {func(c *actors.Config) {
			c.MemoryThreshold, c.GuardEvery, c.RSS = 512<<20, 20*time.Millisecond, func() (uint64, error) { return rss.Load(), nil }
		}, func(*world) { rss.Store(4 << 30) }},
		"operator": {nil, func(w *world) { _, err := w.bot.Runtime().Purge(w.t.Context()); check(w.t, err) }},
		"shutdown": {nil, func(w *world) { check(w.t, w.stop()); w.startBot(w.options) }},
	} {
		t.Run(reason, func(t *testing.T) {
			rss.Store(1 << 20)
			all, err := stops.All()
			if err != nil {
				t.Fatal(err)
			}
			var operators []int64 // anybody may come to any screen
			for i := range all {
				operators = append(operators, int64(100+i))
			}
			w := newWorld(t, worldOptions{sessions: c.sessions, operators: operators})
			host := w.visitor(1, "Host", "en")
			create(host, "Continued")
			check(t, host.Err())
			event := deepLink(query[int64](w, `SELECT id FROM events`))
			visitors, at := make([]*visit.Visitor, len(all)), make([]sandbox.Message, len(all))
			for i, s := range all {
				visitors[i] = w.visitor(int64(100+i), "Guest", "en")
				if s.Group() {
					visitors[i] = visitors[i].In(w.group(visitors[i], sandbox.NewGroup{}))
				}
				at[i] = s.Come(visitors[i], event)
				if err := visitors[i].Err(); err != nil {
					t.Fatalf("on the way to %s: %v", s.Name, err)
				}
			}
			for i := range all { // who came later leave later, and some the guard lets stay
				late := w.visitor(int64(200+i), "Late", "en")
				late.Say("/help")
				late.See("the help", contains("What I can do"))
				check(t, late.Err())
			}
			w.eventually("%v sessions are in memory", func() (any, bool) {
				c.leave(w)
				s, err := w.bot.Stats(t.Context())
				return s.Sessions.Sessions, err == nil && s.Sessions.Sessions <= len(all)
			})
			rss.Store(1 << 20)
			for i, v := range visitors {
				press(v, at[i], all[i].Next, all[i].Sees)
				if err := v.Err(); err != nil {
					t.Errorf("%s: %v", all[i].Name, err)
				}
			}
			if s, err := w.bot.Stats(t.Context()); err != nil || s.Sessions.SnapshotsGivenUp+s.Sessions.SnapshotsDamaged > 0 {
				t.Errorf("snapshots were given up or damaged: %+v, %v", s.Sessions, err)
			}
		})
	}
}
