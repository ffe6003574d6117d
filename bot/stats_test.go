package bot

import (
	"reflect"
	"strings"
	"testing"

	"okolo/actors/ops"
)

// TestEveryFigureIsToldOfOnce: each field of the statistics says what it means, and no two
// are the same metric.
func TestEveryFigureIsToldOfOnce(t *testing.T) {
	seen := make(map[string]string)
	for _, f := range ops.Fields(reflect.TypeFor[Stats]()) {
		if !strings.HasSuffix(f.Help, ".") {
			t.Errorf("%s: %q is no sentence", f.Path, f.Help)
		}
		series := f.Metric
		for _, l := range f.Labels {
			series += " " + l.Name + "=" + l.Value
		}
		if other := seen[series]; other != "" && f.Metric != "" {
			t.Errorf("%s and %s are both %s", other, f.Path, series)
		}
		seen[series] = f.Path
	}
	if len(seen) < 80 {
		t.Errorf("only %d figures", len(seen))
	}
}
