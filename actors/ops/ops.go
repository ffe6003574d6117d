// Package ops is the operators' window: it serves the statistics of a running program over
// HTTP, as JSON, as metrics for Prometheus and as a page, reads them from there, and takes the
// orders to purge and to drain.
//
// It knows neither Telegram nor SQL; what there is to show or to do is handed to it as
// functions.
package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"reflect"
	"time"
)

const (
	// readTimeout bounds the reading of a request and the making of one answer.
	readTimeout = 5 * time.Second
	// orderTimeout bounds the answer to an order. What was ordered goes on.
	orderTimeout = time.Minute
	// profileTimeout bounds a profile, whose length is asked for.
	profileTimeout = 5 * time.Minute
)

// Window is what operators see of a program, and may order it to do.
type Window struct {
	// Stats returns the statistics: a struct of structs that encodes to a JSON object of
	// objects. Its fields' tags say which metrics they are: see [Fields].
	Stats func(context.Context) (any, error)
	// Figures is the type of what Stats returns.
	Figures reflect.Type
	// Ready returns nil, or why the program does not serve.
	Ready func(context.Context) error
	// Purge makes the oldest half of the sessions leave memory and returns how many did.
	Purge func(context.Context) (removed int, err error)
	// Drain begins an orderly end of the program and returns at once.
	Drain func()

	// Token is what a request has to bear ("Authorization: Bearer TOKEN"). Without one, only
	// programs of this machine are answered.
	Token string
	// Profiles serves /debug/pprof.
	Profiles bool
	Logger   *slog.Logger
}

// Handler serves the window:
//
//	GET  /               the dashboard
//	GET  /stats          the statistics as JSON
//	GET  /stats/schema   what they mean, as JSON Schema
//	GET  /metrics        the same for Prometheus
//	GET  /healthz        200: the process answers
//	GET  /readyz         200: it serves; 503 and the reason: it does not
//	POST /purge          the oldest half of the sessions leaves memory
//	POST /drain          the program ends, in order
//	GET  /debug/pprof/   profiles, where they are allowed
//
// The page, which holds no figures, and the two checks are there for everybody; the rest is for
// those whom [Window].Token says.
func (w Window) Handler() http.Handler {
	private := http.NewServeMux()
	private.HandleFunc("GET /stats", w.serveStats)
	private.HandleFunc("GET /stats/schema", w.serveSchema)
	private.Handle("GET /metrics", w.metrics())
	private.Handle("POST /purge", w.order("purge", func(ctx context.Context) (any, error) {
		n, err := w.Purge(ctx)
		return purged{n}, err
	}))
	private.Handle("POST /drain", w.order("drain", func(context.Context) (any, error) {
		w.Drain()
		return struct{}{}, nil
	}))
	if w.Profiles {
		private.HandleFunc("GET /debug/pprof/", patiently(profileTimeout, pprof.Index))
		private.HandleFunc("GET /debug/pprof/profile", patiently(profileTimeout, pprof.Profile))
		private.HandleFunc("GET /debug/pprof/trace", patiently(profileTimeout, pprof.Trace))
		private.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		private.HandleFunc("GET /debug/pprof/cmdline", http.NotFound) // it may hold secrets
	}
	mux := http.NewServeMux()
	mux.Handle("/", w.guarded(private))
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprintln(rw, "ok") })
	mux.HandleFunc("GET /readyz", w.serveReady)
	servePage(mux)
	return mux
}

func (w Window) serveStats(rw http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	s, err := w.Stats(ctx)
	if err != nil {
		w.Logger.Warn("statistics could not be read", "error", err)
		http.Error(rw, "the statistics cannot be read right now", http.StatusServiceUnavailable)
		return
	}
	w.answer(rw, s)
}

func (w Window) serveReady(rw http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	if err := w.Ready(ctx); err != nil {
		http.Error(rw, "not ready: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(rw, "ready")
}

// order serves an order.
func (w Window) order(name string, do func(context.Context) (any, error)) http.Handler {
	return patiently(orderTimeout, func(rw http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), orderTimeout)
		defer cancel()
		w.Logger.Info("an operator's order", "order", name, "from", r.RemoteAddr)
		done, err := do(ctx)
		if err != nil {
			w.Logger.Warn("an order failed", "order", name, "error", err)
			http.Error(rw, "no "+name+": "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.answer(rw, done)
	})
}

func (w Window) answer(rw http.ResponseWriter, value any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Cache-Control", "no-store")
	enc := json.NewEncoder(rw)
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		w.Logger.Debug("an answer to an operator was not delivered", "error", err)
	}
}

// patiently lets the answers of a handler take longer than those of others.
func patiently(most time.Duration, h http.HandlerFunc) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(rw).SetWriteDeadline(time.Now().Add(most + readTimeout)) // as for all where it cannot be set
		h(rw, r)
	}
}
