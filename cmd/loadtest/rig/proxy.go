package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// slowProxy stands between the bot and PostgreSQL and makes every request take longer.
type slowProxy struct {
	listener net.Listener
	folder   string // of its socket
	network  string
	address  string
	delay    time.Duration
	running  sync.WaitGroup

	mu    sync.Mutex
	open  map[net.Conn]bool
	ended bool
}

// newSlowProxy starts a proxy before the database at a URL, and returns the URL to use.
func newSlowProxy(database string, delay time.Duration) (_ *slowProxy, through string, err error) {
	cfg, err := pgconn.ParseConfig(database)
	if err != nil {
		return nil, "", fmt.Errorf("slow the database down: %w", err)
	}
	p := &slowProxy{delay: delay, open: map[net.Conn]bool{}}
	p.network, p.address = pgconn.NetworkAddress(cfg.Host, cfg.Port)
	if p.folder, err = os.MkdirTemp("", "loadtest"); err != nil {
		return nil, "", fmt.Errorf("slow the database down: %w", err)
	}
	socket := filepath.Join(p.folder, ".s.PGSQL.5432") // where a client looks for it
	if p.listener, err = new(net.ListenConfig).Listen(context.Background(), "unix", socket); err != nil {
		return nil, "", errors.Join(fmt.Errorf("slow the database down: %w", err), os.RemoveAll(p.folder))
	}
	u := url.URL{Scheme: "postgres", Path: "/" + cfg.Database}
	u.RawQuery = url.Values{"host": {p.folder}, "port": {"5432"}, "user": {cfg.User}, "password": {cfg.Password}}.Encode()
	p.running.Go(p.accept)
	return p, u.String(), nil
}

func (p *slowProxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.serve(c) })
	}
}

// serve passes on what one connection carries, until either side ends.
func (p *slowProxy) serve(client net.Conn) {
	defer p.drop(client)
	server, err := new(net.Dialer).Dial(p.network, p.address)
	if err != nil {
		return // the client sees that it is cut
	}
	defer p.drop(server)
	if !p.keep(client) || !p.keep(server) {
		return
	}
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(client, server) // how a connection ends is no matter here
		_ = client.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		time.Sleep(p.delay)
		if _, failed := server.Write(buf[:n]); failed != nil || err != nil {
			break
		}
	}
	_ = server.Close() // so that the other direction ends, too
	<-back
}

func (p *slowProxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[c] = true
	return !p.ended
}

func (p *slowProxy) drop(c net.Conn) {
	_ = c.Close() // it may be closed already
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
}

// close cuts every connection.
func (p *slowProxy) close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.ended = true
	for c := range p.open {
		_ = c.Close() // that is all that is wanted
	}
	p.mu.Unlock()
	p.running.Wait()
	return errors.Join(err, os.RemoveAll(p.folder))
}
