package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"okolo/cmd/loadtest/crowd"
)

// tortureCmd is loadtest torture.
type tortureCmd struct {
	Kills    int           `default:"20" placeholder:"N" help:"How often the bot is killed (SIGKILL), at random moments under load, and started again (0 to 10,000)."`
	Terms    int           `default:"5" placeholder:"N" help:"How often the bot is asked to end (SIGTERM) and started again (0 to 10,000)."`
	DBKills  int           `default:"5" placeholder:"N" help:"How often PostgreSQL is killed (an immediate stop) and started again (0 to 10,000)." name:"db-kills"`
	Silences int           `default:"3" placeholder:"N" help:"How often every connection of the bot to PostgreSQL goes silent, half open, as after a failover that nobody tells of (0 to 10,000)."`
	Pause    time.Duration `default:"2s" placeholder:"TIME" help:"Time between two kills, on average (100ms to 1h)."`

	People peopleSettings `embed:"" group:"People:"`
	Bot    botSettings    `embed:"" group:"The bot:"`
	Faults faultSettings  `embed:"" group:"Faults on order:"`
	Output outputSettings `embed:""`
}

// blow is something that is done to the bot under load.
type blow func(*trial, context.Context, *rand.Rand) error

// downTime is the longest that PostgreSQL stays away.
const downTime = time.Second

// Run kills the bot and PostgreSQL under load, and cuts them off from each other, and compares what everybody read as saved with
// the database.
func (c *tortureCmd) Run(ctx context.Context, out *console) error {
	if err := errors.Join(c.check(), c.People.check(), c.Bot.check(), c.Faults.check()); err != nil {
		return err
	}
	people := c.People.crowd(firstPerson, c.Bot.Speed, crowd.Writers)
	people.Lenient = true
	o := trialOptions{
		command: "torture", crowd: people,
		rig: c.Bot.rig(out), events: c.Bot.Events, about: described(c.People, "okolo"),
	}
	c.Faults.order(&o)
	o.rig.Silences = c.Silences > 0
	t, err := startTrial(ctx, o, out)
	if err != nil {
		return err
	}
	loading, over := context.WithCancel(ctx)
	defer over()
	err = t.load(loading, forever, func(ctx context.Context) error {
		defer over()
		return c.torture(ctx, t)
	})
	if err == nil {
		err = t.conclude(ctx)
	}
	if err = errors.Join(err, t.close(ctx)); err != nil {
		return err
	}
	return finish(t.result, c.Output, out)
}

// forever is longer than any load: something else ends it.
const forever = 1000 * time.Hour

func (c *tortureCmd) check() error {
	for _, n := range []int{c.Kills, c.Terms, c.DBKills, c.Silences} {
		if n < 0 || n > 10_000 {
			return usageError{"--kills, --terms, --db-kills and --silences go from 0 to 10,000."}
		}
	}
	switch {
	case c.Pause < 100*time.Millisecond || c.Pause > time.Hour:
		return usageError{"--pause goes from 100ms to 1h."}
	case c.Bot.Target != "":
		return usageError{"torture kills the bot, so it has to start it: leave --target out."}
	case c.DBKills > 0 && c.Bot.DatabaseURL != "":
		return usageError{"torture kills only a PostgreSQL of its own: leave --database-url out, or give --db-kills 0."}
	}
	return nil
}

// torture strikes, in a random order and at random moments, until all is done or ctx is.
func (c *tortureCmd) torture(ctx context.Context, t *trial) error {
	lot := rand.New(rand.NewPCG(c.People.Seed, 2))
	blows := slices.Concat(
		slices.Repeat([]blow{(*trial).killBot}, c.Kills), slices.Repeat([]blow{(*trial).terminateBot}, c.Terms),
		slices.Repeat([]blow{(*trial).killDatabase}, c.DBKills), slices.Repeat([]blow{(*trial).silenceDatabase}, c.Silences))
	lot.Shuffle(len(blows), func(i, j int) { blows[i], blows[j] = blows[j], blows[i] })
	for _, strike := range blows {
		sleep(ctx, c.Pause/2+time.Duration(lot.Int64N(int64(c.Pause))))
		if ctx.Err() != nil {
			return nil
		}
		if err := strike(t, ctx, lot); err != nil && ctx.Err() == nil {
			return fmt.Errorf("torture: %w", err)
		}
	}
	sleep(ctx, c.Pause) // of load after the last of them
	return nil
}

// killBot kills the bot, as nothing can that it could notice, and starts it again.
func (t *trial) killBot(ctx context.Context, _ *rand.Rand) error {
	t.sampler.note("bot killed")
	t.result.Kills++
	if err := t.rig.KillBot(); err != nil {
		return err
	}
	return t.startBot(ctx)
}

// terminateBot asks the bot to end, which it has to do well, and starts it again.
func (t *trial) terminateBot(ctx context.Context, _ *rand.Rand) error {
	t.sampler.note("bot ended")
	t.result.Terms++
	if err := t.rig.TerminateBot(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return t.startBot(ctx)
}

// startBot starts the bot again. A silence is over then: what could not be stored in it was lost with the process.
func (t *trial) startBot(ctx context.Context) error {
	if err := t.rig.StartBot(ctx); err != nil {
		return err
	}
	if t.silent {
		t.silent = false
		t.crowd.Forgive()
	}
	return nil
}

// silenceDatabase cuts the bot off from PostgreSQL without a word; new connections are as ever.
func (t *trial) silenceDatabase(context.Context, *rand.Rand) error {
	t.sampler.note("connections went silent")
	t.result.Silences++
	t.silent = true
	t.crowd.Silenced()
	_, err := t.rig.SilenceDatabase()
	return err
}

// killDatabase kills PostgreSQL, and starts it again a little later.
func (t *trial) killDatabase(ctx context.Context, lot *rand.Rand) error {
	t.sampler.note("PostgreSQL killed")
	t.result.DatabaseKills++
	t.crowd.Crashed()
	if err := t.rig.KillDatabase(); err != nil {
		return err
	}
	sleep(ctx, time.Duration(lot.Int64N(int64(downTime))))
	if err := t.rig.RestartDatabase(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	if !t.silent {
		t.crowd.Forgive()
	}
	return nil
}

// sleep waits, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
