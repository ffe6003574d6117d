package bot

import (
	"context"
	"slices"

	"okolo/bot/ui"
	"okolo/persistence/model"
)

// Operators implements [persistence.Messenger].
func (m messenger) Operators() []int64 { return slices.Clone(m.Bot.Operators) }

// Reported implements [persistence.Messenger].
func (m messenger) Reported(ctx context.Context, digests []model.Digest) []error {
	return m.deliverAll(ctx, len(digests), func(i int) (int64, ui.Message, bool) {
		d := digests[i]
		return d.Operator, ui.Digest(d), true
	})
}
