package bot

import (
	"context"
	"errors"
	"strings"

	"github.com/mymmrac/telego/telegoapi"
)

// refused reports whether the Bot API answered with that code and a description that has
// one of the phrases. Telegram gives errors no finer code than that of HTTP.
func refused(err error, code int, phrases ...string) bool {
	var api *telegoapi.Error
	if !errors.As(err, &api) || api.ErrorCode != code {
		return false
	}
	description := strings.ToLower(api.Description)
	for _, p := range phrases {
		if strings.Contains(description, p) {
			return true
		}
	}
	return len(phrases) == 0
}

// isNotModified: an edit that changes nothing.
func isNotModified(err error) bool { return refused(err, 400, "message is not modified") }

// isGone: an edit of a message that was deleted, or is too old, or cannot show this: a picture
// does not become a text, and a server may not know how to edit.
func isGone(err error) bool {
	return isUnknown(err) || refused(err, 400, "message to edit not found", "message can't be edited", "message_id_invalid",
		"there is no text in the message to edit")
}

// isWordsOnly: the server has no such method, or refuses what is beside the words of a message, or
// there is no picture. Where it is the message or the chat that it refuses, it says so again when
// it gets the words.
func isWordsOnly(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false // what took too long is tried again
	}
	return errors.Is(err, errNoPicture) || isUnknown(err) || refused(err, 413) ||
		refused(err, 400) && !isGone(err) && !isNotModified(err)
}

// isTooLate: an answer to a press that Telegram no longer waits for.
func isTooLate(err error) bool { return refused(err, 400, "query is too old", "query_id_invalid") }

// isBlocked: the person blocked the bot, or never started it, or is gone.
func isBlocked(err error) bool { return refused(err, 403) }

// isOutside: the bot is not in the group (any more), or there is no such group.
func isOutside(err error) bool {
	return refused(err, 403) || refused(err, 400, "chat not found", "group chat was deactivated", "peer_id_invalid", "channel_private")
}

// isMute: the group, or its topic, does not let the bot write.
func isMute(err error) bool {
	return refused(err, 400, "not enough rights", "have no rights to send", "chat_write_forbidden", "chat_restricted",
		"chat_send_plain_forbidden", "need administrator rights") || isTopicClosed(err)
}

// isTopicClosed: nobody but its keepers writes into the topic.
func isTopicClosed(err error) bool { return refused(err, 400, "topic_closed") }

// isTopicGone: the topic was deleted.
func isTopicGone(err error) bool {
	return refused(err, 400, "message thread not found", "topic_deleted", "topic_id_invalid")
}

// isNoMember: the person is not known in the group, or the bot is not in it.
func isNoMember(err error) bool {
	return isOutside(err) || refused(err, 400, "participant_id_invalid", "user not found", "member not found", "user_not_participant",
		"user_id_invalid")
}

// isMembersHidden: the group tells only administrators who its members are.
func isMembersHidden(err error) bool {
	return refused(err, 400, "member list is inaccessible", "chat_admin_required")
}

// isBadFile: a file id that the server does not know (any more).
func isBadFile(err error) bool {
	return refused(err, 400, "wrong file identifier", "wrong remote file")
}

// isUnauthorized: the token is not (or no longer) that of a bot.
func isUnauthorized(err error) bool { return refused(err, 401) || isUnknown(err) }

// isUnknown: there is no such bot, or no such method, or no Bot API at this address.
func isUnknown(err error) bool { return refused(err, 404) }

// isConflict: somebody else takes the bot's updates.
func isConflict(err error) bool { return refused(err, 409) }

// isUndecodable: the call was answered, and telego could not decode the answer. It wraps no
// error of its own, so its words have to do.
func isUndecodable(err error) bool {
	return err != nil && strings.Contains(err.Error(), "unmarshal to")
}
