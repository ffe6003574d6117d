package ops_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"okolo/actors/ops"
)

func TestMetrics(t *testing.T) {
	code, body := get(t, serve(t, window())+"/metrics")
	if code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	for _, line := range []string{
		"# TYPE okolo_sessions gauge", "okolo_sessions 3",
		`okolo_sessions_by_screen{screen="home"} 2`,
		`okolo_took_seconds_bucket{le="1"} 1`, `okolo_took_seconds_bucket{le="2"} 1`, `okolo_took_seconds_bucket{le="+Inf"} 2`, "okolo_took_seconds_sum 5.5",
		"# HELP okolo_left_total idle: Idle ones. memory: Others.", "# TYPE okolo_left_total counter", `okolo_left_total{reason="memory"} 8`,
		"# HELP okolo_database_connections_in_use In use.", `okolo_database_connections_in_use{pool="writes"} 5`,
		"okolo_ready 1", "okolo_stats_readable 1",
		"process_resident_memory_bytes", "go_goroutines", "go_build_info",
	} {
		if !strings.Contains(body, line) {
			t.Errorf("no %q in\n%s", line, body)
		}
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestFields(t *testing.T) {
	f := ops.Fields(reflect.TypeFor[figures]())
	if len(f) != 9 || f[6].Path != "pools.reads.in_use" || f[6].Metric != "okolo_database_connections_in_use" || f[6].Labels[0] != (ops.Label{Name: "pool", Value: "reads"}) {
		t.Errorf("%d fields: %+v", len(f), f)
	}
	defer func() {
		if recover() == nil {
			t.Error("a figure without tags was taken")
		}
	}()
	ops.Fields(reflect.TypeFor[struct {
		N int `json:"n"`
	}]())
}
