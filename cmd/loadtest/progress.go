package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"okolo/cmd/loadtest/crowd"
	"okolo/cmd/loadtest/report"
)

const (
	linesEvery = 5  // samples, in a log
	barWidth   = 20 // columns, beside the words
)

// progress tells how a run goes while it does: by a bar on a terminal, by lines in a log.
type progress struct {
	out   io.Writer
	bar   *progressbar.ProgressBar // nil: a log
	most  float64                  // seconds of load; 0: nobody knows
	lines int
}

// newProgress tells it to out, of a load that takes so long; forever is not known.
func newProgress(out io.Writer, load time.Duration) *progress {
	p := &progress{out: out}
	if load < forever {
		p.most = load.Seconds()
	}
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return p
	}
	// A length of -1 makes a spinner; an interval of 0 keeps it from having a goroutine.
	length := int(p.most)
	if length == 0 {
		length = -1
	}
	p.bar = progressbar.NewOptions(length,
		progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(barWidth), progressbar.OptionClearOnFinish(),
		progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionSetElapsedTime(false), progressbar.OptionSetPredictTime(false),
		progressbar.OptionSpinnerType(14), progressbar.OptionSetSpinnerChangeInterval(0),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░"}))
	return p
}

// sampled tells the newest sample, and what is wrong so far.
func (p *progress) sampled(x *report.Sample, o crowd.Outcome) {
	wrong := 0
	for _, n := range o.Wrongs {
		wrong += n
	}
	words := fmt.Sprintf("%4.0f s  %6.0f updates/s  p50 %.1f ms  p99 %.1f ms  RSS %.0f MB  %d sessions  %d wrong  %s",
		x.T, x.UpdatesPerS, x.P50, x.P99, x.RSSMB, x.Sessions, wrong, x.Event)
	if p.bar == nil {
		if p.lines++; p.lines%linesEvery == 0 || x.Event != "" {
			fmt.Fprintln(p.out, words)
		}
		return
	}
	p.bar.Describe(words)
	if p.most > 0 {
		_ = p.bar.Set(min(int(x.T), int(p.most)-1)) // full, it would be gone before everybody is answered
	} else {
		_ = p.bar.Add(1) // a turn of the spinner
	}
}

// done takes the bar away.
func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Exit()
		_ = p.bar.Clear() // only looks
	}
}
