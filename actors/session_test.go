package actors

import (
	"context"
	"reflect"
	"sync"
	"testing"
	"time"
)

func TestInputsAreAppliedInOrder(t *testing.T) {
	g := start(t, nil, nil, nil)
	var last <-chan Outcome
	for i := range 30 {
		last = g.send(Input{User: 7, ID: int64(i + 1), Payload: note{n: i, await: []any{back{n: i}}}})
	}
	if o := g.await(last); o != Applied {
		t.Fatal(o)
	}
	s := g.state(7)
	if !reflect.DeepEqual(s.Applied, ids(30)) || !reflect.DeepEqual(s.Results, ids(30)) {
		t.Fatalf("out of order: %+v", s)
	}
}

func TestDuplicates(t *testing.T) {
	store := newMemoryStore()
	for _, leaves := range []bool{false, true} {
		g := start(t, store, func(c *Config) {
			if leaves {
				c.Epoch = 2
			}
		}, nil)
		user := int64(1)
		if leaves {
			user = 2
		}
		again := func(o Outcome, in Input) {
			t.Helper()
			if leaves {
				g.expire()
			}
			g.want(o, in)
		}
		g.want(Applied, Input{User: user, ID: 5, Payload: note{n: 1}})
		again(Repeated, Input{User: user, ID: 5, Payload: note{n: 1}})
		g.want(Applied, Input{User: user, ID: 6, Press: 99, Payload: note{n: 2}})
		again(Repeated, Input{User: user, ID: 7, Press: 99, Payload: note{n: 3}})
		again(Repeated, Input{User: user, ID: 7, Payload: note{n: 3}}) // noted though only its press repeated
		g.want(Applied, Input{User: user, ID: 8, Press: 100, Payload: note{n: 4, repeatable: true}})
		again(Applied, Input{User: user, ID: 9, Press: 100, Payload: note{n: 5}})
		if s := g.state(user); !reflect.DeepEqual(s.Applied, []int{1, 2, 4, 5}) || s.Shown != 3 {
			t.Fatalf("leaves=%v: %+v", leaves, s)
		}
		if s := g.stats(); s.InputsRepeated != 3 {
			t.Fatalf("%d duplicates counted", s.InputsRepeated)
		}
	}
}

func TestPressesAreForgottenByTheSweep(t *testing.T) {
	g := start(t, nil, nil, nil)
	g.want(Applied, Input{User: 1, Press: 11, Payload: note{n: 1}})
	g.want(Applied, Input{User: 2, Press: 22, Payload: note{n: 1}})
	g.clock.advance(g.cfg.IdleLife + time.Second)
	g.want(Applied, Input{User: 1, Press: 12, Payload: note{n: 2}}) // keeps user 1 in memory
	g.clock.advance(time.Second)
	g.tell(&sweepOrder{})
	g.until("the clean-up", func(s Stats) bool { return s.PressesDropped == 1 && s.Sessions == 1 })
	if lines := g.log.with("CALLBACK CLEAN-UP: removed 1 entries"); len(lines) != 1 {
		t.Fatalf("lines: %q", lines)
	}
	g.want(Applied, Input{User: 1, Press: 11, Payload: note{n: 3}})
	g.want(Repeated, Input{User: 1, Press: 12, Payload: note{n: 4}})
}

func TestEffects(t *testing.T) {
	var mu sync.Mutex
	var seen []Effect
	g := start(t, nil, nil, func(_ context.Context, e Effect, done func(any)) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, e)
		switch do := e.Do.(type) {
		case back:
			done(do) // synchronously, and twice
			done(do)
		default:
			go done(nil)
		}
	})
	// The results come in the order of the effects; the second brings a further effect.
	g.want(Applied, Input{User: 1, ID: 3, Payload: note{
		n: 1, await: []any{back{n: 10}, back{n: 20, await: []any{back{n: 30}}, emit: []any{"b"}}}, emit: []any{"a", back{n: 40}},
	}})
	s := g.state(1)
	if !reflect.DeepEqual(s.Results, []int{10, 20, 30, 40}) {
		t.Fatalf("results: %v", s.Results)
	}
	mu.Lock()
	defer mu.Unlock()
	want := []Effect{
		{User: 1, Input: 3, Ordinal: 0, Do: back{n: 10}},
		{User: 1, Input: 3, Ordinal: 1, Do: back{n: 20, await: []any{back{n: 30}}, emit: []any{"b"}}},
		{User: 1, Input: 3, Ordinal: 4, Do: back{n: 30}}, {User: 1, Input: 3, Ordinal: 2, Do: "a"},
		{User: 1, Input: 3, Ordinal: 3, Do: back{n: 40}}, {User: 1, Input: 3, Ordinal: 5, Do: "b"},
	}
	if !reflect.DeepEqual(seen, want) {
		t.Fatalf("effects:\n%+v\nnot\n%+v", seen, want)
	}
}

func TestNothingIsTakenBeforeItsEffectsAreDone(t *testing.T) {
	hold := make(chan func(any), 1)
	g := start(t, nil, nil, func(_ context.Context, e Effect, done func(any)) { hold <- done })
	first := g.send(Input{User: 1, ID: 1, Payload: note{n: 1, await: []any{"write"}, emit: []any{"reply"}}})
	second := g.send(Input{User: 1, ID: 2, Payload: note{n: 2}})
	write := <-hold
	select {
	case <-first:
		t.Fatal("settled before the write was done")
	case <-second:
		t.Fatal("overtaken")
	case reply := <-hold:
		reply(nil)
		t.Fatal("the reply came before the write was done")
	case <-time.After(20 * time.Millisecond):
	}
	write(back{n: 1})
	reply := <-hold
	if o := g.await(second); o != Applied { // the state is taken, so the next input goes ahead
		t.Fatal(o)
	}
	select {
	case <-first:
		t.Fatal("settled before the reply was done")
	default:
	}
	reply(nil)
	if o := g.await(first); o != Applied {
		t.Fatal(o)
	}
}

func TestResultOfASessionThatLeft(t *testing.T) {
	hold := make(chan func(any), 1)
	g := start(t, newMemoryStore(), nil, func(_ context.Context, e Effect, done func(any)) { hold <- done })
	sent := g.send(Input{User: 1, ID: 1, Payload: note{n: 1, emit: []any{"message"}}})
	done := <-hold
	g.expire()
	if s := g.stats(); s.UsersKnown != 1 || s.InputsInFlight != 1 {
		t.Fatalf("the user with an unsettled input was forgotten: %+v", s)
	}
	done(back{n: 77})
	if o := g.await(sent); o != Applied {
		t.Fatal(o)
	}
	if s := g.state(1); !reflect.DeepEqual(s.Results, []int{77}) || !reflect.DeepEqual(s.Applied, []int{1}) {
		t.Fatalf("%+v", s)
	}
	g.expire()
	g.until("the end of the entry", func(s Stats) bool { return s.UsersKnown == 0 })
}

func TestPanics(t *testing.T) {
	g := start(t, nil, nil, nil)
	g.want(Applied, Input{User: 1, ID: 1, Payload: note{n: 1}})
	g.want(Applied, Input{User: 1, ID: 2, Payload: note{n: 2, panics: 1, tried: new(int)}})
	tried := new(int)
	g.want(Poisoned, Input{User: 1, ID: 3, Payload: note{n: 3, panics: 9, tried: tried}})
	if *tried != 2 {
		t.Fatalf("tried %d times", *tried)
	}
	// A panic on a result abandons the whole turn; one on an emitted result does not.
	g.want(Poisoned, Input{User: 1, ID: 4, Payload: note{n: 4, await: []any{back{n: 4}, back{panics: true}}}})
	g.want(Applied, Input{User: 1, ID: 5, Payload: note{n: 5, emit: []any{back{panics: true}}}})
	if s := g.state(1); !reflect.DeepEqual(s.Applied, []int{1, 2, 5}) || len(s.Results) != 0 {
		t.Fatalf("%+v", s)
	}
	if s := g.stats(); s.InputsPoisoned != 2 || s.ResultsLost != 1 {
		t.Fatalf("%+v", s)
	}
	if lines := g.log.with("an input was set aside"); len(lines) != 3 {
		t.Fatalf("lines: %q", lines)
	}
}

func TestLateResultOfAnAbandonedTurn(t *testing.T) {
	tries := 0 // the effects of one user are started one after the other
	slow := make(chan func(any), 2)
	g := start(t, nil, nil, func(_ context.Context, e Effect, done func(any)) {
		if e.Do == "slow" {
			slow <- done
			return
		}
		tries++
		done(back{n: 1, panics: tries == 1})
	})
	settled := g.send(Input{User: 1, ID: 1, Payload: note{n: 1, await: []any{"first", "slow"}}})
	abandoned, second := <-slow, <-slow
	abandoned(back{n: 111})
	second(back{n: 2})
	if o := g.await(settled); o != Applied {
		t.Fatal(o)
	}
	if s := g.state(1); !reflect.DeepEqual(s.Results, []int{1, 2}) {
		t.Fatalf("%+v", s)
	}
}

func TestPanickingRim(t *testing.T) {
	g := start(t, nil, nil, func(context.Context, Effect, func(any)) { panic("rim") })
	g.want(Applied, Input{User: 1, Payload: note{n: 1, await: []any{"x"}, emit: []any{"y"}}})
	settled := make(chan Outcome, 1)
	g.Deliver(Input{User: 1, Payload: note{n: 2}, Settled: func(o Outcome) { settled <- o; panic("settled") }})
	g.await(settled)
	if s := g.state(1); !reflect.DeepEqual(s.Applied, []int{1, 2}) {
		t.Fatalf("%+v", s)
	}
}

func TestInFlightIsBounded(t *testing.T) {
	hold := make(chan func(any), 8)
	g := start(t, nil, func(c *Config) { c.MaxInFlight = 3 }, func(_ context.Context, e Effect, done func(any)) { hold <- done })
	var waiting []<-chan Outcome
	for i := range 3 {
		waiting = append(waiting, g.send(Input{User: 1, Payload: note{n: i, emit: []any{"slow"}}}))
	}
	g.want(Busy, Input{User: 1, Payload: note{n: 9}})
	g.want(Applied, Input{User: 2, Payload: note{n: 9}})
	g.expire() // the bound outlives the session
	g.want(Busy, Input{User: 1, Payload: note{n: 9}})
	for _, w := range waiting {
		(<-hold)(nil)
		g.await(w)
	}
	g.want(Applied, Input{User: 1, Payload: note{n: 3}})
}

func TestUnsettledInputsAreBounded(t *testing.T) {
	g := start(t, nil, func(c *Config) { c.MaxSessions, c.MaxInFlight, c.MaxStash = 1, 1, 2 },
		func(context.Context, Effect, func(any)) {})
	g.unsettled.Add(3) // as many as there may be, so that the supervisor is not asked
	g.want(Busy, Input{User: 1, Payload: note{}})
	g.unsettled.Add(-1)
	g.want(Applied, Input{User: 1, Payload: note{}})
	g.unsettled.Add(-2)
}

func TestPreparedIsBounded(t *testing.T) {
	g := start(t, nil, nil, nil)
	g.want(Applied, Input{User: 1, Payload: note{prepare: 80}})
	g.want(Applied, Input{User: 2, Payload: note{prepare: 7}})
	if s := g.stats(); s.PreparedEvents != 57 || s.PreparedLimit != 50 {
		t.Fatalf("%+v", s)
	}
	g.expire()
	if s := g.stats(); s.PreparedEvents != 0 {
		t.Fatalf("%+v", s)
	}
}
