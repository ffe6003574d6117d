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
	URL   string        `env:"OPS_URL" default:"http://127.0.0.1:8090" placeholder:"URL" help:"Where the running program serves its statistics."`
	JSON  bool          `help:"Print JSON in place of a table." name:"json"`
	Watch bool          `help:"Print again and again, until Ctrl-C."`
	Every time.Duration `default:"2s" placeholder:"TIME" help:"Time between prints with --watch (100ms to 1h)."`
}

// noAnswerError says that no program answered.
type noAnswerError struct{ cause error }

func (e *noAnswerError) Error() string {
	return fmt.Sprintf("no running program answered (is it running, and is this its address?): %v", e.cause)
}

func (e *noAnswerError) Unwrap() error { return e.cause }

// Run prints the statistics.
func (c *statsCmd) Run(ctx context.Context, stdout io.Writer) error {
	if err := within("--every", c.Every, 100*time.Millisecond, time.Hour); err != nil {
		return err
	}
	if !c.Watch {
		return c.print(ctx, stdout)
	}
	tick := time.NewTicker(c.Every)
	defer tick.Stop()
	for {
		if !c.JSON {
			fmt.Fprint(stdout, "\x1b[H\x1b[2J") // clear the terminal
		}
		if err := c.print(ctx, stdout); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (c *statsCmd) print(ctx context.Context, stdout io.Writer) error {
	stats, err := ops.Fetch(ctx, c.URL)
	if err != nil {
		return &noAnswerError{err}
	}
	if c.JSON {
		_, err := stdout.Write(append(bytes.TrimSpace(stats), '\n'))
		return err
	}
	return ops.Table(stdout, stats)
}
