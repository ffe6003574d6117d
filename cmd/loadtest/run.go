package main

import (
	"context"
	"errors"
	"time"

	"okolo/cmd/loadtest/crowd"
)

// firstPerson is the Telegram id of the first person in a private database.
const firstPerson = 1_000_000

// runCmd is loadtest run.
type runCmd struct {
	Duration time.Duration `default:"30s" placeholder:"TIME" help:"How long people come."`

	People peopleSettings `embed:"" group:"People:"`
	Bot    botSettings    `embed:"" group:"The bot:"`
	Faults faultSettings  `embed:"" group:"Faults on order:"`
	Output outputSettings `embed:""`
}

// Run lets people use the bot for a while, and reports.
func (c *runCmd) Run(ctx context.Context, out *console) error {
	if err := errors.Join(c.People.check(), c.Bot.check(), c.Faults.check()); err != nil {
		return err
	}
	o := trialOptions{
		command: "run", crowd: c.People.crowd(firstPerson, c.Bot.Speed, crowd.Everybody),
		rig: c.Bot.rig(out), events: c.Bot.Events, about: described(c.People, "okolo"),
	}
	c.Faults.order(&o)
	r, err := carryOut(ctx, o, c.Duration, out)
	if err != nil {
		return err
	}
	return finish(r, c.Output, out)
}
