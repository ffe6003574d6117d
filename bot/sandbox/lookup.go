package sandbox

import (
	"strings"

	"github.com/mymmrac/telego"
)

// What a private chat has of colours and reactions, by td.
const (
	accentColours = 7
	maxReactions  = 11
)

func (c *call) getChat() (any, error) {
	in, err := c.target()
	if err != nil {
		return nil, err
	}
	if in.group != nil {
		return in.fullGroup(), nil
	}
	u := in.person.user()
	full := telego.ChatFullInfo{
		ID: u.ID, Type: telego.ChatTypePrivate, Username: u.Username, FirstName: u.FirstName, LastName: u.LastName,
		AccentColorID: int(u.ID % accentColours), MaxReactionCount: maxReactions,
	}
	if u.Username != "" {
		full.ActiveUsernames = []string{u.Username}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if m := in.pinned(); m != nil {
		full.PinnedMessage = in.plain(m, in.telegram())
	}
	return full, nil
}

// fullGroup is what getChat says of a group.
func (c *chat) fullGroup() telego.ChatFullInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	yes := true
	full := telego.ChatFullInfo{
		ID: c.key.chat, Type: c.group.kind(), Title: c.group.title, IsForum: c.group.forum,
		AccentColorID: int(-c.key.chat % accentColours), MaxReactionCount: maxReactions,
		Description: c.group.description,
		Permissions: &telego.ChatPermissions{
			CanSendMessages: &yes, CanSendAudios: &yes, CanSendDocuments: &yes, CanSendPhotos: &yes, CanSendVideos: &yes,
			CanSendVideoNotes: &yes, CanSendVoiceNotes: &yes, CanSendPolls: &yes, CanSendOtherMessages: &yes,
			CanAddWebPagePreviews: &yes, CanInviteUsers: &yes,
		},
	}
	if m := c.pinned(); m != nil {
		full.PinnedMessage = c.plain(m, c.telegram())
	}
	return full
}

var errNoFile = badRequest("wrong file_id or the file is temporarily unavailable")

func (c *call) getFile() (any, error) {
	id := c.text("file_id")
	if id == "" {
		return nil, badRequest("file_id not specified")
	}
	f := c.server.files.get(id)
	switch {
	case f == nil && !strings.HasPrefix(id, fileIDStart):
		return nil, badRequest("invalid file_id")
	case f == nil:
		return nil, errNoFile
	case f.size > maxDownload:
		return nil, badRequest("file is too big")
	}
	data, ok := c.server.files.read(f)
	if !ok {
		return nil, errNoFile
	}
	return telego.File{FileID: f.id, FileUniqueID: f.unique, FileSize: int64(len(data)), FilePath: f.path}, nil
}
