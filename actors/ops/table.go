package ops

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Table writes statistics, a JSON object of objects, as a table: a heading for each object,
// below it a line for each of its fields, in the order in which they stand. Lists are left out.
func Table(w io.Writer, stats json.RawMessage) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if err := rows(tw, json.NewDecoder(bytes.NewReader(stats)), 0); err != nil {
		return fmt.Errorf("read the statistics: %w", err)
	}
	return tw.Flush()
}

// rows writes one JSON object; encoding/json would lose the order of its fields.
func rows(w io.Writer, d *json.Decoder, depth int) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("an object was expected, not %v: %w", t, err)
	}
	indent := strings.Repeat("  ", depth)
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		label := strings.ReplaceAll(fmt.Sprint(name), "_", " ")
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if value[0] == '{' {
			fmt.Fprintf(w, "%s%s\n", indent, strings.ToUpper(label))
			if err := rows(w, json.NewDecoder(bytes.NewReader(value)), depth+1); err != nil {
				return err
			}
			continue
		}
		if value[0] == '[' {
			continue // lists are for programs: buckets, a history
		}
		fmt.Fprintf(w, "%s%s\t%s\n", indent, label, strings.Trim(string(value), `"`))
	}
	_, err := d.Token()
	return err
}
