package bot

import (
	"context"
	"errors"
	"time"

	"okolo/actors/trace"
	"okolo/bot/ui"
	"okolo/persistence/model"
)

const (
	// askersPerBot bounds the questions to Telegram under way about members of groups, asksWaiting
	// those that queue up. They have workers of their own, so that a slow Telegram does not keep
	// people from what the database knows.
	askersPerBot = 4
	asksWaiting  = 256
	// askTimeout bounds one question, and what is read of the database for it.
	askTimeout = 8 * time.Second
)

// loadCommunity carries out [ui.LoadCommunity].
func (b *Bot) loadCommunity(ctx context.Context, span *trace.Span, do ui.LoadCommunity, done func(any)) {
	crew, limit := b.readers, readTimeout
	if do.Role {
		crew, limit = b.askers, askTimeout
	}
	span.Next("queue")
	ok := crew.try(func() {
		span.Next("query")
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		in, err := b.community(ctx, do)
		if err != nil {
			b.Logger.Warn("a group could not be read", "chat", do.Chat, "error", err)
		}
		in.Context, in.Err = do.Context, err
		done(in)
	})
	if !ok {
		done(ui.CommunityLoaded{Context: do.Context, Err: model.ErrBusy})
	}
}

// community reads a group, and what else is asked for.
func (b *Bot) community(ctx context.Context, do ui.LoadCommunity) (in ui.CommunityLoaded, err error) {
	in.Chat, err = b.Store.Community(ctx, do.Chat)
	switch in.Known = err == nil; {
	case errors.Is(err, model.ErrNotFound):
		in.Chat = model.Chat{ID: do.Chat, Title: do.Group.Title, Settings: model.Settings{Creators: model.Everyone}}
	case err != nil:
		return in, err
	}
	if in.Lang, err = b.Store.Language(ctx, do.From.ID); err != nil {
		return in, err
	}
	if do.Events > 0 {
		if in.Events, err = b.Store.CommunityEvents(ctx, in.Chat.ID, do.Now, 0, do.Events); err != nil {
			return in, err
		}
	}
	switch {
	case !do.Role:
	case do.Group.ID != 0:
		in.Role, err = b.role(ctx, do.Context)
	default:
		in.Role, err = b.membership(ctx, in.Chat.ID, do.From.ID)
	}
	return in, err
}
