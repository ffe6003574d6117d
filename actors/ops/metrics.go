package ops

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"okolo/actors/histogram"
)

// scrapesAtOnce bounds the answers to /metrics under way.
const scrapesAtOnce = 4

// metrics serves the statistics for Prometheus, with the collectors of the process and of Go.
func (w Window) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewGoCollector(),
		collectors.NewBuildInfoCollector(),
		&collector{window: w},
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapesAtOnce, Timeout: readTimeout})
}

var readable = prometheus.NewDesc("okolo_stats_readable", "Whether the statistics could be read: 1, or 0 with no others.", nil, nil)

// collector reads the statistics at every scrape: between scrapes it costs nothing.
type collector struct {
	window Window
	once   sync.Once
	fields []Field
	descs  []*prometheus.Desc
}

// Describe implements [prometheus.Collector]. What there is shows when it is collected.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (c *collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	stats, err := c.window.Stats(ctx)
	if err != nil {
		c.window.Logger.Warn("statistics could not be read", "error", err)
		out <- prometheus.MustNewConstMetric(readable, prometheus.GaugeValue, 0)
		return
	}
	out <- prometheus.MustNewConstMetric(readable, prometheus.GaugeValue, 1)
	v := reflect.ValueOf(stats)
	c.once.Do(func() { c.describe(v.Type()) })
	for i, f := range c.fields {
		if c.descs[i] != nil {
			collect(out, c.descs[i], f, v.FieldByIndex(f.index))
		}
	}
}

// describe makes a description for each field. Those of one metric have one help text, which
// tells its labels apart.
func (c *collector) describe(t reflect.Type) {
	c.fields = Fields(t)
	helps := make(map[string][]Field)
	for _, f := range c.fields {
		helps[f.Metric] = append(helps[f.Metric], f)
	}
	c.descs = make([]*prometheus.Desc, len(c.fields))
	for i, f := range c.fields {
		if f.Metric == "" {
			continue
		}
		fixed := prometheus.Labels{}
		for _, l := range f.Labels {
			fixed[l.Name] = l.Value
		}
		var by []string
		if f.By != "" {
			by = []string{f.By}
		}
		c.descs[i] = prometheus.NewDesc(f.Metric, familyHelp(helps[f.Metric]), by, fixed)
	}
}

// familyHelp is the text of a metric: that of its fields, or of each by its last label.
func familyHelp(fields []Field) string {
	var texts []string
	same := true
	for _, f := range fields {
		same = same && f.Help == fields[0].Help
		if n := len(f.Labels); n > 0 {
			texts = append(texts, f.Labels[n-1].Value+": "+f.Help)
		}
	}
	if same {
		return fields[0].Help
	}
	return strings.Join(texts, " ")
}

// collect sends one figure.
func collect(out chan<- prometheus.Metric, d *prometheus.Desc, f Field, v reflect.Value) {
	kind := prometheus.GaugeValue
	if strings.HasSuffix(f.Metric, "_total") {
		kind = prometheus.CounterValue
	}
	switch x := v.Interface().(type) {
	case histogram.Counts:
		out <- constHistogram(d, x)
		return
	case map[string]int:
		for key, n := range x {
			out <- prometheus.MustNewConstMetric(d, kind, float64(n), key)
		}
		return
	case time.Duration:
		out <- prometheus.MustNewConstMetric(d, kind, x.Seconds())
		return
	}
	out <- prometheus.MustNewConstMetric(d, kind, number(v))
}

// constHistogram adds the buckets up, as Prometheus has them.
func constHistogram(d *prometheus.Desc, c histogram.Counts) prometheus.Metric {
	upTo := make(map[float64]uint64, len(c.Bounds))
	var n uint64
	for i, bound := range c.Bounds {
		n += c.Buckets[i]
		upTo[bound] = n
	}
	return prometheus.MustNewConstHistogram(d, c.Count(), c.Sum, upTo)
}

// number reads a figure of any kind of number; true is 1.
func number(v reflect.Value) float64 {
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	case v.CanFloat():
		return v.Float()
	case v.Kind() == reflect.Bool && v.Bool():
		return 1
	}
	return 0
}
