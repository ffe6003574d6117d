package main

import (
	"fmt"
	"time"

	"okolo/bot/sandbox"
	"okolo/cmd/loadtest/crowd"
)

// faultSettings say what goes wrong on purpose. Shares go from 0 to 1.
type faultSettings struct {
	Duplicates      float64       `default:"0" placeholder:"SHARE" help:"Updates that are delivered twice."`
	Late            float64       `default:"0" placeholder:"SHARE" help:"Updates that come 2 s late, behind those of others."`
	Reorder         float64       `default:"0" placeholder:"SHARE" help:"Updates that come 2 s late, behind those of others, while each person's own stay in order."`
	TooManyRequests float64       `default:"0" placeholder:"SHARE" help:"Calls of the bot refused with 429 and retry_after 1."`
	ServerErrors    float64       `default:"0" placeholder:"SHARE" help:"Calls of the bot refused with 502."`
	CutBefore       float64       `default:"0" placeholder:"SHARE" help:"Calls of the bot whose connection breaks before they are carried out."`
	CutAfter        float64       `default:"0" placeholder:"SHARE" help:"Calls of the bot that are carried out, and whose answer is lost; people may see answers twice then."`
	APILatency      time.Duration `default:"0s" placeholder:"TIME" help:"Time that every call of the bot takes, and at most as much again." name:"api-latency"`
	DBLatency       time.Duration `default:"0s" placeholder:"TIME" help:"Time that every request of the bot to PostgreSQL takes longer." name:"db-latency"`
}

// lateBy is how late updates come that do.
const lateBy = 2 * time.Second

// maxFaultLatency bounds the latencies that can be ordered.
const maxFaultLatency = time.Minute

func (s faultSettings) check() error {
	for name, share := range map[string]float64{
		"duplicates": s.Duplicates, "late": s.Late, "reorder": s.Reorder, "too-many-requests": s.TooManyRequests,
		"server-errors": s.ServerErrors, "cut-before": s.CutBefore, "cut-after": s.CutAfter,
	} {
		if !(share >= 0 && share <= 1) {
			return usageError{fmt.Sprintf("--%s is a share, from 0 to 1.", name)}
		}
	}
	if s.Late > 0 && s.Reorder > 0 {
		return usageError{"--late and --reorder do not go together: choose whether a person's own updates stay in order."}
	}
	for name, d := range map[string]time.Duration{"api-latency": s.APILatency, "db-latency": s.DBLatency} {
		if d < 0 || d > maxFaultLatency {
			return usageError{fmt.Sprintf("--%s goes from 0s to %s.", name, maxFaultLatency)}
		}
	}
	return nil
}

// order adds the faults to what a trial is made of.
func (s faultSettings) order(o *trialOptions) {
	o.rig.Faults = sandbox.Faults{
		DuplicateUpdates: s.Duplicates, LateUpdates: s.Late + s.Reorder, LateInOrder: s.Reorder > 0, LateBy: lateBy, Seed: o.crowd.Seed,
		Calls: map[string]sandbox.CallFaults{sandbox.AllMethods: {
			Latency: s.APILatency, Jitter: s.APILatency,
			TooManyRequests: sandbox.Chance{Share: s.TooManyRequests}, ServerError: sandbox.Chance{Share: s.ServerErrors},
			CutBefore: sandbox.Chance{Share: s.CutBefore}, CutAfter: sandbox.Chance{Share: s.CutAfter},
		}},
	}
	o.rig.DatabaseLatency = s.DBLatency
	if s.CutAfter > 0 {
		o.crowd.Lenient = true
	}
	if s.Late > 0 {
		// What somebody says at once comes in another order then, and is answered in that.
		o.crowd.Mix[crowd.Spammer] = 0
	}
	if s != (faultSettings{}) {
		o.about.Faults = s.String()
	}
}

// String lists what is on order.
func (s faultSettings) String() string {
	list := ""
	add := func(name string, value any, ordered bool) {
		if ordered {
			list += fmt.Sprintf(" %s %v", name, value)
		}
	}
	add("duplicates", s.Duplicates, s.Duplicates > 0)
	add("late", s.Late, s.Late > 0)
	add("reordered", s.Reorder, s.Reorder > 0)
	add("429", s.TooManyRequests, s.TooManyRequests > 0)
	add("502", s.ServerErrors, s.ServerErrors > 0)
	add("cut before", s.CutBefore, s.CutBefore > 0)
	add("cut after", s.CutAfter, s.CutAfter > 0)
	add("API", s.APILatency, s.APILatency > 0)
	add("database", s.DBLatency, s.DBLatency > 0)
	return "faults:" + list
}
