package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Times that a connection is given.
const (
	headTime    = 10 * time.Second // to send the head of a request
	idleTime    = 5 * time.Minute  // between requests
	acceptPause = 100 * time.Millisecond
)

// Listen serves [Server.Handler] on addr ("host:port"; port 0: any free one) until ctx ends or
// Close, and returns the server's URL. Without Options.Public the host must be loopback; an
// empty one is 127.0.0.1.
func (s *Server) Listen(ctx context.Context, addr string) (url string, err error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("sandbox: listen: %w", err)
	}
	if host == "" && !s.opts.Public {
		host = "127.0.0.1"
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return "", fmt.Errorf("sandbox: listen: %w", err)
	}
	if a, ok := l.Addr().(*net.TCPAddr); !s.opts.Public && (!ok || !a.IP.IsLoopback()) {
		_ = l.Close() // nothing was accepted yet
		return "", fmt.Errorf("sandbox: listen: %s is not a loopback address", addr)
	}
	d := newDoor(s, l)
	if err := s.own(d); err != nil {
		_ = l.Close() // nothing was accepted yet
		return "", err
	}
	go d.accept()
	forget := context.AfterFunc(ctx, func() {
		if err := s.Close(); err != nil {
			s.log.Error("sandbox did not close cleanly", "error", err)
		}
	})
	d.rest.RegisterOnShutdown(func() { forget() })
	return "http://" + l.Addr().String(), nil
}

// own takes note of a door that Close has to shut.
func (s *Server) own(d *door) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("sandbox: closed")
	}
	s.doors = append(s.doors, d)
	s.running.Add(1)
	return nil
}

// door is a listener and its connections. A [botConn] answers the calls of bots; net/http has
// the rest.
type door struct {
	server   *Server
	listener net.Listener
	rest     *http.Server

	mu    sync.Mutex
	shuts bool // nobody enters any more
	conns map[*botConn]struct{}
	busy  sync.WaitGroup // connections
}

func newDoor(s *Server, l net.Listener) *door {
	return &door{
		server: s, listener: l, conns: map[*botConn]struct{}{},
		rest: &http.Server{
			Handler:           s.Handler(),
			ReadHeaderTimeout: headTime,
			IdleTimeout:       idleTime,
			ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		},
	}
}

// accept takes connections in until the listener is closed.
func (d *door) accept() {
	defer d.server.running.Done()
	for {
		conn, err := d.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // such as too many open files: that passes
			d.server.log.Error("sandbox cannot accept a connection", "error", err)
			d.server.await(d.server.ctx, nil, acceptPause)
		default:
			c := newBotConn(d, conn)
			if !d.enter(c) {
				_ = conn.Close() // nothing was said
				continue
			}
			go func() {
				defer d.leave(c)
				c.serve()
			}()
		}
	}
}

// enter takes a connection in, and reports false where there are too many, or the door shuts.
func (d *door) enter(c *botConn) bool {
	if d.server.connCount.Add(1) > int64(d.server.opts.Connections) {
		d.server.connCount.Add(-1)
		d.server.refusedConns.Add(1)
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shuts {
		d.server.connCount.Add(-1)
		return false
	}
	d.conns[c] = struct{}{}
	d.busy.Add(1)
	return true
}

func (d *door) leave(c *botConn) {
	d.server.connCount.Add(-1)
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, c)
	d.busy.Done()
}

// each calls do with every connection that has not ended.
func (d *door) each(do func(*botConn)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.conns {
		do(c)
	}
}

// shut closes the door: idle connections at once, others after their answer, or all of them when
// ctx ends. The server's own context has ended before.
func (d *door) shut(ctx context.Context) error {
	d.mu.Lock()
	d.shuts = true
	d.mu.Unlock()
	err := d.listener.Close()
	d.each((*botConn).wake)
	if d.rest.Shutdown(ctx) != nil {
		err = errors.Join(err, d.rest.Close())
	}
	defer context.AfterFunc(ctx, func() { d.each((*botConn).abort) })()
	d.busy.Wait()
	return err
}
