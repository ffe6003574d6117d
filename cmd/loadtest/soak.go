package main

import (
	"context"
	"errors"
	"time"

	"okolo/cmd/loadtest/crowd"
	"okolo/cmd/loadtest/report"
)

// soakCmd is loadtest soak.
type soakCmd struct {
	Duration time.Duration `default:"10m" placeholder:"TIME" help:"How long people come."`
	Growth   float64       `default:"0.1" placeholder:"SHARE" help:"How much more of anything there may be at the end than in the middle (0 to 10), by a straight line through the second half."`

	People peopleSettings `embed:"" group:"People:"`
	Bot    botSettings    `embed:"" group:"The bot:"`
	Faults faultSettings  `embed:"" group:"Faults on order:"`
	Output outputSettings `embed:""`
}

// Run lets people use the bot for a long time, and looks for what grows.
func (c *soakCmd) Run(ctx context.Context, out *console) error {
	if err := errors.Join(c.People.check(), c.Bot.check(), c.Faults.check()); err != nil {
		return err
	}
	if !(c.Growth >= 0 && c.Growth <= 10) {
		return usageError{"--growth goes from 0 to 10."}
	}
	o := trialOptions{
		command: "soak", crowd: c.People.crowd(firstPerson, c.Bot.Speed, crowd.Everybody),
		rig: c.Bot.rig(out), events: c.Bot.Events, about: described(c.People, "okolo"),
	}
	c.Faults.order(&o)
	r, err := carryOut(ctx, o, c.Duration, out)
	if err != nil {
		return err
	}
	for _, s := range r.Growing(c.Growth) {
		r.Violations = append(r.Violations, report.Violation{Kind: "grows", What: s})
	}
	return finish(r, c.Output, out)
}
