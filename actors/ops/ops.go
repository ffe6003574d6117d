// Package ops is the operators' window: it serves the statistics of a running program over
// HTTP and reads them from there, and takes the order to purge.
//
// It knows neither Telegram nor SQL; what there is to show or to do is handed to it as a
// function.
package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	// readTimeout bounds the making of one answer.
	readTimeout = 5 * time.Second
	// maxStats is the most bytes of statistics that are read from a program.
	maxStats = 1 << 20
)

// Source returns the statistics, as a struct that encodes to a JSON object of objects.
type Source func(context.Context) (any, error)

// Handler serves GET /stats, the statistics as JSON, GET /healthz, which says that the process
// answers, and, to this machine alone, POST /purge.
func Handler(stats Source, purge Purge, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /purge", orders(purge, log))
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
		defer cancel()
		s, err := stats(ctx)
		if err != nil {
			log.Warn("statistics could not be read", "error", err)
			http.Error(w, "the statistics cannot be read right now", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		if err := enc.Encode(s); err != nil {
			log.Debug("statistics were not delivered", "error", err)
		}
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	return mux
}

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
		http: &http.Server{Handler: h, ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, WriteTimeout: 2 * readTimeout},
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

// Fetch reads the statistics of the program whose window is at url, as JSON.
func Fetch(ctx context.Context, url string) (json.RawMessage, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/stats", nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", url, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", url, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxStats))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", url, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s: %.200s", url, resp.Status, body)
	}
	return body, nil
}
