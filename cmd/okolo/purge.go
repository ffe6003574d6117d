package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"okolo/actors/ops"
)

// purgeCmd is okolo purge.
type purgeCmd struct {
	URL string `env:"OPS_URL" default:"http://127.0.0.1:8090" placeholder:"URL" help:"Where the running program serves its statistics."`
}

// Run has the running program purge, and prints what left.
func (c *purgeCmd) Run(ctx context.Context, stdout io.Writer) error {
	removed, err := ops.OrderPurge(ctx, c.URL)
	var refused *ops.RefusedError
	switch {
	case errors.As(err, &refused):
		return fmt.Errorf("the program did not purge: %w", err)
	case err != nil:
		return &noAnswerError{err}
	}
	fmt.Fprintf(stdout, "%d sessions left memory\n", removed)
	return nil
}
