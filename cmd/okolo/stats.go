package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"okolo/actors/ops"
)

// statsCmd is okolo stats.
type statsCmd struct {
	Client clientSettings `embed:""`

	JSON  bool          `help:"Print JSON in place of a table." name:"json"`
	Watch bool          `help:"Print again and again, until Ctrl-C."`
	Every time.Duration `default:"2s" placeholder:"TIME" help:"Time between prints with --watch (100ms to 1h)."`
}

// Run prints the statistics.
func (c *statsCmd) Run(ctx context.Context, stdout io.Writer) error {
	if err := within("--every", c.Every, 100*time.Millisecond, time.Hour); err != nil {
		return err
	}
	client, err := c.Client.client()
	if err != nil {
		return err
	}
	if !c.Watch {
		return c.print(ctx, client, stdout)
	}
	tick := time.NewTicker(c.Every)
	defer tick.Stop()
	for {
		if !c.JSON {
			fmt.Fprint(stdout, "\x1b[H\x1b[2J") // clear the terminal
		}
		if err := c.print(ctx, client, stdout); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (c *statsCmd) print(ctx context.Context, client ops.Client, stdout io.Writer) error {
	stats, err := client.Stats(ctx)
	if err != nil {
		return answered(ctx, err)
	}
	if c.JSON {
		_, err := stdout.Write(append(bytes.TrimSpace(stats), '\n'))
		return err
	}
	return ops.Table(stdout, stats)
}
