package actors

import (
	"fmt"
	"log/slog"
	"math"
	"os"
	"runtime/debug"
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

	mu      sync.Mutex
	gc, all float64 // processor seconds at the last look: the collector's, and all
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
		{Name: "/gc/heap/live:bytes"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/gc/mark/idle:cpu-seconds"},
		{Name: "/cpu/classes/total:cpu-seconds"},
	}
	metrics.Read(values[:])
	out.heap = values[0].Value.Uint64()
	out.reusable = values[1].Value.Uint64() + values[2].Value.Uint64()
	out.live = values[3].Value.Uint64()
	// What the collector did on idle processors was in nobody's way.
	out.collecting = s.share(values[4].Value.Float64()-values[5].Value.Float64(), values[6].Value.Float64())
	return out
}

// share returns the collector's share of the processor time since the look before. Go counts
// both at the end of each collection.
func (s *sampler) share(gc, all float64) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	did, of := gc-s.gc, all-s.all
	s.gc, s.all = gc, all
	if of <= 0 {
		return 0 // no collection ended since
	}
	return max(0, did/of)
}

// outside returns how much of the resident memory Go's soft memory limit does not count, such as
// the program's own pages.
func outside(rss uint64) uint64 {
	values := [...]metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(values[:])
	return rss - min(values[0].Value.Uint64()-values[1].Value.Uint64(), rss)
}

// laterOutside is what there will be more outside of Go's heap once all of the program has run.
const laterOutside = 12 * mebibyte

// limitHeap lowers Go's soft memory limit, without what the limit does not count, at least to half
// of the threshold, and returns the limit that holds. One that is lower already stays. restore puts
// back what was there.
//
// Go keeps three to five hundredths below its limit. With one of 17/16 of the threshold garbage
// brings RSS just up to the threshold: all of it is put to use, and where RSS is above while
// garbage is scarce the guard acts, before the collector runs without end.
func limitHeap(threshold, outside uint64) (limit uint64, restore func()) {
	most, outside := threshold/16*17, outside+laterOutside
	want := int64(min(max(most-min(outside, most), threshold/2), math.MaxInt64))
	was := debug.SetMemoryLimit(-1)
	if was <= want {
		return uint64(was), func() {}
	}
	debug.SetMemoryLimit(want)
	return uint64(want), func() { debug.SetMemoryLimit(was) }
}

// belowContainer lowers a threshold to nine tenths of what the container may have, if it has a
// limit: the rest is for what grows between two looks, and for the kernel's part.
func belowContainer(threshold uint64, limit func() (uint64, error)) uint64 {
	most, err := limit()
	if err != nil || most == 0 { // no container, or none with a limit
		return threshold
	}
	return min(threshold, most/10*9)
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
