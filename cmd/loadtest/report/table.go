package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// storiesShown is how many violations a summary shows in full.
const storiesShown = 5

// Summary writes the result for a person at a terminal.
func (r *Result) Summary(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "action\tcount\tp50 ms\tp99 ms\tp99.9 ms\tmax ms\t\n")
	row := func(name string, l Latency) {
		fmt.Fprintf(tw, "%s\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t\n", strings.ReplaceAll(name, "_", " "), l.Count, l.P50, l.P99, l.P999, l.Max)
	}
	names := slices.SortedFunc(maps.Keys(r.Actions), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Actions[b].Count, r.Actions[a].Count), cmp.Compare(a, b))
	})
	for _, name := range names {
		row(name, r.Actions[name])
	}
	row("all", r.Latency)
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("print the summary: %w", err)
	}
	tw = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t"+format+"\n", append([]any{name}, args...)...)
	}
	fmt.Fprintln(tw)
	line("load", "%d updates in %.1f s: %.0f/s; %d visits of %d people, %d at least of each", r.Updates, r.Seconds, r.UpdatesPerS, r.Visits, r.Settings.Users, r.FewestVisits)
	line("writes", "%d acknowledged; lost %d, doubled %d, altered %d, ghosts %d, oversold %d", r.AckedWrites, r.Lost, r.Doubled, r.Altered, r.Ghosts, r.Oversold)
	line("answers", "misdelivered %d, unanswered %d, disordered %d, unexpected %d, broken %d, stuck %d, set aside %d", r.Misdelivered, r.Unanswered, r.Disordered, r.Unexpected, r.Broken, r.Stuck, r.SetAside)
	line("places", "lost %d, and %d that an outage of PostgreSQL excuses; %d sessions restored, %d screens checked", r.PlaceLost, r.Excused, r.Restored, r.Checks)
	line("the bot", "RSS at most %.0f MB, %d sessions at most, the guard acted %d times, %.0f µs of processor an update", r.RSSMaxMB, r.SessionsMax, r.Purges, r.CPUMicrosUpdate)
	line("passivated", "%s", reasons(r.Passivated))
	if r.Troubled+r.Refused+r.Repeats+r.Excused > 0 {
		line("also", "asked to try again %d, refused by a rule %d, answered once more %d", r.Troubled, r.Refused, r.Repeats)
	}
	if r.Kills+r.Terms+r.DatabaseKills+r.Silences > 0 {
		line("blows", "the bot was killed %d times and ended %d times, PostgreSQL was killed %d times, its connections went silent %d times",
			r.Kills, r.Terms, r.DatabaseKills, r.Silences)
	}
	if r.Settings.Memory != "" {
		line("memory", "limited by %s", r.Settings.Memory)
	}
	line("the harness", "%.0f µs of processor an update, RSS %.0f MB, behind its timetable by %.1f ms at p99", r.HarnessCPUMicros, r.HarnessRSSMB, r.Lag.P99)
	for _, d := range r.Verdict {
		line("verdict", "%s", d)
	}
	line("violations", "%d", len(r.Violations))
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("print the summary: %w", err)
	}
	for i, v := range r.Violations {
		if i == storiesShown {
			fmt.Fprintf(w, "\n… and %d more\n", len(r.Violations)-i)
			break
		}
		fmt.Fprintf(w, "\n✗ %s: person %d %s\n%s", v.Kind, v.Person, v.What, v.Story)
	}
	return nil
}

// reasons lists how many sessions left memory, by reason.
func reasons(m map[string]uint64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, m[name]))
	}
	if len(parts) == 0 {
		return "unknown"
	}
	return strings.Join(parts, ", ")
}
