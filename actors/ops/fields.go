package ops

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"okolo/actors/histogram"
)

// Field is a figure of the statistics: where it stands in the JSON and which metric it is.
//
// It comes from the tags of a struct. The tag metric is a name, without the prefix okolo_,
// and labels: "passivations_total,reason=idle". A name that ends in _total is a counter. The
// names of nested structs go before those of their fields, with an underscore between, and
// their labels come on top. "-" is no metric. A map is one metric with a label more, named
// last and without a value: "sessions_by_screen,screen". The tag help says what the figure
// means; units are in the names, seconds and bytes where they say nothing else.
type Field struct {
	Path   string // in the JSON, such as "sessions.rss_bytes"
	Metric string // full name; empty: none
	Labels []Label
	By     string // label of a map's keys; empty: it is no map
	Help   string
	Type   reflect.Type

	index []int // in the struct
}

// Label is a label of a metric.
type Label struct{ Name, Value string }

// Fields lists the figures of a struct of statistics, in order. It panics where a tag makes no
// sense, which is a mistake in the program.
func Fields(t reflect.Type) []Field { return fieldsOf(t, Field{}) }

func fieldsOf(t reflect.Type, in Field) []Field {
	var out []Field
	for i := range t.NumField() {
		sf := t.Field(i)
		f := in.extended(sf, i)
		switch {
		case sf.Anonymous:
			f.Path = in.Path
			out = append(out, fieldsOf(sf.Type, f)...)
		case sf.Type.Kind() == reflect.Struct && sf.Type != reflect.TypeFor[histogram.Counts]():
			out = append(out, fieldsOf(sf.Type, f)...)
		default:
			if sf.Tag.Get("metric") == "-" {
				f.Metric = ""
			} else {
				f.Metric = "okolo_" + f.Metric
			}
			if f.Help == "" || sf.Tag.Get("metric") == "" {
				panic(fmt.Sprintf("the figure %s has no tag metric or help", f.Path))
			}
			out = append(out, f)
		}
	}
	return out
}

// extended is the field of a struct that lies in f.
func (f Field) extended(sf reflect.StructField, i int) Field {
	name, labels, _ := strings.Cut(sf.Tag.Get("metric"), ",")
	out := Field{
		Path: join(f.Path, ".", cmp.Or(sf.Tag.Get("json"), sf.Name)), Metric: join(f.Metric, "_", name),
		Help: sf.Tag.Get("help"), Type: sf.Type, Labels: append([]Label(nil), f.Labels...), index: append(append([]int(nil), f.index...), i),
	}
	for label := range strings.SplitSeq(labels, ",") {
		if key, value, ok := strings.Cut(label, "="); ok {
			out.Labels = append(out.Labels, Label{key, value})
		} else {
			out.By = label
		}
	}
	return out
}

// join puts what is not empty together.
func join(a, between, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + between + b
}
