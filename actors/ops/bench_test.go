package ops_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"syscall"
	"testing"
	"time"

	"okolo/actors"
	"okolo/actors/ops"
)

// idle is a behaviour that does nothing.
type idle struct{}

func (idle) Fresh(int64) int                                            { return 0 }
func (idle) Step(s int, _ any) actors.Turn[int]                         { return actors.Turn[int]{Next: s} }
func (idle) Prepared(*int) int                                          { return 0 }
func (idle) Trim(s int, _ int) int                                      { return s }
func (idle) Perform(_ context.Context, _ actors.Effect, done func(any)) { done(nil) }

// BenchmarkBeingWatched is what it costs the deliveries that statistics are read, as JSON and as
// metrics: the processor time of the whole process for a delivery, reading included, with 1 and
// with 10 readings a second against none. They take turns of a second, and the medians count; a
// round of six turns is an operation.
func BenchmarkBeingWatched(b *testing.B) {
	const users = 10_000
	cfg := actors.Defaults()
	cfg.MaxSessions, cfg.MemoryThreshold, cfg.Logger = users, 0, quiet
	r, err := actors.New(cfg, idle{}, idle{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if _, err := r.Shutdown(context.Background()); err != nil {
			b.Error(err)
		}
	}()
	type all struct {
		Sessions actors.Stats `json:"sessions" metric:""`
	}
	w := window()
	w.Figures = reflect.TypeFor[all]()
	w.Stats = func(ctx context.Context) (any, error) {
		s, err := r.Stats(ctx)
		return all{s}, err
	}
	server, err := ops.Listen(b.Context(), "127.0.0.1:0", w.Handler())
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		http.DefaultClient.CloseIdleConnections()
		_ = server.Close(context.Background())
	}()

	var id int64
	turn := func(readings int) (perDelivery float64) {
		stop := read(b, server.URL(), readings)
		defer stop()
		began, used := id, processorTime(b)
		for end := time.Now().Add(time.Second); time.Now().Before(end); {
			id = deliver(r, id, users)
		}
		return float64(processorTime(b)-used) / float64(id-began)
	}
	turn(10) // everybody has a session
	rates := []int{0, 1, 10}
	times := make(map[int][]float64)
	for b.Loop() {
		for _, n := range rates {
			times[n] = append(times[n], turn(n))
		}
		for _, n := range slices.Backward(rates) {
			times[n] = append(times[n], turn(n))
		}
	}
	base := median(times[0])
	b.ReportMetric(base, "cpu-ns/delivery")
	for _, n := range rates[1:] {
		b.ReportMetric(100*(median(times[n])/base-1), fmt.Sprintf("%%-at-%d/s", n))
	}
}

// deliver delivers a batch and waits until all of it is settled.
func deliver(r *actors.Runtime[int], id int64, users int64) int64 {
	const batch = 1000
	settled := make(chan struct{}, batch)
	for range batch {
		id++
		r.Deliver(actors.Input{User: id % users, ID: id, Payload: "ping", Settled: func(actors.Outcome) { settled <- struct{}{} }})
	}
	for range batch {
		<-settled
	}
	return id
}

// read asks for the statistics so many times a second, until it is stopped.
func read(b *testing.B, url string, perSecond int) (stop func()) {
	if perSecond == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second / time.Duration(perSecond))
		defer tick.Stop()
		for {
			for _, path := range []string{"/stats", "/metrics"} {
				resp, err := http.Get(url + path)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// processorTime is what the process has used, in nanoseconds.
func processorTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
