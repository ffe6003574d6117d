package report

import (
	"strings"
	"testing"
)

// TestGrowing: a leak in the second half is named, also behind a peak or a stall early on; noise, steps,
// and what grows only at first, are not.
func TestGrowing(t *testing.T) {
	run := func(rss func(i int) float64) *Result {
		r := &Result{}
		for i := range 100 {
			r.Series = append(r.Series, Sample{T: float64(i), RSSMB: rss(i), Connections: 10})
		}
		return r
	}
	for name, c := range map[string]struct {
		rss  func(int) float64
		says string
	}{
		"leak":     {func(i int) float64 { return 100 + float64(i) }, "resident memory"},
		"peak":     {func(i int) float64 { return 100 + float64(i) + during(i, 3, 4, 200) }, "resident memory"},
		"stall":    {func(i int) float64 { return 100 + float64(i) + during(i, 10, 20, 120) }, "resident memory"},
		"warm-up":  {func(i int) float64 { return 100 + float64(i) + during(i, 0, 5, 100) }, "resident memory"},
		"noise":    {func(i int) float64 { return 100 + float64(i*7919%40) }, ""},
		"saturate": {func(i int) float64 { return 100 + float64(min(i, 45)) }, ""},
		"steps":    {func(i int) float64 { return 100 + float64([]int{0, 60, 10, 40}[i/25]) }, ""},
		"slight":   {func(i int) float64 { return 100 + float64(i)/20 }, ""},
	} {
		said := strings.Join(run(c.rss).Growing(0.1), "; ")
		if (said != "") != (c.says != "") || !strings.Contains(said, c.says) {
			t.Errorf("%s: said %q", name, said)
		}
	}
	if said := (&Result{Series: make([]Sample, 5)}).Growing(0); said != nil {
		t.Errorf("five samples have a slope: %v", said)
	}
}

// during is so much from one sample to another, and nothing before and after.
func during(i, from, to int, much float64) float64 {
	if i < from || i >= to {
		return 0
	}
	return much
}
