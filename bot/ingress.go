package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mymmrac/telego"

	"okolo/actors"
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
	offset    atomic.Int64 // below it, everything is settled
	received  atomic.Uint64
	unsettled atomic.Int64
	since     atomic.Int64 // when the batch being handled came, in Unix nanoseconds; 0: there is none
}

// age returns how long ago, in seconds, the oldest unsettled update came; 0 without one.
func (i *ingress) age(now time.Time) float64 {
	since := i.since.Load()
	if since == 0 {
		return 0
	}
	return max(0, now.Sub(time.Unix(0, since)).Seconds())
}

// poll takes updates in batches until ctx is done. Asking for the next batch confirms the
// one before, so it does that only when every update in it is settled: what was in flight
// when the process died comes again.
func (b *Bot) poll(ctx context.Context) error {
	b.API.updates.unreadable = b.unreadable
	pause, careful := time.Duration(0), false
	for ctx.Err() == nil {
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
			if !b.handle(ctx, updates) {
				return nil // the sessions are shutting down
			}
		}
	}
	return nil
}

// unreadable notes an update that is passed over because it cannot be decoded.
func (b *Bot) unreadable(id int64, err error) {
	b.counts.unreadable.Add(1)
	b.Logger.Error("an update cannot be read and is passed over", "update", id, "error", err)
}

// handle hands a batch to the sessions, waits until each update is settled, and moves the
// offset past those at the front that are. It reports whether all were.
//
// Of each person it hands over as many as may be unsettled, and the others, which would be
// refused, once those are settled. In between it confirms: a session must know every update
// again that can come again.
func (b *Bot) handle(ctx context.Context, updates []telego.Update) bool {
	b.ingress.received.Add(uint64(len(updates)))
	if len(updates) > 0 {
		b.ingress.since.Store(b.Now().UnixNano())
		defer b.ingress.since.Store(0)
	}
	settled := make([]bool, len(updates))
	var inputs []incoming
	for i := range updates {
		in, ok := b.translate(&updates[i])
		if !ok {
			b.counts.ignored.Add(1)
			settled[i] = true
			continue
		}
		in.place = i
		inputs = append(inputs, in)
	}
	b.ingress.unsettled.Add(int64(len(inputs)))
	inputs = b.handleSome(inputs, settled)
	all := b.advance(updates, settled)
	for len(inputs) > 0 {
		if err := b.confirm(ctx); err != nil && ctx.Err() == nil {
			b.Logger.Warn("settled updates may come again", "error", err)
		}
		inputs = b.handleSome(inputs, settled)
		all = b.advance(updates, settled)
	}
	return all
}

// advance moves the offset past the settled updates at the front of a batch, and reports
// whether those are all.
func (b *Bot) advance(updates []telego.Update, settled []bool) bool {
	for i, ok := range settled {
		if !ok {
			return false
		}
		b.ingress.offset.Store(int64(updates[i].UpdateID) + 1)
	}
	return true
}

// handleSome hands over as many of the inputs as their sessions take at a time, waits until
// these are settled, and returns the others.
func (b *Bot) handleSome(inputs []incoming, settled []bool) (later []incoming) {
	var waiting sync.WaitGroup
	taken := make(map[int64]int)
	for _, in := range inputs {
		if taken[in.user] == b.Sessions.MaxInFlight {
			later = append(later, in)
			continue
		}
		taken[in.user]++
		waiting.Add(1)
		b.deliver(in, func(ok bool) {
			settled[in.place] = ok
			b.ingress.unsettled.Add(-1)
			waiting.Done()
		})
	}
	waiting.Wait()
	return later
}

// deliver hands one input to its session. settled is called once, with false where it was
// not handled and has to come again.
func (b *Bot) deliver(in incoming, settled func(ok bool)) {
	b.runtime.Deliver(actors.Input{
		User: in.user, ID: in.update, Press: in.press, Payload: in.payload,
		Settled: func(o actors.Outcome) {
			switch o {
			case actors.Stopped:
				settled(false)
			case actors.Busy:
				b.excuse(in, ui.Busy, settled)
			case actors.Poisoned:
				b.excuse(in, ui.Broken, settled)
			default:
				settled(true)
			}
		},
	})
}

// excuse tells a person why their input had no effect, in place of the session.
func (b *Bot) excuse(in incoming, e ui.Excuse, settled func(bool)) {
	if in.unheard {
		settled(true)
		return
	}
	done := func(err error) {
		b.delivered(in.user, err)
		settled(true)
	}
	if in.callback != "" {
		b.answer(ui.Answer{Callback: in.callback, Text: e.In(in.lang), Alert: true}, done)
		return
	}
	b.send(in.user, ui.Message{Text: e.In(in.lang)}, func(_ int64, err error) { done(err) })
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
