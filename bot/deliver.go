package bot

import (
	"bytes"
	"context"

	"github.com/mymmrac/telego"
	tu "github.com/mymmrac/telego/telegoutil"

	"okolo/bot/sender"
	"okolo/bot/ui"
)

// transmit queues a reply; done gets the id of the message where it is a new one. Where the
// message to be edited is gone, or too old to be edited, a new one takes its place; not so for a
// map or its list, which are sent as a pair: there done gets the error. before, unless it is nil,
// may keep a call from being made.
func (b *Bot) transmit(chat int64, r reply, before func() error, done func(id int64, err error)) {
	if r.Edits == 0 {
		b.send(chat, r.Message, before, done)
		return
	}
	b.editMessage(chat, r.Edits, r.Message, before, func(err error) {
		if !isGone(err) {
			done(0, err)
			return
		}
		b.counts.resent.Add(1)
		if r.Slot == ui.SlotMap || r.Slot == ui.SlotList {
			done(0, err)
			return
		}
		b.send(chat, r.Message, before, done)
	})
}

// guarded makes a call unless before keeps it from being made.
func guarded(before func() error, call func(context.Context) (any, error)) func(context.Context) (any, error) {
	if before == nil {
		return call
	}
	return func(ctx context.Context) (any, error) {
		if err := before(); err != nil {
			return nil, err
		}
		return call(ctx)
	}
}

// send queues a new message; done gets its id.
func (b *Bot) send(chat int64, m ui.Message, before func() error, done func(id int64, err error)) {
	b.sender.Submit(sender.Op{
		Chat: chat, Kind: sender.Message, Idempotent: true,
		Call: guarded(before, func(ctx context.Context) (any, error) { return b.sendMessage(ctx, chat, m) }),
		Done: func(result any, err error) {
			if err != nil {
				done(0, err)
				return
			}
			done(int64(result.(*telego.Message).MessageID), nil)
		},
	})
}

// sendMessage sends a message; its words alone where the server does not take what is beside them.
func (b *Bot) sendMessage(ctx context.Context, chat int64, m ui.Message) (sent *telego.Message, err error) {
	switch {
	case m.Map != nil:
		sent, err = b.sendMap(ctx, chat, m)
	case m.Venue != nil:
		sent, err = b.API.SendVenue(ctx, &telego.SendVenueParams{
			ChatID: tu.ID(chat), Latitude: m.Venue.Lat, Longitude: m.Venue.Lon, Title: m.Venue.Title, Address: m.Venue.Address,
		})
	case m.Document != nil:
		file := tu.File(tu.NameReader(bytes.NewReader(m.Document.Content), m.Document.Name))
		sent, err = b.API.SendDocument(ctx, &telego.SendDocumentParams{ChatID: tu.ID(chat), Document: file})
	default:
		return b.sendText(ctx, chat, m)
	}
	if !isWordsOnly(err) {
		return sent, err
	}
	b.wordsOnly(chat, err)
	return b.sendText(ctx, chat, m)
}

// wordsOnly counts, and logs, that a message is sent without its picture, pin or file.
func (b *Bot) wordsOnly(chat int64, err error) {
	b.counts.wordsOnly.Add(1)
	b.Logger.Warn("a message is sent as its words alone", "chat", chat, "error", err)
}

// sendText sends a message of words; where its topic is gone or closed, outside of topics.
func (b *Bot) sendText(ctx context.Context, chat int64, m ui.Message) (*telego.Message, error) {
	params := &telego.SendMessageParams{
		ChatID: tu.ID(chat), MessageThreadID: int(m.Thread), Text: m.Text, ParseMode: telego.ModeHTML, ReplyMarkup: markup(m),
		LinkPreviewOptions: &telego.LinkPreviewOptions{IsDisabled: true},
	}
	sent, err := b.API.SendMessage(ctx, params)
	if m.Thread != 0 && (isTopicGone(err) || isTopicClosed(err)) {
		params.MessageThreadID = 0
		return b.API.SendMessage(ctx, params)
	}
	return sent, err
}

func (b *Bot) sendMap(ctx context.Context, chat int64, m ui.Message) (*telego.Message, error) {
	var sent *telego.Message
	err := b.pictures.use(ctx, *m.Map, func(file telego.InputFile) (id string, err error) {
		sent, err = b.API.SendPhoto(ctx, &telego.SendPhotoParams{
			ChatID: tu.ID(chat), Photo: file, Caption: m.Text, ParseMode: telego.ModeHTML, ReplyMarkup: markup(m),
		})
		return largest(sent), err
	})
	return sent, err
}

// editMessage queues the replacement of a message's contents. That nothing has changed is
// no error.
func (b *Bot) editMessage(chat, id int64, m ui.Message, before func() error, done func(error)) {
	call := func(ctx context.Context) (any, error) { return b.editText(ctx, chat, id, m) }
	if m.Map != nil {
		call = func(ctx context.Context) (any, error) { return nil, b.editMap(ctx, chat, id, m) }
	}
	b.sender.Submit(sender.Op{
		Chat: chat, Edit: id, Kind: sender.Edit, Call: guarded(before, call),
		Done: func(_ any, err error) {
			if isNotModified(err) {
				err = nil
			}
			done(err)
		},
	})
}

func (b *Bot) editText(ctx context.Context, chat, id int64, m ui.Message) (*telego.Message, error) {
	return b.API.EditMessageText(ctx, &telego.EditMessageTextParams{
		ChatID: tu.ID(chat), MessageID: int(id), Text: m.Text, ParseMode: telego.ModeHTML, ReplyMarkup: inline(m),
		LinkPreviewOptions: &telego.LinkPreviewOptions{IsDisabled: true},
	})
}

// editMap replaces a map; by its words alone where the server does not take the picture, if the
// message was sent as such.
func (b *Bot) editMap(ctx context.Context, chat, id int64, m ui.Message) error {
	err := b.editPicture(ctx, chat, id, m)
	if !isWordsOnly(err) {
		return err
	}
	b.wordsOnly(chat, err)
	_, err = b.editText(ctx, chat, id, m)
	return err
}

func (b *Bot) editPicture(ctx context.Context, chat, id int64, m ui.Message) error {
	return b.pictures.use(ctx, *m.Map, func(file telego.InputFile) (string, error) {
		edited, err := b.API.EditMessageMedia(ctx, &telego.EditMessageMediaParams{
			ChatID: tu.ID(chat), MessageID: int(id), ReplyMarkup: inline(m),
			Media: &telego.InputMediaPhoto{
				Type: telego.MediaTypePhoto, Media: file, Caption: m.Text, ParseMode: telego.ModeHTML,
			},
		})
		return largest(edited), err
	})
}

// answer queues the answer to a press. One that comes too late is of no use to anybody, so
// that is no error.
func (b *Bot) answer(a ui.Answer, done func(error)) {
	b.sender.Submit(sender.Op{
		Kind: sender.Answer,
		Call: func(ctx context.Context) (any, error) {
			return nil, b.API.AnswerCallbackQuery(ctx, &telego.AnswerCallbackQueryParams{
				CallbackQueryID: a.Callback, Text: a.Text, ShowAlert: a.Alert && a.Text != "",
			})
		},
		Done: func(_ any, err error) {
			if isTooLate(err) {
				err = nil
			}
			done(err)
		},
	})
}

// inlineKept is for how many seconds Telegram may answer the same query of the same person by
// itself: people type on, and events change.
const inlineKept = 5

// answerInline queues the answer to an inline query. One that comes too late is of no use to
// anybody, so that is no error.
func (b *Bot) answerInline(a ui.AnswerInline, done func(error)) {
	params := &telego.AnswerInlineQueryParams{
		InlineQueryID: a.Query, IsPersonal: true, CacheTime: inlineKept, Results: []telego.InlineQueryResult{},
	}
	for _, r := range a.Results {
		params.Results = append(params.Results, &telego.InlineQueryResultArticle{
			Type: telego.ResultTypeArticle, ID: r.ID, Title: r.Title, Description: r.Description, ReplyMarkup: inline(r.Message),
			InputMessageContent: &telego.InputTextMessageContent{
				MessageText: r.Message.Text, ParseMode: telego.ModeHTML,
				LinkPreviewOptions: &telego.LinkPreviewOptions{IsDisabled: true},
			},
		})
	}
	b.sender.Submit(sender.Op{
		Kind: sender.Answer,
		Call: func(ctx context.Context) (any, error) { return nil, b.API.AnswerInlineQuery(ctx, params) },
		Done: func(_ any, err error) {
			if isTooLate(err) {
				err = nil
			}
			done(err)
		},
	})
}

// markup returns a message's keyboard, of either sort; nil where it has none.
func markup(m ui.Message) telego.ReplyMarkup {
	switch {
	case m.Keyboard != nil:
		return &telego.ReplyKeyboardMarkup{
			Keyboard:       [][]telego.KeyboardButton{{{Text: m.Keyboard.Location, RequestLocation: true}}},
			ResizeKeyboard: true, IsPersistent: true, InputFieldPlaceholder: m.Keyboard.Hint,
		}
	case len(m.Buttons) > 0:
		return inline(m)
	}
	return nil
}

// inline returns the buttons below a message; nil where there are none.
func inline(m ui.Message) *telego.InlineKeyboardMarkup {
	if len(m.Buttons) == 0 {
		return nil
	}
	rows := make([][]telego.InlineKeyboardButton, len(m.Buttons))
	for i, row := range m.Buttons {
		rows[i] = make([]telego.InlineKeyboardButton, len(row))
		for j, b := range row {
			rows[i][j] = telego.InlineKeyboardButton{Text: b.Text, CallbackData: b.Data, URL: b.URL}
			if b.Inline != "" {
				rows[i][j].SwitchInlineQuery = &b.Inline
			}
		}
	}
	return &telego.InlineKeyboardMarkup{InlineKeyboard: rows}
}

// largest returns the file id of a message's photo in its largest size.
func largest(m *telego.Message) string {
	if m == nil || len(m.Photo) == 0 {
		return ""
	}
	return m.Photo[len(m.Photo)-1].FileID
}
