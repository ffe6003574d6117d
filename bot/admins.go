package bot

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/mymmrac/telego"
	tu "github.com/mymmrac/telego/telegoutil"

	"okolo/bot/ui"
)

const (
	// adminsLife is how long it is remembered who administers a group, where nothing tells that
	// it has changed.
	adminsLife = 5 * time.Minute
	// adminsTable is how many groups' administrators are remembered, of those asked about last. A
	// group has at most some fifty.
	adminsTable = 1000
)

// admins remembers who administers groups.
type admins struct {
	mu           sync.Mutex
	chats        *lru.Cache[int64, adminList]
	drops        uint64
	hits, misses atomic.Uint64
}

// adminList is who administers a group.
type adminList struct {
	people []int64
	until  time.Time // when it is to be asked for anew
}

func newAdmins() (*admins, error) {
	chats, err := lru.New[int64, adminList](adminsTable)
	if err != nil {
		return nil, fmt.Errorf("make the table of administrators: %w", err)
	}
	return &admins{chats: chats}, nil
}

// of returns who administers a group; ask asks Telegram.
func (a *admins) of(chat int64, now time.Time, ask func() ([]int64, error)) ([]int64, error) {
	a.mu.Lock()
	list, ok := a.chats.Get(chat)
	drops := a.drops
	a.mu.Unlock()
	if ok && now.Before(list.until) {
		a.hits.Add(1)
		return list.people, nil
	}
	a.misses.Add(1)
	people, err := ask()
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if drops == a.drops { // what was asked may be older than what dropped it
		a.chats.Add(chat, adminList{people, now.Add(adminsLife)})
	}
	return people, nil
}

// drop forgets who administers a group.
func (a *admins) drop(chat int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.drops++
	a.chats.Remove(chat)
}

// dropChanged forgets who administers a group where a member became an administrator, or one
// stopped being one.
func (a *admins) dropChanged(m *telego.ChatMemberUpdated) {
	if isAdmin(m.OldChatMember) != isAdmin(m.NewChatMember) {
		a.drop(m.Chat.ID)
	}
}

func isAdmin(m telego.ChatMember) bool {
	return m.MemberStatus() == telego.MemberStatusCreator || m.MemberStatus() == telego.MemberStatusAdministrator
}

// role returns what a person is in the group that they press a button in or write to, where they
// are a member.
func (b *Bot) role(ctx context.Context, c ui.Context) (ui.Role, error) {
	if c.Group.Anonymous {
		return ui.Admin, nil
	}
	people, err := b.admins.of(c.Group.ID, b.Now(), func() ([]int64, error) {
		all, err := b.API.GetChatAdministrators(ctx, &telego.GetChatAdministratorsParams{ChatID: tu.ID(c.Group.ID)})
		if err != nil {
			return nil, fmt.Errorf("ask who administers a group: %w", err)
		}
		people := make([]int64, len(all))
		for i, m := range all {
			people[i] = m.MemberUser().ID
		}
		return people, nil
	})
	switch {
	case err != nil:
		return ui.Outsider, err
	case slices.Contains(people, c.From.ID):
		return ui.Admin, nil
	}
	return ui.Member, nil
}

// membership asks Telegram what a person is in a group that they are not in just now.
func (b *Bot) membership(ctx context.Context, chat, person int64) (ui.Role, error) {
	m, err := b.API.GetChatMember(ctx, &telego.GetChatMemberParams{ChatID: tu.ID(chat), UserID: person})
	switch {
	case isMembersHidden(err):
		return ui.Unseen, nil
	case isNoMember(err), isBlocked(err):
		return ui.Outsider, nil
	case err != nil:
		return ui.Outsider, fmt.Errorf("ask whether a person is in a group: %w", err)
	case isAdmin(m):
		return ui.Admin, nil
	case m.MemberIsMember():
		return ui.Member, nil
	}
	return ui.Outsider, nil
}
