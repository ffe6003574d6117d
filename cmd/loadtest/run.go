package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"okolo/cmd/loadtest/crowd"
	"okolo/cmd/loadtest/report"
)

// firstPerson is the Telegram id of the first person in a private database.
const firstPerson = 1_000_000

// runCmd is loadtest run.
type runCmd struct {
	Duration time.Duration `default:"30s" placeholder:"TIME" help:"How long people come."`
	Against  string        `placeholder:"FILE" help:"Judge this run beside an earlier one of fewer people at the same rate, by its JSON: p99 at most 2 times as long, RSS at most 1.1 times the threshold, at least 5 purges, everybody came twice. What is missed makes the exit code 1."`

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
	base, err := c.base()
	if err != nil {
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
	if base != nil {
		r.Judge(base)
	}
	return finish(r, c.Output, out)
}

// base is the run to judge this one beside; nil: none was asked for.
func (c *runCmd) base() (*report.Result, error) {
	if c.Against == "" {
		return nil, nil
	}
	base, err := report.ReadFile(c.Against)
	if err != nil {
		return nil, err
	}
	if err := report.Comparable(base, c.People.Users, c.People.Rate); err != nil {
		return nil, usageError{fmt.Sprintf("--against %s: %v.", c.Against, err)}
	}
	return base, nil
}
