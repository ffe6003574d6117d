package sandbox

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/mymmrac/telego"
)

// sentMessage is a message as the Bot API shows it, encoded.
type sentMessage struct {
	MessageID int
	body      rawJSON
}

// MarshalJSON implements [json.Marshaler].
func (s sentMessage) MarshalJSON() ([]byte, error) { return s.body, nil }

// shown encodes what [chat.show] makes of a message. Most messages are written field by field:
// a walk through the hundred and more fields of telego.Message takes longer than all else that
// a call does. Its members are those of telego's types; a test compares the two.
func (c *chat) shown(m *message) sentMessage {
	b := make([]byte, 0, 512+len(m.content.rich.text)+64*len(m.content.rich.entities)+len(m.inline.plain))
	if r := c.find(m.replyTo); m.rare() || r != nil && r.rare() {
		b = appendAny(b, c.show(m))
	} else {
		b = c.appendMessage(b, m, r)
	}
	return sentMessage{int(m.id), b}
}

// rare reports whether a message has what appendMessage leaves out.
func (m *message) rare() bool {
	return m.hidden || m.via != nil || m.origin != nil || m.content.rare()
}

func (c *content) rare() bool {
	if f := c.file; f != nil && f.kind != kinds["photo"] && f.kind != kinds["document"] {
		return true
	}
	return c.service != nil || c.contact != nil || c.dice != nil || c.poll != nil
}

// appendMessage writes a message and the one it replies to, nil for none.
func (c *chat) appendMessage(b []byte, m, to *message) []byte {
	b = strconv.AppendInt(append(b, `{"message_id":`...), m.id, 10)
	b = strconv.AppendInt(append(b, `,"date":`...), m.date, 10)
	b = appendChat(append(b, `,"chat":`...), c.telegram())
	b = append(b, `,"from":`...)
	if m.from != nil {
		b = appendUser(b, m.from.user())
	} else {
		b = appendUser(b, m.bot.user())
	}
	if m.thread != 0 {
		b = strconv.AppendInt(append(b, `,"is_topic_message":true,"message_thread_id":`...), m.thread, 10)
	}
	if to != nil {
		b = c.appendMessage(append(b, `,"reply_to_message":`...), to, nil)
	}
	b = appendNumber(b, "edit_date", m.editDate)
	b = appendText(b, "media_group_id", m.album)
	b = appendContent(b, m.content)
	if !m.inline.none() {
		b = m.inline.append(append(b, `,"reply_markup":`...))
	}
	return append(b, '}')
}

func appendContent(b []byte, c *content) []byte {
	text, entities := "text", `,"entities":`
	if c.captioned() {
		text, entities = "caption", `,"caption_entities":`
	}
	b = appendText(b, text, c.rich.text)
	if len(c.rich.entities) > 0 {
		b = appendList(append(b, entities...), c.rich.entities, appendEntity)
	}
	switch f := c.file; {
	case f == nil:
	case f.kind == kinds["photo"]:
		b = appendList(append(b, `,"photo":`...), f.sizes(), appendPhoto)
	default:
		b = appendAny(append(b, `,"document":`...), f.document())
	}
	if c.location != nil {
		b = appendLocation(append(b, `,"location":`...), c.location)
	}
	if c.venue != nil {
		b = appendAny(append(b, `,"venue":`...), c.venue)
	}
	return b
}

func appendChat(b []byte, c telego.Chat) []byte {
	if c.IsDirectMessages {
		return appendAny(b, c)
	}
	b = strconv.AppendInt(append(b, `{"id":`...), c.ID, 10)
	b = appendText(b, "type", c.Type)
	b = appendText(b, "title", c.Title)
	b = appendText(b, "username", c.Username)
	b = appendText(b, "first_name", c.FirstName)
	b = appendText(b, "last_name", c.LastName)
	if c.IsForum {
		b = append(b, `,"is_forum":true`...)
	}
	return append(b, '}')
}

func appendUser(b []byte, u *telego.User) []byte {
	plain := telego.User{ID: u.ID, IsBot: u.IsBot, FirstName: u.FirstName, LastName: u.LastName, Username: u.Username, LanguageCode: u.LanguageCode}
	if *u != plain {
		return appendAny(b, u)
	}
	b = strconv.AppendInt(append(b, `{"id":`...), u.ID, 10)
	b = strconv.AppendBool(append(b, `,"is_bot":`...), u.IsBot)
	b = appendQuoted(append(b, `,"first_name":`...), u.FirstName)
	b = appendText(b, "last_name", u.LastName)
	b = appendText(b, "username", u.Username)
	b = appendText(b, "language_code", u.LanguageCode)
	return append(b, '}')
}

func appendEntity(b []byte, e *telego.MessageEntity) []byte {
	b = appendQuoted(append(b, `{"type":`...), e.Type)
	b = strconv.AppendInt(append(b, `,"offset":`...), int64(e.Offset), 10)
	b = strconv.AppendInt(append(b, `,"length":`...), int64(e.Length), 10)
	b = appendText(b, "url", e.URL)
	if e.User != nil {
		b = appendUser(append(b, `,"user":`...), e.User)
	}
	b = appendText(b, "language", e.Language)
	b = appendText(b, "custom_emoji_id", e.CustomEmojiID)
	return append(b, '}')
}

func appendPhoto(b []byte, p *telego.PhotoSize) []byte {
	b = appendQuoted(append(b, `{"file_id":`...), p.FileID)
	b = appendQuoted(append(b, `,"file_unique_id":`...), p.FileUniqueID)
	b = strconv.AppendInt(append(b, `,"width":`...), int64(p.Width), 10)
	b = strconv.AppendInt(append(b, `,"height":`...), int64(p.Height), 10)
	return append(appendNumber(b, "file_size", int64(p.FileSize)), '}')
}

func appendLocation(b []byte, l *telego.Location) []byte {
	if (*l != telego.Location{Latitude: l.Latitude, Longitude: l.Longitude}) {
		return appendAny(b, l)
	}
	b = appendFloat(append(b, `{"latitude":`...), l.Latitude)
	b = appendFloat(append(b, `,"longitude":`...), l.Longitude)
	return append(b, '}')
}

// appendFloat writes a coordinate: no number of that size needs an exponent, unless it is tiny.
func appendFloat(b []byte, f float64) []byte {
	if math.Abs(f) < 1e-6 {
		return appendAny(b, f)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

func appendKeyboard(b []byte, k *telego.InlineKeyboardMarkup) []byte {
	b = appendList(append(b, `{"inline_keyboard":`...), k.InlineKeyboard, func(b []byte, row *[]telego.InlineKeyboardButton) []byte {
		return appendList(b, *row, appendButton)
	})
	return append(b, '}')
}

func appendButton(b []byte, k *telego.InlineKeyboardButton) []byte {
	if !plainButton(k) {
		return appendAny(b, k)
	}
	b = appendQuoted(append(b, `{"text":`...), k.Text)
	b = appendText(b, "url", k.URL)
	b = appendText(b, "callback_data", k.CallbackData)
	return append(b, '}')
}

func appendList[T any](b []byte, list []T, element func([]byte, *T) []byte) []byte {
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = element(b, &list[i])
	}
	return append(b, ']')
}

// appendText writes a member that is left out where it is empty.
func appendText(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendQuoted(append(append(append(b, `,"`...), name...), `":`...), value)
}

// appendNumber writes a member that is left out where it is 0.
func appendNumber(b []byte, name string, value int64) []byte {
	if value == 0 {
		return b
	}
	return strconv.AppendInt(append(append(append(b, `,"`...), name...), `":`...), value, 10)
}

// appendQuoted writes a string; what is no UTF-8 becomes U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

// appendAny writes anything of telego's types, which all can be encoded.
func appendAny(b []byte, v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, raw...)
}
