package report

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// Sweep are runs that differ in one thing, the number of people.
type Sweep []*Result

// Table prints the runs side by side.
func (s Sweep) Table(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "people\tupdates/s\tp50 ms\tp99 ms\tCPU µs/update\tRSS MB\tsessions\tleft memory\trestored\tpurges\tharness MB\tviolations\t")
	for _, r := range s {
		left := uint64(0)
		for _, n := range r.Passivated {
			left += n
		}
		fmt.Fprintf(tw, "%d\t%.0f\t%.1f\t%.1f\t%.0f\t%.0f\t%d\t%d\t%d\t%d\t%.0f\t%d\t\n", r.Settings.Users, r.UpdatesPerS, r.Latency.P50, r.Latency.P99,
			r.CPUMicrosUpdate, r.RSSMaxMB, r.SessionsMax, left, r.Restored, r.Purges, r.HarnessRSSMB, len(r.Violations))
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("print the sweep: %w", err)
	}
	return nil
}

// PictureFile draws what grows with the number of people into a PNG file.
func (s Sweep) PictureFile(name string) error {
	pick := func(f func(*Result) float64) (ys []float64) {
		for _, r := range s {
			ys = append(ys, f(r))
		}
		return ys
	}
	x := pick(func(r *Result) float64 { return math.Log10(float64(max(r.Settings.Users, 1))) })
	across := "people, logarithmic"
	charts := []*chart{
		{title: "How long people wait", unit: "ms, logarithmic", across: across, log: true, x: x, lines: []line{
			{name: "p99", class: "c2", y: pick(func(r *Result) float64 { return r.Latency.P99 })},
			{name: "p50", class: "c1", y: pick(func(r *Result) float64 { return r.Latency.P50 })},
		}},
		{title: "Processor", unit: "µs an update", across: across, x: x, lines: []line{{name: "bot", class: "c1", y: pick(func(r *Result) float64 { return r.CPUMicrosUpdate })}}},
		{title: "Memory of the bot", unit: "MB", across: across, x: x, lines: []line{{name: "resident", class: "c2", y: pick(func(r *Result) float64 { return r.RSSMaxMB })}}},
		{title: "Throughput", unit: "updates a second", across: across, x: x, lines: []line{{name: "updates", class: "c4", y: pick(func(r *Result) float64 { return r.UpdatesPerS })}}},
	}
	if err := drawAll(name, charts); err != nil {
		return fmt.Errorf("draw the sweep: %w", err)
	}
	return nil
}
