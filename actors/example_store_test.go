package actors_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"okolo/actors"
)

// cart is what a shop knows about a customer.
type cart struct {
	Items []string
	Price int // of all
}

// What the shop is told, what it asks for, and what it learns.
type (
	add   struct{ item string }
	ask   struct{ item string } // the price, of the warehouse
	price struct {
		item string
		euro int
	}
)

// shop is a bot that sells.
type shop struct{}

func (shop) Fresh(int64) cart            { return cart{} }
func (shop) Prepared(*cart) int          { return 0 }
func (shop) Trim(state cart, _ int) cart { return state }

func (shop) Step(state cart, in any) actors.Turn[cart] {
	switch in := in.(type) {
	case add: // the state is taken only once the price is known
		return actors.Turn[cart]{Next: state, Await: []any{ask(in)}}
	case price:
		state.Items = append(state.Items[:len(state.Items):len(state.Items)], in.item)
		state.Price += in.euro
		return actors.Turn[cart]{Next: state, Emit: []any{fmt.Sprintf("%v for %d euros", state.Items, state.Price)}}
	}
	return actors.Turn[cart]{Next: state}
}

// counterDesk carries effects out.
type counterDesk struct{}

func (counterDesk) Perform(_ context.Context, e actors.Effect, done func(any)) {
	switch do := e.Do.(type) {
	case ask:
		done(price{do.item, len(do.item)})
	default:
		fmt.Printf("to %d: %v\n", e.User, do)
		done(nil)
	}
}

// shelf is a store of snapshots in memory. A real one outlives the program.
type shelf struct {
	mu     sync.Mutex
	newest map[int64]actors.Snapshot
}

func (s *shelf) Load(_ context.Context, users []int64) (found []actors.Snapshot, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, user := range users {
		if snapshot, ok := s.newest[user]; ok {
			found = append(found, snapshot)
		}
	}
	return found, nil
}

func (s *shelf) Save(_ context.Context, batch []actors.Snapshot) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range batch {
		if old, ok := s.newest[b.User]; !ok || slices.Compare(age(b), age(old)) > 0 {
			b.Data = bytes.Clone(b.Data) // what is in the batch is used again
			s.newest[b.User] = b
		}
	}
	return nil
}

// age tells the newer of two snapshots of a user.
func age(s actors.Snapshot) []uint64 { return []uint64{s.Epoch, s.Incarnation, s.Revision} }

// A bot with a store goes on where it was, in the next program too: each run has a greater epoch.
// Here it has to wait for the answer to an effect, and the last update comes again, as it does
// when a program was killed before it could confirm it.
func Example_restart() {
	store := &shelf{newest: map[int64]actors.Snapshot{}}
	run := func(epoch uint64, updates map[int64]string) {
		cfg := actors.Defaults()
		cfg.Epoch, cfg.Logger = epoch, slog.New(slog.DiscardHandler)
		bot, err := actors.New(cfg, shop{}, counterDesk{}, store)
		if err != nil {
			fmt.Println(err)
			return
		}
		for id, item := range updates {
			settled := make(chan actors.Outcome)
			bot.Deliver(actors.Input{
				User: 7, ID: id, Payload: add{item},
				Settled: func(o actors.Outcome) { settled <- o }, // from then on it is stored
			})
			fmt.Println(<-settled)
		}
		if _, err := bot.Shutdown(context.Background()); err != nil {
			fmt.Println(err)
		}
	}
	run(1, map[int64]string{1: "bread"})
	run(2, map[int64]string{1: "bread"})
	run(3, map[int64]string{2: "milk"})
	// Output:
	// to 7: [bread] for 5 euros
	// applied
	// repeated
	// to 7: [bread milk] for 9 euros
	// applied
}
