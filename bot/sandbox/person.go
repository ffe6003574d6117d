package sandbox

import (
	"net/http"
	"sync/atomic"

	"github.com/mymmrac/telego"
)

// person is a simulated user.
type person struct {
	id      int64
	profile atomic.Pointer[telego.User]
	gone    atomic.Bool // the account was deleted
}

// user is the person as Telegram shows them now.
func (p *person) user() *telego.User { return p.profile.Load() }

// join makes a person known, or renews their profile. It fails where a bot has the id.
func (s *Server) join(pr Profile) (*person, error) {
	if pr.ID <= 0 || pr.FirstName == "" {
		return nil, badRequest("a person needs a positive id and a first name")
	}
	s.naming.Lock()
	defer s.naming.Unlock()
	p := s.person(pr.ID)
	_, taken := s.bots.Load(pr.ID)
	switch {
	case taken:
		return nil, badRequest("a bot has the id %d", pr.ID)
	case p == nil:
		p = &person{id: pr.ID}
		s.peopleCount.Add(1)
	case p.gone.Load():
		return nil, errGone
	}
	p.profile.Store(&telego.User{
		ID: pr.ID, FirstName: pr.FirstName, LastName: pr.LastName,
		Username: pr.Username, LanguageCode: pr.LanguageCode,
	})
	s.people.Store(pr.ID, p)
	return p, nil
}

var errGone = &Error{http.StatusGone, "Gone: the person's account was deleted"}

// person returns a person who joined, or nil.
func (s *Server) person(id int64) *person {
	if v, ok := s.people.Load(id); ok {
		return v.(*person)
	}
	return nil
}

// say puts what a person wrote into the chat, queues the update, and returns the message as
// the person sees it.
func (c *chat) say(m *message) (Message, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	put := c.sayInPrivate
	if c.group != nil {
		put = c.sayInGroup
	}
	if err := put(m); err != nil {
		return Message{}, err
	}
	return m.seen(), nil
}

// sayInPrivate puts what a person wrote into the chat with the bot. A person who had blocked
// the bot takes it back by writing, as the applications' "Restart" does.
func (c *chat) sayInPrivate(m *message) error {
	if err := c.block(false); err != nil {
		return err
	}
	c.started = true
	if err := c.add(m); err != nil {
		return err
	}
	c.used(c.person)
	if err := c.pushTo(c.bot, "message", c.shown(m).body, messageLife); err != nil {
		c.remove(m.id)
		return err
	}
	return nil
}

// sayInGroup puts what a member wrote into the group.
func (c *chat) sayInGroup(m *message) error {
	who := c.group.members[m.from.id]
	switch {
	case c.group.movedTo != 0:
		return badRequest("the group was upgraded to a supergroup")
	}
	if err := who.mayWrite(m.content); err != nil {
		return err
	}
	if err := c.thread(m.thread); err != nil {
		return err
	}
	if t := c.group.topics[m.thread]; t != nil && t.closed && !who.may(manageTopics) {
		return errTopicClosed
	}
	m.hidden, m.after = who.admin() && who.Anonymous, c.group.writer
	if err := c.add(m); err != nil {
		return err
	}
	if err := c.tell("message", c.shown(m).body, func(to *member) bool { return c.seesSaid(to, m) }); err != nil {
		c.remove(m.id)
		return err
	}
	c.used(m.from)
	return nil
}

// move changes where a person's live location is; nil: it stops. The bots that saw the message
// see the edit.
func (c *chat) move(p *person, id int64, to *telego.Location) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.find(id)
	if m == nil || m.from != p || !m.live(c.server.now()) {
		return &Error{http.StatusNotFound, "Not Found: no such live location"}
	}
	was := m.content
	if to == nil {
		m.content = stopped(was)
	} else {
		to.LivePeriod = was.location.LivePeriod
		m.content = &content{location: to}
	}
	m.editDate = c.server.now().Unix()
	m.edits++
	c.touch(m)
	if c.group == nil {
		return c.pushTo(c.bot, "edited_message", c.shown(m).body, messageLife)
	}
	return c.tell("edited_message", c.shown(m).body, func(to *member) bool { return c.seesSaid(to, m) })
}

// setBlocked blocks or unblocks the bot for the person.
func (c *chat) setBlocked(blocked bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.block(blocked)
}

// block tells the bot where that changes anything.
func (c *chat) block(blocked bool) error {
	if c.blocked == blocked {
		return nil
	}
	member := telego.ChatMember(&telego.ChatMemberMember{Status: telego.MemberStatusMember, User: *c.bot.user()})
	banned := telego.ChatMember(&telego.ChatMemberBanned{Status: telego.MemberStatusBanned, User: *c.bot.user()})
	change := telego.ChatMemberUpdated{
		Chat: c.telegram(), From: *c.person.user(), Date: c.server.now().Unix(),
		OldChatMember: member, NewChatMember: banned,
	}
	if !blocked {
		change.OldChatMember, change.NewChatMember = banned, member
	}
	if err := c.pushTo(c.bot, "my_chat_member", change, messageLife); err != nil {
		return err
	}
	c.blocked = blocked
	c.touch(nil)
	return nil
}
