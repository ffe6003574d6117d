package sandbox

import (
	"reflect"

	"github.com/mymmrac/telego"
)

// message is one message of a chat. Its content and keyboards are never changed, only
// replaced.
type message struct {
	id        int64
	date      int64                // Unix time
	from      *person              // nil: a bot
	bot       *bot                 // nil: a person
	hidden    bool                 // the person wrote as the group
	via       *bot                 // whose inline result the person chose; nil: none
	inlineID  string               // by which that bot knows the message
	thread    int64                // the topic it is in, 0: none
	album     string               // the media group it belongs to
	origin    telego.MessageOrigin // of what was forwarded
	replyTo   int64
	after     *bot // in a group: the last that had written before
	pinned    bool
	reactions map[int64]string // emoji, by the ids of the bots
	content   *content
	inline    keptKeyboard
	keyboard  *Keyboard // what it did to the person's keyboard

	editDate int64
	edits    int
	revision uint64 // of the chat when the message last changed
}

// content is what a message says. Where there is a file, rich is its caption.
type content struct {
	rich     richText
	file     *file
	location *telego.Location
	venue    *telego.Venue
	contact  *telego.Contact
	dice     *telego.Dice
	poll     *telego.Poll
	service  *telego.Message // what happened: the field that says so is set
}

// captioned reports whether the text is a file's caption.
func (c *content) captioned() bool { return c.file != nil && c.file.captioned() }

// textual reports whether the message is text alone.
func (c *content) textual() bool {
	return c.file == nil && c.service == nil && c.location == nil && c.contact == nil && c.dice == nil && c.poll == nil
}

// same reports whether an edit to the other content would change nothing.
func (c *content) same(o *content) bool {
	return c == o || c.rich.text == o.rich.text && c.file == o.file && reflect.DeepEqual(c.rich, o.rich) &&
		reflect.DeepEqual(c.location, o.location) && c.textual() == o.textual()
}

// sameKeyboard reports whether two inline keyboards, nil for none, are the same.
func sameKeyboard(a, b *telego.InlineKeyboardMarkup) bool { return reflect.DeepEqual(a, b) }

// plain is a message as the Bot API shows it, without the one it replies to.
func (c *chat) plain(m *message, chat telego.Chat) *telego.Message {
	t := &telego.Message{}
	if m.content.service != nil {
		*t = *m.content.service
	}
	t.MessageID, t.Date, t.Chat, t.EditDate = int(m.id), m.date, chat, m.editDate
	t.MessageThreadID, t.IsTopicMessage = int(m.thread), m.thread != 0
	t.ReplyMarkup, t.ForwardOrigin, t.MediaGroupID = m.inline.markup(), m.origin, m.album
	if m.via != nil {
		t.ViaBot = m.via.user()
	}
	if m.content.file != nil {
		m.content.file.show(t)
	}
	t.Location, t.Venue = m.content.location, m.content.venue
	t.Contact, t.Dice, t.Poll = m.content.contact, m.content.dice, m.content.poll
	switch {
	case m.hidden:
		t.From, t.SenderChat = &anonymousAdmin, &chat
	case m.from != nil:
		t.From = m.from.user()
	default:
		t.From = m.bot.user()
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
