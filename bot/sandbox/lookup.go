package sandbox

import "github.com/mymmrac/telego"

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
		Permissions: &telego.ChatPermissions{CanSendMessages: &yes, CanSendPhotos: &yes, CanSendDocuments: &yes, CanInviteUsers: &yes},
	}
	if m := c.find(c.group.pinned); m != nil {
		full.PinnedMessage = c.plain(m, c.telegram())
	}
	return full
}

func (c *call) getFile() (any, error) {
	id := c.text("file_id")
	if id == "" {
		return nil, badRequest("file_id not specified")
	}
	f := c.server.files.get(id)
	switch {
	case f == nil:
		return nil, badRequest("wrong file_id or the file is temporarily unavailable")
	case len(f.data) > maxDownload:
		return nil, badRequest("file is too big")
	}
	return telego.File{FileID: f.id, FileUniqueID: f.unique, FileSize: int64(len(f.data)), FilePath: f.path}, nil
}
