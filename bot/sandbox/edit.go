package sandbox

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/mymmrac/telego"
)

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
func (c *call) edit(change func(m *message) (*content, error)) (any, error) {
	keys, err := c.markup()
	if err != nil {
		return nil, err
	}
	in, m, err := c.subject("edit")
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	if m.bot != c.bot && m.via != c.bot || m.keyboard != nil || m.content.service != nil {
		return nil, badRequest("message can't be edited")
	}
	what, err := change(m)
	if err != nil {
		return nil, err
	}
	same, inline := what.same(m.content), keepKeyboard(keys.inline)
	if same && inline.is(m.inline) {
		return nil, errNotModified
	}
	if m.via == nil {
		if err := in.writable(c.bot, what); err != nil {
			return nil, err
		}
	}
	if err := c.admit(in.key.chat); err != nil {
		return nil, err
	}
	if !same { // a change of the buttons alone does not show as an edit
		m.editDate = c.now().Unix()
	}
	m.content, m.inline = what, inline
	m.edits++
	in.touch(m)
	if m.via != nil {
		return true, nil // the bot may not see the message
	}
	return in.shown(m), nil
}

func (c *call) editMessageText() (any, error) {
	what, err := c.textContent()
	if err != nil {
		return nil, err
	}
	return c.edit(func(m *message) (*content, error) {
		switch {
		case !m.content.textual():
			return nil, badRequest("there is no text in the message to edit")
		case what.rich.text == "":
			return nil, errNoText
		case utf16Len(what.rich.text) > maxText:
			return nil, badRequest("MESSAGE_TOO_LONG")
		}
		return what, nil
	})
}

func (c *call) editMessageCaption() (any, error) {
	caption, err := c.caption()
	if err != nil {
		return nil, err
	}
	return c.edit(func(m *message) (*content, error) {
		switch {
		case !m.content.captioned():
			return nil, badRequest("there is no caption in the message to edit")
		case utf16Len(caption.text) > maxCaption:
			return nil, badRequest("MEDIA_CAPTION_TOO_LONG")
		}
		return &content{rich: caption, file: m.content.file}, nil
	})
}

func (c *call) editMessageMedia() (any, error) {
	raw, err := c.required("media")
	if err != nil {
		return nil, err
	}
	what, err := c.inputMedia([]byte(raw))
	if err != nil {
		return nil, err
	}
	return c.edit(func(m *message) (*content, error) {
		switch old := m.content; {
		case !old.textual() && (old.file == nil || !old.file.kind.replaces):
			return nil, badRequest("message media can't be edited")
		case m.album != "" && old.file.kind.together() != what.file.kind.together():
			return nil, badRequest("can't change media type in the album")
		}
		return what, nil
	})
}

// inputMedia reads an InputMedia: of editMessageMedia, or an element of sendMediaGroup's.
func (c *call) inputMedia(raw []byte) (*content, error) {
	var media struct {
		Type      string         `json:"type"`
		Media     string         `json:"media"`
		Caption   string         `json:"caption"`
		ParseMode string         `json:"parse_mode"`
		Entities  jsontext.Value `json:"caption_entities"`
	}
	if err := json.Unmarshal(raw, &media); err != nil {
		return nil, badRequest("can't parse input media JSON object")
	}
	caption, err := c.server.parse(media.Caption, media.ParseMode, string(media.Entities))
	if err != nil {
		return nil, within("InputMedia", err)
	}
	kind := kinds[media.Type]
	switch u, id := c.input("", media.Media); {
	case u == nil && id == "":
		return nil, badRequest("can't parse InputMedia: media not found")
	case media.Type == "":
		return nil, badRequest(`can't parse InputMedia: Can't find field "type"`)
	case kind == nil || !kind.replaces:
		return nil, badRequest(`can't parse InputMedia: type "%s" is unsupported`, media.Type)
	case utf16Len(caption.text) > maxCaption:
		return nil, errLongCaption
	}
	f, err := c.inputFile("", media.Media, kind)
	if err != nil {
		return nil, err
	}
	return &content{rich: caption, file: f}, nil
}

// within is the refusal of a part of a parameter, as telegram-bot-api words it: it begins with
// a capital there.
func within(what string, err error) error {
	refusal, ok := err.(*Error)
	if !ok {
		return err
	}
	why := strings.TrimPrefix(refusal.Description, "Bad Request: ")
	return badRequest("can't parse %s: %s%s", what, strings.ToUpper(why[:1]), why[1:])
}

func (c *call) editMessageReplyMarkup() (any, error) {
	return c.edit(func(m *message) (*content, error) { return m.content, nil })
}

// together names the kinds that may stand in an album with this one.
func (k *mediaKind) together() string {
	switch k.parameter {
	case telego.MediaTypeDocument, telego.MediaTypeAudio:
		return k.parameter
	}
	return telego.MediaTypePhoto
}

// deleteWithin is how old a message may be that a bot deletes, by the Bot API's deleteMessage.
const deleteWithin = 48 * time.Hour

func (c *call) deleteMessage() (any, error) {
	switch {
	case c.text("chat_id") == "":
		return nil, badRequest("chat identifier is not specified")
	case c.integer("message_id", 0) <= 0:
		return nil, badRequest("message identifier is not specified")
	}
	in, m, err := c.subject("delete")
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	switch {
	case !in.mayDelete(c.bot, m):
		return nil, badRequest("message can't be deleted")
	case c.now().Sub(time.Unix(m.date, 0)) > deleteWithin:
		return nil, badRequest("message can't be deleted for everyone")
	}
	in.remove(m.id)
	return true, nil
}

// mayDelete reports whether a bot may delete a message: its own, any in a private chat, and
// with the right to it any in a group.
func (c *chat) mayDelete(b *bot, m *message) bool {
	return c.group == nil || m.bot == b || c.group.members[b.id].may(func(r Rights) bool { return r.DeleteMessages })
}

// deleteMessages deletes those that are there and young enough.
func (c *call) deleteMessages() (any, error) {
	list, err := c.messageIDs()
	if err != nil {
		return nil, err
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

// maxMessageIDs is how many messages a call takes at once, by the Bot API.
const maxMessageIDs = 100

// messageIDs reads the message_ids parameter.
func (c *call) messageIDs() ([]int64, error) {
	v := c.text("message_ids")
	if v == "" {
		return nil, badRequest("message identifiers are not specified")
	}
	var raw []jsontext.Value
	if err := json.Unmarshal([]byte(v), &raw); err != nil {
		if jsontext.Value(v).IsValid() {
			return nil, badRequest("expected an Array of message identifiers")
		}
		return nil, badRequest("can't parse message_ids JSON object")
	}
	switch {
	case len(raw) == 0:
		return nil, badRequest("message identifiers are not specified")
	case len(raw) > maxMessageIDs:
		return nil, badRequest("too many message identifiers specified")
	}
	list := make([]int64, len(raw))
	for i, v := range raw {
		switch err := json.Unmarshal(v, &list[i], json.StringifyNumbers(v.Kind() == '"')); {
		case v.Kind() != '"' && v.Kind() != '0':
			return nil, badRequest("message identifier must be a Number")
		case err != nil:
			return nil, badRequest("can't parse message identifier as Number")
		case list[i] <= 0:
			return nil, badRequest("invalid message identifier specified")
		}
	}
	return list, nil
}
