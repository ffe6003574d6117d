package sandbox

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/mymmrac/telego"
)

var (
	errNoText      = badRequest("text must be non-empty")
	errLongCaption = badRequest("message caption is too long")
)

func (c *call) sendMessage() (any, error) {
	what, err := c.textContent()
	if err != nil {
		return nil, err
	}
	return c.send(what)
}

// textContent reads the text of a message. One that is empty or too long once it is parsed is
// refused later, after the chat.
func (c *call) textContent() (*content, error) {
	if c.text("text") == "" {
		return nil, badRequest("message text is empty")
	}
	rich, err := c.server.parse(c.text("text"), c.text("parse_mode"), c.text("entities"))
	if err != nil {
		return nil, err
	}
	return c.server.texts.share(&content{rich: rich}), nil
}

// caption reads the caption of a file; an absent one is empty.
func (c *call) caption() (richText, error) {
	return c.server.parse(c.text("caption"), c.text("parse_mode"), c.text("caption_entities"))
}

// sendFile makes the method that sends a kind of file. Nothing is stored before the caption
// and the chat were found good.
func sendFile(kind *mediaKind) func(*call) (any, error) {
	return func(c *call) (any, error) {
		if u, id := c.input(kind.parameter, c.text(kind.parameter)); u == nil && id == "" {
			return nil, badRequest("there is no %s in the request", kind.parameter)
		}
		caption, err := c.caption()
		if err != nil {
			return nil, err
		}
		if _, err := c.target(); err != nil {
			return nil, err
		}
		if utf16Len(caption.text) > maxCaption {
			return nil, errLongCaption
		}
		f, err := c.inputFile(kind.parameter, c.text(kind.parameter), kind)
		if err != nil {
			return nil, err
		}
		if !f.captioned() {
			caption = richText{}
		}
		return c.send(&content{rich: caption, file: f})
	}
}

// send puts a message of the bot into the chat.
func (c *call) send(what *content) (any, error) { return c.sendOne(message{content: what}) }

func (c *call) sendOne(m message) (any, error) {
	list, err := c.sendAll(m)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// sendAll puts messages of the bot into the chat, all or none; of each its content and where
// that comes from is given. What is wrong is refused in Telegram's order: what the request
// itself gets wrong, what is not there, the content, and what the chat does not allow.
func (c *call) sendAll(list ...message) ([]sentMessage, error) {
	reply, needed, err := c.replyTo()
	if err != nil {
		return nil, err
	}
	keys, err := c.markup()
	if err != nil {
		return nil, err
	}
	in, err := c.target()
	if err != nil {
		return nil, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if reply != 0 && in.find(reply) == nil {
		if needed {
			return nil, badRequest("message to be replied not found")
		}
		reply = 0
	}
	thread := c.integer("message_thread_id", 0)
	if err := in.thread(thread); err != nil {
		return nil, err
	}
	for i := range list {
		if err := c.sendable(in, list[i].content, keys); err != nil {
			return nil, err
		}
	}
	if err := c.admit(in.key.chat); err != nil {
		return nil, err
	}
	in.action = ""
	inline := keepKeyboard(keys.inline)
	all := make([]sentMessage, 0, len(list))
	for i := range list {
		m := &list[i]
		m.bot, m.thread, m.replyTo = c.bot, thread, reply
		m.inline, m.keyboard = inline, keys.keyboard
		if err := in.add(m); err != nil {
			return nil, err
		}
		in.showKeyboard(m)
		all = append(all, in.shown(m))
	}
	if in.group != nil {
		in.group.writer = c.bot
	}
	return all, nil
}

// sendable reports why a message may not be sent into a chat, if so.
func (c *call) sendable(in *chat, what *content, keys markup) error {
	switch {
	case what.textual() && what.rich.text == "":
		return errNoText
	case what.textual() && utf16Len(what.rich.text) > maxText:
		return badRequest("message is too long")
	case what.captioned() && utf16Len(what.rich.text) > maxCaption:
		return errLongCaption
	}
	if err := keys.fits(in); err != nil {
		return err
	}
	if err := in.writable(c.bot, what); err != nil {
		return err
	}
	return in.open(c.bot, c.integer("message_thread_id", 0))
}

// replyTo reads which message is replied to, 0 for none, and whether it must be there.
func (c *call) replyTo() (id int64, needed bool, err error) {
	v := c.text("reply_parameters")
	if v == "" {
		return c.integer("reply_to_message_id", 0), !c.boolean("allow_sending_without_reply"), nil
	}
	var r telego.ReplyParameters
	if err := json.Unmarshal([]byte(v), &r); err != nil {
		if jsontext.Value(v).IsValid() {
			return 0, false, badRequest("object expected as reply parameters")
		}
		return 0, false, badRequest("can't parse reply parameters JSON object")
	}
	return int64(r.MessageID), !r.AllowSendingWithoutReply, nil
}

// chatActions are those the Bot API knows, the older names among them.
var chatActions = map[string]bool{
	"typing": true, "upload_photo": true, "record_video": true, "upload_video": true,
	"record_voice": true, "upload_voice": true, "record_audio": true, "upload_audio": true,
	"upload_document": true, "choose_sticker": true, "find_location": true, "pick_up_location": true,
	"record_video_note": true, "upload_video_note": true, "cancel": true,
}

func (c *call) sendChatAction() (any, error) {
	action := strings.ToLower(c.text("action"))
	if !chatActions[action] {
		return nil, badRequest("wrong parameter action in request")
	}
	in, err := c.target()
	if err != nil {
		return nil, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if err := in.writable(c.bot, &content{}); err != nil {
		return nil, err
	}
	in.action, in.actionEnd = action, c.now().Add(actionLife)
	in.touch(nil)
	return true, nil
}
