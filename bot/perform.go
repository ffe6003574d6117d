package bot

import (
	"context"
	"errors"
	"time"

	"okolo/actors"
	"okolo/actors/trace"
	"okolo/bot/sender"
	"okolo/bot/ui"
	"okolo/persistence/model"
)

// readTimeout bounds one read of the database for a screen.
const readTimeout = 3 * time.Second

// Perform implements [actors.Performer] for the effects of package ui.
func (b *Bot) Perform(ctx context.Context, e actors.Effect, done func(result any)) {
	switch do := e.Do.(type) {
	case ui.FindNearby:
		do.Search.Limit = b.runtime.PreparedLimit()
		read(b, ctx, e.Span, func(ctx context.Context) ([]model.Found, error) { return b.Store.Nearby(ctx, do.Search) },
			func(found []model.Found, err error) {
				done(ui.NearbyFound{Context: do.Context, Found: found, Err: err})
			})
	case ui.LoadCommunity:
		b.loadCommunity(ctx, e.Span, do, done)
	case ui.LoadEvents:
		read(b, ctx, e.Span, func(ctx context.Context) ([]model.Seen, error) { return b.Store.Events(ctx, e.User, do.IDs) },
			func(events []model.Seen, err error) {
				done(ui.EventsLoaded{Context: do.Context, Events: events, Err: err})
			})
	case ui.LoadMine:
		read(b, ctx, e.Span, func(ctx context.Context) ([]model.Seen, error) { return b.Store.Mine(ctx, e.User, do.Limit) },
			func(events []model.Seen, err error) {
				done(ui.MineLoaded{Context: do.Context, Events: events, Err: err})
			})
	case ui.FindAlike:
		read(b, ctx, e.Span, func(ctx context.Context) (int64, error) { return b.Store.Alike(ctx, e.User, do.Draft, do.Details) },
			func(event int64, err error) {
				done(ui.AlikeFound{Context: do.Context, Event: event, Err: err})
			})
	case ui.LoadAttendance:
		read(b, ctx, e.Span, func(ctx context.Context) ([]model.Attendee, error) {
			return b.Store.Attendance(ctx, e.User, do.Event.ID, do.Limit)
		}, func(all []model.Attendee, err error) {
			done(ui.AttendanceLoaded{Context: do.Context, Event: do.Event, Attendees: all, Err: err})
		})
	case ui.Mute:
		read(b, ctx, e.Span, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, b.Store.Mute(ctx, do.Event, e.User, do.Muted)
		}, func(_ struct{}, err error) { done(ui.Muted{Mute: do, Err: err}) })
	case ui.LoadMutedAll:
		read(b, ctx, e.Span, func(ctx context.Context) (bool, error) { return b.Store.MutedAll(ctx, e.User) },
			func(muted bool, err error) { done(ui.MutedAllLoaded{Context: do.Context, Muted: muted, Err: err}) })
	case ui.MuteAll:
		read(b, ctx, e.Span, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, b.Store.MuteAll(ctx, do.Person, do.Muted)
		}, func(_ struct{}, err error) { done(ui.MutedAll{MuteAll: do, Err: err}) })
	case ui.Forget:
		b.forget(ctx, e, func(err error) { done(ui.Forgotten{Context: do.Context, Err: err}) })
	case ui.LoadCase:
		load := b.Store.Case
		if do.Next {
			load = b.Store.NextCase
		}
		read(b, ctx, e.Span, func(ctx context.Context) (model.Case, error) { return load(ctx, do.Event) },
			func(found model.Case, err error) { done(ui.CaseLoaded{LoadCase: do, Case: found, Err: err}) })
	case ui.LoadBans:
		read(b, ctx, e.Span, func(ctx context.Context) ([]model.Ban, error) { return b.Store.Bans(ctx, do.Skip, do.Limit) },
			func(bans []model.Ban, err error) { done(ui.BansLoaded{Context: do.Context, Bans: bans, Err: err}) })
	case ui.LoadStats:
		read(b, ctx, e.Span, b.statsText, func(lines string, err error) {
			done(ui.StatsLoaded{Context: do.Context, Lines: lines, Err: err})
		})
	case ui.Write:
		key := model.Key{Bot: b.id, Update: e.Input, Ordinal: e.Ordinal}
		b.Writer.SubmitFollowed(key, do.Command, e.Span, func(a model.Answer, err error) {
			b.noteDeed(do.Command, a, err)
			done(ui.Written{Context: do.Context, Command: do.Command, Answer: a, Err: err})
		})
	case ui.Send:
		b.post(e.User, e.Span, reply{Slot: do.Slot, Tap: do.Tap, Message: do.Message, Note: do.Note}, done)
	case ui.Edit:
		b.post(e.User, e.Span, reply{Context: do.Context, Slot: do.Slot, Edits: do.ID, Message: do.Message}, done)
	case ui.Answer:
		b.answer(do, func(err error) {
			b.delivered(e.User, err)
			done(nil)
		})
	case ui.AnswerInline:
		b.answerInline(do, func(err error) {
			b.delivered(e.User, err)
			done(nil)
		})
	default:
		b.Logger.Error("an effect that nobody knows", "effect", e.Do)
		done(nil)
	}
}

// read runs a query on the crew of readers and logs its failure, of which the person learns
// from the screen.
func read[T any](b *Bot, ctx context.Context, span *trace.Span, query func(context.Context) (T, error), then func(T, error)) {
	span.Next("queue")
	ok := b.readers.try(func() {
		span.Next("query")
		ctx, cancel := context.WithTimeout(ctx, readTimeout)
		defer cancel()
		result, err := query(ctx)
		if err != nil && !errors.Is(err, model.ErrNotFound) {
			b.Logger.Warn("a read failed", "error", err)
		}
		then(result, err)
	})
	if !ok {
		var none T
		then(none, model.ErrBusy)
	}
}

// post delivers a reply, or has the outbox deliver it later: where Telegram does not take it now,
// or where others wait for the chat. done gets its result when it is delivered or committed.
func (b *Bot) post(user int64, span *trace.Span, r reply, done func(result any)) {
	if r.isNewInGroup(user) && b.outbox.waits(user) {
		// A group that asks for more than Telegram lets anybody write there is not to be filled
		// with what it asked for minutes ago.
		b.counts.groupBusy.Add(1)
		done(r.result(0, nil, b.Now()))
		return
	}
	behind := func() error {
		if b.outbox.waits(user) {
			return errBehind
		}
		return nil
	}
	call := func() error {
		span.Next("call")
		return behind()
	}
	concluded := func(id int64, err error) {
		if later(err) && b.outbox.put(user, r, func() { done(r.result(0, nil, b.Now())) }) {
			span.Next("outbox")
			if !errors.Is(err, errBehind) {
				b.outbox.postpone(user, asked(err))
			}
			return
		}
		if r.Edits == 0 || !isGone(err) {
			b.concluded(user, r, err)
		}
		done(r.result(id, err, b.Now()))
	}
	if err := behind(); err != nil {
		concluded(0, err)
		return
	}
	span.Next("queue")
	b.transmit(user, r, call, concluded)
}

// concluded notes what became of a reply. Who asked for it in a group that does not let the bot
// write reads of that in their own chat, if they have one with the bot.
func (b *Bot) concluded(chat int64, r reply, err error) {
	b.delivered(chat, err)
	if n := r.Note; n != nil && isMute(err) {
		b.send(n.Person, ui.Message{Text: n.Text}, nil, func(_ int64, err error) { b.delivered(n.Person, err) })
	}
}

// delivered counts, and logs, what a person did not get to see.
func (b *Bot) delivered(user int64, err error) {
	switch {
	case err == nil || errors.Is(err, sender.ErrSuperseded):
	case user < 0 && (isOutside(err) || isMute(err)):
		b.counts.groupMute.Add(1)
	case isBlocked(err):
		b.counts.blocked.Add(1)
	default:
		b.counts.undelivered.Add(1)
		b.Logger.Warn("a message could not be delivered", "chat", user, "error", err)
	}
}
