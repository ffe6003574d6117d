package sandbox

import (
	"slices"

	"github.com/mymmrac/telego"
)

// pinned is the message that the chat shows as pinned, the newest of them, or nil.
func (c *chat) pinned() *message {
	for _, m := range slices.Backward(c.messages) {
		if m.pinned {
			return m
		}
	}
	return nil
}

// mayPin refuses a bot without the right to pin.
func (c *chat) mayPin(b *bot) error {
	if c.group == nil || c.group.members[b.id].may(func(r Rights) bool { return r.PinMessages }) {
		return nil
	}
	return badRequest("not enough rights to manage pinned messages in the chat")
}

func (c *call) pinChatMessage() (any, error) {
	in, m, err := c.subject("pin")
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	if err := in.mayPin(c.bot); err != nil {
		return nil, err
	}
	if m.pinned {
		return true, nil
	}
	m.pinned = true
	service := telego.Message{PinnedMessage: in.plain(m, in.telegram())}
	if in.group == nil {
		return true, in.announceInPrivate(c.bot, service)
	}
	_, err = in.announce(nil, c.bot, service)
	return true, err
}

// announceInPrivate puts a service message into a private chat.
func (c *chat) announceInPrivate(by *bot, service telego.Message) error {
	m := &message{bot: by, content: &content{service: &service}}
	if err := c.add(m); err != nil {
		return err
	}
	return c.pushTo(by, "message", c.show(m), messageLife)
}

// unpinChatMessage unpins one message: the one named, or the newest.
func (c *call) unpinChatMessage() (any, error) {
	in, err := c.target()
	if err != nil {
		return nil, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	m := in.pinned()
	if id := c.integer("message_id", 0); id != 0 {
		m = in.find(id)
	}
	if m == nil {
		return nil, badRequest("message to unpin not found")
	}
	if err := in.mayPin(c.bot); err != nil {
		return nil, err
	}
	m.pinned = false
	return true, nil
}

func (c *call) unpinAllChatMessages() (any, error) {
	in, err := c.target()
	if err != nil {
		return nil, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	return true, in.unpin(c.bot, func(*message) bool { return true })
}

func (c *call) unpinAllForumTopicMessages() (any, error) {
	in, _, err := c.inForum()
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	thread := c.integer("message_thread_id", 0)
	return true, in.unpin(c.bot, func(m *message) bool { return m.thread == thread })
}

func (c *chat) unpin(b *bot, which func(*message) bool) error {
	if err := c.mayPin(b); err != nil {
		return err
	}
	for _, m := range c.messages {
		m.pinned = m.pinned && !which(m)
	}
	return nil
}
