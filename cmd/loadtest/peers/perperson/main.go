// Command perperson is a peer of okolo: a goroutine for each person, which keeps the person's
// state for ever.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/mymmrac/telego"

	"okolo/cmd/loadtest/peers/screen"
)

// waiting is how many updates of one person may wait.
const waiting = 16

func main() {
	people := map[int64]chan telego.Update{}
	err := screen.Run("perperson", func(ctx context.Context, p *screen.Peer, u telego.Update) {
		id := screen.Of(u)
		inbox := people[id]
		if inbox == nil {
			inbox = make(chan telego.Update, waiting)
			people[id] = inbox
			go live(ctx, p, inbox)
		}
		inbox <- u
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// live handles one person's updates in order.
func live(ctx context.Context, p *screen.Peer, inbox <-chan telego.Update) {
	s := screen.Fresh()
	for {
		select {
		case u := <-inbox:
			s = s.Next(u)
			if err := p.Show(ctx, s, u); err != nil {
				fmt.Fprintln(os.Stderr, "perperson:", err)
			}
		case <-ctx.Done():
			return
		}
	}
}
