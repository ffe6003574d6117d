package report

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

// The size of a chart and of what is around its plot, in units of the SVG.
const (
	chartWidth, chartHeight         = 560.0, 240.0
	marginLeft, marginRight         = 52.0, 20.0
	marginTop, marginBottom         = 12.0, 26.0
	plotWidth                       = chartWidth - marginLeft - marginRight
	plotHeight                      = chartHeight - marginTop - marginBottom
	ticksWanted             float64 = 5
)

// line is a series of a chart. Its class gives it its colour.
type line struct {
	name  string
	class string
	y     []float64
	area  bool // filled down to the axis
}

// chart draws lines over time.
type chart struct {
	title, unit string
	across      string // what the horizontal axis is, in powers of ten; empty: seconds
	log         bool   // the vertical axis
	x           []float64
	lines       []line
	marks       []mark
	limit       float64 // a horizontal line; 0: none
	limitName   string
}

// mark is a vertical line where something was done.
type mark struct {
	x     float64
	label string
}

// svg draws the chart.
func (c *chart) svg() template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, chartWidth, chartHeight, template.HTMLEscapeString(c.title))
	low, high := c.extent()
	c.grid(&b, low, high)
	for _, m := range c.marks {
		x := c.px(m.x)
		fmt.Fprintf(&b, `<line class="mark" x1="%.1f" x2="%.1f" y1="%g" y2="%g"><title>%s</title></line>`,
			x, x, marginTop, marginTop+plotHeight, template.HTMLEscapeString(m.label))
	}
	if c.limit > 0 {
		y := c.py(c.limit, low, high)
		fmt.Fprintf(&b, `<line class="limit" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="limit" x="%g" y="%.1f">%s</text>`,
			marginLeft, marginLeft+plotWidth, y, y, marginLeft+6, y-5, template.HTMLEscapeString(c.limitName))
	}
	for _, l := range c.lines {
		c.draw(&b, l, low, high)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // every text in it was escaped
}

// extent is the range of the vertical axis.
func (c *chart) extent() (low, high float64) {
	high = c.limit * 1.05
	low = math.Inf(1)
	for _, l := range c.lines {
		for _, y := range l.y {
			high = max(high, y)
			if y > 0 {
				low = min(low, y)
			}
		}
	}
	if high <= 0 {
		return 0.1, 1
	}
	if c.log {
		return math.Pow(10, math.Floor(math.Log10(min(low, high)))), math.Pow(10, math.Ceil(math.Log10(high)))
	}
	return 0, high * 1.05
}

func (c *chart) px(x float64) float64 {
	last := 1.0
	if n := len(c.x); n > 0 {
		last = max(c.x[n-1], 1)
	}
	return marginLeft + plotWidth*x/last
}

func (c *chart) py(y, low, high float64) float64 {
	part := 0.0
	switch {
	case !c.log:
		part = (y - low) / (high - low)
	case y > low && high > low:
		part = math.Log(y/low) / math.Log(high/low)
	}
	return marginTop + plotHeight*(1-part)
}

// grid draws the axes with their numbers.
func (c *chart) grid(b *strings.Builder, low, high float64) {
	ticks := linear(high, ticksWanted)
	if c.log {
		ticks = nil
		for t := low; t <= high*1.01; t *= 10 {
			ticks = append(ticks, t)
		}
	}
	for _, t := range ticks {
		y := c.py(t, low, high)
		fmt.Fprintf(b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="tick end" x="%g" y="%.1f">%s</text>`,
			marginLeft, marginLeft+plotWidth, y, y, marginLeft-7, y+4, number(t))
	}
	last := 0.0
	if n := len(c.x); n > 0 {
		last = c.x[n-1]
	}
	for _, t := range linear(last, 6) {
		fmt.Fprintf(b, `<text class="tick middle" x="%.1f" y="%g">%s s</text>`, c.px(t), chartHeight-8, number(t))
	}
}

// draw draws one line.
func (c *chart) draw(b *strings.Builder, l line, low, high float64) {
	if len(l.y) == 0 {
		return
	}
	var points strings.Builder
	for i, y := range l.y {
		fmt.Fprintf(&points, "%.1f,%.1f ", c.px(c.x[i]), c.py(y, low, high))
	}
	if l.area {
		base := marginTop + plotHeight
		fmt.Fprintf(b, `<polygon class="area %s" points="%.1f,%.1f %s%.1f,%.1f"/>`, l.class, c.px(c.x[0]), base, points.String(), c.px(c.x[len(l.y)-1]), base)
	}
	fmt.Fprintf(b, `<polyline class="line %s" points="%s"><title>%s</title></polyline>`, l.class, points.String(), template.HTMLEscapeString(l.name))
}

// linear returns round numbers from 0 to high, about n of them.
func linear(high, n float64) []float64 {
	if !(high > 0) || math.IsInf(high, 0) {
		return []float64{0}
	}
	raw := high / n
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	step := unit * 10
	for _, f := range []float64{1, 2, 5} {
		if raw <= f*unit {
			step = f * unit
			break
		}
	}
	var ticks []float64
	for i := 0.0; i*step <= high; i++ {
		ticks = append(ticks, i*step)
	}
	return ticks
}

// number writes a number as short as an axis wants it.
func number(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%gM", v/1e6)
	case v >= 1e4:
		return fmt.Sprintf("%gk", v/1e3)
	}
	return fmt.Sprintf("%.4g", v)
}

// charts are those of a run.
func (r *Result) charts() []*chart {
	pick := func(f func(*Sample) float64) (ys []float64) {
		for i := range r.Series {
			ys = append(ys, f(&r.Series[i]))
		}
		return ys
	}
	x := pick(func(s *Sample) float64 { return s.T })
	kills, purges := r.marks()
	list := []*chart{
		{title: "How long people wait", unit: "ms, logarithmic", log: true, x: x, marks: kills, lines: []line{
			{name: "p99.9", class: "c3", y: pick(func(s *Sample) float64 { return s.P999 })},
			{name: "p99", class: "c2", y: pick(func(s *Sample) float64 { return s.P99 })},
			{name: "p50", class: "c1", y: pick(func(s *Sample) float64 { return s.P50 })},
		}},
		{title: "Throughput", unit: "updates a second", x: x, marks: kills, lines: []line{
			{name: "updates", class: "c1", area: true, y: pick(func(s *Sample) float64 { return s.UpdatesPerS })},
		}},
		{title: "Memory of the bot", unit: "MB", x: x, marks: append(purges, kills...), limit: r.ThresholdMB, limitName: "threshold", lines: []line{
			{name: "resident", class: "c2", area: true, y: pick(func(s *Sample) float64 { return s.RSSMB })},
			{name: "live heap", class: "c1", y: pick(func(s *Sample) float64 { return s.HeapMB })},
		}},
		{title: "Sessions", unit: "in memory", x: x, marks: purges, lines: []line{
			{name: "sessions", class: "c1", area: true, y: pick(func(s *Sample) float64 { return float64(s.Sessions) })},
		}},
		{title: "Sessions that left memory", unit: "since the start, by reason", x: x, lines: r.leaving(pick)},
		{title: "Held by the bot", unit: "of each", x: x, marks: kills, lines: []line{
			{name: "goroutines", class: "c1", y: pick(func(s *Sample) float64 { return float64(s.Goroutines) })},
			{name: "threads and files", class: "c2", y: pick(func(s *Sample) float64 { return float64(s.Handles) })},
			{name: "connections to PostgreSQL", class: "c3", y: pick(func(s *Sample) float64 { return float64(s.Connections) })},
		}},
		{title: "Commits", unit: "writes in one", x: x, marks: kills, lines: []line{
			{name: "writes", class: "c4", area: true, y: pick(func(s *Sample) float64 { return s.Batch })},
		}},
	}
	if r.ThresholdMB > 3*r.RSSMaxMB { // far below it, the line would flatten everything
		list[2].limit = 0
	}
	return slices.DeleteFunc(list, func(c *chart) bool { return len(c.lines) == 0 || len(c.x) == 0 })
}

// marks are where the bot was killed, and where its guard purged.
func (r *Result) marks() (kills, purges []mark) {
	before := uint64(0)
	for _, s := range r.Series {
		if s.Event != "" {
			kills = append(kills, mark{s.T, s.Event})
		}
		if s.Purges > before {
			purges = append(purges, mark{s.T, fmt.Sprintf("%d purges so far", s.Purges)})
		}
		before = max(before, s.Purges)
	}
	return kills, purges
}

// leaving has a line for every reason for which a session left memory.
func (r *Result) leaving(pick func(func(*Sample) float64) []float64) (lines []line) {
	for i, reason := range []string{"size", "idle", "memory", "operator", "shutdown"} {
		if r.Passivated[reason] > 0 {
			y := pick(func(s *Sample) float64 { return float64(s.Passivated[reason]) })
			lines = append(lines, line{name: reason, class: fmt.Sprintf("c%d", i+1), y: y})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return -cmp.Compare(a.y[len(a.y)-1], b.y[len(b.y)-1]) })
	return lines
}
