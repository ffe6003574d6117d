package sandbox

import (
	"strings"

	"github.com/mymmrac/telego"
)

// inGroup finds the group that a call is about and locks it, with the calling bot in it; in a
// private chat it refuses in the method's own words.
func (c *call) inGroup(private string) (*chat, *member, error) {
	in, err := c.target()
	if err != nil {
		return nil, nil, err
	}
	if in.group == nil {
		return nil, nil, badRequest("%s", private)
	}
	in.mu.Lock()
	return in, in.group.members[c.bot.id], nil
}

func (c *call) getChatAdministrators() (any, error) {
	in, _, err := c.inGroup("there are no administrators in the private chat")
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
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	in, err := c.target()
	if err != nil {
		return nil, err
	}
	if in.group == nil {
		switch id {
		case in.person.id:
			return &telego.ChatMemberMember{Status: telego.MemberStatusMember, User: *in.person.user()}, nil
		case c.bot.id:
			return &telego.ChatMemberMember{Status: telego.MemberStatusMember, User: *c.bot.user()}, nil
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
	return nil, errNoParticipant
}

var errNoParticipant = badRequest("PARTICIPANT_ID_INVALID")

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
	in, me, err := c.inGroup("can't leave private chats")
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	if err := in.become(*c.bot.user(), me, Membership{Status: telego.MemberStatusLeft}); err != nil {
		return nil, err
	}
	_, err = in.announce(nil, c.bot, telego.Message{LeftChatMember: c.bot.user()})
	return true, err
}

// restriction is what a bot makes of a member.
type restriction struct {
	in      *chat
	me, who *member
}

// restrict finds the member that a call is about, where the bot may restrict them. The group
// is locked where there is no error.
func (c *call) restrict(private, basic string) (r restriction, err error) {
	id, err := c.userID()
	if err != nil {
		return r, err
	}
	if r.in, r.me, err = c.inGroup(private); err != nil {
		return r, err
	}
	defer func() {
		if err != nil {
			r.in.mu.Unlock()
		}
	}()
	r.who = r.in.group.members[id]
	switch {
	case basic != "" && !r.in.group.super:
		return r, badRequest("%s", basic)
	case r.who == nil:
		return r, errNoParticipant
	case r.who.Status == telego.MemberStatusCreator:
		return r, badRequest("can't remove chat owner")
	case r.who == r.me:
		return r, badRequest("can't restrict self")
	case !r.me.may(func(r Rights) bool { return r.RestrictMembers }):
		return r, badRequest("not enough rights to restrict/unrestrict chat member")
	case r.who.admin():
		return r, badRequest("user is an administrator of the chat")
	}
	return r, nil
}

const (
	onlySupergroups = "method is available only for supergroups"
	onlyLarge       = "method is available for supergroup and channel chats only"
)

// banChatMember removes a person, for ever.
func (c *call) banChatMember() (any, error) {
	r, err := c.restrict("can't ban members in private chats", "")
	if err != nil {
		return nil, err
	}
	defer r.in.mu.Unlock()
	return c.put(r, telego.MemberStatusBanned)
}

// unbanChatMember lets one who was removed come back. One who is there it removes, unless told
// not to.
func (c *call) unbanChatMember() (any, error) {
	r, err := c.restrict(onlyLarge, onlyLarge)
	if err != nil {
		return nil, err
	}
	defer r.in.mu.Unlock()
	if c.boolean("only_if_banned") && r.who.Status != telego.MemberStatusBanned {
		return true, nil
	}
	return c.put(r, telego.MemberStatusLeft)
}

func (c *call) put(r restriction, status string) (any, error) {
	if r.who.Status == status {
		return true, nil
	}
	there := r.who.inside()
	if err := r.in.become(*c.bot.user(), r.who, Membership{Status: status}); err != nil {
		return nil, err
	}
	if there {
		if _, err := r.in.announce(nil, c.bot, telego.Message{LeftChatMember: r.who.user()}); err != nil {
			return nil, err
		}
	}
	return true, nil
}

// restrictChatMember changes what a member may send, for ever.
func (c *call) restrictChatMember() (any, error) {
	p, err := c.permissions()
	if err != nil {
		return nil, err
	}
	r, err := c.restrict(onlySupergroups, onlySupergroups)
	if err != nil {
		return nil, err
	}
	defer r.in.mu.Unlock()
	if !r.who.inside() {
		return nil, badRequest("USER_NOT_PARTICIPANT")
	}
	as := Membership{Status: telego.MemberStatusRestricted, Permissions: p}
	if p == allPermissions {
		as = Membership{Status: telego.MemberStatusMember}
	}
	if as == r.who.Membership {
		return true, nil
	}
	return true, r.in.become(*c.bot.user(), r.who, as)
}

// permissions reads the permissions parameter. Some imply others, unless told not to.
func (c *call) permissions() (p Permissions, err error) {
	if err := c.object("permissions", "permissions", &p); err != nil {
		return p, err
	}
	if c.boolean("use_independent_chat_permissions") {
		return p, nil
	}
	if p.SendOther {
		p.SendAudios, p.SendDocuments, p.SendPhotos, p.SendVideos, p.SendVoices = true, true, true, true, true
	}
	if p.SendPolls || p.SendOther {
		p.SendMessages = true
	}
	return p, nil
}

// promoteChatMember gives rights that the bot has itself, or with none takes them all away.
func (c *call) promoteChatMember() (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	in, me, err := c.inGroup(onlyLarge)
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	as, lacking := c.promotion(me)
	switch who := in.group.members[id]; {
	case !in.group.super:
		return nil, badRequest(onlyLarge)
	case who == nil:
		return nil, errNoParticipant
	case who.Status == telego.MemberStatusCreator:
		return nil, badRequest("can't remove chat owner")
	case who == me:
		return nil, badRequest("can't promote self")
	case !me.may(func(r Rights) bool { return r.PromoteMembers }):
		return nil, badRequest("not enough rights")
	case !who.inside():
		return nil, badRequest("USER_NOT_MUTUAL_CONTACT")
	case who.admin() && who.promotedBy != c.bot:
		return nil, badRequest("CHAT_ADMIN_REQUIRED")
	case lacking:
		return nil, badRequest("RIGHT_FORBIDDEN")
	case as == who.Membership:
		return true, nil
	default:
		who.promotedBy = c.bot
		return true, in.become(*c.bot.user(), who, as)
	}
}

// promotion reads what someone is to be, and whether the bot lacks a right of it.
func (c *call) promotion(me *member) (as Membership, lacking bool) {
	as = Membership{Status: telego.MemberStatusAdministrator, Anonymous: c.boolean("is_anonymous")}
	any := as.Anonymous || c.boolean("can_manage_chat")
	for _, r := range []struct {
		parameter string
		of        func(*Rights) *bool
	}{
		{"can_delete_messages", func(r *Rights) *bool { return &r.DeleteMessages }},
		{"can_restrict_members", func(r *Rights) *bool { return &r.RestrictMembers }},
		{"can_promote_members", func(r *Rights) *bool { return &r.PromoteMembers }},
		{"can_change_info", func(r *Rights) *bool { return &r.ChangeInfo }},
		{"can_invite_users", func(r *Rights) *bool { return &r.InviteUsers }},
		{"can_pin_messages", func(r *Rights) *bool { return &r.PinMessages }},
		{"can_manage_topics", func(r *Rights) *bool { return &r.ManageTopics }},
	} {
		if !c.boolean(r.parameter) {
			continue
		}
		any = true
		*r.of(&as.Rights) = true
		lacking = lacking || !me.may(func(mine Rights) bool { return *r.of(&mine) })
	}
	if !any {
		as = Membership{Status: telego.MemberStatusMember}
	}
	return as, lacking
}

// setChatTitle renames the group; one that is too long is cut, as td does.
func (c *call) setChatTitle() (any, error) {
	title := groupTitle(c.text("title"))
	in, me, err := c.inGroup("can't change private chat title")
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	switch {
	case title == "":
		return nil, errNoTitle
	case !me.may(func(r Rights) bool { return r.ChangeInfo }):
		return nil, badRequest("not enough rights to change chat title")
	case title == in.group.title:
		return true, nil
	}
	in.group.title = title
	_, err = in.announce(nil, c.bot, telego.Message{NewChatTitle: title})
	return true, err
}

func (c *call) setChatDescription() (any, error) {
	text := cut16(strings.TrimSpace(clean(c.text("description"))), maxGroupDescription)
	in, me, err := c.inGroup("can't change private chat description")
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	switch {
	case !me.may(func(r Rights) bool { return r.ChangeInfo }):
		return nil, badRequest("not enough rights to set chat description")
	case text == in.group.description:
		return nil, badRequest("chat description is not modified")
	}
	in.group.description = text
	return true, nil
}
