package ui

import (
	"slices"

	"okolo/persistence/model"
)

// What comes from a group goes to a session of the group's own. That remembers nothing but which
// updates it has handled: what its messages show is in their buttons and in the database. Several
// people press the same buttons, each told the outcome in their own language.

// Group is a group, as an input from it tells.
type Group struct {
	ID        int64 // of the chat; 0: not from a group
	Title     string
	Thread    int64 // the forum topic; 0: none
	Forum     bool  // it has topics
	Anonymous bool  // an administrator wrote in the group's name
}

// GroupCommand is a command to the bot in a group.
type GroupCommand struct {
	Context
	Name string // without the slash, lower case
}

// GroupPress is the press of a button on a message in a group.
type GroupPress struct {
	Context
	Data string
}

// GroupEntered says that the bot was added to a group, or may do more or less there.
type GroupEntered struct {
	Context
	Added bool
}

// GroupLeft says that the bot was removed from a group.
type GroupLeft struct{ Context }

// GroupMigrated says that a group has become a supergroup, which is another chat.
type GroupMigrated struct {
	Context
	From, To int64
}

// KnownInGroups reports whether a command in a group may be for the bot. Any other is for another
// bot, as groups have several.
func KnownInGroups(name string) bool {
	switch name {
	case "start", "events", "create", "help", "settings":
		return true
	}
	return false
}

// PrivateAlone reports whether a command is one that people give in their own chat with the bot
// alone. In a group it is answered where it names the bot.
func PrivateAlone(name string) bool {
	return !KnownInGroups(name) && slices.ContainsFunc(Commands(languages[0]), func(c CommandInfo) bool { return c.Name == name })
}

// groupCommand handles a command.
func (s State) groupCommand(in GroupCommand) Turn {
	c := in.Context
	switch in.Name {
	case "start", "events", "create":
		return s.ofGroup(c, listing{})
	case "help":
		return s.ofGroup(c, greeting{})
	case "settings":
		return s.ofGroup(c, settling{})
	}
	if PrivateAlone(in.Name) {
		return s.tell(c, "group_private_command")
	}
	return Turn{Next: *c.before}
}

// groupPress handles a button, of whatever age the message is that it is on.
func (s State) groupPress(in GroupPress) Turn {
	c := in.Context
	d, err := decode(in.Data)
	if err != nil {
		return s.tell(c, "old_button")
	}
	switch d.action {
	case actGroupEvents:
		return s.ofGroup(c, listing{page: d.arg(0)})
	case actGroupJoin:
		return s.ofGroup(c, attending{model.JoinEvent{Event: d.arg(0)}, d.arg(1)})
	case actGroupLeave:
		return s.ofGroup(c, attending{model.LeaveEvent{Event: d.arg(0)}, d.arg(1)})
	case actGroupSet:
		return s.ofGroup(c, settling{field: d.arg(0), value: d.arg(1)})
	}
	return s.tell(c, "old_button")
}

// groupPressAgain shows the outcome of a press once more. To join or leave again changes nothing;
// settings may have been changed by others since.
func (s State) groupPressAgain(in GroupPress) Turn {
	if d, err := decode(in.Data); err == nil && d.action == actGroupSet {
		return s.ofGroup(in.Context, settling{})
	}
	return s.groupPress(in)
}

// groupEntered notes that the bot is in a group, and says hello where it came just now.
func (s State) groupEntered(in GroupEntered) Turn {
	c := in.Context
	c.silent = true // nobody asked
	if in.Added {
		c.next = greeting{}
	}
	return s.enter(c, 0)
}

// enter notes that the bot is in the group that c comes from.
func (s State) enter(c Context, topic int64) Turn {
	return s.write(c, model.EnterCommunity{By: s.by(c), Community: c.Group.ID, Title: c.Group.Title, Topic: topic})
}

// groupLeft notes that nothing can be written to the group any more.
func (s State) groupLeft(in GroupLeft) Turn {
	in.silent = true
	return s.write(in.Context, model.LeaveCommunity{By: s.by(in.Context), Community: in.Group.ID})
}

// groupMigrated has the events of a group move with it.
func (s State) groupMigrated(in GroupMigrated) Turn {
	in.silent = true
	return s.write(in.Context, model.MoveCommunity{By: s.by(in.Context), From: in.From, To: in.To, Title: in.Group.Title})
}

// showGreeting says what the bot does in a group.
func (s State) showGreeting(c Context, g model.Chat) Turn {
	s.Screen = ScreenGroup
	t := s.groupTongue(c, g)
	return s.present(c, Message{Text: t.html("group_greeting"), Buttons: [][]Button{{
		{Text: t.say("button_group_events"), Data: s.encode(actGroupEvents, 0)},
		{Text: t.say("button_create"), URL: c.Self.createLink(c.Group.ID)},
	}}})
}

// note tells who wrote a command that the group takes no answer to it; nil: nobody did, or one of
// its anonymous administrators.
func (s State) note(c Context) *Note {
	if c.Group.ID == 0 || c.Group.Anonymous || c.silent {
		return nil
	}
	return &Note{Person: c.From.ID, Text: s.tongue(c).html("group_mute", "Title", line(c.Group.Title))}
}

// groupTongue is the language of a message in a group: the one that its administrators chose, or
// else that of whoever asked for it.
func (s State) groupTongue(c Context, g model.Chat) *tongue {
	return State{Lang: g.Lang}.tongue(c)
}
