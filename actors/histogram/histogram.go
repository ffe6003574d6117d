// Package histogram counts measurements in buckets, for statistics. It knows nothing of what is
// measured, and imports nothing of this module.
package histogram

import (
	"encoding/json"
	"math"
	"slices"
	"sync/atomic"
)

// Histogram counts measurements. It is safe for concurrent use; nothing waits for anything.
type Histogram struct {
	bounds []float64
	counts []atomic.Uint64 // one more than bounds: what is greater than all
	sum    atomic.Uint64   // the bits of a float64
}

// New makes a histogram with the upper bounds of its buckets, in ascending order. One more
// bucket takes what is greater.
func New(bounds ...float64) *Histogram {
	return &Histogram{bounds: bounds, counts: make([]atomic.Uint64, len(bounds)+1)}
}

// Latency makes a histogram for seconds, from half a millisecond to ten seconds.
func Latency() *Histogram {
	return New(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
}

// Sizes makes a histogram for sizes of batches, from 1 to 512.
func Sizes() *Histogram { return New(1, 2, 4, 8, 16, 32, 64, 128, 256, 512) }

// Observe counts a measurement.
func (h *Histogram) Observe(v float64) {
	i, _ := slices.BinarySearch(h.bounds, v)
	h.counts[i].Add(1)
	for {
		old := h.sum.Load()
		if h.sum.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

// Read returns what was counted. A measurement that comes meanwhile may be in a count and
// not yet in the sum.
func (h *Histogram) Read() Counts {
	c := Counts{Bounds: h.bounds, Buckets: make([]uint64, len(h.counts)), Sum: math.Float64frombits(h.sum.Load())}
	for i := range h.counts {
		c.Buckets[i] = h.counts[i].Load()
	}
	return c
}

// Counts are the counts of a [Histogram] at a moment.
type Counts struct {
	Bounds  []float64 // upper ones, ascending; not to be changed
	Buckets []uint64  // measurements in each bucket; the last is beyond all bounds
	Sum     float64   // of all measurements
}

// Count returns the number of measurements.
func (c Counts) Count() uint64 {
	var n uint64
	for _, b := range c.Buckets {
		n += b
	}
	return n
}

// Quantile estimates the value below which the share q (0 to 1) of the measurements lies, by
// going straight through its bucket. Beyond the last bound it returns that bound; without
// measurements 0.
func (c Counts) Quantile(q float64) float64 {
	rank, below, lower := q*float64(c.Count()), 0.0, 0.0
	if rank == 0 {
		return 0
	}
	for i, upper := range c.Bounds {
		n := float64(c.Buckets[i])
		if below+n >= rank {
			return lower + (upper-lower)*(rank-below)/n
		}
		below, lower = below+n, upper
	}
	return lower
}

// MarshalJSON writes the counts with estimates of three quantiles.
func (c Counts) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Count   uint64    `json:"count"`
		Sum     float64   `json:"sum"`
		P50     float64   `json:"p50"`
		P95     float64   `json:"p95"`
		P99     float64   `json:"p99"`
		Bounds  []float64 `json:"bounds"`
		Buckets []uint64  `json:"buckets"`
	}{c.Count(), c.Sum, c.Quantile(0.5), c.Quantile(0.95), c.Quantile(0.99), c.Bounds, c.Buckets})
}
