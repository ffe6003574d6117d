// Command bare is a peer of okolo: a bare telego handler, a goroutine for each update, with
// everybody's state in one map under one mutex. It is the floor of the stack, and keeps none
// of okolo's promises.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/mymmrac/telego"

	"okolo/cmd/loadtest/peers/screen"
)

func main() {
	var mu sync.Mutex
	states := map[int64]screen.State{}
	err := screen.Run("bare", func(ctx context.Context, p *screen.Peer, u telego.Update) {
		go func() {
			id := screen.Of(u)
			mu.Lock()
			s, known := states[id]
			if !known {
				s = screen.Fresh()
			}
			s = s.Next(u)
			states[id] = s
			mu.Unlock()
			if err := p.Show(ctx, s, u); err != nil {
				fmt.Fprintln(os.Stderr, "bare:", err)
			}
		}()
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
