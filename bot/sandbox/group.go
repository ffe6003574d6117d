package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/mymmrac/telego"
	"github.com/mymmrac/telego/telegoapi"
)

// Bounds of groups. The first two are the sandbox's own.
const (
	maxGroups     = 100_000
	maxMembers    = 1000
	maxTopics     = 1000
	maxGroupTitle = 128 // UTF-16 code units, by the Bot API's setChatTitle

	superBase = 1_000_000_000_000 // supergroups' ids lie below its negative
)

// anonymousAdmin is who administrators that hide write as, by the Bot API's Message.from.
var anonymousAdmin = telego.User{ID: 1087968824, IsBot: true, FirstName: "Group", Username: "GroupAnonymousBot"}

// group is what a chat of several people and bots has beside its messages. The chat's lock
// guards it.
type group struct {
	title   string
	super   bool
	forum   bool
	members map[int64]*member // those who left or were removed, too
	movedTo int64             // the supergroup it has become
	topics  map[int64]string  // names by message_thread_id
	pinned  int64             // a message
	writer  *bot              // the last that wrote
}

// member is a person or a bot in a group.
type member struct {
	person *person
	bot    *bot
	Membership
}

// Membership is what someone is in a group.
type Membership struct {
	// Status is "creator", "administrator", "member", "restricted" (may not write), "left" or
	// "kicked", in the Bot API's words.
	Status string `json:"status"`
	// Rights are those of an administrator.
	Rights Rights `json:"rights,omitzero"`
	// Anonymous is an administrator who writes as the group.
	Anonymous bool `json:"anonymous,omitempty"`
}

// Rights are what an administrator may do.
type Rights struct {
	DeleteMessages  bool `json:"delete_messages,omitempty"`
	RestrictMembers bool `json:"restrict_members,omitempty"`
	PromoteMembers  bool `json:"promote_members,omitempty"`
	ChangeInfo      bool `json:"change_info,omitempty"`
	InviteUsers     bool `json:"invite_users,omitempty"`
	PinMessages     bool `json:"pin_messages,omitempty"`
	ManageTopics    bool `json:"manage_topics,omitempty"`
}

func (m *member) user() *telego.User {
	if m.bot != nil {
		return &m.bot.user
	}
	return m.person.user()
}

// inside reports whether the member is there.
func (m *member) inside() bool {
	return m != nil && m.Status != telego.MemberStatusLeft && m.Status != telego.MemberStatusBanned
}

func (m *member) admin() bool {
	return m != nil && (m.Status == telego.MemberStatusCreator || m.Status == telego.MemberStatusAdministrator)
}

// may reports whether an administrator has a right; a creator has all.
func (m *member) may(right func(Rights) bool) bool {
	return m != nil && (m.Status == telego.MemberStatusCreator || m.Status == telego.MemberStatusAdministrator && right(m.Rights))
}

// telegram is the member as the bots see it.
func (m *member) telegram() telego.ChatMember {
	u, r := *m.user(), m.Rights
	switch m.Status {
	case telego.MemberStatusCreator:
		return &telego.ChatMemberOwner{Status: m.Status, User: u, IsAnonymous: m.Anonymous}
	case telego.MemberStatusAdministrator:
		return &telego.ChatMemberAdministrator{
			Status: m.Status, User: u, IsAnonymous: m.Anonymous, CanManageChat: true,
			CanDeleteMessages: r.DeleteMessages, CanRestrictMembers: r.RestrictMembers, CanPromoteMembers: r.PromoteMembers,
			CanChangeInfo: r.ChangeInfo, CanInviteUsers: r.InviteUsers, CanPinMessages: r.PinMessages, CanManageTopics: r.ManageTopics,
		}
	case telego.MemberStatusRestricted:
		return &telego.ChatMemberRestricted{Status: m.Status, User: u, IsMember: true}
	case telego.MemberStatusLeft:
		return &telego.ChatMemberLeft{Status: m.Status, User: u}
	case telego.MemberStatusBanned:
		return &telego.ChatMemberBanned{Status: m.Status, User: u}
	}
	return &telego.ChatMemberMember{Status: telego.MemberStatusMember, User: u}
}

// kind is the group's type in the Bot API's words.
func (g *group) kind() string {
	if g.super {
		return telego.ChatTypeSupergroup
	}
	return telego.ChatTypeGroup
}

// sorted are the members in the order of their ids.
func (g *group) sorted() []*member {
	all := make([]*member, 0, len(g.members))
	for _, m := range g.members {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *member) int { return cmp.Compare(a.user().ID, b.user().ID) })
	return all
}

// newGroup makes an empty group.
func (s *Server) newGroup(title string, super, forum bool) (*chat, error) {
	title = strings.TrimSpace(clean(title))
	if title == "" || utf16Len(title) > maxGroupTitle {
		return nil, badRequest("a group's title has 1 to %d characters", maxGroupTitle)
	}
	if s.groupCount.Add(1) > maxGroups {
		s.groupCount.Add(-1)
		return nil, badRequest("there are %d groups already", maxGroups)
	}
	id := -s.groupIDs.Add(1)
	if super || forum {
		id -= superBase
	}
	c := &chat{key: chatKey{0, id}, server: s, group: &group{
		title: title, super: super || forum, forum: forum, members: map[int64]*member{}, topics: map[int64]string{},
	}}
	s.groups.Store(id, c)
	return c, nil
}

// groupChat returns a group, or nil.
func (s *Server) groupChat(id int64) *chat {
	if v, ok := s.groups.Load(id); ok {
		return v.(*chat)
	}
	return nil
}

// groupFor finds a group for a call of a bot, which has to be a member.
func (c *call) groupFor(id int64) (*chat, error) {
	in := c.server.groupChat(id)
	if in == nil {
		return nil, badRequest("chat not found")
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	g := in.group
	switch me := g.members[c.bot.user.ID]; {
	case me == nil:
		return nil, badRequest("chat not found")
	case me.Status == telego.MemberStatusBanned:
		return nil, forbidden("bot was kicked from the " + g.kind() + " chat")
	case me.Status == telego.MemberStatusLeft:
		return nil, forbidden("bot is not a member of the " + g.kind() + " chat")
	case g.movedTo != 0:
		return nil, &advice{
			Error{http.StatusBadRequest, "Bad Request: group chat was upgraded to a supergroup chat"},
			telegoapi.ResponseParameters{MigrateToChatID: g.movedTo},
		}
	}
	return in, nil
}

// tell queues an update for the bots of the group that see what happened.
func (c *chat) tell(kind string, payload any, sees func(*member) bool) error {
	for _, m := range c.group.sorted() {
		if m.bot != nil && sees(m) {
			if err := c.pushTo(m.bot, kind, payload, messageLife); err != nil {
				return err
			}
		}
	}
	return nil
}

// announce puts a service message into the group, which all its bots see.
func (c *chat) announce(by *person, bot *bot, service telego.Message) (*message, error) {
	m := &message{from: by, bot: bot, content: &content{service: &service}}
	if err := c.add(m); err != nil {
		return nil, err
	}
	return m, c.tell("message", c.show(m), func(to *member) bool { return to.inside() && to.bot != bot })
}

// become changes what someone is in the group, and tells the bots: the one that it is about,
// and administrators. The group is locked.
func (c *chat) become(by telego.User, who *member, as Membership) error {
	old := who.telegram()
	who.Membership = as
	change := telego.ChatMemberUpdated{
		Chat: c.telegram(), From: by, Date: c.server.now().Unix(), OldChatMember: old, NewChatMember: who.telegram(),
	}
	if who.bot != nil {
		if err := c.pushTo(who.bot, "my_chat_member", change, messageLife); err != nil {
			return err
		}
	}
	return c.tell("chat_member", change, func(to *member) bool { return to.admin() && to != who })
}

// seesSaid reports whether a bot sees what a person wrote: all of it where it is an
// administrator or its privacy mode is off, else what
// https://core.telegram.org/bots/features#privacy-mode lists.
func (c *chat) seesSaid(to *member, m *message) bool {
	if !to.inside() || to.admin() || to.bot.readsAll.Load() {
		return to.inside()
	}
	if r := c.find(m.replyTo); m.via == to.bot || r != nil && r.bot == to.bot {
		return true
	}
	name, isCommand := m.content.rich.command()
	if !isCommand {
		return false
	}
	if _, at, named := strings.Cut(name, "@"); named {
		return strings.EqualFold(at, to.bot.user.Username)
	}
	return c.group.writer == nil || c.group.writer == to.bot
}

// command returns the command that a text begins with, without its slash.
func (rt *richText) command() (string, bool) {
	if len(rt.entities) == 0 || rt.entities[0].Type != telego.EntityTypeBotCommand || rt.entities[0].Offset != 0 {
		return "", false
	}
	return rt.text[1:rt.entities[0].Length], true // commands are ASCII
}

// mayWrite reports why the bot may not write to the group, if so.
func (g *group) mayWrite(b *bot) error {
	if g.members[b.user.ID].Status == telego.MemberStatusRestricted {
		return badRequest("not enough rights to send text messages to the chat")
	}
	return nil
}

// thread checks a message_thread_id, 0 for none.
func (c *chat) thread(id int64) error {
	if id == 0 {
		return nil
	}
	if c.group == nil || c.group.topics[id] == "" {
		return badRequest("message thread not found")
	}
	return nil
}

// migrate makes a supergroup of a group, and returns it.
func (c *chat) migrate(by *person) (*chat, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.group
	if g.super || g.movedTo != 0 {
		return nil, badRequest("the group is a supergroup already")
	}
	to, err := c.server.newGroup(g.title, true, false)
	if err != nil {
		return nil, err
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	for id, m := range g.members {
		if copied := *m; m.inside() {
			to.group.members[id] = &copied
		}
	}
	if _, err := c.announce(by, nil, telego.Message{MigrateToChatID: to.key.chat}); err != nil {
		return nil, err
	}
	g.movedTo = to.key.chat
	_, err = to.announce(by, nil, telego.Message{MigrateFromChatID: c.key.chat})
	return to, err
}

// createTopic opens a topic of a forum; its id is that of the message that says so.
func (c *chat) createTopic(by *person, bot *bot, name string) (*telego.ForumTopic, error) {
	name = strings.TrimSpace(clean(name))
	switch {
	case !c.group.forum:
		return nil, badRequest("the chat is not a forum")
	case name == "" || utf16Len(name) > maxGroupTitle:
		return nil, badRequest("TOPIC_TITLE_INVALID")
	case len(c.group.topics) >= maxTopics:
		return nil, badRequest("TOPICS_TOO_MUCH")
	}
	m, err := c.announce(by, bot, telego.Message{ForumTopicCreated: &telego.ForumTopicCreated{Name: name, IconColor: topicColor}})
	if err != nil {
		return nil, err
	}
	c.group.topics[m.id] = name
	return &telego.ForumTopic{MessageThreadID: int(m.id), Name: name, IconColor: topicColor}, nil
}

const topicColor = 0x6FB9F0 // the first of the Bot API's createForumTopic
