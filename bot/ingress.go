package bot

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/mymmrac/telego"

	"okolo/bot/ui"
)

const (
	// pollBatch is the most updates that Telegram gives at once.
	pollBatch = 100
	// pollWait is how long Telegram holds a poll open while there is nothing.
	pollWait = 30 * time.Second
	// pollBackOff is the longest pause after polls that failed.
	pollBackOff = 15 * time.Second
)

// ErrUnauthorized says that the Bot API does not accept the token.
var ErrUnauthorized = errors.New("the Bot API does not accept the token")

// ErrNoBot says that the server knows no bot of that token, or is no Bot API server at all.
var ErrNoBot = errors.New("the server does not know the bot")

// ingress is the state of long polling.
type ingress struct {
	offset   atomic.Int64 // below it, everything is settled or in the inbox
	received atomic.Uint64
}

// poll handles what the inbox has, and then takes updates in batches until ctx is done. Asking for
// the next batch confirms the one before, so it does that only when every update in it is settled
// or in the inbox: what was in flight when the process died comes again.
func (b *Bot) poll(ctx context.Context) error {
	if !b.inbox.recover(ctx) {
		return interrupted(ctx)
	}
	pause, careful, first := time.Duration(0), false, true
	var settled []*piece // of the batch before
	for b.intake.awaitRoom(ctx) {
		updates, err := b.API.GetUpdates(ctx, &telego.GetUpdatesParams{
			Offset: int(b.ingress.offset.Load()), Limit: pollBatch,
			Timeout: int(pollWait.Seconds()), AllowedUpdates: allowedUpdates,
		})
		switch {
		case ctx.Err() != nil:
			return nil
		case isUnauthorized(err):
			return fmt.Errorf("%w: %w", ErrUnauthorized, err)
		case isUndecodable(err) && !careful:
			careful = true
			b.API.updates.careful.Store(true)
		case err != nil:
			careful = false
			if pause == 0 || isConflict(err) {
				b.Logger.Warn("updates could not be fetched, will try again", "error", err)
			}
			pause = min(max(2*pause, 250*time.Millisecond), pollBackOff)
			sleep(ctx, pause)
		default:
			pause, careful = 0, false
			b.release(settled...)
			pieces, all := b.handle(updates, first)
			b.advance(updates, pieces)
			if !all {
				return nil // the sessions are shutting down
			}
			first = first && len(updates) == 0
			settled = b.releaseUrgent(ctx, pieces)
		}
	}
	return nil
}

// releaseUrgent returns the settled pieces of a batch, which are released when the next poll has
// confirmed them; where others are held back behind them, it confirms and releases them itself.
func (b *Bot) releaseUrgent(ctx context.Context, pieces []*piece) []*piece {
	settled, urgent := b.intake.finished(pieces)
	if !urgent {
		return settled
	}
	if err := b.confirm(ctx); err != nil {
		if ctx.Err() == nil {
			b.Logger.Warn("settled updates may come again", "error", err)
		}
		return settled
	}
	b.release(settled...)
	return nil
}

// unreadable notes an update that is passed over because it cannot be decoded.
func (b *Bot) unreadable(id int64, err error) {
	b.counts.unreadable.Add(1)
	b.Logger.Error("an update cannot be read and is passed over", "update", id, "error", err)
}

// handle takes updates, and returns when each is settled or in the inbox; or, with false, where
// the bot is shutting down and some have to come again. It hands them to the sessions at once, and
// commits to the inbox what is not settled soon; where first, all of them before they are handled,
// so that an update that kills the program at once is counted, too.
func (b *Bot) handle(updates []telego.Update, first bool) (pieces []*piece, all bool) {
	b.ingress.received.Add(uint64(len(updates)))
	pieces = b.pieces(updates)
	if len(pieces) == 0 {
		return nil, true
	}
	if first {
		put := b.inbox.keep(pieces, true)
		select {
		case <-put.done:
		case <-b.inbox.gone:
			return nil, false
		}
		for _, p := range put.pieces {
			b.admit(p)
		}
		return nil, true
	}
	for _, p := range pieces {
		b.admit(p)
	}
	soon := time.NewTimer(patience)
	defer soon.Stop()
	select {
	case <-pieces[0].group.ended:
	case <-soon.C:
		put := b.inbox.keep(pieces, false)
		select {
		case <-put.done:
		case <-pieces[0].group.ended:
		case <-b.inbox.gone:
		}
	}
	return pieces, len(b.intake.unsettled(pieces)) == 0
}

// advance moves the offset past the updates at the front of a batch that are settled or kept.
func (b *Bot) advance(updates []telego.Update, pieces []*piece) {
	open := map[int64]bool{}
	for _, p := range b.intake.unsettled(pieces) {
		open[p.update] = true
	}
	for _, u := range updates {
		if open[int64(u.UpdateID)] {
			return
		}
		b.ingress.offset.Store(int64(u.UpdateID) + 1)
	}
}

// excuse tells a person why their input had no effect, in place of the session: later, where it
// cannot be done now, so that nobody waits for what will not come.
func (b *Bot) excuse(in incoming, e ui.Excuse, settled func(bool)) {
	if in.unheard {
		settled(true)
		return
	}
	if in.callback != "" {
		b.answer(ui.Answer{Callback: in.callback, Text: e.In(in.lang), Alert: true}, func(err error) {
			b.delivered(in.user, err)
			settled(true)
		})
		return
	}
	b.post(in.user, nil, reply{Message: ui.Message{Text: e.In(in.lang)}}, func(any) { settled(true) })
}

// confirm tells Telegram what was settled, which otherwise the next poll does.
func (b *Bot) confirm(ctx context.Context) error {
	offset := b.ingress.offset.Load()
	if offset == 0 {
		return nil
	}
	_, err := b.API.GetUpdates(ctx, &telego.GetUpdatesParams{Offset: int(offset), Limit: 1, AllowedUpdates: allowedUpdates})
	if err != nil && !isUndecodable(err) { // whatever came along, it was asked for
		return fmt.Errorf("confirm the last updates: %w", err)
	}
	return nil
}

// sleep waits, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
