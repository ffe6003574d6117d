package sandbox

import (
	"github.com/mymmrac/telego"
)

// maxTopics is how many a forum has, the sandbox's own bound.
const maxTopics = 1000

// topicColors are those the Bot API's createForumTopic knows; the first is given where none is
// asked for.
var topicColors = []int{0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F}

// topic is a part of a forum.
type topic struct {
	name   string
	closed bool
	by     *bot // nil: a person
}

var errTopicClosed = badRequest("TOPIC_CLOSED")

func manageTopics(r Rights) bool { return r.ManageTopics }

// thread checks a message_thread_id, 0 for none.
func (c *chat) thread(id int64) error {
	if id == 0 {
		return nil
	}
	if c.group == nil || c.group.topics[id] == nil {
		return badRequest("message thread not found")
	}
	return nil
}

// open refuses to let a bot write into a closed topic, which only those do who manage them.
func (c *chat) open(b *bot, thread int64) error {
	if c.group == nil {
		return nil
	}
	if t := c.group.topics[thread]; t != nil && t.closed && t.by != b && !c.group.members[b.id].may(manageTopics) {
		return errTopicClosed
	}
	return nil
}

// createTopic opens a topic of a forum; its id is that of the message that says so.
func (c *chat) createTopic(by *person, bot *bot, name string, color int) (*telego.ForumTopic, error) {
	switch name = groupTitle(name); {
	case name == "":
		return nil, errNoTitle
	case len(c.group.topics) >= maxTopics:
		return nil, badRequest("TOPICS_TOO_MUCH")
	}
	service := &telego.Message{ForumTopicCreated: &telego.ForumTopicCreated{Name: name, IconColor: color}}
	m := &message{from: by, bot: bot, content: &content{service: service}}
	if err := c.add(m); err != nil {
		return nil, err
	}
	m.thread = m.id
	c.group.topics[m.id] = &topic{name: name, by: bot}
	if err := c.tell("message", c.show(m), (*member).inside); err != nil {
		return nil, err
	}
	return &telego.ForumTopic{MessageThreadID: int(m.id), Name: name, IconColor: color}, nil
}

// inForum finds the forum that a call is about and locks it, with the calling bot in it.
func (c *call) inForum() (*chat, *member, error) {
	in, err := c.target()
	if err != nil {
		return nil, nil, err
	}
	if in.group == nil || !in.group.forum {
		return nil, nil, badRequest("the chat is not a forum")
	}
	in.mu.Lock()
	return in, in.group.members[c.bot.id], nil
}

func (c *call) createForumTopic() (any, error) {
	in, me, err := c.inForum()
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	color := int(c.integer("icon_color", int64(topicColors[0])))
	switch {
	case !me.may(manageTopics):
		return nil, badRequest("not enough rights to create a topic")
	case color < 0 || color > 0xFFFFFF:
		return nil, badRequest("invalid icon color specified")
	}
	return in.createTopic(nil, c.bot, c.text("name"), color)
}

// withTopic does something with the topic that a call is about, where the bot made it or has a
// right.
func (c *call) withTopic(right func(Rights) bool, refusal string, do func(*chat, *topic, int64) error) (any, error) {
	in, me, err := c.inForum()
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	id := c.integer("message_thread_id", 0)
	if id <= 0 {
		return nil, badRequest("invalid message thread identifier specified")
	}
	t := in.group.topics[id]
	switch {
	case t == nil:
		return nil, badRequest("TOPIC_ID_INVALID")
	case t.by != c.bot && !me.may(right):
		return nil, badRequest("%s", refusal)
	}
	return true, do(in, t, id)
}

func (c *call) editForumTopic() (any, error) {
	return c.withTopic(manageTopics, "not enough rights to edit the topic", func(in *chat, t *topic, id int64) error {
		given := c.text("name")
		name := groupTitle(given)
		switch {
		case given == "":
			return nil
		case name == "":
			return errNoTitle
		case name == t.name:
			return badRequest("TOPIC_NOT_MODIFIED")
		}
		t.name = name
		return in.announceIn(id, c.bot, telego.Message{ForumTopicEdited: &telego.ForumTopicEdited{Name: name}})
	})
}

func (c *call) closeForumTopic() (any, error) { return c.toggleTopic(true) }

func (c *call) reopenForumTopic() (any, error) { return c.toggleTopic(false) }

func (c *call) toggleTopic(closed bool) (any, error) {
	return c.withTopic(manageTopics, "not enough rights to close or open the topic", func(in *chat, t *topic, id int64) error {
		if t.closed == closed {
			return badRequest("TOPIC_NOT_MODIFIED")
		}
		t.closed = closed
		if closed {
			return in.announceIn(id, c.bot, telego.Message{ForumTopicClosed: &telego.ForumTopicClosed{}})
		}
		return in.announceIn(id, c.bot, telego.Message{ForumTopicReopened: &telego.ForumTopicReopened{}})
	})
}

// deleteForumTopic takes a topic away with all that was said in it.
func (c *call) deleteForumTopic() (any, error) {
	right := func(r Rights) bool { return r.DeleteMessages }
	return c.withTopic(right, "not enough rights to delete the topic", func(in *chat, _ *topic, id int64) error {
		delete(in.group.topics, id)
		in.removeAll(func(m *message) bool { return m.thread == id })
		return nil
	})
}

// announceIn puts a service message into a topic.
func (c *chat) announceIn(thread int64, bot *bot, service telego.Message) error {
	m := &message{bot: bot, thread: thread, content: &content{service: &service}}
	if err := c.add(m); err != nil {
		return err
	}
	return c.tell("message", c.show(m), (*member).inside)
}
