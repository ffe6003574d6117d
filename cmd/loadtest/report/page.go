package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"os"
	"slices"
	"strings"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"words": func(name string) string { return strings.ReplaceAll(name, "_", " ") },
	"ms":    func(v float64) string { return fmt.Sprintf("%.1f", v) },
}).Parse(pageSource))

// page is what the template shows.
type page struct {
	*Result
	Title    string
	Tiles    []tile
	Promises []tile
	Charts   []figure
	Rows     []row
	Shown    []Violation // at most storiesOnPage
}

// storiesOnPage bounds the violations that a page tells in full.
const storiesOnPage = 50

// tile is a number with what it is.
type tile struct {
	Value, Label string
	Bad          bool
}

// figure is a chart with its words.
type figure struct {
	Title, Unit string
	SVG         template.HTML
	Legend      []legend
}

type legend struct{ Class, Name string }

// row is an action in the table; its bar is a part of a hundred of the slowest.
type row struct {
	Name string
	Latency
	Bar float64
}

// Page writes the result as one page of HTML that needs nothing else.
func (r *Result) Page(w io.Writer) error {
	p := page{Result: r, Title: "loadtest " + r.Command, Shown: r.Violations[:min(len(r.Violations), storiesOnPage)]}
	p.Tiles = []tile{
		{Value: fmt.Sprintf("%.0f", r.UpdatesPerS), Label: "updates a second"},
		{Value: waited(r.Latency.P50), Label: "p50"},
		{Value: waited(r.Latency.P99), Label: "p99"},
		{Value: fmt.Sprintf("%d", r.AckedWrites), Label: "writes acknowledged"},
		{Value: fmt.Sprintf("%.0f MB", r.RSSMaxMB), Label: "resident memory at most"},
		{Value: fmt.Sprintf("%d", r.SessionsMax), Label: "sessions at most"},
		{Value: fmt.Sprintf("%.0f µs", r.CPUMicrosUpdate), Label: "of processor an update"},
	}
	if n := r.Kills + r.Terms + r.DatabaseKills + r.Silences; n > 0 {
		p.Tiles = append(p.Tiles, tile{Value: fmt.Sprint(n), Label: fmt.Sprintf("blows: bot killed %d, ended %d; PostgreSQL killed %d, silent %d", r.Kills, r.Terms, r.DatabaseKills, r.Silences)})
	}
	for _, x := range []struct {
		label string
		n     int
	}{
		{"writes lost", r.Lost}, {"doubled", r.Doubled}, {"altered", r.Altered}, {"unasked for", r.Ghosts}, {"oversold", r.Oversold},
		{"misdelivered", r.Misdelivered}, {"unanswered", r.Unanswered}, {"out of order", r.Disordered}, {"places lost", r.PlaceLost},
		{"unexpected", r.Unexpected + r.Broken + r.Stuck + r.SetAside}, {"counters that disagree", r.Disagreeing},
	} {
		p.Promises = append(p.Promises, tile{fmt.Sprint(x.n), x.label, x.n > 0})
	}
	for _, c := range r.charts() {
		f := figure{Title: c.title, Unit: c.unit, SVG: c.svg()}
		for _, l := range c.lines {
			f.Legend = append(f.Legend, legend{l.class, l.name})
		}
		p.Charts = append(p.Charts, f)
	}
	p.Rows = r.rows()
	if err := pageTemplate.Execute(w, p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// waited writes a time, given in ms.
func waited(ms float64) string {
	if ms >= 1000 {
		return fmt.Sprintf("%.1f s", ms/1000)
	}
	return fmt.Sprintf("%.1f ms", ms)
}

// rows are the actions, those done most often first.
func (r *Result) rows() (rows []row) {
	slowest := 0.0
	for name, l := range r.Actions {
		rows = append(rows, row{Name: name, Latency: l})
		slowest = max(slowest, l.P99)
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	for i := range rows {
		rows[i].Bar = 100 * rows[i].P99 / max(slowest, 0.001)
	}
	return rows
}

// PageFile writes the page to a file.
func (r *Result) PageFile(name string) error {
	var b strings.Builder
	if err := r.Page(&b); err != nil {
		return err
	}
	if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// Reasons lists how many sessions left memory, by reason, for the page.
func (r *Result) Reasons() string { return reasons(r.Passivated) }
