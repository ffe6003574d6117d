package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"okolo/cmd/loadtest/crowd"
	"okolo/cmd/loadtest/report"
)

// sweepCmd is loadtest sweep.
type sweepCmd struct {
	Steps    []int         `default:"1000,10000,100000" placeholder:"N" help:"Numbers of people, one run each."`
	Duration time.Duration `default:"30s" placeholder:"TIME" help:"How long people come."`

	People peopleSettings `embed:"" group:"People:"`
	Bot    botSettings    `embed:"" group:"The bot:"`
	JSON   string         `placeholder:"FILE" help:"Write the result as JSON; -: to the standard output, in place of the summary." name:"json"`
	PNG    string         `placeholder:"FILE" help:"Draw the charts into a picture." name:"png"`
}

// Run does one run after the other, with more and more people, and prints them side by side.
func (c *sweepCmd) Run(ctx context.Context, out *console) error {
	for _, n := range c.Steps {
		c.People.Users = n
		if err := errors.Join(c.People.check(), c.Bot.check()); err != nil {
			return err
		}
	}
	var s report.Sweep
	failed := false
	for _, n := range c.Steps {
		fmt.Fprintf(out.err, "── %d people\n", n)
		c.People.Users = n
		r, err := carryOut(ctx, trialOptions{
			command: "sweep", crowd: c.People.crowd(firstPerson, c.Bot.Speed, crowd.Everybody),
			rig: c.Bot.rig(out), events: c.Bot.Events, about: described(c.People, "okolo"),
		}, c.Duration, out)
		if err != nil {
			return err
		}
		failed = failed || r.Failed()
		s = append(s, r)
		if ctx.Err() != nil {
			break
		}
	}
	if err := c.write(s, out); err != nil {
		return err
	}
	if failed {
		return errViolated
	}
	return nil
}

func (c *sweepCmd) write(s report.Sweep, out *console) error {
	if c.JSON != "" {
		b, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			return fmt.Errorf("encode the result: %w", err)
		}
		if err := writeTo(c.JSON, append(b, '\n'), out.out); err != nil {
			return err
		}
	}
	if c.PNG != "" {
		if err := s.PictureFile(c.PNG); err != nil {
			return err
		}
	}
	if c.JSON != "-" {
		return s.Table(out.out)
	}
	return nil
}
