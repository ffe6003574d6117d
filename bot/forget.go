package bot

import (
	"context"
	"fmt"
	"time"

	"okolo/actors"
	"okolo/persistence/model"
)

// forgetTimeout bounds how long it takes to delete what is stored of a person.
const forgetTimeout = 30 * time.Second

// forget deletes what is stored of the person whom an effect is of. First they leave all events,
// through the writer, so that others move up or are told; then the rest goes. Their session is
// not touched: it is where the wish comes from.
func (b *Bot) forget(ctx context.Context, e actors.Effect, done func(error)) {
	ok := b.readers.try(func() {
		ctx, cancel := context.WithTimeout(ctx, forgetTimeout)
		defer cancel()
		err := b.leaveAll(ctx, e)
		if err == nil {
			err = b.Store.Erase(ctx, e.User)
		}
		if err == nil {
			err = b.outbox.forget(ctx, e.User)
		}
		if err != nil {
			b.Logger.Error("a person could not be forgotten", "error", err)
		}
		done(err)
	})
	if !ok {
		done(model.ErrBusy)
	}
}

// leaveAll takes the person out of their events, so many at a time. On a replay the first
// commands are known already, and what is left is done by those that follow.
func (b *Bot) leaveAll(ctx context.Context, e actors.Effect) error {
	for key := (model.Key{Bot: b.id, Update: e.Input, Ordinal: e.Ordinal}); ; key.Ordinal++ {
		events, err := b.Store.Engagements(ctx, e.User)
		if err != nil || len(events) == 0 {
			return err
		}
		answered := make(chan error, 1)
		b.Writer.Submit(key, model.ForgetPerson{By: model.Person{ID: e.User}, Events: events}, func(_ model.Answer, err error) {
			answered <- err
		})
		select {
		case err = <-answered:
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("leave all events: %w", err)
		}
	}
}
