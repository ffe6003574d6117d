package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/mymmrac/telego"
	"github.com/mymmrac/telego/telegoapi"
)

// Bounds of groups. The first two are the sandbox's own, the texts' are the Bot API's, in
// UTF-16 code units.
const (
	maxGroups           = 100_000
	maxMembers          = 1000
	maxGroupTitle       = 128
	maxGroupDescription = 255

	superBase = 1_000_000_000_000 // supergroups' ids lie below its negative
)

// anonymousAdmin is who administrators that hide write as, by the Bot API's Message.from.
var anonymousAdmin = telego.User{ID: 1087968824, IsBot: true, FirstName: "Group", Username: "GroupAnonymousBot"}

// group is what a chat of several people and bots has beside its messages. The chat's lock
// guards it.
type group struct {
	title       string
	description string
	super       bool
	forum       bool
	members     map[int64]*member // those who left or were removed, too
	movedTo     int64             // the supergroup it has become
	topics      map[int64]*topic  // by message_thread_id
	writer      *bot              // the last that wrote
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

// groupTitle is a name of a group or topic as td keeps it: without needless spaces, cut where
// it is too long.
func groupTitle(s string) string {
	return cut16(strings.Join(strings.Fields(clean(s)), " "), maxGroupTitle)
}

// newGroup makes an empty group.
func (s *Server) newGroup(title string, super, forum bool) (*chat, error) {
	if title = groupTitle(title); title == "" {
		return nil, errNoTitle
	}
	if s.groupCount.Add(1) > maxGroups {
		s.groupCount.Add(-1)
		return nil, errManyGroups
	}
	id := -s.groupIDs.Add(1)
	if super || forum {
		id -= superBase
	}
	c := &chat{key: chatKey{0, id}, server: s, group: &group{
		title: title, super: super || forum, forum: forum, members: map[int64]*member{}, topics: map[int64]*topic{},
	}}
	s.groups.Store(id, c)
	return c, nil
}

var errNoTitle = badRequest("title must be non-empty")

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
	switch me := g.members[c.bot.id]; {
	case me == nil:
		return nil, badRequest("chat not found")
	case g.movedTo != 0:
		return nil, &advice{
			Error{http.StatusBadRequest, "Bad Request: group chat was upgraded to a supergroup chat"},
			telegoapi.ResponseParameters{MigrateToChatID: g.movedTo},
		}
	case me.Status == telego.MemberStatusBanned:
		return nil, forbidden("bot was kicked from the " + g.kind() + " chat")
	case me.Status == telego.MemberStatusLeft:
		return nil, forbidden("bot is not a member of the " + g.kind() + " chat")
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

// announce puts a service message into the group, which all its bots see, who caused it among
// them.
func (c *chat) announce(by *person, bot *bot, service telego.Message) (*message, error) {
	m := &message{from: by, bot: bot, content: &content{service: &service}}
	if err := c.add(m); err != nil {
		return nil, err
	}
	return m, c.tell("message", c.show(m), (*member).inside)
}

// become changes what someone is in the group, and tells the bots: the one that it is about,
// and administrators. The group is locked.
func (c *chat) become(by telego.User, who *member, as Membership) error {
	old := who.telegram()
	who.Membership = as
	c.server.groupMoves.Add(1)
	if !who.inside() && who.person != nil {
		delete(c.keyboards, who.person.id)
	}
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
// administrator or its privacy mode is off, else what is meant for it, as
// https://core.telegram.org/bots/features#privacy-mode lists.
func (c *chat) seesSaid(to *member, m *message) bool {
	if !to.inside() || to.admin() || to.bot.readsAll.Load() {
		return to.inside()
	}
	return c.meantFor(to.bot, m)
}

// meantFor reports whether a message is meant for a bot: a command to it, or to nobody where it
// wrote last or no bot did; what mentions it or was made by it; and replies to its own messages
// and to such as were meant for it.
func (c *chat) meantFor(b *bot, m *message) bool {
	for ; m != nil; m = c.find(m.replyTo) {
		if m.bot == b || m.via == b || m.content.rich.mentions(b.user()) {
			return true
		}
		name, isCommand := m.content.rich.command()
		_, at, named := strings.Cut(name, "@")
		switch {
		case !isCommand || m.from == nil:
		case named && strings.EqualFold(at, b.user().Username):
			return true
		case !named && (m.after == nil || m.after == b):
			return true
		}
	}
	return false
}

// command returns the command that a text begins with, without its slash.
func (rt *richText) command() (string, bool) {
	if len(rt.entities) == 0 || rt.entities[0].Type != telego.EntityTypeBotCommand || rt.entities[0].Offset != 0 {
		return "", false
	}
	return rt.text[1:rt.entities[0].Length], true // commands are ASCII
}

// migrate makes a supergroup of a group, and returns it.
func (c *chat) migrate(by *person) (*chat, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.group
	if g.super || g.movedTo != 0 {
		return nil, errSuperAlready
	}
	to, err := c.server.newGroup(g.title, true, false)
	if err != nil {
		return nil, err
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	to.group.description = g.description
	for id, m := range g.members {
		if copied := *m; m.inside() {
			to.group.members[id] = &copied
		}
	}
	c.server.groupMoves.Add(1)
	if _, err := c.announce(by, nil, telego.Message{MigrateToChatID: to.key.chat}); err != nil {
		return nil, err
	}
	g.movedTo = to.key.chat
	_, err = to.announce(by, nil, telego.Message{MigrateFromChatID: c.key.chat})
	return to, err
}
