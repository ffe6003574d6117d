package actors

import (
	"context"
	"strings"
	"testing"
	"time"

	"okolo/actors/trace"
)

// path writes a record as its stations, with what is done beside them in brackets.
func path(s *trace.Span) string {
	var parts []string
	for _, p := range s.Parts {
		if below := path(p); below != "" {
			parts = append(parts, p.Name+"("+below+")")
		} else {
			parts = append(parts, p.Name)
		}
	}
	return strings.Join(parts, " ")
}

// TestStations: what an input comes through is recorded, to the end of what it caused.
func TestStations(t *testing.T) {
	perform := performer(func(ctx context.Context, e Effect, done func(any)) {
		if e.Do == "silent" {
			e.Span.Next("call")
			done(nil)
			return
		}
		echo(ctx, e, done)
	})
	followed := func(g *rig, in Input, o Outcome) *trace.Span {
		t.Helper()
		records := make(chan *trace.Span, 1)
		in.Span = trace.Start("update", time.Now(), func(s *trace.Span) { records <- s })
		g.want(o, in)
		in.Span.Finish()
		return <-records
	}
	g := start(t, newMemoryStore(), nil, perform)
	for _, c := range []struct {
		in   Input
		o    Outcome
		want string
	}{
		{Input{User: 1, ID: 1, Payload: note{n: 1}}, Applied, "supervisor stash session step checkpoint settled"},
		{Input{User: 1, ID: 1, Payload: note{n: 1}}, Repeated, "supervisor session step checkpoint settled"},
		{Input{User: 1, ID: 2, Payload: note{n: 2, await: []any{back{n: 1}}, emit: []any{"silent"}}}, Applied,
			"supervisor session step await actors.back step effects string(call) checkpoint settled"},
		{Input{User: 1, ID: 3, Payload: note{n: 3, emit: []any{back{n: 2}}}}, Applied,
			"supervisor session step effects actors.back result(supervisor session step checkpoint) settled"},
		{Input{User: 1, ID: 4, Payload: note{n: 4, panics: 2, tried: new(int)}}, Poisoned, "supervisor session step step settled"},
	} {
		s := followed(g, c.in, c.o)
		if got := path(s); got != c.want {
			t.Errorf("%+v went\n\t%s, not\n\t%s", c.in.Payload, got, c.want)
		}
		if len(s.Notes) != 1 || s.Notes[0] != (trace.Note{Key: "outcome", Value: c.o.String()}) {
			t.Errorf("%v", s.Notes)
		}
	}
	g = start(t, nil, nil, perform)
	if got := path(followed(g, Input{User: 1, ID: 1, Payload: note{n: 1}}, Applied)); got != "supervisor stash session step settled" {
		t.Errorf("without a store it went %s", got)
	}
}

// TestNotFollowedAllocatesNothing: an input that is not followed costs what it cost before
// there were records.
func TestNotFollowedAllocatesNothing(t *testing.T) {
	r := benchRuntime(t, 10, func(int64) int { return 0 }, nil)
	settled := make(chan Outcome, 1)
	done := func(o Outcome) { settled <- o }
	var id int64
	deliver := func(follow bool) float64 {
		return testing.AllocsPerRun(2000, func() {
			id++
			in := Input{User: 1, ID: id, Payload: "ping", Settled: done}
			if follow {
				in.Span = trace.Start("update", time.Now(), func(*trace.Span) {})
			}
			r.Deliver(in)
			<-settled
		})
	}
	without, with := deliver(false), deliver(true)
	if without > 4 || with <= without {
		t.Errorf("%v allocations for an input that is not followed, %v for one that is", without, with)
	}
}
