package bot

import (
	"context"
	"errors"
)

// errDraining is why a bot that ends is not ready.
var errDraining = errors.New("draining: no more updates are taken")

// Ready returns nil while the bot serves, or why it does not: it drains, its webhook is not set, or
// the database does not answer or has not the tables that it needs.
func (b *Bot) Ready(ctx context.Context) error {
	if b.draining.Load() {
		return errDraining
	}
	if b.webhook != nil {
		if err := b.webhook.ready(); err != nil {
			return err
		}
	}
	return b.Store.Ready(ctx)
}
