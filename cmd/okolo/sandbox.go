package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"okolo/bot/sandbox"
)

// sandboxCmd is okolo sandbox.
type sandboxCmd struct {
	Listen  string `default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Where the sandbox listens; loopback only, unless --public."`
	IDs     string `placeholder:"FILE" help:"File that keeps the ids of updates and messages growing over restarts." name:"ids"`
	Control bool   `help:"Serve the control API, by which anybody who reaches the sandbox orders faults."`
	Public  bool   `help:"Listen on any address: whoever reaches the sandbox can be anybody in it."`
}

// Run serves until ctx is done.
func (c *sandboxCmd) Run(ctx context.Context, stdout io.Writer, log *slog.Logger) error {
	s, err := sandbox.New(sandbox.Options{IDs: c.IDs, Control: c.Control, Public: c.Public, Logger: log})
	if err != nil {
		return err
	}
	url, err := s.Listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "ready: a Bot API for any token at %s\n", url)
	<-ctx.Done()
	return s.Close()
}
