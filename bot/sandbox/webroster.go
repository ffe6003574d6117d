package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/mymmrac/telego"
)

// maxWatched is the most bots, and the most groups, in a person's list of chats.
const maxWatched = 100

// ChatInfo is a line of a person's list of chats: a bot or a group.
type ChatInfo struct {
	Path  string `json:"path"` // of its part of the people's API
	Title string `json:"title"`

	Username string       `json:"username,omitempty"` // of a bot, without the at sign
	Settings *BotSettings `json:"settings,omitempty"` // of a bot
	Group    *GroupInfo   `json:"group,omitempty"`

	// Commands are the menu, in the person's language; in a group with the bot's name, as in
	// "start@some_bot".
	Commands []telego.BotCommand `json:"commands"`
}

// chatsOf returns a person's chats: one with every bot, in the order of the bots' ids, and the
// groups, which the caller knows.
func (s *Server) chatsOf(p *person, groups []*chat) ([]*chat, []ChatInfo) {
	var bots []*bot
	s.bots.Range(func(_, v any) bool {
		bots = append(bots, v.(*bot))
		return len(bots) < maxWatched
	})
	slices.SortFunc(bots, func(a, b *bot) int { return cmp.Compare(a.id, b.id) })
	groups = groups[:min(len(groups), maxWatched)]

	chats := make([]*chat, 0, len(bots)+len(groups))
	infos := make([]ChatInfo, 0, len(bots)+len(groups))
	for _, b := range bots {
		chats = append(chats, s.chat(b, p))
		infos = append(infos, botLine(p, b))
	}
	for _, c := range groups {
		chats = append(chats, c)
		infos = append(infos, groupLine(p, c))
	}
	return chats, infos
}

func chatPath(p *person, id int64) string { return fmt.Sprintf("/people/%d/chats/%d", p.id, id) }

func botLine(p *person, b *bot) ChatInfo {
	return ChatInfo{
		Path: chatPath(p, b.id), Title: b.user().FirstName, Username: b.user().Username,
		Settings: &BotSettings{Privacy: !b.readsAll.Load(), Inline: b.answersInline.Load()},
		Commands: b.commands.shown(p.user().LanguageCode, privateScopes(p.id)),
	}
}

func groupLine(p *person, c *chat) ChatInfo {
	g := c.info()
	line := ChatInfo{Path: chatPath(p, g.ID), Title: g.Title, Group: &g, Commands: []telego.BotCommand{}}
	c.mu.Lock()
	members, admin := c.group.sorted(), c.group.members[p.id].admin()
	c.mu.Unlock()
	for _, m := range members {
		if m.bot == nil || m.Status == telego.MemberStatusLeft || m.Status == telego.MemberStatusBanned {
			continue
		}
		for _, cmd := range m.bot.commands.shown(p.user().LanguageCode, groupScopes(g.ID, p.id, admin)) {
			cmd.Command += "@" + m.bot.user().Username
			line.Commands = append(line.Commands, cmd)
		}
	}
	return line
}

// privateScopes are the lists of commands that are looked for in a private chat, in order, by
// https://core.telegram.org/bots/api#determining-list-of-commands.
func privateScopes(person int64) []string {
	return []string{
		scopeName(telego.ScopeTypeChat, person, 0),
		scopeName(telego.ScopeTypeAllPrivateChats, 0, 0),
		scopeName(telego.ScopeTypeDefault, 0, 0),
	}
}

// groupScopes are those of a group.
func groupScopes(group, person int64, admin bool) []string {
	names := []string{scopeName(telego.ScopeTypeChatMember, group, person)}
	if admin {
		names = append(names, scopeName(telego.ScopeTypeChatAdministrators, group, 0))
	}
	names = append(names, scopeName(telego.ScopeTypeChat, group, 0))
	if admin {
		names = append(names, scopeName(telego.ScopeTypeAllChatAdministrators, 0, 0))
	}
	return append(names, scopeName(telego.ScopeTypeAllGroupChats, 0, 0), scopeName(telego.ScopeTypeDefault, 0, 0))
}

// scopeName begins the name of a list, see commandList; the language follows.
func scopeName(kind string, chat, user int64) string {
	id := func(n int64) string {
		if n == 0 {
			return ""
		}
		return strconv.FormatInt(n, 10)
	}
	return kind + " " + id(chat) + " " + id(user) + " "
}

// shown is the first list that there is, in the person's language before any.
func (l *commandLists) shown(language string, scopes []string) []telego.BotCommand {
	if len(language) > 2 {
		language = language[:2]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, scope := range scopes {
		for _, name := range []string{scope + language, scope} {
			if list := l.lists[name]; list != nil {
				return list
			}
		}
	}
	return []telego.BotCommand{}
}
