package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"okolo/actors/ops"
)

// clientSettings say how to reach a running program.
type clientSettings struct {
	URL      string `env:"OPS_URL" default:"http://127.0.0.1:8090" placeholder:"URL" help:"Where the running program serves its statistics."`
	OpsToken string `env:"OPS_TOKEN" mask:"all" placeholder:"TOKEN" help:"What the running program wants to see (its OPS_TOKEN)."`
}

// client returns the client, or the sentence that asks for a better address.
func (s clientSettings) client() (ops.Client, error) {
	if !isWebAddress(s.URL) {
		return ops.Client{}, usageError{"OPS_URL is not the address of a running program: it should look like http://127.0.0.1:8090."}
	}
	return ops.Client{URL: s.URL, Token: s.OpsToken}, nil
}

// noAnswerError says that no program answered.
type noAnswerError struct{ cause error }

func (e *noAnswerError) Error() string {
	if errors.Is(e.cause, ops.ErrStranger) {
		return fmt.Sprintf("no running program answered (is this its address?): %v", e.cause)
	}
	return fmt.Sprintf("no running program answered (is it running, and is this its address?): %v", e.cause)
}

func (e *noAnswerError) Unwrap() error { return e.cause }

// answered tells a program that refused from one that is not there. Who stops waiting for an
// answer knows why there is none.
func answered(ctx context.Context, err error) error {
	var refused *ops.RefusedError
	switch {
	case err == nil, ctx.Err() != nil:
		return nil
	case errors.As(err, &refused):
		return fmt.Errorf("the program refused: %w", err)
	}
	return &noAnswerError{err}
}

// purgeCmd is okolo purge.
type purgeCmd struct {
	Client clientSettings `embed:""`
}

// Run has the running program purge, and prints what left.
func (c *purgeCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.Client.client()
	if err != nil {
		return err
	}
	removed, err := client.Purge(ctx)
	if err != nil {
		return answered(ctx, err)
	}
	fmt.Fprintf(stdout, "%d sessions left memory\n", removed)
	return nil
}

// drainCmd is okolo drain.
type drainCmd struct {
	Client clientSettings `embed:""`
}

// Run has the running program end, in order.
func (c *drainCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.Client.client()
	if err != nil {
		return err
	}
	if err := client.Drain(ctx); err != nil {
		return answered(ctx, err)
	}
	fmt.Fprintln(stdout, "the program drains and ends")
	return nil
}
