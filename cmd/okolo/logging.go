package main

import (
	"io"
	"log/slog"

	"okolo/actors/ops"
)

// logSettings say what is logged, and how.
type logSettings struct {
	LogLevel  slog.Level `env:"LOG_LEVEL" default:"INFO" help:"Least level logged: DEBUG, INFO, WARN or ERROR."`
	LogFormat string     `env:"LOG_FORMAT" default:"text" enum:"text,json" help:"Form of the log: text or json."`
}

// logger writes one line for an incident, and counts the others.
func (s logSettings) logger(w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: s.LogLevel}
	var h slog.Handler = slog.NewTextHandler(w, o)
	if s.LogFormat == "json" {
		h = slog.NewJSONHandler(w, o)
	}
	return slog.New(ops.NewLog(h, nil))
}
