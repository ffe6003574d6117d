package histogram_test

import (
	"encoding/json"
	"math"
	"strings"
	"sync"
	"testing"

	"okolo/actors/histogram"
)

func TestHistogram(t *testing.T) {
	h := histogram.New(1, 2, 4)
	for _, v := range []float64{0.5, 1, 1.5, 3, 100} {
		h.Observe(v)
	}
	c := h.Read()
	if got := [4]uint64(c.Buckets); got != [4]uint64{2, 1, 1, 1} { // a bound belongs to its bucket
		t.Errorf("buckets %v", got)
	}
	if c.Count() != 5 || c.Sum != 106 {
		t.Errorf("%d measurements, sum %v", c.Count(), c.Sum)
	}
	for q, want := range map[float64]float64{0.2: 0.5, 0.4: 1, 0.6: 2, 0.7: 3, 1: 4} {
		if got := c.Quantile(q); math.Abs(got-want) > 1e-9 {
			t.Errorf("quantile %v is %v, not %v", q, got, want)
		}
	}
	if got := histogram.New(1).Read().Quantile(0.5); got != 0 {
		t.Errorf("nothing was measured, and yet %v", got)
	}
	raw, err := json.Marshal(c)
	if err != nil || !strings.Contains(string(raw), `"count":5`) || !strings.Contains(string(raw), `"buckets":[2,1,1,1]`) {
		t.Errorf("%s, %v", raw, err)
	}
}

func TestHistogramFromManySides(t *testing.T) {
	h := histogram.Latency()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				h.Observe(0.5)
				h.Read()
			}
		})
	}
	all.Wait()
	if c := h.Read(); c.Count() != 8000 || c.Sum != 4000 {
		t.Errorf("%d measurements, sum %v", c.Count(), c.Sum)
	}
}

func BenchmarkObserve(b *testing.B) {
	h := histogram.Latency()
	for b.Loop() {
		h.Observe(0.003)
	}
}
