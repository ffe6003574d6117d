package sandbox

import (
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/mymmrac/telego"
)

func (c *call) sendMessage() (any, error) {
	what, err := c.textContent()
	if err != nil {
		return nil, err
	}
	return c.send(what)
}

// textContent reads the text of a message.
func (c *call) textContent() (*content, error) {
	if c.text("text") == "" {
		return nil, badRequest("message text is empty")
	}
	rich, err := c.server.parse(c.text("text"), c.text("parse_mode"), c.text("entities"))
	switch {
	case err != nil:
		return nil, err
	case rich.text == "":
		return nil, badRequest("message text is empty")
	}
	return &content{rich: rich}, nil
}

// caption reads the caption of a file; an absent one is empty.
func (c *call) caption() (richText, error) {
	return c.server.parse(c.text("caption"), c.text("parse_mode"), c.text("caption_entities"))
}

func (c *call) sendPhoto() (any, error) {
	return c.sendFile("photo", c.inputPhoto)
}

func (c *call) sendDocument() (any, error) {
	return c.sendFile("document", c.inputDocument)
}

// sendFile sends what a parameter names, after the caption and the chat were checked, so that
// nothing is stored in vain.
func (c *call) sendFile(name string, input func(name, value string) (*file, error)) (any, error) {
	caption, err := c.caption()
	if err != nil {
		return nil, err
	}
	if utf16Len(caption.text) > maxCaption {
		return nil, badRequest("message caption is too long")
	}
	if _, err := c.target(); err != nil {
		return nil, err
	}
	f, err := input(name, c.text(name))
	if err != nil {
		return nil, err
	}
	return c.send(f.content(name, caption))
}

// content is a message of a file as a "photo" or a "document".
func (f *file) content(kind string, caption richText) *content {
	if kind == "photo" {
		return &content{rich: caption, photo: []telego.PhotoSize{{
			FileID: f.id, FileUniqueID: f.unique, Width: f.width, Height: f.height, FileSize: len(f.data),
		}}}
	}
	return &content{rich: caption, document: &telego.Document{
		FileID: f.id, FileUniqueID: f.unique, FileName: f.name, MimeType: f.mimeType(), FileSize: int64(len(f.data)),
	}}
}

func (c *call) sendLocation() (any, error) {
	at, err := c.location()
	if err != nil {
		return nil, err
	}
	return c.send(&content{location: at})
}

// location reads latitude and longitude. What is no number is 0, as in Telegram.
func (c *call) location() (*telego.Location, error) {
	lat, lon := strings.TrimSpace(c.text("latitude")), strings.TrimSpace(c.text("longitude"))
	switch {
	case lat == "":
		return nil, badRequest("latitude is empty")
	case lon == "":
		return nil, badRequest("longitude is empty")
	}
	at := &telego.Location{Latitude: number(lat), Longitude: number(lon)}
	if math.Abs(at.Latitude) > 90 || math.Abs(at.Longitude) > 180 {
		return nil, badRequest("wrong latitude or longitude specified")
	}
	return at, nil
}

func number(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

func (c *call) sendVenue() (any, error) {
	at, err := c.location()
	if err != nil {
		return nil, err
	}
	title, err := c.required("title")
	if err != nil {
		return nil, err
	}
	address, err := c.required("address")
	if err != nil {
		return nil, err
	}
	return c.send(&content{location: at, venue: &telego.Venue{
		Location: *at, Title: title, Address: address,
		FoursquareID: c.text("foursquare_id"), FoursquareType: c.text("foursquare_type"),
		GooglePlaceID: c.text("google_place_id"), GooglePlaceType: c.text("google_place_type"),
	}})
}

// send puts a message of the bot into the chat.
func (c *call) send(what *content) (any, error) {
	sent, err := c.sendAll(message{content: what})
	if err != nil {
		return nil, err
	}
	return sent[0], nil
}

// sendAll puts messages of the bot into the chat, all or none; of each its content and where
// that comes from is given.
func (c *call) sendAll(list ...message) ([]*telego.Message, error) {
	in, err := c.target()
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		if m.content.textual() && utf16Len(m.content.rich.text) > maxText {
			return nil, badRequest("message is too long")
		}
	}
	keys, err := c.markup()
	if err != nil {
		return nil, err
	}
	reply, needed, err := c.replyTo()
	if err != nil {
		return nil, err
	}
	if err := c.admit(in.key.chat); err != nil {
		return nil, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if err := in.writable(c.bot); err != nil {
		return nil, err
	}
	thread := c.integer("message_thread_id", 0)
	if err := in.thread(thread); err != nil {
		return nil, err
	}
	if reply != 0 && in.find(reply) == nil {
		if needed {
			return nil, badRequest("message to be replied not found")
		}
		reply = 0
	}
	if keys.keyboard != nil {
		in.keyboard = keys.keyboard
		if keys.keyboard.Remove {
			in.keyboard = nil
		}
	}
	in.action = ""
	sent := make([]*telego.Message, 0, len(list))
	for i := range list {
		m := &list[i]
		m.bot, m.thread, m.replyTo = c.bot, thread, reply
		m.inline, m.keyboard = keys.inline, keys.keyboard
		if err := in.add(m); err != nil {
			return nil, err
		}
		sent = append(sent, in.show(m))
	}
	if in.group != nil {
		in.group.writer = c.bot
	}
	return sent, nil
}

// replyTo reads which message is replied to, 0 for none, and whether it must be there.
func (c *call) replyTo() (id int64, needed bool, err error) {
	v := c.text("reply_parameters")
	if v == "" {
		return c.integer("reply_to_message_id", 0), !c.boolean("allow_sending_without_reply"), nil
	}
	var r telego.ReplyParameters
	if err := json.Unmarshal([]byte(v), &r); err != nil {
		return 0, false, badRequest("can't parse reply parameters JSON object")
	}
	return int64(r.MessageID), !r.AllowSendingWithoutReply, nil
}

// chatActions are those the Bot API knows.
var chatActions = map[string]bool{
	"typing": true, "upload_photo": true, "record_video": true, "upload_video": true,
	"record_voice": true, "upload_voice": true, "record_audio": true, "upload_audio": true,
	"upload_document": true, "choose_sticker": true, "find_location": true,
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
	if err := in.writable(c.bot); err != nil {
		return nil, err
	}
	in.action, in.actionEnd = action, c.now().Add(actionLife)
	in.touch(nil)
	return true, nil
}
