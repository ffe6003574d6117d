package bot

import (
	"strings"
	"unicode/utf8"

	"github.com/mymmrac/telego"

	"okolo/bot/ui"
)

// maxChatTitle is the most code points of a group's title that are kept; Telegram's limit.
const maxChatTitle = 255

// isGroup reports whether a chat is one of several people. Its id is below 0, so that its session
// is never that of a person.
func isGroup(c telego.Chat) bool {
	return c.ID < 0 && (c.Type == telego.ChatTypeGroup || c.Type == telego.ChatTypeSupergroup)
}

// fromGroup returns an update as one of a group's session, with the person who is to be watched
// for hammering; 0: nobody.
func fromGroup(c ui.Context, person int64, payload any) incoming {
	return incoming{
		update: c.Update, user: c.Group.ID, person: person, context: c, callback: c.Callback, lang: c.From.Lang,
		unheard: c.Callback == "", payload: payload,
	}
}

// groupOf says where in which group a message is.
func groupOf(chat telego.Chat, m *telego.Message) ui.Group {
	g := ui.Group{ID: chat.ID, Title: clean(chat.Title, maxChatTitle), Forum: chat.IsForum}
	if m != nil && m.IsTopicMessage {
		g.Thread = int64(m.MessageThreadID)
	}
	return g
}

// clean returns text that a database takes, with at most limit code points.
func clean(text string, limit int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	if utf8.RuneCountInString(text) > limit {
		text = string([]rune(text)[:limit])
	}
	return text
}

// translateGroupMessage reads a message in a group: a command to the bot, or the news that the
// group became a supergroup. What people say to each other is none of its business.
func (b *Bot) translateGroupMessage(u *telego.Update) (incoming, bool) {
	m := u.Message
	switch {
	case m.MigrateToChatID < 0:
		return b.migrated(u, m.Chat.ID, m.MigrateToChatID), true
	case m.MigrateFromChatID < 0:
		return b.migrated(u, m.MigrateFromChatID, m.Chat.ID), true
	case m.From == nil || !strings.HasPrefix(m.Text, "/"):
		return incoming{}, false
	}
	anonymous := m.SenderChat != nil && m.SenderChat.ID == m.Chat.ID
	said, to := command(ui.Context{}, m.Text), addressee(m.Text)
	if m.From.IsBot && !anonymous || to != "" && !strings.EqualFold(to, b.self.Username) {
		return incoming{}, false
	}
	if !ui.KnownInGroups(said.Name) && (to == "" || !ui.PrivateAlone(said.Name)) {
		return incoming{}, false
	}
	c := b.context(u, m.From)
	c.Group = groupOf(m.Chat, m)
	person := m.From.ID
	if anonymous { // whose account is that of all who are
		c.Group.Anonymous, person = true, m.Chat.ID
	}
	return fromGroup(c, person, ui.GroupCommand{Context: c, Name: said.Name}), true
}

// addressee returns the bot that a command names; "": none.
func addressee(text string) string {
	_, name, _ := strings.Cut(strings.Fields(text)[0], "@")
	return name
}

// migrated tells of a group that became a supergroup to the session of that.
func (b *Bot) migrated(u *telego.Update, from, to int64) incoming {
	by := u.Message.From
	if by == nil {
		by = &telego.User{ID: b.id, FirstName: b.self.Username}
	}
	c := b.context(u, by)
	c.Group = groupOf(u.Message.Chat, nil)
	c.Group.ID = to
	return fromGroup(c, 0, ui.GroupMigrated{Context: c, From: from, To: to})
}

// translateStanding reads what became of the bot in a group.
func (b *Bot) translateStanding(u *telego.Update) (incoming, bool) {
	m := u.MyChatMember
	b.admins.drop(m.Chat.ID)
	c := b.context(u, &m.From)
	c.Group = groupOf(m.Chat, nil)
	was, is := m.OldChatMember.MemberIsMember(), m.NewChatMember.MemberIsMember()
	switch {
	case is:
		return fromGroup(c, 0, ui.GroupEntered{Context: c, Added: !was}), true
	case was:
		return fromGroup(c, 0, ui.GroupLeft{Context: c}), true
	}
	return incoming{}, false
}

func (b *Bot) translateGroupPress(u *telego.Update) (incoming, bool) {
	q := u.CallbackQuery
	c := b.context(u, &q.From)
	c.Group = groupOf(q.Message.GetChat(), q.Message.Message())
	c.Message, c.Callback = int64(q.Message.GetMessageID()), q.ID
	return fromGroup(c, q.From.ID, ui.GroupPress{Context: c, Data: q.Data}), true
}
