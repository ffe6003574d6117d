package model

import (
	"errors"
	"fmt"
	"time"
)

// Chat is a community as it stands in the database: a chat on Telegram that the bot was added to,
// or that events were made for.
type Chat struct {
	ID    int64 // Telegram chat id; negative
	Title string
	Topic int64 // the forum topic that the bot writes into (message_thread_id); 0: none
	Left  bool  // the bot is not in the chat
	Settings
}

// NoTopic as the topic of an [EnterCommunity] has the bot write outside of topics again.
const NoTopic = -1

// EnterCommunity notes that the bot is in a chat: it was added or promoted, or somebody who may
// says where it is to write. To say it again changes nothing.
type EnterCommunity struct {
	By        Person
	Community int64 // Telegram chat id
	Title     string
	Topic     int64 // of a forum, to write into; 0: as it was; [NoTopic]: none
}

// LeaveCommunity notes that the bot is not in a chat any more: nothing is written there until it
// is again. The settings stay.
type LeaveCommunity struct {
	By        Person
	Community int64 // Telegram chat id
}

// MoveCommunity gives a group's events, settings and announcements to the supergroup that it has
// become. What asks for the group from then on is about the supergroup. To move it again changes
// nothing: Telegram tells of it in both chats, in either order.
type MoveCommunity struct {
	By       Person
	From, To int64 // Telegram chat ids
	Title    string
}

// Announcement is the message that shows an event in its community's chat.
type Announcement struct {
	Event   int64
	Chat    Chat
	Message int64 // to edit; 0: to send anew
}

// What becomes of an announcement that cannot be shown. After any other error it is tried again,
// each time later.
var (
	// ErrMessageGone: the message to edit was deleted, or cannot be edited any more.
	ErrMessageGone = errors.New("the message is gone")
	// ErrChatLeft: the bot is not in the chat, or there is no such chat any more.
	ErrChatLeft = errors.New("the bot is not in the chat")
	// ErrMayNotWrite: the chat does not let the bot write.
	ErrMayNotWrite = errors.New("the bot may not write in the chat")
)

// LaterError says that Telegram wants nothing for a chat for a while, and that nothing was sent.
type LaterError struct{ After time.Duration }

func (e *LaterError) Error() string {
	return fmt.Sprintf("the chat takes messages again in %v", e.After)
}

// Actor implements [Command].
func (c EnterCommunity) Actor() Person { return c.By }

// Actor implements [Command].
func (c LeaveCommunity) Actor() Person { return c.By }

// Actor implements [Command].
func (c MoveCommunity) Actor() Person { return c.By }

// Validate checks that there are two chats.
func (c MoveCommunity) Validate() error {
	if c.From == 0 || c.To == 0 || c.From == c.To {
		return &InvalidError{"chat", "the same or none"}
	}
	return nil
}
