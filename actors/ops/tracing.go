package ops

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	otel "go.opentelemetry.io/otel/trace"

	"okolo/actors/trace"
)

// Bounds of the spans on their way out.
const (
	// maxSpans is the most spans that wait to be sent. A trace that finds no room is dropped.
	maxSpans = 2048
	// spanBatch is the most spans that are sent at a time, spanDelay how long they gather.
	spanBatch = 512
	spanDelay = 2 * time.Second
)

// TracingOptions say where traces go, and which updates are followed.
type TracingOptions struct {
	// Endpoint is the base address of an OTLP receiver, such as "http://127.0.0.1:4318".
	Endpoint string
	// Headers go with every request to it: "key=value,key2=value2", values percent-encoded.
	Headers string
	// Ratio is the share of updates that are followed, from 0 to 1.
	Ratio   float64
	Version string // of the program
	Logger  *slog.Logger
}

// TracingStats is about the traces sent to the operators' collector since the start.
type TracingStats struct {
	Followed   uint64 `json:"followed" metric:"followed_total" help:"Updates whose stations were recorded to the end."`
	Dropped    uint64 `json:"dropped" metric:"dropped_total" help:"Traces dropped because too many spans waited to be sent."`
	Sent       uint64 `json:"spans_sent" metric:"spans_sent_total" help:"Spans that the collector took."`
	Failed     uint64 `json:"spans_failed" metric:"spans_failed_total" help:"Spans that the collector did not take."`
	Waiting    int64  `json:"spans_waiting" metric:"spans" help:"Spans that wait to be sent."`
	WaitingMax int    `json:"spans_waiting_bound" metric:"spans_max" help:"Most spans that may wait to be sent."`
}

// Tracing sends the records of package trace to an OTLP receiver, as OpenTelemetry's traces. A
// nil Tracing follows nothing.
type Tracing struct {
	options  TracingOptions
	provider *sdk.TracerProvider
	tracer   otel.Tracer

	followed, dropped, sent, failed atomic.Uint64
	waiting                         atomic.Int64 // spans handed to the provider and not sent
}

// NewTracing begins to send. OpenTelemetry's own OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES
// are heeded. Close ends it.
func NewTracing(ctx context.Context, o TracingOptions) (*Tracing, error) {
	client, err := newOTLP(o.Endpoint, o.Headers)
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "okolo"), attribute.String("service.version", o.Version)),
		resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("describe the program in its traces: %w", err)
	}
	t := &Tracing{options: o}
	exporter, err := otlptrace.New(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("begin to trace: %w", err)
	}
	t.provider = sdk.NewTracerProvider(sdk.WithResource(about), sdk.WithSampler(sdk.AlwaysSample()),
		sdk.WithBatcher(&counted{exporter, t},
			sdk.WithMaxQueueSize(maxSpans), sdk.WithMaxExportBatchSize(spanBatch), sdk.WithBatchTimeout(spanDelay), sdk.WithExportTimeout(readTimeout)))
	t.tracer = t.provider.Tracer("okolo/actors/trace")
	return t, nil
}

// Follow begins the record of an update, or returns nil, for one that is not followed.
func (t *Tracing) Follow(name string, came time.Time) *trace.Span {
	if t == nil || rand.Float64() >= t.options.Ratio {
		return nil
	}
	return trace.Start(name, came, t.take)
}

// take sends a record, unless too many spans wait.
func (t *Tracing) take(s *trace.Span) {
	t.followed.Add(1)
	n := size(s)
	if t.waiting.Add(n) > maxSpans {
		t.waiting.Add(-n)
		t.dropped.Add(1)
		return
	}
	t.give(context.Background(), s)
}

// give hands a span and its parts to the provider.
func (t *Tracing) give(ctx context.Context, s *trace.Span) {
	ctx, span := t.tracer.Start(ctx, s.Name, otel.WithTimestamp(s.Begin))
	for _, n := range s.Notes {
		switch v := n.Value.(type) {
		case string:
			span.SetAttributes(attribute.String("okolo."+n.Key, v))
		case int64:
			span.SetAttributes(attribute.Int64("okolo."+n.Key, v))
		}
	}
	for _, part := range s.Parts {
		t.give(ctx, part)
	}
	span.End(otel.WithTimestamp(s.End))
}

// size counts a span and its parts.
func size(s *trace.Span) int64 {
	n := int64(1)
	for _, part := range s.Parts {
		n += size(part)
	}
	return n
}

// Stats returns the counts.
func (t *Tracing) Stats() TracingStats {
	s := TracingStats{WaitingMax: maxSpans}
	if t != nil {
		s.Followed, s.Dropped, s.Sent, s.Failed, s.Waiting = t.followed.Load(), t.dropped.Load(), t.sent.Load(), t.failed.Load(), t.waiting.Load()
	}
	return s
}

// Close sends what waits, until ctx ends.
func (t *Tracing) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("end the tracing: %w", err)
	}
	return nil
}

// counted is an exporter that counts, and logs what fails.
type counted struct {
	sdk.SpanExporter
	to *Tracing
}

// ExportSpans implements [sdk.SpanExporter].
func (c *counted) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	defer c.to.waiting.Add(-int64(len(spans)))
	err := c.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		c.to.sent.Add(uint64(len(spans)))
		return nil
	}
	c.to.failed.Add(uint64(len(spans)))
	if !errors.Is(err, context.Canceled) {
		c.to.options.Logger.Warn("traces could not be sent", "error", err)
	}
	return nil // counted and logged here, once
}
