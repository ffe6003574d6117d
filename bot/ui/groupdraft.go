package ui

import (
	"strconv"
	"strings"

	"okolo/persistence/model"
)

// createLinkPrefix stands before a group's chat id, without its sign and in base 36, in the
// argument of /start.
const createLinkPrefix = "g_"

// createLink is the address that opens the wizard for an event of a group, in the private chat
// with the bot.
func (b Self) createLink(group int64) string {
	return "https://t.me/" + b.Username + "?start=" + createLinkPrefix + strconv.FormatInt(-group, 36)
}

// parseCreateLink reads the argument that createLink gives to /start.
func parseCreateLink(arg string) (group int64, ok bool) {
	number, ok := strings.CutPrefix(arg, createLinkPrefix)
	id, err := strconv.ParseInt(number, 36, 64)
	return -id, ok && err == nil && id > 0
}

// addLink is the address that lets a person add the bot to a group.
func (b Self) addLink() string { return "https://t.me/" + b.Username + "?startgroup" }

// draftFor loads a group to open the wizard for it.
func (s State) draftFor(c Context, group int64) Turn {
	c.next = drafting{}
	return Turn{Next: s, Await: []any{LoadCommunity{Context: c, Chat: group, Role: true}}}
}

// openDraftFor opens the wizard for an event of a group. What the person had begun becomes one of
// the group.
func (s State) openDraftFor(c Context, in CommunityLoaded) Turn {
	if refused := unwelcome(in); refused != "" {
		return s.tell(c, refused)
	}
	s.Screen = ScreenWizard
	d := Draft{ID: c.Update}
	if s.Draft != nil {
		d = *s.Draft
	}
	if d.Event != 0 {
		return s.showWizard(c, "finish_edit_first")
	}
	if d.Community != in.Chat.ID {
		d.Community, d.Revision = in.Chat.ID, s.Revision
	}
	d.CommunityTitle = line(in.Chat.Title)
	s.Draft = &d
	return s.showWizard(c, "")
}

// unwelcome names the sentence that says why the person cannot create events for a group; "":
// they can, as far as it is known here.
func unwelcome(in CommunityLoaded) string {
	switch {
	case !in.Known || in.Chat.Left:
		return "group_unknown"
	case in.Role == Unseen:
		return "group_members_unseen"
	case in.Role == Outsider:
		return "group_not_member"
	case !in.Chat.Creators.Let(in.Role == Admin):
		return "not_allowed"
	}
	return ""
}

// publishFor writes the draft as an event of the group that was loaded, if the person still may.
func (s State) publishFor(c Context, in CommunityLoaded) Turn {
	if refused := unwelcome(in); refused != "" && refused != "not_allowed" { // that, the write says
		return s.tell(c, refused)
	}
	if s.Draft == nil {
		return s.tell(c, "draft_gone")
	}
	c.next = in
	return s.write(c, model.CreateCommunityEvent{
		By: s.by(c), Admin: in.Role == Admin, Community: in.Chat.ID, CommunityTitle: in.Chat.Title,
		Draft: s.Draft.ID, Details: s.Draft.details(),
	})
}

// announced names the sentence that says where an event of a group is to be seen.
func announced(c Context) string {
	if in, ok := c.next.(CommunityLoaded); ok && in.Chat.Quiet {
		return "saved_for_quiet_group"
	}
	return "saved_for_group"
}
