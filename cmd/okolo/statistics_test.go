package main

import (
	"encoding"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"okolo/actors/histogram"
	"okolo/actors/ops"
)

//go:generate go test -run TestStatisticsPage . -update

var update = flag.Bool("update", false, "write the page of the statistics anew")

// TestStatisticsPage: deploy/statistics.md has every figure, with its unit and its meaning.
func TestStatisticsPage(t *testing.T) {
	const path = "../../deploy/statistics.md"
	want := statisticsPage(t)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if deployed(t, "statistics.md") != want {
		t.Error("deploy/statistics.md is not current: go generate ./cmd/okolo")
	}
}

func statisticsPage(t *testing.T) string {
	var page strings.Builder
	page.WriteString(`# The statistics, figure by figure

What ` + "`okolo stats --json` and `GET /stats`" + ` answer, an object for each heading, and the metrics that ` + "`GET /metrics`" + ` makes of
it. What counts (unit: count, or a metric that ends in ` + "`_total`" + `) counts from the start of the program. ` + "`GET /stats/schema`" + `
has the same as JSON Schema. This page is made from the source by ` + "`go generate ./cmd/okolo`" + `.
`)
	section := ""
	for _, f := range ops.Fields(reflect.TypeFor[stats]()) {
		head, path, _ := strings.Cut(f.Path, ".")
		if head != section {
			section = head
			fmt.Fprintf(&page, "\n## %s\n\n| figure | unit | metric | meaning |\n|---|---|---|---|\n", section)
		}
		if strings.Contains(f.Help, "|") {
			t.Errorf("%s: a help text in a table has no |", f.Path)
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", path, unit(f), metric(f), f.Help)
	}
	return page.String()
}

// unit says what a figure is measured in: names say it of seconds, bytes and shares.
func unit(f ops.Field) string {
	is := func(suffix string) bool {
		return strings.HasSuffix(f.Path, suffix) || strings.HasSuffix(f.Metric, suffix)
	}
	of := ""
	switch kind := f.Type; {
	case kind == reflect.TypeFor[histogram.Counts]():
		of = "histogram, "
	case kind.Kind() == reflect.Bool:
		return "true or false"
	case kind.Kind() == reflect.Slice:
		return "list"
	case kind.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return "state"
	case f.Metric == "" && kind.Kind() == reflect.String:
		return "text"
	}
	switch {
	case is("_seconds"):
		return of + "seconds"
	case is("_bytes"):
		return of + "bytes"
	case is("_share"), is("_ratio"):
		return of + "share, 0 to 1"
	}
	return of + "count"
}

// metric writes a series as Prometheus does.
func metric(f ops.Field) string {
	if f.Metric == "" {
		return ""
	}
	var labels []string
	for _, l := range f.Labels {
		labels = append(labels, fmt.Sprintf("%s=%q", l.Name, l.Value))
	}
	if f.By != "" {
		labels = append(labels, f.By)
	}
	if len(labels) == 0 {
		return "`" + f.Metric + "`"
	}
	return "`" + f.Metric + "{" + strings.Join(labels, ",") + "}`"
}
