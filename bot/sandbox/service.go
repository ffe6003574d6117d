package sandbox

import (
	"strings"

	"github.com/mymmrac/telego"
)

// sentence says what a service message of an author is about, as an application would show it;
// empty: it is none.
func sentence(by Author, s *telego.Message) string {
	switch {
	case s == nil:
		return ""
	case s.GroupChatCreated, s.SupergroupChatCreated:
		return by.Name + " created the group"
	case len(s.NewChatMembers) == 1 && s.NewChatMembers[0].ID == by.ID:
		return by.Name + " joined the group"
	case len(s.NewChatMembers) > 0:
		names := make([]string, len(s.NewChatMembers))
		for i := range s.NewChatMembers {
			names[i] = fullName(&s.NewChatMembers[i])
		}
		return by.Name + " added " + strings.Join(names, ", ")
	case s.LeftChatMember != nil && s.LeftChatMember.ID == by.ID:
		return by.Name + " left the group"
	case s.LeftChatMember != nil:
		return by.Name + " removed " + fullName(s.LeftChatMember)
	case s.MigrateToChatID != 0:
		return by.Name + " made the group a supergroup"
	case s.MigrateFromChatID != 0:
		return "The group became a supergroup"
	case s.PinnedMessage != nil:
		return by.Name + " pinned a message"
	case s.NewChatTitle != "":
		return by.Name + " named the group " + s.NewChatTitle
	case s.ForumTopicCreated != nil:
		return by.Name + " opened the topic " + s.ForumTopicCreated.Name
	case s.ForumTopicEdited != nil:
		return by.Name + " named the topic " + s.ForumTopicEdited.Name
	case s.ForumTopicClosed != nil:
		return by.Name + " closed the topic"
	case s.ForumTopicReopened != nil:
		return by.Name + " opened the topic again"
	}
	return ""
}
