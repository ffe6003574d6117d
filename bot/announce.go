package bot

import (
	"context"
	"errors"
	"html"
	"time"

	"github.com/mymmrac/telego"
	"github.com/mymmrac/telego/telegoapi"
	tu "github.com/mymmrac/telego/telegoutil"

	"okolo/bot/sender"
	"okolo/bot/ui"
	"okolo/persistence/model"
)

// Announce implements [persistence.Messenger]: it sends the announcement of an event to its
// chat, or edits the message that it is.
func (m messenger) Announce(ctx context.Context, a model.Announcement) (int64, error) {
	events, err := m.events(ctx, []int64{a.Event})
	if err != nil {
		return 0, err
	}
	text := ui.Message{Text: html.EscapeString(events[a.Event].Title)}
	type end struct {
		message int64
		err     error
	}
	ended := make(chan end, 1)
	m.sender.Submit(sender.Op{
		Chat: a.Chat.ID, Edit: a.Message, Kind: sender.Bulk,
		Call: func(call context.Context) (any, error) {
			if ctx.Err() != nil { // nobody would note that it was sent
				return nil, context.Cause(ctx)
			}
			return m.announce(call, a, text)
		},
		Done: func(sent any, err error) {
			message, _ := sent.(int64)
			ended <- end{message, unannounced(err)}
		},
	})
	select {
	case e := <-ended:
		return e.message, e.err
	case <-ctx.Done():
		return 0, errUntold
	}
}

// announce makes the call and returns the message that now is the announcement.
func (m messenger) announce(ctx context.Context, a model.Announcement, text ui.Message) (int64, error) {
	if a.Message == 0 {
		sent, err := m.API.SendMessage(ctx, &telego.SendMessageParams{
			ChatID: tu.ID(a.Chat.ID), MessageThreadID: int(a.Chat.Topic), Text: text.Text, ParseMode: telego.ModeHTML,
			ReplyMarkup: markup(text), LinkPreviewOptions: &telego.LinkPreviewOptions{IsDisabled: true},
		})
		if err != nil {
			return 0, err
		}
		return int64(sent.MessageID), nil
	}
	_, err := m.API.EditMessageText(ctx, &telego.EditMessageTextParams{
		ChatID: tu.ID(a.Chat.ID), MessageID: int(a.Message), Text: text.Text, ParseMode: telego.ModeHTML,
		ReplyMarkup: inline(text), LinkPreviewOptions: &telego.LinkPreviewOptions{IsDisabled: true},
	})
	if isNotModified(err) {
		err = nil
	}
	return a.Message, err
}

// unannounced returns in the words of package model why an announcement could not be shown.
func unannounced(err error) error {
	var api *telegoapi.Error
	switch {
	case isGone(err):
		return errors.Join(model.ErrMessageGone, err)
	case refused(err, 403), refused(err, 400, "chat not found"):
		return errors.Join(model.ErrChatLeft, err)
	case refused(err, 400, "not enough rights", "have no rights", "chat_write_forbidden", "chat_restricted"):
		return errors.Join(model.ErrMayNotWrite, err)
	case errors.As(err, &api) && api.ErrorCode == 429 && api.Parameters != nil:
		return &model.LaterError{After: time.Duration(api.Parameters.RetryAfter) * time.Second}
	}
	return err
}
