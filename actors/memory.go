package actors

import (
	"fmt"
	"log/slog"
	"os"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v3/process"
)

// mebibyte is the MB of the log lines, as users of psutil print it.
const mebibyte = 1 << 20

// sampler looks at the memory of the process. It is safe for concurrent use.
type sampler struct {
	rss  func() (uint64, error)
	log  *slog.Logger
	warn sync.Once
}

func newSampler(rss func() (uint64, error), log *slog.Logger) *sampler {
	if rss == nil {
		rss = residentMemory
	}
	return &sampler{rss: rss, log: log}
}

// read takes a sample. Where RSS cannot be read it says so once, and the guard rests.
func (s *sampler) read(now time.Time) *sample {
	out := &sample{at: now}
	rss, err := s.rss()
	if err == nil {
		out.rss, out.readable = rss, true
	} else {
		s.warn.Do(func() {
			s.log.Warn("resident memory cannot be read, there is no memory guard", slog.Any("error", err))
		})
	}
	values := [...]metrics.Sample{
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
	}
	metrics.Read(values[:])
	out.heap = values[0].Value.Uint64()
	out.reusable = values[1].Value.Uint64() + values[2].Value.Uint64()
	return out
}

// residentMemory reads the RSS of this process in bytes.
func residentMemory() (uint64, error) {
	p, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return 0, fmt.Errorf("find this process: %w", err)
	}
	info, err := p.MemoryInfo()
	if err != nil {
		return 0, fmt.Errorf("read its memory: %w", err)
	}
	return info.RSS, nil
}

// megabytes writes bytes as "234.5MB".
func megabytes(bytes uint64) string { return fmt.Sprintf("%.1fMB", float64(bytes)/mebibyte) }

// megabytesOf writes a sample's RSS, or "unknown".
func megabytesOf(s *sample) string {
	if !s.readable {
		return "unknown"
	}
	return megabytes(s.rss)
}
