package report

import (
	"fmt"
	"math"
)

// fewest is how many samples a slope needs.
const fewest = 20

// slack is what may grow of anything without a word: MB, goroutines, connections or files.
const slack = 8

// Growing names what grows in the second half of a run: where a straight line through its
// samples (least squares) rises over that half by more than a share of where it begins, and to more
// than there was for a whole quarter of the run before: what comes and goes in steps, such as idle
// connections, does not grow, and a short peak early on hides no leak.
func (r *Result) Growing(share float64) (said []string) {
	half := r.Series[len(r.Series)/2:]
	if len(half) < fewest {
		return nil
	}
	for _, x := range []struct {
		name string
		of   func(*Sample) float64
	}{
		{"resident memory, MB", func(s *Sample) float64 { return s.RSSMB }},
		{"live heap, MB", func(s *Sample) float64 { return s.HeapMB }},
		{"goroutines", func(s *Sample) float64 { return float64(s.Goroutines) }},
		{"connections to PostgreSQL", func(s *Sample) float64 { return float64(s.Connections) }},
		{"threads and files of the process", func(s *Sample) float64 { return float64(s.Handles) }},
	} {
		from, to := ends(half, x.of)
		if to-from > share*from && to-from > slack && to > held(r.Series, x.of) {
			said = append(said, fmt.Sprintf("%s: from %.1f to %.1f in the second half, by a straight line through it", x.name, from, to))
		}
	}
	return said
}

// held is what there never was less of in the first quarter of a series, or in the second: the
// higher of the two.
func held(list []Sample, of func(*Sample) float64) float64 {
	first, second := math.Inf(1), math.Inf(1)
	for i := range len(list) / 4 {
		first = min(first, of(&list[i]))
		second = min(second, of(&list[len(list)/4+i]))
	}
	return max(first, second)
}

// ends are the values of the line of least squares at the first and the last sample.
func ends(list []Sample, of func(*Sample) float64) (first, last float64) {
	var n, sx, sy, sxx, sxy float64
	for i := range list {
		x, y := list[i].T, of(&list[i])
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	slope := 0.0
	if d := n*sxx - sx*sx; d != 0 {
		slope = (n*sxy - sx*sy) / d
	}
	base := (sy - slope*sx) / n
	return base + slope*list[0].T, base + slope*list[len(list)-1].T
}
