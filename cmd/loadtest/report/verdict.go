package report

import (
	"errors"
	"fmt"
)

// What a run of very many people has to reach, beside one of few at the same rate.
const (
	mostSlower  = 2.0 // times the p99 of the few
	mostMemory  = 1.1 // times the bot's memory threshold
	leastPurges = 5
	leastVisits = 2 // of everybody: they came back
)

// Demand is a bound that a run was held to.
type Demand struct {
	What  string  `json:"what"`
	Is    float64 `json:"is"`
	Bound float64 `json:"bound"`
	Least bool    `json:"least,omitzero"` // the bound is the least that will do, else the most
	Met   bool    `json:"met"`
}

func atMost(what string, is, bound float64) Demand {
	return Demand{What: what, Is: is, Bound: bound, Met: 0 < is && is <= bound} // 0: it was not measured
}

func atLeast(what string, is, bound float64) Demand {
	return Demand{What: what, Is: is, Bound: bound, Least: true, Met: is >= bound}
}

// String says it in words.
func (d Demand) String() string {
	bound, met := "at most", "met"
	if d.Least {
		bound = "at least"
	}
	if !d.Met {
		met = "MISSED"
	}
	return fmt.Sprintf("%s %.2f, %s %.6g: %s", d.What, d.Is, bound, d.Bound, met)
}

// Comparable says why a run of so many people at a rate cannot be judged beside a base, nil where it can.
func Comparable(base *Result, users int, rate float64) error {
	switch {
	case base.Settings.Users >= users:
		return fmt.Errorf("it was a run of %d people, and it has to be of fewer than %d", base.Settings.Users, users)
	case base.Settings.Rate != rate || rate == 0:
		return fmt.Errorf("it was a run at %g actions a second, and both have to be at the same rate, which is %g", base.Settings.Rate, rate)
	case base.Failed():
		return errors.New("it was a run in which a promise was broken")
	case base.Latency.P99 <= 0:
		return errors.New("nobody was answered in it")
	}
	return nil
}

// Judge holds the run to what very many people demand, beside a run of few that is [Comparable].
func (r *Result) Judge(base *Result) {
	r.Verdict = []Demand{
		atMost(fmt.Sprintf("p99 over that of %d people", base.Settings.Users), r.Latency.P99/base.Latency.P99, mostSlower),
		atMost("RSS in MB", r.RSSMaxMB, mostMemory*r.ThresholdMB),
		atLeast("purges of the guard", float64(r.Purges), leastPurges),
		atLeast("visits of those who came least", float64(r.FewestVisits), leastVisits),
	}
}
