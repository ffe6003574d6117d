package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector is an OpenTelemetry collector: it takes spans by OTLP over HTTP.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*otlp.Span
}

func startCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var data otlp.TracesData
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = proto.Unmarshal(body, &data)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s is no export of traces: %v", r.URL, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, resource := range data.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// traces returns the names of what is below each update, by the update's span.
func (c *collector) traces() map[*otlp.Span][]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make(map[*otlp.Span][]string)
	for _, root := range c.spans {
		if len(root.ParentSpanId) > 0 {
			continue
		}
		for _, s := range c.spans {
			if string(s.TraceId) == string(root.TraceId) && s != root {
				all[root] = append(all[root], s.Name)
			}
		}
	}
	return all
}

// TestNobodyIsGivenAway: while people use everything, neither the log at any level nor the
// traces have what they write, where they are, or the token; and the traces have every station.
func TestNobodyIsGivenAway(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"INFO", "DEBUG"} {
		t.Run(level, func(t *testing.T) { testNobodyIsGivenAway(t, level) })
	}
}

func testNobodyIsGivenAway(t *testing.T, level string) {
	c := startCollector(t)
	p, out := launchDemo(t, []string{
		"LOG_LEVEL=" + level, "OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL, "OTEL_TRACES_SAMPLER_ARG=1",
	}, nil, "--tour", "--data", openDir(t))
	tour, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	if state := p.end(t); !state.Success() {
		t.Fatalf("the tour failed: %v\n%s\n%s", state, tour, p.log.String())
	}
	private := regexp.MustCompile(`(?i)demo-token|52\.52|13\.405|Lanterns|Spree|Anna|Борис|/start|/stats|Saved\. |Around you|postgres://[^ ]*:`)
	if !private.Match(tour) {
		t.Error("the tour shows nothing private: the test would not notice it")
	}
	log := regexp.MustCompile(`time=\S+`).ReplaceAllString(p.log.String(), "") // which may look like a place
	for line := range strings.Lines(log) {
		if found := private.FindString(line); found != "" {
			t.Errorf("the log at %s gives %q away: %s", level, found, line)
		}
	}
	if n := strings.Count(log, "\n"); n < 5 {
		t.Errorf("the log has %d lines", n)
	}

	traces := c.traces()
	var stations []string
	for root, names := range traces {
		stations = append(stations, names...)
		if took := root.EndTimeUnixNano - root.StartTimeUnixNano; took > 60e9 || root.Name != "update" || !strings.Contains(root.String(), "applied") {
			t.Errorf("%v", root)
		}
	}
	for _, station := range []string{
		"ingress", "supervisor", "stash", "session", "step", "await", "effects", "checkpoint", "settled",
		"ui.Write", "commit", "ui.FindNearby", "query", "ui.Send", "ui.Edit", "ui.Answer", "queue", "call",
	} {
		if !slices.Contains(stations, station) {
			t.Errorf("no update came through the station %q", station)
		}
	}
	if len(traces) < 15 {
		t.Errorf("only %d updates were traced", len(traces))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if found := private.FindString(s.String()); found != "" {
			t.Errorf("a trace gives %q away: %v", found, s)
		}
	}
}
