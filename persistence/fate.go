package persistence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"okolo/persistence/model"
)

const (
	// announceTries is how often an announcement is tried before it waits for a change of its
	// event; announceRetry is the time to the second try, which doubles with each.
	announceTries = 8
	announceRetry = 5 * time.Second
	// maxLater is the longest that Telegram is taken to mean by "later".
	maxLater = time.Hour
	// maxSent is how often an announcement is sent as a new message to one chat: where people
	// delete it again, they do not want it.
	maxSent = 2

	// fatePatience is how long it is tried to note what became of an announcement, and
	// fatePause the time between two tries: without the note it would be sent again.
	fatePatience = 30 * time.Second
	fatePause    = 200 * time.Millisecond
)

// fate is what becomes of an announcement after an attempt to show it.
type fate struct {
	message, shown int64
	attempts, sent int
	again          *time.Duration // when it is due; nil: when the event changes
	ended          bool
}

// waiting is the fate of one that waits for a change as it is.
func (o *owed) waiting() fate { return fate{message: o.Message, shown: o.shown, sent: o.sent} }

// done is the fate of one that was shown. Without a message there was nothing to show.
func (o *owed) done(message int64) fate {
	f := fate{message: message, shown: o.version, sent: o.sent}
	if o.Message == 0 && message != 0 {
		f.sent++
	}
	return f
}

// failed returns what becomes of an announcement that was not shown, and how long its chat is to
// rest, at least.
func (a *announcer) failed(o owed, err error) (f fate, rest time.Duration) {
	counts := &a.store.announcements
	f = o.waiting()
	var later *model.LaterError
	switch {
	case errors.Is(err, model.ErrMessageGone) && o.Message != 0:
		counts.gone.Add(1)
		f.message, f.again, f.ended = 0, new(time.Duration), o.sent >= maxSent
	case errors.Is(err, model.ErrChatLeft):
		counts.left.Add(1)
		if err := a.persist(leftQuery, o.Chat.ID); err != nil {
			a.store.log.Error("that the bot left a chat could not be noted", slog.Any("error", err))
		}
	case errors.Is(err, model.ErrMayNotWrite):
		counts.refused.Add(1)
	case errors.As(err, &later):
		counts.missed.Add(1)
		rest = min(later.After, maxLater)
		f.again = &rest
	case o.attempts >= announceTries:
		counts.givenUp.Add(1)
		a.store.log.Warn("an announcement was given up until its event changes", slog.Int64("event", o.Event), slog.Any("error", err))
	default:
		counts.missed.Add(1)
		f.attempts = o.attempts
		f.again = new(announceRetry << (o.attempts - 1))
	}
	return f, rest
}

// settle notes what became of an announcement, also while the program ends. A version that came
// meanwhile is due at once; the newest one again a minute after the event, to show that it is over.
func (a *announcer) settle(o owed, f fate) {
	const query = `
		UPDATE announcements SET message = $4, shown = $5, attempts = $6, sent = $7,
			due_at = CASE WHEN $9 THEN NULL WHEN $8::interval IS NOT NULL THEN now() + $8 WHEN version > $3 THEN now()
				WHEN $4::bigint <> 0 AND $5::bigint = $3 THEN (
					SELECT e.ends + interval '1 minute' FROM events e
					WHERE e.id = event AND e.status = 'open' AND e.ends + interval '1 minute' > now()) END,
			ended_at = CASE WHEN $9 THEN now() END
		WHERE event = $1 AND chat = $2`
	err := a.persist(query, o.Event, o.Chat.ID, o.version, f.message, f.shown, f.attempts, f.sent, f.again, f.ended)
	if err != nil {
		a.store.log.Error("what became of an announcement could not be noted", slog.Int64("event", o.Event), slog.Any("error", err))
	}
}

// persist carries out a statement, for a while also where the database is away.
func (a *announcer) persist(query string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.working), fatePatience)
	defer cancel()
	for {
		err := a.try(ctx, query, args)
		if err == nil {
			return nil
		}
		if a.working.Err() != nil || !pause(ctx, fatePause) {
			return fmt.Errorf("note what became of an announcement: %w", err)
		}
	}
}

func (a *announcer) try(ctx context.Context, query string, args []any) error {
	ctx, cancel := context.WithTimeout(ctx, noteTimeout)
	defer cancel()
	_, err := a.pool.Exec(ctx, query, args...)
	return err
}
