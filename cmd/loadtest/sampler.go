package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v3/process"

	"okolo/actors/ops"
	"okolo/bot"
	"okolo/cmd/loadtest/crowd"
	"okolo/cmd/loadtest/report"
	"okolo/cmd/loadtest/rig"
)

const (
	sampleEvery = time.Second
	askTime     = 5 * time.Second // for the bot's statistics
	agreeTime   = 20 * time.Second
	stillTime   = 3 * time.Second // without any change, counts that differ will not agree
)

// sampler looks at the bot and at the crowd once a second, and keeps what it sees.
type sampler struct {
	rig   *rig.Rig
	crowd *crowd.Crowd

	mu     sync.Mutex
	events []string // what was done to the bot since the last sample

	began         time.Time
	series        []report.Sample
	last          bot.Stats // of the bot that runs now
	dead          tally     // of those that were killed
	cpu, cpuDead  time.Duration
	harnessCPU    time.Duration
	disagreements []string
}

// tally are the counts of bots that run no more.
type tally struct {
	passivated map[string]uint64
	restored   uint64
	purges     uint64
	commands   int64
	batches    int64
}

func newSampler(r *rig.Rig, c *crowd.Crowd) *sampler {
	return &sampler{rig: r, crowd: c, dead: tally{passivated: map[string]uint64{}}}
}

// note marks the next sample with what was done to the bot.
func (s *sampler) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, what)
}

// run samples until ctx is done.
func (s *sampler) run(ctx context.Context, tell *progress) {
	s.began = time.Now()
	began := ownCPU()
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	defer tell.done()
	before := crowd.Outcome{}
	for at := s.began; ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.harnessCPU = ownCPU() - began
			return
		}
		o := s.crowd.Outcome()
		since := time.Since(at).Seconds()
		at = time.Now()
		sample := s.sample(ctx, since)
		if ctx.Err() != nil {
			continue // the bot was not asked to the end
		}
		sample.UpdatesPerS = float64(o.Updates-before.Updates) / since
		before = o
		s.series = append(s.series, sample)
		tell.sampled(&sample, o)
	}
}

// sample looks at the bot now.
func (s *sampler) sample(ctx context.Context, since float64) report.Sample {
	recent := latency(s.crowd.Recent())
	x := report.Sample{T: time.Since(s.began).Seconds(), P50: recent.P50, P99: recent.P99, P999: recent.P999}
	if u, err := s.rig.Usage(); err == nil { // between a kill and a restart there is none
		s.usage(&x, u, since)
	}
	if st, err := s.ask(ctx); err == nil {
		s.stats(&x, st)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if x.Event != "" {
			x.Event += ", "
		}
		x.Event += e
	}
	s.events = nil
	return x
}

func (s *sampler) usage(x *report.Sample, u rig.Usage, since float64) {
	x.RSSMB, x.Handles = float64(u.RSS)/(1<<20), u.Handles
	if u.CPU < s.cpu { // a new process
		s.cpuDead += s.cpu
		s.cpu = 0
	}
	x.CPU = (u.CPU - s.cpu).Seconds() / since
	s.cpu = u.CPU
}

func (s *sampler) ask(ctx context.Context) (st bot.Stats, err error) {
	window := s.rig.Window()
	if window == "" {
		return st, fmt.Errorf("the bot has no statistics")
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	raw, err := ops.Client{URL: window}.Stats(ctx)
	if err != nil {
		return st, err
	}
	return st, json.Unmarshal(raw, &st)
}

func (s *sampler) stats(x *report.Sample, st bot.Stats) {
	if st.Ingress.Received < s.last.Ingress.Received { // a new process
		s.bury()
	}
	commands, batches := st.Writes.Commands-s.last.Writes.Commands, st.Writes.Batches-s.last.Writes.Batches
	if batches > 0 {
		x.Batch = float64(commands) / float64(batches)
	}
	s.last = st
	if x.RSSMB == 0 {
		x.RSSMB = float64(st.Sessions.RSSBytes) / (1 << 20)
	}
	x.HeapMB = float64(st.Sessions.HeapBytes) / (1 << 20)
	x.Sessions, x.Goroutines = st.Sessions.Sessions, st.Sessions.Goroutines
	x.Passivated, x.Purges = s.passivated(), s.dead.purges+st.Sessions.Purges
	x.Commands = s.dead.commands + st.Writes.Commands
	x.Connections = st.Database.Reads.Conns + st.Database.Writes.Conns
}

// bury adds the counts of a bot that is gone.
func (s *sampler) bury() {
	s.dead.passivated = s.passivated()
	s.dead.restored += s.last.Sessions.ActivationsRestored
	s.dead.purges += s.last.Sessions.Purges
	s.dead.commands += s.last.Writes.Commands
	s.dead.batches += s.last.Writes.Batches
	s.last = bot.Stats{}
}

// passivated counts the sessions that left memory, by reason, of all bots so far.
func (s *sampler) passivated() map[string]uint64 {
	p := s.last.Sessions.Passivations
	sum := map[string]uint64{"idle": p.Idle, "size": p.Size, "memory": p.Memory, "operator": p.Operator, "shutdown": p.Shutdown}
	for reason, n := range s.dead.passivated {
		sum[reason] += n
	}
	return sum
}

// agree compares the bot's own counts with the crowd's, once everything is settled. It makes
// sense only for a bot that was never killed and serves nobody else.
func (s *sampler) agree(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, agreeTime)
	defer cancel()
	var before []string
	for since := time.Now(); ; {
		st, err := s.ask(ctx)
		said := s.differences(st, err)
		if len(said) == 0 {
			s.stats(&report.Sample{}, st)
			return
		}
		if !slices.Equal(said, before) {
			before, since = said, time.Now()
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
			if time.Since(since) < stillTime {
				continue
			}
		}
		s.disagreements = said
		return
	}
}

// differences says in which counts the bot and the crowd differ.
func (s *sampler) differences(st bot.Stats, err error) (said []string) {
	if err != nil {
		return []string{err.Error()}
	}
	differ := func(what string, bots, ours int64) {
		if bots != ours {
			said = append(said, fmt.Sprintf("%s: the bot counts %d, and it should be %d", what, bots, ours))
		}
	}
	o, in, ss := s.crowd.Outcome(), st.Ingress, st.Sessions
	// The second delivery of an update may be lost with a connection.
	differ("updates received", int64(in.Received), min(max(int64(in.Received), o.Updates), o.Updates+s.rig.Telegram.Stats().Faults.DuplicateUpdates))
	differ("updates unsettled", in.Unsettled, 0)
	differ("updates settled, by outcome", int64(ss.InputsApplied+ss.InputsRepeated+ss.InputsBusy+ss.InputsPoisoned+in.Ignored), int64(in.Received))
	differ("inputs in flight", ss.InputsInFlight, 0)
	differ("messages given up", int64(in.Undelivered), 0)
	differ("keys used twice for different writes", st.Writes.KeyConflicts, 0)
	if acked := int64(s.crowd.Ledger.Acked()); st.Writes.Commands < acked {
		differ("writes", st.Writes.Commands, acked)
	}
	return said
}

// fill puts what was sampled into the result.
func (s *sampler) fill(r *report.Result) {
	r.Series = s.series
	for _, x := range s.series {
		r.RSSMaxMB, r.SessionsMax = max(r.RSSMaxMB, x.RSSMB), max(r.SessionsMax, x.Sessions)
	}
	r.ThresholdMB = float64(s.last.Sessions.MemoryThresholdBytes) / (1 << 20)
	r.Passivated = s.passivated()
	r.Restored = s.dead.restored + s.last.Sessions.ActivationsRestored
	r.Purges = s.dead.purges + s.last.Sessions.Purges
	if r.Updates > 0 {
		r.CPUMicrosUpdate = float64((s.cpu + s.cpuDead).Microseconds()) / float64(r.Updates)
		r.HarnessCPUMicros = float64(s.harnessCPU.Microseconds()) / float64(r.Updates)
	}
	r.HarnessRSSMB = ownRSS()
}

// ownCPU is what this process has used of the processor: the crowd and its Telegram.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // then it is not told
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// ownRSS is the resident memory of this process, in MB.
func ownRSS() float64 {
	p, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return 0 // then it is not told
	}
	m, err := p.MemoryInfo()
	if err != nil {
		return 0
	}
	return float64(m.RSS) / (1 << 20)
}
