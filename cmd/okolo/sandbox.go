package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"okolo/bot/sandbox"
)

// sandboxCmd is okolo sandbox.
type sandboxCmd struct {
	Listen  string `default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Where the sandbox listens; loopback only, unless --public."`
	IDs     string `placeholder:"FILE" help:"File that keeps the ids of updates and messages growing over restarts. Default: one for each port, in the user's cache folder." name:"ids"`
	Control bool   `help:"Serve the control API, by which anybody who reaches the sandbox orders faults."`
	Public  bool   `help:"Listen on any address: whoever reaches the sandbox can be anybody in it."`
}

// Run serves until ctx is done.
func (c *sandboxCmd) Run(ctx context.Context, stdout io.Writer, log *slog.Logger) error {
	if err := checkListen("--listen", c.Listen, c.Public); err != nil {
		return err
	}
	s, err := c.open(log)
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

// open makes the sandbox, without a file of ids where the one that nobody asked for cannot be kept.
func (c *sandboxCmd) open(log *slog.Logger) (*sandbox.Server, error) {
	o := sandbox.Options{Control: c.Control, Public: c.Public, Logger: log}
	var err error
	if o.IDs, err = c.idsFile(); err == nil {
		var s *sandbox.Server
		if s, err = sandbox.New(o); err == nil || c.IDs != "" {
			return s, err
		}
	}
	log.Warn("ids of updates and messages may come again after a restart: give a file for them, --ids", "error", err)
	o.IDs = ""
	return sandbox.New(o)
}

// idsFile returns where the ids are kept. A bot that keeps its database takes an id that comes
// again for one that it has seen. Two sandboxes cannot have the same port at once, so they do not
// have the same file; one at any free port is for a test, and keeps none.
func (c *sandboxCmd) idsFile() (string, error) {
	_, port, _ := net.SplitHostPort(c.Listen) // it was checked
	if c.IDs != "" || port == "0" {
		return c.IDs, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "okolo")
	return filepath.Join(folder, "sandbox-"+port+".ids"), os.MkdirAll(folder, 0o755)
}
