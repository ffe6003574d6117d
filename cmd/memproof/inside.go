package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shirou/gopsutil/v3/process"

	"okolo/actors"
	"okolo/bot/ui"
	"okolo/persistence"
	"okolo/persistence/model"
)

// result is what the run in the container saw.
type result struct {
	Users    int     `json:"users"`
	Wrong    int64   `json:"wrong_answers"`
	Restored uint64  `json:"restored"` // came back from a snapshot
	Purges   uint64  `json:"purges"`
	Busy     int64   `json:"busy_answers"`
	GivenUp  uint64  `json:"given_up"`
	PeakMB   uint64  `json:"peak_rss_mb"`
	Seconds  float64 `json:"seconds"`
}

// print writes it for people.
func (r result) print(out io.Writer, p proof) {
	fmt.Fprintf(out, "  second answers wrong    %d\n", r.Wrong)
	fmt.Fprintf(out, "  back from a snapshot    %d\n", r.Restored)
	fmt.Fprintf(out, "  snapshots given up      %d\n", r.GivenUp)
	fmt.Fprintf(out, "  answered busy at first  %d\n", r.Busy)
	fmt.Fprintf(out, "  purges                  %d\n", r.Purges)
	fmt.Fprintf(out, "  most resident memory    %d MB, %.2f of the threshold\n", r.PeakMB, float64(r.PeakMB)/float64(p.threshold))
	fmt.Fprintf(out, "  time                    %.0f s\n", r.Seconds)
}

// minPurges is how often the guard has to act, or nothing was proven.
const minPurges = 5

// judge says what of the promise was not kept.
func (r result) judge(p proof) error {
	switch {
	case r.Wrong > 0:
		return fmt.Errorf("%d second answers were wrong", r.Wrong)
	case r.GivenUp > 0:
		return fmt.Errorf("%d snapshots were given up", r.GivenUp)
	case r.Restored < uint64(r.Users):
		return fmt.Errorf("only %d of %d users came back from a snapshot", r.Restored, r.Users)
	case r.Purges < minPurges:
		return fmt.Errorf("the guard acted only %d times", r.Purges)
	case int(r.PeakMB)*10 > p.threshold*11:
		return fmt.Errorf("RSS came to %d MB, more than 1.1 times the threshold", r.PeakMB)
	}
	return nil
}

// inFlight is the most inputs under way at once.
const inFlight = 4096

// inside drives the runtime and prints the result as JSON. Where the container is none it limits
// its own addresses, to so many MB.
func inside(ctx context.Context, database string, p proof, addresses int) error {
	if addresses > 0 {
		if err := limitAddresses(addresses); err != nil {
			return err
		}
	}
	store, err := persistence.Open(ctx, database, persistence.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	const bot = 4242
	epoch, err := store.Epoch(ctx, bot)
	if err != nil {
		return err
	}
	cfg := actors.Defaults()
	cfg.MaxSessions, cfg.IdleLife, cfg.Epoch = 2_000_000, 24*time.Hour, epoch
	cfg.MemoryThreshold, cfg.SnapshotDeadline = uint64(p.threshold)<<20, time.Minute
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	r, err := actors.New(cfg, visitors{}, nothing{}, store.Snapshots(bot))
	if err != nil {
		return err
	}
	out := result{Users: p.users}
	began := time.Now()
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { out.PeakMB = peakRSS(watching) >> 20 })
	// In the same order, so that who comes back has been away for longest.
	order := rand.Perm(p.users)
	out.Busy = round(r, order, 1, func(user int64) any { return arrival{user} })
	var wrong atomic.Int64
	out.Busy += round(r, order, 1+int64(p.users), func(user int64) any { return comeback{user, &wrong} })
	stop()
	watch.Wait()
	stats, err := r.Stats(ctx)
	out.Wrong, out.Seconds = wrong.Load(), time.Since(began).Seconds()
	out.Restored, out.Purges, out.GivenUp = stats.ActivationsRestored, stats.Purges, stats.SnapshotsGivenUp
	_, shutErr := r.Shutdown(ctx)
	return errors.Join(err, shutErr, json.NewEncoder(os.Stdout).Encode(out))
}

// round delivers an input to each user and returns how many had to be delivered again because
// the bot was busy.
func round(r *actors.Runtime[ui.State], order []int, firstID int64, payload func(int64) any) (busy int64) {
	var again atomic.Int64
	var all sync.WaitGroup
	room := make(chan struct{}, inFlight)
	var deliver func(user int64)
	deliver = func(user int64) {
		r.Deliver(actors.Input{User: user, ID: firstID + user, Payload: payload(user), Settled: func(o actors.Outcome) {
			if o == actors.Busy {
				again.Add(1)
				time.AfterFunc(100*time.Millisecond, func() { deliver(user) })
				return
			}
			<-room
			all.Done()
		}})
	}
	for _, user := range order {
		room <- struct{}{}
		all.Add(1)
		deliver(int64(user))
	}
	all.Wait()
	return again.Load()
}

// peakRSS watches the resident memory of this process until ctx ends.
func peakRSS(ctx context.Context) (peak uint64) {
	self, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return 0
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if m, err := self.MemoryInfo(); err == nil {
			peak = max(peak, m.RSS)
		}
		select {
		case <-ctx.Done():
			return peak
		case <-tick.C:
		}
	}
}

// arrival is a user's first input, comeback the second, which is right if it finds what the
// first has left.
type (
	arrival  struct{ user int64 }
	comeback struct {
		user  int64
		wrong *atomic.Int64
	}
)

// visitors keep the bot's real state.
type visitors struct{}

func (visitors) Fresh(int64) ui.State                { return ui.Fresh() }
func (visitors) Prepared(s *ui.State) int            { return s.Prepared.Len() }
func (visitors) Trim(s ui.State, limit int) ui.State { return s.Trim(limit) }

func (visitors) Step(s ui.State, in any) actors.Turn[ui.State] {
	switch in := in.(type) {
	case arrival:
		s.Screen, s.Zone, s.Page, s.ListMessageID = ui.ScreenNearby, "Europe/Berlin", int16(in.user%5), in.user
		s.Prepared = prepare(in.user)
	case comeback:
		if s.ListMessageID != in.user || s.Page != int16(in.user%5) || !prepared(s, in.user) {
			in.wrong.Add(1)
		}
	}
	return actors.Turn[ui.State]{Next: s}
}

// eventOf is the i-th of the events that a user has found, of a million.
func eventOf(user int64, i int) int64 { return (user + int64(i)*618_033) % 1_000_000 }

// prepare has a user find 50 events in five kilometres.
func prepare(user int64) ui.Prepared {
	found := make([]model.Found, 50)
	for i := range found {
		found[i].ID, found[i].Metres = eventOf(user, i), 100*i
	}
	return ui.Prepare(found)
}

// prepared reports whether the user's events are there, at least those that a purge leaves.
func prepared(s ui.State, user int64) bool {
	n := 0
	for id := range s.Prepared.All() {
		if id != eventOf(user, n) {
			return false
		}
		n++
	}
	return n >= 25
}

// nothing is asked for outside of the state.
type nothing struct{}

func (nothing) Perform(_ context.Context, _ actors.Effect, done func(any)) { done(nil) }
