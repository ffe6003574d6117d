package ui

import (
	"okolo/persistence/model"
)

// LoadCommunity asks for a group and what is to be shown of it; its result is [CommunityLoaded].
type LoadCommunity struct {
	Context
	Chat   int64
	Role   bool // load also what the person is in it
	Events int  // and so many of its events; 0: none
}

// CommunityLoaded is the result of [LoadCommunity].
type CommunityLoaded struct {
	Context
	Chat   model.Chat
	Known  bool // the database knows the group
	Role   Role
	Events []model.Seen // those to come, the soonest first
	Lang   string       // in which the bot speaks with the person, where it knows them
	Err    error
}

// Role is what a person is in a group.
type Role uint8

// The roles.
const (
	Outsider Role = iota // or one who was removed
	Unseen               // the group does not let the bot see who is a member
	Member
	Admin
)

// What a group is loaded for. Each is the end of a turn that began with a command, a press or a
// deep link.
type (
	// greeting says what the bot does.
	greeting struct{}
	// listing shows a page of the events.
	listing struct{ page int64 }
	// attending has the person join or leave an event. The message that was pressed is page-1 of
	// the list; where page is 0 it is the event's announcement, which the database has edited.
	attending struct {
		command model.Command
		page    int64
	}
	// settling shows the settings, or changes one of them first.
	settling struct{ field, value int64 }
	// drafting opens the wizard for an event of the group, and publishing ends it.
	drafting   struct{}
	publishing struct{}
)

// ofGroup loads the group that an input comes from, and goes on with next.
func (s State) ofGroup(c Context, next any) Turn {
	c.next = next
	load := LoadCommunity{Context: c, Chat: c.Group.ID}
	switch next.(type) {
	case listing:
		load.Events = maxGroupEvents
	case settling:
		load.Role = true
	}
	return Turn{Next: s, Await: []any{load}}
}

// communityLoaded goes on with what a group was loaded for.
func (s State) communityLoaded(in CommunityLoaded) Turn {
	c := in.Context
	if in.Lang != "" {
		c.From.Lang = in.Lang
	}
	if in.Err != nil {
		return s.unreadGroup(c)
	}
	if c.Group.ID != 0 && (c.Callback == "" || !in.Known) && in.outdated() {
		// The bot may have been off when it was added, or when the group got another name.
		in.Context, in.Known, in.Chat.Left, in.Chat.Title = c, true, false, c.Group.Title
		c.next = in
		return s.enter(c, 0)
	}
	switch next := c.next.(type) {
	case greeting:
		return s.showGreeting(c, in.Chat)
	case listing:
		return s.showGroupEvents(c, in, next.page)
	case attending:
		return s.attend(c, next)
	case settling:
		return s.settle(c, in, next)
	case drafting:
		return s.openDraftFor(c, in)
	case publishing:
		return s.publishFor(c, in)
	}
	return Turn{Next: s}
}

// unreadGroup says that the database could not be read or written; what the bot does can be told
// all the same.
func (s State) unreadGroup(c Context) Turn {
	if _, ok := c.next.(greeting); ok {
		return s.showGreeting(c, model.Chat{ID: c.Group.ID, Title: c.Group.Title})
	}
	return s.tell(c, "cannot_read")
}

// outdated reports whether the database does not know that the bot is in the group, or by which
// name.
func (in CommunityLoaded) outdated() bool {
	return !in.Known || in.Chat.Left || in.Chat.Title != in.Group.Title
}

// attend writes that the person joins or leaves.
func (s State) attend(c Context, a attending) Turn {
	switch command := a.command.(type) {
	case model.JoinEvent:
		command.By = s.by(c)
		return s.write(c, command)
	case model.LeaveEvent:
		command.By = s.by(c)
		return s.write(c, command)
	}
	return Turn{Next: s}
}

// groupWritten goes on after a write for a group, in the words that its outcome calls for.
func (s State) groupWritten(in Written) Turn {
	c := in.Context
	if loaded, ok := c.next.(CommunityLoaded); ok { // what the write was on the way to
		return s.communityLoaded(loaded)
	}
	switch _, hello := c.next.(greeting); {
	case in.Err != nil && hello:
		return s.unreadGroup(c)
	case in.Err != nil:
		return s.tell(c, refusal(in.Err, "not_done"))
	}
	s.checkpoint(&c)
	switch next := c.next.(type) {
	case greeting:
		return s.ofGroup(c, next)
	case attending:
		c.Toast = s.tongue(c).say(outcome(in))
		if next.page > 0 {
			return s.ofGroup(c, listing{next.page - 1})
		}
	case settling:
		c.Toast = s.tongue(c).say("settings_saved")
		return s.ofGroup(c, settling{})
	}
	return Turn{Next: s, Emit: c.answer()}
}

// outcome names the sentence that says what became of joining or leaving.
func outcome(in Written) string {
	switch _, leaves := in.Command.(model.LeaveEvent); {
	case leaves:
		return "left"
	case in.Answer.Part == model.Waiting:
		return "joined_waiting"
	}
	return "joined"
}
