package sandbox

import (
	"reflect"

	"github.com/mymmrac/telego"
)

// message is one message of a chat. Its content and keyboards are never changed, only
// replaced.
type message struct {
	id       int64
	date     int64   // Unix time
	from     *person // nil: the bot
	replyTo  int64
	content  *content
	inline   *telego.InlineKeyboardMarkup
	keyboard *Keyboard // what it did to the person's keyboard

	editDate int64
	edits    int
	revision uint64 // of the chat when the message last changed
}

// content is what a message says. Where there is a file, rich is its caption.
type content struct {
	rich     richText
	photo    []telego.PhotoSize
	document *telego.Document
	location *telego.Location
	venue    *telego.Venue
}

// captioned reports whether the text is a file's caption.
func (c *content) captioned() bool { return c.photo != nil || c.document != nil }

// textual reports whether the message is text alone.
func (c *content) textual() bool { return !c.captioned() && c.location == nil && c.venue == nil }

// same reports whether an edit to the other content would change nothing.
func (c *content) same(o *content) bool {
	return c.rich.text == o.rich.text && reflect.DeepEqual(c, o)
}

// sameKeyboard reports whether two inline keyboards, nil for none, are the same.
func sameKeyboard(a, b *telego.InlineKeyboardMarkup) bool { return reflect.DeepEqual(a, b) }

// plain is a message as the Bot API shows it, without the one it replies to.
func (c *chat) plain(m *message, chat telego.Chat) *telego.Message {
	from := &c.bot.user
	if m.from != nil {
		from = m.from.user()
	}
	t := &telego.Message{
		MessageID: int(m.id), From: from, Date: m.date, Chat: chat, EditDate: m.editDate,
		ReplyMarkup: m.inline,
		Photo:       m.content.photo, Document: m.content.document,
		Location: m.content.location, Venue: m.content.venue,
	}
	if m.content.captioned() {
		t.Caption, t.CaptionEntities = m.content.rich.text, m.content.rich.entities
	} else {
		t.Text, t.Entities = m.content.rich.text, m.content.rich.entities
	}
	return t
}

// show is a message as the Bot API shows it, with the one it replies to.
func (c *chat) show(m *message) *telego.Message {
	in := c.telegram()
	t := c.plain(m, in)
	if r := c.find(m.replyTo); r != nil {
		t.ReplyToMessage = c.plain(r, in)
	}
	return t
}
