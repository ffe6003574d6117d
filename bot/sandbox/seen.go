package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mymmrac/telego"
)

// Message is a message as a person sees it.
type Message struct {
	ID      int64     `json:"id"`
	FromBot bool      `json:"from_bot"`
	From    Author    `json:"from"`
	Date    time.Time `json:"date"`
	ReplyTo int64     `json:"reply_to,omitempty"`
	Thread  int64     `json:"thread,omitempty"`  // the topic it is in
	Service string    `json:"service,omitempty"` // what happened in a group, in a sentence
	Via     string    `json:"via,omitempty"`     // username of the bot whose inline result it is
	Edited  int       `json:"edited,omitempty"`  // how many times

	Text     string                 `json:"text,omitempty"`    // plain
	Caption  string                 `json:"caption,omitempty"` // plain, of a photo or document
	Entities []telego.MessageEntity `json:"entities,omitempty"`
	HTML     string                 `json:"html,omitempty"` // text or caption in the HTML parse mode

	Reactions []string `json:"reactions,omitempty"` // emoji

	Buttons  [][]Button `json:"buttons,omitempty"`  // below the message
	Keyboard *Keyboard  `json:"keyboard,omitempty"` // what it did to the person's keyboard

	Photo    *Photo    `json:"photo,omitempty"`
	Document *Document `json:"document,omitempty"`
	Location *Location `json:"location,omitempty"`
	Live     int       `json:"live,omitempty"` // seconds from Date for which the location moves
	Venue    *Venue    `json:"venue,omitempty"`
}

// Author is who wrote a message: a person, a bot, or the group for an administrator who hides.
type Author struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// author is the one that everybody sees.
func (m *message) author() Author {
	u := &anonymousAdmin
	switch {
	case m.hidden:
	case m.from != nil:
		u = m.from.user()
	default:
		u = m.bot.user()
	}
	return Author{u.ID, fullName(u)}
}

// Button is an inline button. One that calls back has Data, one that opens a link URL, one that
// begins an inline query SwitchTo in another chat or SwitchHere in this one.
type Button struct {
	Text       string  `json:"text"`
	Data       string  `json:"data,omitempty"`
	URL        string  `json:"url,omitempty"`
	SwitchTo   *string `json:"switch_to,omitempty"`
	SwitchHere *string `json:"switch_here,omitempty"`
}

// Keyboard is what stands in place of a person's keyboard, or a change to that.
type Keyboard struct {
	Rows        [][]KeyboardButton `json:"rows,omitempty"`
	OneTime     bool               `json:"one_time,omitempty"`
	Resize      bool               `json:"resize,omitempty"`
	Persistent  bool               `json:"persistent,omitempty"`
	Remove      bool               `json:"remove,omitempty"`
	Selective   bool               `json:"selective,omitempty"` // in a group: for who is mentioned or replied to
	ForceReply  bool               `json:"force_reply,omitempty"`
	Placeholder string             `json:"placeholder,omitempty"`
}

// KeyboardButton is a button that says its text, or asks for a location or a contact.
type KeyboardButton struct {
	Text            string `json:"text"`
	RequestLocation bool   `json:"request_location,omitempty"`
	RequestContact  bool   `json:"request_contact,omitempty"`
}

// Photo is a picture; [Person.File] gets its bytes.
type Photo struct {
	FileID string `json:"file_id"`
	Width  int    `json:"width"`  // pixels
	Height int    `json:"height"` // pixels
	Size   int    `json:"size"`   // bytes
}

// Document is a file of any other kind; [Person.File] gets its bytes.
type Document struct {
	FileID   string `json:"file_id"`
	FileName string `json:"file_name"`
	MimeType string `json:"mime_type,omitempty"`
	Size     int64  `json:"size"` // bytes
}

// Location is a point, in degrees (WGS 84).
type Location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// Venue is a point with a name.
type Venue struct {
	Location
	Title   string `json:"title"`
	Address string `json:"address"`
}

// Body is the message's text or caption, plain.
func (m Message) Body() string { return m.Text + m.Caption }

// Button finds an inline button by its text: the one that equals it, else the first that
// contains it.
func (m Message) Button(text string) (Button, bool) {
	var like *Button
	for _, row := range m.Buttons {
		for i, b := range row {
			if b.Text == text {
				return b, true
			}
			if like == nil && strings.Contains(b.Text, text) {
				like = &row[i]
			}
		}
	}
	if like == nil {
		return Button{}, false
	}
	return *like, true
}

// ByID finds a message of a chat.
func ByID(chat []Message, id int64) (Message, bool) {
	i := slices.IndexFunc(chat, func(m Message) bool { return m.ID == id })
	if i < 0 {
		return Message{}, false
	}
	return chat[i], true
}

// FromBot returns the bot's messages of a chat that came after the one with an id; 0: all.
func FromBot(chat []Message, after int64) []Message {
	var out []Message
	for _, m := range chat {
		if m.FromBot && m.ID > after {
			out = append(out, m)
		}
	}
	return out
}

// inWords is what a person reads where their application would draw something.
func (c *content) inWords() string {
	switch {
	case c.contact != nil:
		return strings.TrimSpace(c.contact.FirstName+" "+c.contact.LastName) + "\n" + c.contact.PhoneNumber
	case c.dice != nil:
		return fmt.Sprintf("%s %d", c.dice.Emoji, c.dice.Value)
	case c.poll != nil:
		lines := []string{c.poll.Question}
		for _, o := range c.poll.Options {
			lines = append(lines, "○ "+o.Text)
		}
		return strings.Join(lines, "\n")
	}
	return ""
}

// seen makes what the person sees of a message.
func (m *message) seen() Message {
	s := m.plainlySeen()
	if m.content.rich.text != "" {
		s.HTML = m.content.rich.html()
	}
	return s
}

// plainlySeen is what the person sees, without the HTML.
func (m *message) plainlySeen() Message {
	c, by := m.content, m.author()
	s := Message{
		ID: m.id, FromBot: m.from == nil, From: by, Thread: m.thread, Service: sentence(by, c.service), Date: time.Unix(m.date, 0).UTC(), ReplyTo: m.replyTo, Edited: m.edits,
		Entities: c.rich.entities, Keyboard: m.keyboard,
	}
	if m.via != nil {
		s.Via = m.via.user().Username
	}
	if c.captioned() {
		s.Caption = c.rich.text
	} else {
		s.Text = c.rich.text + c.inWords()
	}
	s.Reactions = slices.Sorted(maps.Values(m.reactions))
	switch f := c.file; {
	case f == nil:
	case f.kind == kinds["photo"]:
		s.Photo = &Photo{f.id, f.width, f.height, int(f.size)}
	default:
		s.Document = &Document{f.id, f.name, f.mediaType(), f.size}
	}
	if l := c.location; l != nil {
		s.Location, s.Live = &Location{l.Latitude, l.Longitude}, l.LivePeriod
	}
	if v := c.venue; v != nil {
		s.Venue = &Venue{Location{v.Location.Latitude, v.Location.Longitude}, v.Title, v.Address}
	}
	if k := m.inline.markup(); k != nil {
		for _, row := range k.InlineKeyboard {
			buttons := make([]Button, len(row))
			for i, b := range row {
				buttons[i] = seenButton(b)
			}
			s.Buttons = append(s.Buttons, buttons)
		}
	}
	return s
}

func seenButton(b telego.InlineKeyboardButton) Button {
	s := Button{b.Text, b.CallbackData, b.URL, b.SwitchInlineQuery, b.SwitchInlineQueryCurrentChat}
	if chosen := b.SwitchInlineQueryChosenChat; chosen != nil {
		s.SwitchTo = &chosen.Query
	}
	return s
}
