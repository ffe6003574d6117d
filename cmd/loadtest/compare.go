package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"okolo/cmd/loadtest/crowd"
	"okolo/cmd/loadtest/report"
	"okolo/cmd/loadtest/rig"
)

// compareCmd is loadtest compare.
type compareCmd struct {
	Rounds   int           `default:"2" placeholder:"N" help:"How often each bot has its turn (1 to 100)."`
	Duration time.Duration `default:"15s" placeholder:"TIME" help:"How long people come."`
	PeerCmd  []string      `placeholder:"COMMAND" help:"A bot to compare with, in place of the two that come along: it finds BOT_TOKEN and BOT_API_URL in its environment, and prints a line that begins with ready."`

	People peopleSettings `embed:"" group:"People:"`
	Bot    botSettings    `embed:"" group:"The bot:"`
	JSON   string         `placeholder:"FILE" help:"Write the result as JSON; -: to the standard output, in place of the summary." name:"json"`
}

// contestant is a bot that takes its turns.
type contestant struct {
	name    string
	command []string // empty: okolo
}

// turn is what one turn of one bot came to.
type turn struct {
	Bot          string  `json:"bot"`
	UpdatesPerS  float64 `json:"updates_per_s"`
	P50          float64 `json:"p50_ms"`
	P99          float64 `json:"p99_ms"`
	CPUMicros    float64 `json:"cpu_us_per_update"`
	RSSMB        float64 `json:"rss_mb_max"`
	SandboxCores float64 `json:"sandbox_cores"` // the crowd and its Telegram, of one core
	Violations   int     `json:"violations"`
}

// comparison is all turns, and okolo's ratio to each peer, by the medians.
type comparison struct {
	Turns  []turn           `json:"turns"`
	Ratios map[string]ratio `json:"ratios"`
}

// ratio is okolo's figure over the peer's.
type ratio struct {
	UpdatesPerS float64 `json:"updates_per_s"`
	CPUMicros   float64 `json:"cpu_us_per_update"`
	RSSMB       float64 `json:"rss_mb_max"`
	P99         float64 `json:"p99_ms"`
}

// Run lets the same people use the bots in turns.
func (c *compareCmd) Run(ctx context.Context, out *console) (err error) {
	if err := errors.Join(c.check(), c.People.check(), c.Bot.check()); err != nil {
		return err
	}
	list, remove, err := c.contestants(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	var result comparison
	for range c.Rounds {
		for _, who := range list {
			r, err := c.turn(ctx, who, out)
			if err != nil {
				return fmt.Errorf("%s: %w", who.name, err)
			}
			result.Turns = append(result.Turns, r)
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	result.Ratios = ratios(result.Turns)
	return c.finish(&result, out)
}

func (c *compareCmd) check() error {
	switch {
	case c.Rounds < 1 || c.Rounds > 100:
		return usageError{"--rounds goes from 1 to 100."}
	case c.Bot.Target != "":
		return usageError{"compare measures the bots as processes of its own: leave --target out."}
	}
	return nil
}

// contestants builds what has to be built.
func (c *compareCmd) contestants(ctx context.Context) (list []contestant, remove func() error, err error) {
	var removers []func() error
	remove = func() (err error) {
		for _, r := range removers {
			err = errors.Join(err, r())
		}
		return err
	}
	build := func(pkg string) string {
		program, r, failed := rig.Build(ctx, pkg)
		if failed != nil {
			err = errors.Join(err, failed)
			return ""
		}
		removers = append(removers, r)
		return program
	}
	if c.Bot.Okolo == "" {
		c.Bot.Okolo = build("okolo/cmd/okolo")
	}
	list = []contestant{{name: "okolo"}}
	for _, p := range c.PeerCmd {
		if words := strings.Fields(p); len(words) > 0 {
			list = append(list, contestant{filepath.Base(words[0]), words})
		}
	}
	if len(list) == 1 {
		for _, name := range []string{"bare", "perperson"} {
			list = append(list, contestant{name, []string{build("okolo/cmd/loadtest/peers/" + name)}})
		}
	}
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	return list, remove, nil
}

// turn lets people use one bot.
func (c *compareCmd) turn(ctx context.Context, who contestant, out *console) (turn, error) {
	fmt.Fprintf(out.err, "── %s\n", who.name)
	o := trialOptions{
		command: "compare", crowd: c.People.crowd(firstPerson, c.Bot.Speed, crowd.Walkers),
		rig: c.Bot.rig(out), about: described(c.People, who.name),
	}
	if len(who.command) > 0 {
		o.rig.Command = who.command
		o.rig.Env = append(o.rig.Env, fmt.Sprintf("EVENTS=%d", c.Bot.Events), fmt.Sprintf("SEED=%d", c.People.Seed))
	} else {
		o.events = c.Bot.Events
	}
	t, err := startTrial(ctx, o, out)
	if err != nil {
		return turn{}, err
	}
	err = t.load(ctx, c.Duration, nil)
	if err == nil {
		err = t.conclude(ctx)
	}
	if err = errors.Join(err, t.close(ctx)); err != nil {
		return turn{}, err
	}
	return summed(who.name, t.result), nil
}

func summed(name string, r *report.Result) turn {
	return turn{
		Bot: name, UpdatesPerS: r.UpdatesPerS, P50: r.Latency.P50, P99: r.Latency.P99, CPUMicros: r.CPUMicrosUpdate, RSSMB: r.RSSMaxMB,
		SandboxCores: r.HarnessCPUMicros * r.UpdatesPerS / 1e6, Violations: len(r.Violations),
	}
}

// ratios compares okolo's medians with those of each peer.
func ratios(turns []turn) map[string]ratio {
	median := func(bot string, f func(turn) float64) float64 {
		var list []float64
		for _, t := range turns {
			if t.Bot == bot {
				list = append(list, f(t))
			}
		}
		slices.Sort(list)
		return (list[(len(list)-1)/2] + list[len(list)/2]) / 2
	}
	out := map[string]ratio{}
	for _, t := range turns {
		if t.Bot == "okolo" {
			continue
		}
		over := func(f func(turn) float64) float64 {
			return median("okolo", f) / max(median(t.Bot, f), 1e-9)
		}
		out[t.Bot] = ratio{
			UpdatesPerS: over(func(t turn) float64 { return t.UpdatesPerS }),
			CPUMicros:   over(func(t turn) float64 { return t.CPUMicros }),
			RSSMB:       over(func(t turn) float64 { return t.RSSMB }),
			P99:         over(func(t turn) float64 { return t.P99 }),
		}
	}
	return out
}

// finish prints the comparison, and fails where a bot broke a promise that people checked.
func (c *compareCmd) finish(r *comparison, out *console) error {
	if c.JSON != "" {
		b, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return fmt.Errorf("encode the result: %w", err)
		}
		if err := writeTo(c.JSON, append(b, '\n'), out.out); err != nil {
			return err
		}
	}
	if c.JSON != "-" {
		if err := r.print(out.out); err != nil {
			return err
		}
	}
	for _, t := range r.Turns {
		if t.Bot == "okolo" && t.Violations > 0 {
			return errViolated
		}
	}
	return nil
}

func (r *comparison) print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "bot\tupdates/s\tp50 ms\tp99 ms\tCPU µs/update\tRSS MB\tsandbox, cores\tviolations\t")
	for _, t := range r.Turns {
		fmt.Fprintf(tw, "%s\t%.0f\t%.1f\t%.1f\t%.0f\t%.0f\t%.2f\t%d\t\n", t.Bot, t.UpdatesPerS, t.P50, t.P99, t.CPUMicros, t.RSSMB, t.SandboxCores, t.Violations)
	}
	names := make([]string, 0, len(r.Ratios))
	for name := range r.Ratios {
		names = append(names, name)
	}
	slices.SortFunc(names, cmp.Compare)
	for _, name := range names {
		x := r.Ratios[name]
		fmt.Fprintf(tw, "okolo ÷ %s\t%.2f\t\t%.2f\t%.2f\t%.2f\t\t\t\n", name, x.UpdatesPerS, x.P99, x.CPUMicros, x.RSSMB)
	}
	return tw.Flush()
}

// writeTo writes to a file, or to stdout where its name is "-".
func writeTo(name string, b []byte, stdout io.Writer) error {
	if name == "-" {
		_, err := stdout.Write(b)
		return err
	}
	return os.WriteFile(name, b, 0o644)
}
