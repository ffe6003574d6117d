package sandbox

import (
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/mymmrac/telego"
)

// maxAlbum is how many messages a media group has, by the Bot API's sendMediaGroup.
const maxAlbum = 10

// relayed finds the content of the message that is forwarded or copied, and where it comes
// from.
func (c *call) relayed(what string) (*content, telego.MessageOrigin, error) {
	from, err := c.chatNamed("from_chat_id")
	if err != nil {
		return nil, nil, err
	}
	from.mu.Lock()
	defer from.mu.Unlock()
	m := from.find(c.integer("message_id", 0))
	switch {
	case m == nil:
		return nil, nil, badRequest("message to %s not found", what)
	case m.content.service != nil:
		return nil, nil, badRequest("message can't be %s", map[string]string{"forward": "forwarded", "copy": "copied"}[what])
	case m.origin != nil:
		return m.content, m.origin, nil // the first author stays
	}
	shown := from.plain(m, from.telegram())
	if m.hidden {
		return m.content, &telego.MessageOriginChat{Type: telego.OriginTypeChat, Date: m.date, SenderChat: shown.Chat}, nil
	}
	return m.content, &telego.MessageOriginUser{Type: telego.OriginTypeUser, Date: m.date, SenderUser: *shown.From}, nil
}

func (c *call) forwardMessage() (any, error) {
	what, origin, err := c.relayed("forward")
	if err != nil {
		return nil, err
	}
	sent, err := c.sendAll(message{content: what, origin: origin})
	if err != nil {
		return nil, err
	}
	return sent[0], nil
}

// copyMessage sends the same content anew, a file with another caption where one is given.
func (c *call) copyMessage() (any, error) {
	what, _, err := c.relayed("copy")
	if err != nil {
		return nil, err
	}
	if _, given := c.values["caption"]; given && what.captioned() {
		caption, err := c.caption()
		if err != nil {
			return nil, err
		}
		if utf16Len(caption.text) > maxCaption {
			return nil, badRequest("message caption is too long")
		}
		what = &content{rich: caption, photo: what.photo, document: what.document}
	}
	sent, err := c.sendAll(message{content: what})
	if err != nil {
		return nil, err
	}
	return telego.MessageID{MessageID: sent[0].MessageID}, nil
}

func (c *call) sendMediaGroup() (any, error) {
	raw, err := c.required("media")
	if err != nil {
		return nil, err
	}
	var list []jsontext.Value
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		return nil, badRequest("can't parse media JSON object")
	}
	switch {
	case len(list) == 0:
		return nil, badRequest("there are no messages to send")
	case len(list) > maxAlbum:
		return nil, badRequest("too many messages to send as an album")
	}
	if _, err := c.target(); err != nil {
		return nil, err
	}
	album := strconv.FormatInt(c.server.callbackIDs.Add(1), 10)
	messages := make([]message, len(list))
	for i, element := range list {
		what, err := c.inputMedia(string(element))
		if err != nil {
			return nil, err
		}
		if i > 0 && (what.document != nil) != (messages[0].content.document != nil) {
			return nil, badRequest("document can't be mixed with other media types")
		}
		messages[i] = message{content: what, album: album}
	}
	return c.sendAll(messages...)
}
