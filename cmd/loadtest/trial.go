package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"okolo/cmd/loadtest/crowd"
	"okolo/cmd/loadtest/report"
	"okolo/cmd/loadtest/rig"
	"okolo/cmd/loadtest/verify"
)

// checkTime bounds the comparison with the database after the load.
const checkTime = 5 * time.Minute

// trial is one run: a bot on its rig, a crowd, and what is measured of both.
type trial struct {
	console *console
	crowd   *crowd.Crowd
	ledger  *verify.Ledger
	rig     *rig.Rig
	sampler *sampler
	result  *report.Result
	silent  bool // PostgreSQL went silent, and the bot was not started since
}

// Of more than many people the harness keeps less garbage, for memory rather than for time: they may
// be a million, each with the messages on their screen.
const many, lessGarbage = 50_000, 40 // percent of what is alive

// trialOptions are what a trial is made of.
type trialOptions struct {
	command string
	crowd   crowd.Options
	rig     rig.Options
	events  int // at each place, before the people come
	about   report.Settings
}

// startTrial brings the bot up. Close takes everything down.
func startTrial(ctx context.Context, o trialOptions, c *console) (_ *trial, err error) {
	began := time.Now()
	if o.crowd.People > many {
		debug.SetGCPercent(lessGarbage)
	}
	t := &trial{console: c, result: &report.Result{Command: o.command, Settings: o.about}}
	// In a database that others used before, people and titles have to be new.
	tag := strconv.FormatInt(began.UnixMilli(), 36)
	t.ledger = verify.NewLedger(tag)
	o.crowd.Ledger = t.ledger
	if o.rig.DatabaseURL != "" {
		o.crowd.FirstID = began.Unix() << 21
	}
	if t.crowd, err = crowd.New(o.crowd); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.close(ctx))
		}
	}()
	o.rig.Watcher = t.crowd
	if t.rig, err = rig.Up(ctx, o.rig); err != nil {
		return nil, err
	}
	t.result.Settings.Memory = t.rig.MemoryLimit()
	if o.events > 0 {
		if err = t.rig.AddSamples(ctx, o.events, o.crowd.Seed, t.ledger.Seeded); err != nil {
			return nil, err
		}
	}
	t.sampler = newSampler(t.rig, t.crowd)
	fmt.Fprintf(c.err, "the bot is ready, after %.1f s\n", time.Since(began).Seconds())
	return t, nil
}

func (t *trial) close(ctx context.Context) error {
	var err error
	if t.rig != nil {
		err = t.rig.Down(ctx)
	}
	return errors.Join(err, t.crowd.Close())
}

// load lets the people come for so long, while disturb does what it wants to the bot, and
// waits until everybody has been answered.
func (t *trial) load(ctx context.Context, d time.Duration, disturb func(context.Context) error) error {
	loading, stop := context.WithTimeout(ctx, d)
	defer stop()
	sampling, enough := context.WithCancel(context.WithoutCancel(ctx))
	sampled := make(chan struct{})
	t.result.Began = time.Now()
	t.crowd.Meet(t.rig.Telegram, t.rig.BotID)
	go func() {
		defer close(sampled)
		t.sampler.run(sampling, newProgress(t.console.err, d))
	}()
	disturbed := make(chan error, 1)
	go func() {
		var err error
		if disturb != nil {
			if err = disturb(loading); err != nil {
				stop()
			}
		}
		disturbed <- err
	}()
	t.crowd.Run(loading)
	t.result.Seconds = time.Since(t.result.Began).Seconds()
	err := <-disturbed
	enough()
	<-sampled
	return err
}

// conclude compares what people were told with the database, and fills in the result.
func (t *trial) conclude(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTime)
	defer cancel()
	found, err := t.ledger.Check(ctx, t.rig.DatabaseURL())
	if err != nil {
		return err
	}
	o := t.crowd.Outcome()
	t.fill(o, found)
	t.sampler.fill(t.result)
	return t.tell(o, found)
}

// fill puts what people did and saw into the result.
func (t *trial) fill(o crowd.Outcome, found verify.Findings) {
	r := t.result
	r.Updates, r.UpdatesPerS = o.Updates, float64(o.Updates)/r.Seconds
	r.FewestVisits = t.crowd.FewestVisits()
	r.Latency, r.Lag, r.Actions = latency(o.All), latency(o.Lag), map[string]report.Latency{}
	for name, l := range o.ByKind {
		r.Actions[name] = latency(l)
	}
	r.Visits, r.Troubled, r.Refused, r.Repeats, r.Excused, r.Checks = o.Visits, o.Troubled, o.Refused, o.Repeats, o.Excused, o.Checks
	r.AckedWrites, r.StoredEvents = found.Acked, found.Stored
	r.Lost, r.Doubled, r.Altered = found.Count(verify.Lost), found.Count(verify.Doubled), found.Count(verify.Altered)+o.Wrongs[crowd.Altered]
	r.Ghosts, r.Oversold = found.Count(verify.Ghost), found.Count(verify.Oversold)
	r.SetAside = found.Count(verify.SetAside)
	r.Misdelivered, r.Unanswered, r.Disordered = o.Wrongs[crowd.Misdelivered], o.Wrongs[crowd.Unanswered], o.Wrongs[crowd.Disordered]
	r.PlaceLost, r.Unexpected = o.Wrongs[crowd.PlaceLost], o.Wrongs[crowd.Unexpected]
	r.Broken, r.Stuck = o.Wrongs[crowd.Broken], o.Wrongs[crowd.Stuck]
}

// tell lists the violations, with the stories of those who saw them.
func (t *trial) tell(o crowd.Outcome, found verify.Findings) error {
	list := make([]report.Violation, 0)
	var people []int64
	add := func(kind string, person int64, what string) {
		list = append(list, report.Violation{Kind: kind, Person: person, What: what})
		if person != 0 {
			people = append(people, person)
		}
	}
	for _, p := range found.Problems {
		add(string(p.Kind), p.Person, p.What)
	}
	for _, c := range o.Complaints {
		add(string(c.Wrong), c.Person, c.What)
	}
	for _, what := range t.sampler.disagreements {
		t.result.Disagreeing++
		add("counters", 0, what)
	}
	t.result.Violations = list
	if len(people) == 0 {
		return nil
	}
	stories, err := t.crowd.Stories(people)
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Story = stories[list[i].Person]
	}
	return nil
}

func latency(l crowd.Latency) report.Latency {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return report.Latency{Count: l.Count, P50: ms(l.P50), P99: ms(l.P99), P999: ms(l.P999), Mean: ms(l.Mean), Max: ms(l.Max)}
}

// finish writes the result, and fails where a promise was broken.
func finish(r *report.Result, o outputSettings, c *console) error {
	if err := o.write(r, c); err != nil {
		return err
	}
	if r.Failed() {
		return errViolated
	}
	return nil
}

// carryOut runs a trial in which nothing is killed, to its end.
func carryOut(ctx context.Context, o trialOptions, d time.Duration, out *console) (*report.Result, error) {
	t, err := startTrial(ctx, o, out)
	if err != nil {
		return nil, err
	}
	err = t.load(ctx, d, nil)
	if err == nil {
		t.sampler.agree(ctx)
		err = t.conclude(ctx)
	}
	if err = errors.Join(err, t.close(ctx)); err != nil {
		return nil, fmt.Errorf("%s: %w", o.command, err)
	}
	return t.result, nil
}
