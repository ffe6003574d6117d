package sandbox

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/mymmrac/telego"
)

// maxAlbum is how many messages a media group has, by the Bot API's sendMediaGroup.
const maxAlbum = 10

// relayed makes the message that a message becomes when it is forwarded, or copied, without
// where it comes from.
func (c *chat) relayed(m *message, copied bool) (message, error) {
	switch {
	case m.content.service != nil && copied:
		return message{}, badRequest("the message can't be copied")
	case m.content.service != nil:
		return message{}, badRequest("the message can't be forwarded")
	case copied:
		return message{content: m.content}, nil
	case m.origin != nil: // the first author stays
		return message{content: m.content, origin: m.origin}, nil
	}
	shown := c.plain(m, c.telegram())
	origin := telego.MessageOrigin(&telego.MessageOriginUser{Type: telego.OriginTypeUser, Date: m.date, SenderUser: *shown.From})
	if m.hidden {
		origin = &telego.MessageOriginChat{Type: telego.OriginTypeChat, Date: m.date, SenderChat: shown.Chat}
	}
	return message{content: m.content, origin: origin}, nil
}

// relay finds the message that is forwarded or copied, and makes what it becomes.
func (c *call) relay(what string) (message, error) {
	from, err := c.chatNamed("from_chat_id")
	if err != nil {
		return message{}, err
	}
	from.mu.Lock()
	defer from.mu.Unlock()
	m := from.find(c.integer("message_id", 0))
	if m == nil {
		return message{}, badRequest("message to %s not found", what)
	}
	return from.relayed(m, what == "copy")
}

func (c *call) forwardMessage() (any, error) {
	m, err := c.relay("forward")
	if err != nil {
		return nil, err
	}
	return c.sendOne(m)
}

// copyMessage sends the same content anew, a file with another caption where one is given.
func (c *call) copyMessage() (any, error) {
	m, err := c.relay("copy")
	if err != nil {
		return nil, err
	}
	if _, given := c.values["caption"]; given && m.content.captioned() {
		caption, err := c.caption()
		if err != nil {
			return nil, err
		}
		m.content = &content{rich: caption, file: m.content.file}
	}
	sent, err := c.sendAll(m)
	if err != nil {
		return nil, err
	}
	return telego.MessageID{MessageID: sent[0].MessageID}, nil
}

func (c *call) forwardMessages() (any, error) { return c.relayMany(false) }

func (c *call) copyMessages() (any, error) { return c.relayMany(true) }

// relayMany forwards or copies those messages that are there and can be, and returns their new
// ids. Those of an album stay one.
func (c *call) relayMany(copied bool) (any, error) {
	list, err := c.messageIDs()
	if err != nil {
		return nil, err
	}
	from, err := c.chatNamed("from_chat_id")
	if err != nil {
		return nil, err
	}
	messages := from.relayedAmong(list, copied)
	if len(messages) == 0 {
		return nil, badRequest("messages can't be forwarded")
	}
	albums := map[string]string{"": ""}
	for i := range messages {
		m := &messages[i]
		if _, known := albums[m.album]; !known {
			albums[m.album] = c.server.newAlbum()
		}
		m.album = albums[m.album]
		if c.boolean("remove_caption") && m.content.captioned() {
			m.content = &content{file: m.content.file}
		}
	}
	sent, err := c.sendAll(messages...)
	if err != nil {
		return nil, err
	}
	ids := make([]telego.MessageID, len(sent))
	for i := range sent {
		ids[i].MessageID = sent[i].MessageID
	}
	return ids, nil
}

// relayedAmong relays those of the messages that are there and can be.
func (c *chat) relayedAmong(ids []int64, copied bool) []message {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []message
	for _, id := range ids {
		m := c.find(id)
		if m == nil {
			continue
		}
		if made, err := c.relayed(m, copied); err == nil {
			made.album = m.album
			list = append(list, made)
		}
	}
	return list
}

func (s *Server) newAlbum() string { return strconv.FormatInt(s.callbackIDs.Add(1), 10) }

func (c *call) sendMediaGroup() (any, error) {
	raw, err := c.required("media")
	if err != nil {
		return nil, err
	}
	list, err := albumElements(raw)
	if err != nil {
		return nil, err
	}
	if _, err := c.target(); err != nil {
		return nil, err
	}
	messages := make([]message, len(list))
	for i, element := range list {
		what, err := c.inputMedia(element)
		if err != nil {
			return nil, ofElement(i+1, err)
		}
		messages[i] = message{content: what}
	}
	if err := mixed(messages); err != nil {
		return nil, err
	}
	if len(messages) > 1 { // one alone is no album
		album := c.server.newAlbum()
		for i := range messages {
			messages[i].album = album
		}
	}
	delete(c.values, "reply_markup") // the method has none
	return c.sendAll(messages...)
}

// albumElements takes the media parameter apart.
func albumElements(raw string) ([]jsontext.Value, error) {
	var list []jsontext.Value
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		if jsontext.Value(raw).IsValid() {
			return nil, badRequest("expected an Array of InputMedia")
		}
		return nil, badRequest("can't parse media JSON object")
	}
	switch {
	case len(list) == 0:
		return nil, badRequest("there are no messages to send")
	case len(list) > maxAlbum:
		return nil, badRequest("too many messages to send as an album")
	}
	for _, element := range list {
		var kind struct {
			Type string `json:"type"`
		}
		if json.Unmarshal(element, &kind) == nil && kind.Type == telego.MediaTypeAnimation {
			return nil, badRequest(`can't parse InputMedia: type "animation" can't be used in sendMediaGroup`)
		}
	}
	return list, nil
}

// mixed refuses an album of kinds that do not go together.
func mixed(messages []message) error {
	first := messages[0].content.file.kind.together()
	for i := range messages {
		switch kind := messages[i].content.file.kind.together(); {
		case kind == first:
		case kind == telego.MediaTypePhoto:
			return badRequest("%s can't be mixed with other media types", first)
		default:
			return badRequest("%s can't be mixed with other media types", kind)
		}
	}
	return nil
}

// ofElement says which element of an album Telegram's servers refused: their words are
// capitals. What telegram-bot-api or td refuses says nothing of it.
func ofElement(n int, err error) error {
	refusal := (*Error)(nil)
	if !errors.As(err, &refusal) {
		return err
	}
	why := strings.TrimPrefix(refusal.Description, "Bad Request: ")
	if why != strings.ToUpper(why) {
		return err
	}
	return badRequest("%s", fmt.Sprintf(`failed to send message #%d with the error message "%s"`, n, why))
}
