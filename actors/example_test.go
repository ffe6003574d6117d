package actors_test

import (
	"context"
	"fmt"
	"log/slog"

	"okolo/actors"
)

// count is what the bot knows about a user.
type count struct{ N int }

// counter is a bot that counts what a user says.
type counter struct{}

func (counter) Fresh(int64) count             { return count{} }
func (counter) Prepared(*count) int           { return 0 }
func (counter) Trim(state count, _ int) count { return state }

func (counter) Step(state count, in any) actors.Turn[count] {
	switch in.(type) {
	case string:
		state.N++
		return actors.Turn[count]{Next: state, Emit: []any{fmt.Sprintf("that was number %d", state.N)}}
	case actors.Duplicate:
		return actors.Turn[count]{Next: state, Emit: []any{fmt.Sprintf("still number %d", state.N)}}
	}
	return actors.Turn[count]{Next: state}
}

// console carries effects out by printing them.
type console struct{}

func (console) Perform(_ context.Context, e actors.Effect, done func(any)) {
	fmt.Printf("to %d: %s\n", e.User, e.Do)
	done(nil)
}

// A bot that counts. The third input is an update that was delivered twice.
func Example() {
	cfg := actors.Defaults()
	cfg.MemoryThreshold = 0 // the memory of the other tests is not this one's matter
	cfg.Logger = slog.New(slog.DiscardHandler)
	bot, err := actors.New(cfg, counter{}, console{}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, update := range []int64{1, 2, 2, 3} {
		settled := make(chan actors.Outcome)
		bot.Deliver(actors.Input{
			User: 42, ID: update, Payload: "hello",
			Settled: func(o actors.Outcome) { settled <- o },
		})
		fmt.Println(<-settled)
	}
	if _, err := bot.Shutdown(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// to 42: that was number 1
	// applied
	// to 42: that was number 2
	// applied
	// to 42: still number 2
	// repeated
	// to 42: that was number 3
	// applied
}
