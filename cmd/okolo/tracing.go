package main

import (
	"context"
	"fmt"
	"log/slog"

	"okolo/actors/ops"
)

// tracingSettings say which updates are followed through their stations, and who is told. Their
// names in the environment are OpenTelemetry's.
type tracingSettings struct {
	OTLPEndpoint string  `env:"OTEL_EXPORTER_OTLP_ENDPOINT" mask:"web" placeholder:"URL" name:"otlp-endpoint" help:"OpenTelemetry collector that gets traces of updates by OTLP over HTTP, such as http://127.0.0.1:4318. Without it nothing is traced."`
	OTLPHeaders  string  `env:"OTEL_EXPORTER_OTLP_HEADERS" mask:"all" placeholder:"NAME=VALUE,…" name:"otlp-headers" help:"Headers of the requests to the collector, separated by commas, such as authorization=Bearer%20…"`
	TraceRatio   float64 `env:"OTEL_TRACES_SAMPLER_ARG" default:"0.1" placeholder:"N" help:"Share of the updates that are traced (0 to 1)."`
}

// check refuses what cannot be traced to.
func (s tracingSettings) check() error {
	if err := within("OTEL_TRACES_SAMPLER_ARG", s.TraceRatio, 0, 1); err != nil {
		return err
	}
	endpoint := s.OTLPEndpoint
	if endpoint == "" {
		endpoint = "http://127.0.0.1:4318" // bad headers are not to be noticed only once there is one
	}
	if err := ops.CheckOTLP(endpoint, s.OTLPHeaders); err != nil {
		return usageError{fmt.Sprintf("OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_HEADERS cannot be used: %v.", err)}
	}
	return nil
}

// open begins the tracing; nil: there is none.
func (s tracingSettings) open(ctx context.Context, log *slog.Logger) (*ops.Tracing, error) {
	if s.OTLPEndpoint == "" {
		return nil, nil
	}
	return ops.NewTracing(ctx, ops.TracingOptions{
		Endpoint: s.OTLPEndpoint, Headers: s.OTLPHeaders, Ratio: s.TraceRatio, Version: version, Logger: log,
	})
}
