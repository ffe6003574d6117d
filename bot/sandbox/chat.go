package sandbox

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/mymmrac/telego"
)

// chatKey names a chat. A private chat is one between a bot and a person, whose id the bot
// knows it by; a group has no bot of its own.
type chatKey struct{ bot, chat int64 }

// chat is a conversation: what was said, and who may write.
type chat struct {
	key    chatKey
	server *Server
	bot    *bot    // of a private chat
	person *person // of a private chat
	group  *group  // nil: a private chat

	mu       sync.Mutex
	started  bool // the person has written to the bot
	blocked  bool // by the person
	messages []*message
	last     int64 // id of the newest message ever

	revision  uint64              // grows with every change
	changed   chan struct{}       // closed at the next change; nil while nobody waits
	keyboards map[int64]*Keyboard // by person: shown below people's inputs
	action    string              // what the bot says it is doing
	actionEnd time.Time
}

// actionLife is how long a chat action is shown, by the Bot API's sendChatAction.
const actionLife = 5 * time.Second

// chat returns the private chat of a bot and a person, making it at first.
func (s *Server) chat(b *bot, p *person) *chat {
	key := chatKey{b.id, p.id}
	if c, ok := s.chats.Load(key); ok {
		return c.(*chat)
	}
	c, loaded := s.chats.LoadOrStore(key, &chat{key: key, server: s, bot: b, person: p})
	if !loaded {
		s.chatCount.Add(1)
	}
	return c.(*chat)
}

// find returns the message with an id, or nil.
func (c *chat) find(id int64) *message {
	i, found := slices.BinarySearchFunc(c.messages, id, func(m *message, id int64) int { return cmp.Compare(m.id, id) })
	if !found {
		return nil
	}
	return c.messages[i]
}

// add gives a message its id and date and appends it; the oldest leaves where there are too
// many.
func (c *chat) add(m *message) error {
	id, err := c.server.ids.nextMessage()
	if err != nil {
		return err
	}
	m.id, m.date = id, c.server.now().Unix()
	c.messages = append(c.messages, m)
	c.last = id
	c.server.messageCount.Add(1)
	if len(c.messages) > c.server.opts.MessagesPerChat {
		c.messages = slices.Delete(c.messages, 0, 1)
		c.server.messageCount.Add(-1)
	}
	c.touch(m)
	return nil
}

// remove deletes a message for both sides and reports whether it was there.
func (c *chat) remove(id int64) bool {
	return c.removeAll(func(m *message) bool { return m.id == id }) > 0
}

// removeAll deletes messages for both sides and returns how many there were.
func (c *chat) removeAll(which func(*message) bool) int {
	before := len(c.messages)
	c.messages = slices.DeleteFunc(c.messages, which)
	gone := before - len(c.messages)
	if gone > 0 {
		c.server.messageCount.Add(int64(-gone))
		c.touch(nil)
	}
	return gone
}

// touch makes the change of a message (nil: of the chat itself) known to who waits.
func (c *chat) touch(m *message) {
	c.revision++
	if m != nil {
		m.revision = c.revision
		c.tellShown(m)
	}
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// wait returns a channel that is closed at the next change.
func (c *chat) wait() <-chan struct{} {
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// writable reports why a bot may not write something into the chat, if so.
func (c *chat) writable(b *bot, what *content) error {
	switch {
	case c.group != nil:
		return c.group.members[b.id].mayWrite(what)
	case c.person.gone.Load():
		return forbidden("user is deactivated")
	case !c.started:
		return forbidden("bot can't initiate conversation with a user")
	case c.blocked:
		return forbidden("bot was blocked by the user")
	}
	return nil
}

// pushTo queues an update for a bot of what happened in the chat; it is called with the chat
// locked, so that updates come in the order of the messages.
func (c *chat) pushTo(b *bot, kind string, payload any, life time.Duration) error {
	ok, err := b.updates.push(kind, c.key.chat, payload, c.server.now(), life)
	if err == nil && !ok {
		c.server.refusedUpdates.Add(1)
		return errQueueFull
	}
	return err
}

var errQueueFull = &Error{503, "Service Unavailable: too many updates wait for the bot"}

// telegram is the chat as the bot sees it.
func (c *chat) telegram() telego.Chat {
	if g := c.group; g != nil {
		return telego.Chat{ID: c.key.chat, Type: g.kind(), Title: g.title, IsForum: g.forum}
	}
	u := c.person.user()
	return telego.Chat{
		ID: c.key.chat, Type: telego.ChatTypePrivate,
		FirstName: u.FirstName, LastName: u.LastName, Username: u.Username,
	}
}
