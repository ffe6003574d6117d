package sandbox

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/mymmrac/telego"
)

// deleteWithin is how old a message may be that a bot deletes, by the Bot API's deleteMessage.
const deleteWithin = 48 * time.Hour

var errNotModified = badRequest("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")

// subject finds the message that a method is about, by chat_id and message_id. The chat is
// locked where there is no error.
func (c *call) subject(what string) (*chat, *message, error) {
	if c.text("chat_id") == "" && c.text("message_id") == "" {
		if c.text("inline_message_id") == "" {
			return nil, nil, badRequest("message identifier is not specified")
		}
		return c.inlineSubject()
	}
	in, err := c.target()
	if err != nil {
		return nil, nil, err
	}
	in.mu.Lock()
	m := in.find(c.integer("message_id", 0))
	if m == nil {
		in.mu.Unlock()
		return nil, nil, badRequest("message to %s not found", what)
	}
	return in, m, nil
}

// edit replaces content and inline keyboard of a message of the bot's by what change makes of
// them; an edit without a keyboard takes it away.
func (c *call) edit(change func(old *content) (*content, error)) (any, error) {
	keys, err := c.markup()
	if err != nil {
		return nil, err
	}
	in, m, err := c.subject("edit")
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	if err := c.admit(in.key.chat); err != nil {
		return nil, err
	}
	if m.bot != c.bot && m.via != c.bot || m.keyboard != nil || m.content.service != nil {
		return nil, badRequest("message can't be edited")
	}
	what, err := change(m.content)
	if err != nil {
		return nil, err
	}
	same := what.same(m.content)
	if same && sameKeyboard(keys.inline, m.inline) {
		return nil, errNotModified
	}
	if m.via == nil {
		if err := in.writable(c.bot); err != nil {
			return nil, err
		}
	}
	if !same { // a change of the buttons alone does not show as an edit
		m.editDate = c.now().Unix()
	}
	m.content, m.inline = what, keys.inline
	m.edits++
	in.touch(m)
	if m.via != nil {
		return true, nil // the bot may not see the message
	}
	return in.show(m), nil
}

func (c *call) editMessageText() (any, error) {
	what, err := c.textContent()
	if err != nil {
		return nil, err
	}
	if utf16Len(what.rich.text) > maxText {
		return nil, badRequest("MESSAGE_TOO_LONG")
	}
	return c.edit(func(old *content) (*content, error) {
		if !old.textual() {
			return nil, badRequest("there is no text in the message to edit")
		}
		return what, nil
	})
}

func (c *call) editMessageCaption() (any, error) {
	caption, err := c.caption()
	if err != nil {
		return nil, err
	}
	if utf16Len(caption.text) > maxCaption {
		return nil, badRequest("message caption is too long")
	}
	return c.edit(func(old *content) (*content, error) {
		if !old.captioned() {
			return nil, badRequest("there is no caption in the message to edit")
		}
		return &content{rich: caption, photo: old.photo, document: old.document}, nil
	})
}

func (c *call) editMessageMedia() (any, error) {
	raw, err := c.required("media")
	if err != nil {
		return nil, err
	}
	what, err := c.inputMedia(raw)
	if err != nil {
		return nil, err
	}
	return c.edit(func(old *content) (*content, error) {
		if old.location != nil {
			return nil, badRequest("there is no media in the message to edit")
		}
		return what, nil
	})
}

// inputMedia reads an element of the media parameter: a photo or a document.
func (c *call) inputMedia(raw string) (*content, error) {
	var media struct {
		Type      string         `json:"type"`
		Media     string         `json:"media"`
		Caption   string         `json:"caption"`
		ParseMode string         `json:"parse_mode"`
		Entities  jsontext.Value `json:"caption_entities"`
	}
	if err := json.Unmarshal([]byte(raw), &media); err != nil {
		return nil, badRequest("can't parse input media JSON object")
	}
	caption, err := c.server.parse(media.Caption, media.ParseMode, string(media.Entities))
	if err != nil {
		return nil, err
	}
	if utf16Len(caption.text) > maxCaption {
		return nil, badRequest("message caption is too long")
	}
	if media.Media == "" {
		return nil, badRequest("can't parse InputMedia: media not found")
	}
	var f *file
	switch media.Type {
	case telego.MediaTypePhoto:
		f, err = c.inputPhoto("", media.Media)
	case telego.MediaTypeDocument:
		f, err = c.inputDocument("", media.Media)
	default:
		return nil, badRequest(`can't parse InputMedia: type "%s" is unsupported`, media.Type)
	}
	if err != nil {
		return nil, err
	}
	return f.content(media.Type, caption), nil
}

func (c *call) editMessageReplyMarkup() (any, error) {
	return c.edit(func(old *content) (*content, error) { return old, nil })
}

func (c *call) deleteMessage() (any, error) {
	in, m, err := c.subject("delete")
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	if c.now().Sub(time.Unix(m.date, 0)) > deleteWithin {
		return nil, badRequest("message can't be deleted for everyone")
	}
	if !in.mayDelete(c.bot, m) {
		return nil, badRequest("message can't be deleted")
	}
	in.remove(m.id)
	return true, nil
}

// mayDelete reports whether a bot may delete a message: its own, any in a private chat, and
// with the right to it any in a group.
func (c *chat) mayDelete(b *bot, m *message) bool {
	return c.group == nil || m.bot == b || c.group.members[b.user.ID].may(func(r Rights) bool { return r.DeleteMessages })
}

// maxDeletes is how many messages deleteMessages takes, by the Bot API.
const maxDeletes = 100

// deleteMessages deletes those that are there and young enough.
func (c *call) deleteMessages() (any, error) {
	var list []int64
	if err := json.Unmarshal([]byte(c.text("message_ids")), &list); err != nil || len(list) == 0 {
		return nil, badRequest("message identifiers are not specified")
	}
	if len(list) > maxDeletes {
		return nil, badRequest("too many message identifiers specified")
	}
	in, err := c.target()
	if err != nil {
		return nil, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, id := range list {
		if m := in.find(id); m != nil && in.mayDelete(c.bot, m) && c.now().Sub(time.Unix(m.date, 0)) <= deleteWithin {
			in.remove(id)
		}
	}
	return true, nil
}
