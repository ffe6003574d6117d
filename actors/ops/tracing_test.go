package ops_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"okolo/actors/ops"
)

// collector is an OTLP receiver that takes what it can decode, and waits for turn first.
type collector struct {
	*httptest.Server
	spans chan *otlp.Span
	turn  chan struct{} // closed: it waits for nobody
}

func collect(t *testing.T, answer int) *collector {
	t.Helper()
	c := &collector{spans: make(chan *otlp.Span, 10_000), turn: make(chan struct{})}
	c.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		<-c.turn
		body, err := io.ReadAll(r.Body)
		var data otlp.TracesData
		if err == nil {
			err = proto.Unmarshal(body, &data)
		}
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" || r.Header.Get("Authorization") != "Bearer hunter2" {
			t.Errorf("%s %v: %v", r.URL, r.Header, err)
		}
		for _, resource := range data.ResourceSpans {
			if about := resource.Resource.String(); !strings.Contains(about, "okolo-here") || !strings.Contains(about, "1.2.3") {
				t.Errorf("the resource is %s", about)
			}
			for _, scope := range resource.ScopeSpans {
				for _, s := range scope.Spans {
					c.spans <- s
				}
			}
		}
		rw.WriteHeader(answer)
	}))
	t.Cleanup(c.Close)
	return c
}

func tracing(t *testing.T, endpoint string, ratio float64, log *slog.Logger) *ops.Tracing {
	t.Helper()
	t.Setenv("OTEL_SERVICE_NAME", "okolo-here")
	tr, err := ops.NewTracing(t.Context(), ops.TracingOptions{
		Endpoint: endpoint, Headers: "authorization=Bearer%20hunter2", Ratio: ratio, Version: "1.2.3", Logger: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close(context.Background()) })
	return tr
}

// update is one that is followed through two stations and a branch.
func update(tr *ops.Tracing) {
	s := tr.Follow("update", time.Now().Add(-time.Second))
	s.Note("update", int64(77))
	s.Note("outcome", "applied")
	s.Next("ingress")
	b := s.Branch("ui.Write")
	b.Next("commit")
	b.Finish()
	s.Next("settled")
	s.Finish()
}

func TestTracesReachACollector(t *testing.T) {
	c := collect(t, http.StatusOK)
	close(c.turn)
	tr := tracing(t, c.URL, 1, quiet)
	update(tr)
	if err := tr.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	byName := map[string]*otlp.Span{}
	for range 5 {
		s := <-c.spans
		byName[s.Name] = s
	}
	root := byName["update"]
	for name, parent := range map[string]string{"ingress": "update", "settled": "update", "ui.Write": "update", "commit": "ui.Write"} {
		s, p := byName[name], byName[parent]
		if s == nil || !bytes.Equal(s.ParentSpanId, p.SpanId) || !bytes.Equal(s.TraceId, root.TraceId) {
			t.Errorf("%s is not below %s: %v", name, parent, s)
		}
	}
	if took := time.Duration(root.EndTimeUnixNano - root.StartTimeUnixNano); took < time.Second || len(root.ParentSpanId) != 0 {
		t.Errorf("it took %v: %v", took, root)
	}
	if notes := root.String(); !strings.Contains(notes, "okolo.update") || !strings.Contains(notes, "77") || !strings.Contains(notes, "applied") {
		t.Error(notes)
	}
	if s := tr.Stats(); s.Followed != 1 || s.Sent != 5 || s.Failed != 0 || s.Waiting != 0 || s.Dropped != 0 {
		t.Errorf("%+v", s)
	}
}

// TestTracesAreSampled: the ratio says how many updates are followed.
func TestTracesAreSampled(t *testing.T) {
	var none *ops.Tracing
	if none.Follow("update", time.Now()) != nil || none.Close(t.Context()) != nil || none.Stats().WaitingMax == 0 {
		t.Error("followed without a collector")
	}
	c := collect(t, http.StatusOK)
	for ratio, within := range map[float64][2]int{0: {0, 0}, 0.2: {1000, 3000}, 1: {10_000, 10_000}} {
		tr, n := tracing(t, c.URL, ratio, quiet), 0
		for range 10_000 {
			if tr.Follow("update", time.Now()) != nil {
				n++
			}
		}
		if n < within[0] || n > within[1] {
			t.Errorf("%d of 10,000 are followed by a ratio of %v", n, ratio)
		}
	}
}

// TestACollectorThatHangs costs a bounded number of spans and no update its time; what it misses
// is counted.
func TestACollectorThatHangs(t *testing.T) {
	c := collect(t, http.StatusOK)
	tr := tracing(t, c.URL, 1, quiet)
	const updates = 2000
	for range updates {
		update(tr)
	}
	s := tr.Stats()
	if s.Followed != updates || s.Dropped == 0 || s.Waiting > int64(s.WaitingMax) {
		t.Errorf("%+v", s)
	}
	close(c.turn)
	if err := tr.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := tr.Stats(); s.Waiting != 0 || s.Sent+s.Failed+5*s.Dropped != 5*updates {
		t.Errorf("%+v does not add up to %d spans", s, 5*updates)
	}
}

// TestACollectorThatRefuses or is not there is a line of the log, without a secret.
func TestACollectorThatRefuses(t *testing.T) {
	c := collect(t, http.StatusForbidden)
	close(c.turn)
	for endpoint, want := range map[string]string{c.URL: "403 Forbidden", "http://u:hunter2@127.0.0.1:1/hunter2": "refused"} {
		var log bytes.Buffer
		tr := tracing(t, endpoint, 1, slog.New(slog.NewTextHandler(&log, nil)))
		update(tr)
		if err := tr.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := tr.Stats(); s.Failed != 5 || s.Sent != 0 || s.Waiting != 0 {
			t.Errorf("%+v", s)
		}
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, want) || strings.Contains(text, "hunter2") {
			t.Errorf("the log says %q", text)
		}
	}
}

func TestWrongCollectors(t *testing.T) {
	for _, bad := range []struct{ endpoint, headers string }{
		{"127.0.0.1:4318", ""}, {"grpc://127.0.0.1:4317", ""}, {"http://", ""}, {"http://[", ""},
		{"http://127.0.0.1:4318", "hunter2"}, {"http://127.0.0.1:4318", "=hunter2"}, {"http://127.0.0.1:4318", "a=%zzhunter2"},
	} {
		err := ops.CheckOTLP(bad.endpoint, bad.headers)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if err := ops.CheckOTLP("https://collector/base/", " a=b , c=d%2C, "); err != nil {
		t.Error(err)
	}
}
