package ops

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// maxHeader is the most bytes of a request's header.
const maxHeader = 16 << 10

// Server is a listening window.
type Server struct {
	http *http.Server
	addr net.Addr
	done chan error
}

// Listen serves h on addr, such as "127.0.0.1:8090"; port 0 takes a free one. Close stops it.
func Listen(ctx context.Context, addr string, h http.Handler) (*Server, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for operators: %w", err)
	}
	s := &Server{
		http: &http.Server{
			Handler: h, MaxHeaderBytes: maxHeader,
			ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, WriteTimeout: 2 * readTimeout,
		},
		addr: l.Addr(), done: make(chan error, 1),
	}
	go func() { s.done <- s.http.Serve(l) }()
	return s, nil
}

// URL returns the address that it listens on.
func (s *Server) URL() string { return "http://" + s.addr.String() }

// Close ends the serving; answers under way are finished until ctx ends.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("stop the window for operators: %w", err)
	}
	return nil
}
