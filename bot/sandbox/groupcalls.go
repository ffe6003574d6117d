package sandbox

import (
	"github.com/mymmrac/telego"
)

// inGroup finds the group that a call is about and locks it, with the calling bot in it.
func (c *call) inGroup() (*chat, *member, error) {
	in, err := c.target()
	if err != nil {
		return nil, nil, err
	}
	if in.group == nil {
		return nil, nil, badRequest("there are no administrators in the private chat")
	}
	in.mu.Lock()
	return in, in.group.members[c.bot.user.ID], nil
}

func (c *call) getChatAdministrators() (any, error) {
	in, _, err := c.inGroup()
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	admins := []telego.ChatMember{}
	for _, m := range in.group.sorted() {
		if m.admin() && (m.bot == nil || m.bot == c.bot) { // other bots are not listed
			admins = append(admins, m.telegram())
		}
	}
	return admins, nil
}

func (c *call) getChatMember() (any, error) {
	in, err := c.target()
	if err != nil {
		return nil, err
	}
	id := c.integer("user_id", 0)
	if in.group == nil {
		switch id {
		case in.person.id:
			return &telego.ChatMemberMember{Status: telego.MemberStatusMember, User: *in.person.user()}, nil
		case c.bot.user.ID:
			return &telego.ChatMemberMember{Status: telego.MemberStatusMember, User: c.bot.user}, nil
		}
		return nil, badRequest("member not found")
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if m := in.group.members[id]; m != nil {
		return m.telegram(), nil
	}
	if p := c.server.person(id); p != nil {
		return &telego.ChatMemberLeft{Status: telego.MemberStatusLeft, User: *p.user()}, nil
	}
	return nil, badRequest("PARTICIPANT_ID_INVALID")
}

func (c *call) getChatMemberCount() (any, error) {
	in, err := c.target()
	if err != nil {
		return nil, err
	}
	if in.group == nil {
		return 2, nil
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	n := 0
	for _, m := range in.group.members {
		if m.inside() {
			n++
		}
	}
	return n, nil
}

func (c *call) leaveChat() (any, error) {
	in, me, err := c.inGroup()
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	if err := in.become(c.bot.user, me, Membership{Status: telego.MemberStatusLeft}); err != nil {
		return nil, err
	}
	_, err = in.announce(nil, c.bot, telego.Message{LeftChatMember: &c.bot.user})
	return true, err
}

// banChatMember removes a person; unbanChatMember lets one who was removed come back.
func (c *call) banChatMember() (any, error) { return c.remove(telego.MemberStatusBanned) }

func (c *call) unbanChatMember() (any, error) { return c.remove(telego.MemberStatusLeft) }

func (c *call) remove(status string) (any, error) {
	in, me, err := c.inGroup()
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	who := in.group.members[c.integer("user_id", 0)]
	switch {
	case who == nil:
		return nil, badRequest("PARTICIPANT_ID_INVALID")
	case !me.may(func(r Rights) bool { return r.RestrictMembers }):
		return nil, badRequest("not enough rights to restrict/unrestrict chat member")
	case who.Status == telego.MemberStatusCreator:
		return nil, badRequest("can't remove chat owner")
	case who.admin():
		return nil, badRequest("user is an administrator of the chat")
	case who.Status == status, status == telego.MemberStatusLeft && c.boolean("only_if_banned") && who.inside():
		return true, nil
	}
	there := who.inside()
	if err := in.become(c.bot.user, who, Membership{Status: status}); err != nil {
		return nil, err
	}
	if there {
		if _, err := in.announce(nil, c.bot, telego.Message{LeftChatMember: who.user()}); err != nil {
			return nil, err
		}
	}
	return true, nil
}

func (c *call) pinChatMessage() (any, error) {
	in, m, err := c.subject("pin")
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	if in.group == nil {
		return true, nil // shown to the person by their application alone
	}
	if !in.group.members[c.bot.user.ID].may(func(r Rights) bool { return r.PinMessages }) {
		return nil, badRequest("not enough rights to manage pinned messages in the chat")
	}
	in.group.pinned = m.id
	_, err = in.announce(nil, c.bot, telego.Message{PinnedMessage: in.plain(m, in.telegram())})
	return true, err
}

func (c *call) unpinChatMessage() (any, error) {
	in, me, err := c.inGroup()
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	if !me.may(func(r Rights) bool { return r.PinMessages }) {
		return nil, badRequest("not enough rights to manage pinned messages in the chat")
	}
	in.group.pinned = 0
	return true, nil
}

func (c *call) createForumTopic() (any, error) {
	in, me, err := c.inGroup()
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	if !me.may(func(r Rights) bool { return r.ManageTopics }) {
		return nil, badRequest("not enough rights to create a topic")
	}
	return in.createTopic(nil, c.bot, c.text("name"))
}
