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

// proxy stands between the bot and PostgreSQL. It makes every request take longer, and lets
// connections go silent.
type proxy struct {
	listener net.Listener
	folder   string // of its socket
	network  string
	address  string
	delay    time.Duration
	running  sync.WaitGroup

	mu    sync.Mutex
	open  map[*link]bool
	ended bool
}

// link is a connection of the bot's to the database.
type link struct{ client, server net.Conn }

// newProxy starts a proxy before the database at a URL, and returns the URL to use.
func newProxy(database string, delay time.Duration) (_ *proxy, through string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("stand between the bot and the database: %w", err)
		}
	}()
	cfg, err := pgconn.ParseConfig(database)
	if err != nil {
		return nil, "", err
	}
	p := &proxy{delay: delay, open: map[*link]bool{}}
	p.network, p.address = pgconn.NetworkAddress(cfg.Host, cfg.Port)
	if p.folder, err = os.MkdirTemp("", "loadtest"); err != nil {
		return nil, "", err
	}
	socket := filepath.Join(p.folder, ".s.PGSQL.5432") // where a client looks for it
	if p.listener, err = new(net.ListenConfig).Listen(context.Background(), "unix", socket); err != nil {
		return nil, "", errors.Join(err, os.RemoveAll(p.folder))
	}
	u := url.URL{Scheme: "postgres", Path: "/" + cfg.Database}
	u.RawQuery = url.Values{"host": {p.folder}, "port": {"5432"}, "user": {cfg.User}, "password": {cfg.Password}}.Encode()
	p.running.Go(p.accept)
	return p, u.String(), nil
}

func (p *proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.serve(c) })
	}
}

// serve passes on what one connection carries, until either side ends. A link that has gone silent
// lasts until the bot gives it up.
func (p *proxy) serve(client net.Conn) {
	defer func() { _ = client.Close() }() // it may be closed already
	server, err := new(net.Dialer).Dial(p.network, p.address)
	if err != nil {
		return // the client sees that it is cut
	}
	l := &link{client, server}
	if !p.keep(l) {
		_ = server.Close()
		return
	}
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(client, server) // how a connection ends is no matter here
		if !p.silent(l) {
			_ = client.Close()
		}
	}()
	p.forward(l)
	_ = server.Close() // so that the other direction ends, too
	<-back
	p.drop(l)
}

// forward carries what the bot says to the database, and drops it where the link is silent.
func (p *proxy) forward(l *link) {
	buf := make([]byte, 64<<10)
	for {
		n, err := l.client.Read(buf)
		if err != nil {
			return
		}
		time.Sleep(p.delay)
		if _, err := l.server.Write(buf[:n]); err != nil && !p.silent(l) {
			return
		}
	}
}

// silence lets every connection that there is go silent: the database is gone from its other end,
// as after a failover, and nobody tells the bot. New connections are as ever. It returns how many
// there were.
func (p *proxy) silence() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for l, speaks := range p.open {
		if speaks {
			p.open[l] = false
			_ = l.server.Close() // that is all that is wanted
			n++
		}
	}
	return n
}

func (p *proxy) keep(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[l] = !p.ended
	return !p.ended
}

func (p *proxy) silent(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.ended && !p.open[l]
}

func (p *proxy) drop(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, l)
}

// close cuts every connection.
func (p *proxy) close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.ended = true
	for l := range p.open {
		_ = errors.Join(l.client.Close(), l.server.Close()) // that is all that is wanted
	}
	p.mu.Unlock()
	p.running.Wait()
	return errors.Join(err, os.RemoveAll(p.folder))
}
