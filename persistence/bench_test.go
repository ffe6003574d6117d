package persistence_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"okolo/persistence/model"
)

// BenchmarkWriter measures acknowledged creates, everything they commit included, on durable
// settings.
func BenchmarkWriter(b *testing.B) {
	b.Run("single", func(b *testing.B) { benchmarkWriter(b, 1) })
	b.Run("concurrent", func(b *testing.B) { benchmarkWriter(b, 256) })
}

func benchmarkWriter(b *testing.B, senders int) {
	_, w, _ := setUp(b)
	latencies := make([][]time.Duration, senders)
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			by, random := person(int64(i+1)), rand.New(rand.NewPCG(1, uint64(i)))
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				event := model.CreateUserEvent{By: by, Draft: n, Details: details()}
				event.Point = around(random, berlin, 50_000)
				event.Starts = event.Starts.Add(time.Duration(random.IntN(10_000)) * time.Minute)
				event.Ends = event.Starts.Add(time.Hour)
				begun := time.Now()
				if _, err := w.CreateUserEvent(context.Background(), key(n), event); err != nil {
					b.Error(err)
					return
				}
				latencies[i] = append(latencies[i], time.Since(begun))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Concat(latencies...)
	slices.SortFunc(all, cmp.Compare[time.Duration])
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "creates/s")
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(w.Stats().LargestBatch), "largest-batch")
}
