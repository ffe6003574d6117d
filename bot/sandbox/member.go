package sandbox

import (
	"github.com/mymmrac/telego"
)

// member is a person or a bot in a group.
type member struct {
	person *person
	bot    *bot
	Membership
	promotedBy *bot // who may change the rights; nil: a person
}

// Membership is what someone is in a group.
type Membership struct {
	// Status is "creator", "administrator", "member", "restricted", "left" or "kicked", in the
	// Bot API's words.
	Status string `json:"status"`
	// Rights are those of an administrator.
	Rights Rights `json:"rights,omitzero"`
	// Anonymous is an administrator who writes as the group.
	Anonymous bool `json:"anonymous,omitempty"`
	// Permissions are what someone restricted may do still.
	Permissions Permissions `json:"permissions,omitzero"`
}

// Rights are what an administrator may do.
type Rights struct {
	DeleteMessages  bool `json:"delete_messages,omitempty"`
	RestrictMembers bool `json:"restrict_members,omitempty"`
	PromoteMembers  bool `json:"promote_members,omitempty"`
	ChangeInfo      bool `json:"change_info,omitempty"`
	InviteUsers     bool `json:"invite_users,omitempty"`
	PinMessages     bool `json:"pin_messages,omitempty"`
	ManageTopics    bool `json:"manage_topics,omitempty"`
}

// Permissions are what someone may send.
type Permissions struct {
	SendMessages  bool `json:"can_send_messages,omitempty"` // texts, contacts, locations
	SendAudios    bool `json:"can_send_audios,omitempty"`
	SendDocuments bool `json:"can_send_documents,omitempty"`
	SendPhotos    bool `json:"can_send_photos,omitempty"`
	SendVideos    bool `json:"can_send_videos,omitempty"`
	SendVoices    bool `json:"can_send_voice_notes,omitempty"`
	SendPolls     bool `json:"can_send_polls,omitempty"`
	SendOther     bool `json:"can_send_other_messages,omitempty"` // animations, stickers, dice
}

// allPermissions restrict nobody.
var allPermissions = Permissions{true, true, true, true, true, true, true, true}

func (m *member) user() *telego.User {
	if m.bot != nil {
		return m.bot.user()
	}
	return m.person.user()
}

// inside reports whether the member is there.
func (m *member) inside() bool {
	return m != nil && m.Status != telego.MemberStatusLeft && m.Status != telego.MemberStatusBanned
}

func (m *member) admin() bool {
	return m != nil && (m.Status == telego.MemberStatusCreator || m.Status == telego.MemberStatusAdministrator)
}

// may reports whether an administrator has a right; a creator has all.
func (m *member) may(right func(Rights) bool) bool {
	return m != nil && (m.Status == telego.MemberStatusCreator || m.Status == telego.MemberStatusAdministrator && right(m.Rights))
}

// mayWrite reports why the member may not send something, if so, in td's words.
func (m *member) mayWrite(what *content) error {
	if m.Status != telego.MemberStatusRestricted {
		return nil
	}
	p, kind := m.Permissions, ""
	if what.file != nil {
		kind = what.file.kind.parameter
	}
	needs := func(has bool, what string) error {
		if has {
			return nil
		}
		return badRequest("not enough rights to send %s to the chat", what)
	}
	switch {
	case kind == "photo":
		return needs(p.SendPhotos, "photos")
	case kind == "document":
		return needs(p.SendDocuments, "documents")
	case kind == "audio":
		return needs(p.SendAudios, "music")
	case kind == "video":
		return needs(p.SendVideos, "videos")
	case kind == "voice":
		return needs(p.SendVoices, "voice notes")
	case kind == "animation":
		return needs(p.SendOther, "animations")
	case kind == "sticker":
		return needs(p.SendOther, "stickers")
	case what.dice != nil:
		return needs(p.SendOther, "dice")
	case what.poll != nil:
		return needs(p.SendPolls, "polls")
	case what.contact != nil:
		return needs(p.SendMessages, "contacts")
	case what.venue != nil:
		return needs(p.SendMessages, "venues")
	case what.location != nil && what.location.LivePeriod != 0:
		return needs(p.SendMessages, "live locations")
	case what.location != nil:
		return needs(p.SendMessages, "locations")
	}
	return needs(p.SendMessages, "text messages")
}

// telegram is the member as the bots see it.
func (m *member) telegram() telego.ChatMember {
	u, r, p := *m.user(), m.Rights, m.Permissions
	switch m.Status {
	case telego.MemberStatusCreator:
		return &telego.ChatMemberOwner{Status: m.Status, User: u, IsAnonymous: m.Anonymous}
	case telego.MemberStatusAdministrator:
		return &telego.ChatMemberAdministrator{
			Status: m.Status, User: u, IsAnonymous: m.Anonymous, CanManageChat: true, CanBeEdited: m.promotedBy != nil,
			CanDeleteMessages: r.DeleteMessages, CanRestrictMembers: r.RestrictMembers, CanPromoteMembers: r.PromoteMembers,
			CanChangeInfo: r.ChangeInfo, CanInviteUsers: r.InviteUsers, CanPinMessages: r.PinMessages, CanManageTopics: r.ManageTopics,
		}
	case telego.MemberStatusRestricted:
		return &telego.ChatMemberRestricted{
			Status: m.Status, User: u, IsMember: true,
			CanSendMessages: p.SendMessages, CanSendAudios: p.SendAudios, CanSendDocuments: p.SendDocuments,
			CanSendPhotos: p.SendPhotos, CanSendVideos: p.SendVideos, CanSendVoiceNotes: p.SendVoices,
			CanSendPolls: p.SendPolls, CanSendOtherMessages: p.SendOther,
		}
	case telego.MemberStatusLeft:
		return &telego.ChatMemberLeft{Status: m.Status, User: u}
	case telego.MemberStatusBanned:
		return &telego.ChatMemberBanned{Status: m.Status, User: u}
	}
	return &telego.ChatMemberMember{Status: telego.MemberStatusMember, User: u}
}
