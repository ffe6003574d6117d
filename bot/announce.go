package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mymmrac/telego/telegoapi"

	"okolo/bot/sender"
	"okolo/bot/ui"
	"okolo/persistence/model"
)

// announcePause is how long a chat is left alone where too much is going on.
const announcePause = 5 * time.Second

// Announce implements [persistence.Messenger]: it shows an event in its group, in place of the
// message that there is, and returns the message that shows it.
func (m messenger) Announce(ctx context.Context, a model.Announcement) (int64, error) {
	text, there, err := m.announcement(ctx, a)
	if err != nil || !there && a.Message == 0 {
		return 0, err
	}
	text.Thread = a.Chat.Topic
	id, err := m.show(ctx, a, text)
	if moved := movedTo(err); moved != 0 {
		m.move(a.Chat, moved)
	}
	return id, m.unannounced(a.Chat.ID, err)
}

// announcement returns the words of an announcement; false where nobody may see the event.
func (m messenger) announcement(ctx context.Context, a model.Announcement) (ui.Message, bool, error) {
	seen, err := m.Store.Events(ctx, 0, []int64{a.Event})
	if err != nil {
		return ui.Message{}, false, err
	}
	if len(seen) == 0 {
		return ui.AnnouncementGone(a.Chat.Lang), false, nil
	}
	lang := m.langIn(ctx, a.Chat.Lang, seen[0].Owner)
	return ui.Announcement(lang, m.self, seen[0], m.Now()), true, nil
}

// langIn returns the language of a message that nobody asked for in a group: the group's, or else
// that of the event's organiser.
func (m messenger) langIn(ctx context.Context, group string, owner int64) string {
	if group != "" {
		return group
	}
	lang, err := m.Store.Language(ctx, owner)
	if err != nil {
		m.Logger.Warn("an organiser's language could not be read", "error", err)
	}
	return lang
}

// show sends or edits a message in a group and waits until that is done.
func (m messenger) show(ctx context.Context, a model.Announcement, text ui.Message) (int64, error) {
	type end struct {
		id  int64
		err error
	}
	ended := make(chan end, 1)
	m.sender.Submit(sender.Op{
		Chat: a.Chat.ID, Edit: a.Message, Kind: sender.Bulk,
		Call: func(call context.Context) (any, error) {
			if ctx.Err() != nil { // nobody would note that it is shown
				return nil, context.Cause(ctx)
			}
			if a.Message != 0 {
				_, err := m.editText(call, a.Chat.ID, a.Message, text)
				return a.Message, err
			}
			sent, err := m.sendText(call, a.Chat.ID, text)
			if err != nil {
				return nil, err
			}
			return int64(sent.MessageID), nil
		},
		Done: func(result any, err error) {
			if isNotModified(err) {
				result, err = a.Message, nil
			}
			id, _ := result.(int64)
			ended <- end{id, err}
		},
	})
	select {
	case e := <-ended:
		return e.id, e.err
	case <-ctx.Done():
		return 0, errUntold
	}
}

// unannounced says why an announcement was not shown, in the words of the database.
func (m messenger) unannounced(chat int64, err error) error {
	switch {
	case err == nil:
		return nil
	case isGone(err):
		return fmt.Errorf("%w: %w", model.ErrMessageGone, err)
	case isOutside(err):
		return fmt.Errorf("%w: %w", model.ErrChatLeft, err)
	case isMute(err):
		m.counts.groupMute.Add(1)
		return fmt.Errorf("%w: %w", model.ErrMayNotWrite, err)
	case asked(err) > 0:
		return &model.LaterError{After: asked(err)}
	case errors.Is(err, sender.ErrBusy), errors.Is(err, sender.ErrDeadline):
		return &model.LaterError{After: announcePause}
	}
	return fmt.Errorf("announce in chat %d: %w", chat, err)
}

// movedTo returns the supergroup that a group has become, where Telegram refused a call for that.
func movedTo(err error) int64 {
	if api, ok := errors.AsType[*telegoapi.Error](err); ok && api.Parameters != nil {
		return api.Parameters.MigrateToChatID
	}
	return 0
}

// move has a group's events move to the supergroup it has become. Telegram tells of that by an
// update, which a bot that was off for a day has missed.
func (m messenger) move(from model.Chat, to int64) {
	key := model.Key{Bot: m.id, Update: from.ID}        // no update has such a number
	by := model.Person{ID: m.id, Name: m.self.Username} // nobody told it
	m.Writer.Submit(key, model.MoveCommunity{By: by, From: from.ID, To: to, Title: from.Title}, func(_ model.Answer, err error) {
		if err != nil {
			m.Logger.Warn("a group's events could not move with it, will try again", "chat", from.ID, "error", err)
		}
	})
}
