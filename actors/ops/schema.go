package ops

import (
	"cmp"
	"encoding"
	"net/http"
	"reflect"
	"slices"
	"time"

	"okolo/actors/histogram"
)

// serveSchema describes what /stats answers.
func (w Window) serveSchema(rw http.ResponseWriter, _ *http.Request) {
	w.answer(rw, Schema(w.Figures))
}

// Schema is the JSON Schema of a struct of statistics, with the meaning of each figure, which is
// its tag help. See [Field] for the tags.
// https://json-schema.org/draft/2020-12
func Schema(t reflect.Type) map[string]any {
	s := schemaOf(t)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "The statistics of okolo"
	return s
}

func schemaOf(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[histogram.Counts]():
		return histogramSchema()
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Struct:
		properties := map[string]any{}
		addProperties(properties, t)
		required := make([]string, 0, len(properties))
		for name := range properties {
			required = append(required, name)
		}
		return object(properties, required...)
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.String:
		return map[string]any{"type": "string"}
	default: // numbers only: a figure of another kind has no tag that makes sense
		return map[string]any{"type": "integer"}
	}
}

// addProperties describes the fields of a struct, and those of the structs embedded in it.
func addProperties(properties map[string]any, t reflect.Type) {
	for i := range t.NumField() {
		sf := t.Field(i)
		if sf.Anonymous {
			addProperties(properties, sf.Type)
			continue
		}
		field := schemaOf(sf.Type)
		if help := sf.Tag.Get("help"); help != "" {
			field["description"] = help
		}
		properties[cmp.Or(sf.Tag.Get("json"), sf.Name)] = field
	}
}

func object(properties map[string]any, required ...string) map[string]any {
	slices.Sort(required)
	return map[string]any{"type": "object", "properties": properties, "required": required}
}

// histogramSchema describes what [histogram.Counts] encodes to.
func histogramSchema() map[string]any {
	number := func(kind, help string) map[string]any { return map[string]any{"type": kind, "description": help} }
	list := func(kind, help string) map[string]any {
		return map[string]any{"type": "array", "items": map[string]any{"type": kind}, "description": help}
	}
	return object(map[string]any{
		"count": number("integer", "Measurements."), "sum": number("number", "Their sum."),
		"p50": number("number", "Their median, estimated."), "p95": number("number", "95 % of them are below, estimated."),
		"p99":    number("number", "99 % of them are below, estimated."),
		"bounds": list("number", "Upper bounds of the buckets."), "buckets": list("integer", "Measurements in each bucket; the last is beyond all bounds."),
	}, "count", "sum", "p50", "p95", "p99", "bounds", "buckets")
}
