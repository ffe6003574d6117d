package sandbox

import (
	"strings"

	"github.com/mymmrac/telego"
)

// sentence says what a service message is about, as an application would show it; empty: it is
// none.
func sentence(s *telego.Message) string {
	switch {
	case s == nil:
		return ""
	case s.GroupChatCreated, s.SupergroupChatCreated:
		return "created the group"
	case len(s.NewChatMembers) > 0:
		names := make([]string, len(s.NewChatMembers))
		for i := range s.NewChatMembers {
			names[i] = fullName(&s.NewChatMembers[i])
		}
		return "added " + strings.Join(names, ", ")
	case s.LeftChatMember != nil:
		return fullName(s.LeftChatMember) + " left the group"
	case s.MigrateToChatID != 0:
		return "made the group a supergroup"
	case s.MigrateFromChatID != 0:
		return "the supergroup was a group before"
	case s.PinnedMessage != nil:
		return "pinned a message"
	case s.ForumTopicCreated != nil:
		return "opened the topic " + s.ForumTopicCreated.Name
	}
	return ""
}
