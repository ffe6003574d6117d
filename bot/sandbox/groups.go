package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// CreateGroup makes a group, and lets its first members in.
func (p *Person) CreateGroup(ctx context.Context, g NewGroup) (GroupInfo, error) {
	return p.group(ctx, http.MethodPost, "", g)
}

// Group returns a group that the person is in.
func (p *Person) Group(ctx context.Context, id int64) (GroupInfo, error) {
	return p.group(ctx, http.MethodGet, fmt.Sprintf("/%d", id), nil)
}

// SetMember adds someone to a group, removes them, or changes what they may. Bots and people
// are named by their ids.
func (p *Person) SetMember(ctx context.Context, group, who int64, as Membership) (GroupInfo, error) {
	return p.group(ctx, http.MethodPut, fmt.Sprintf("/%d/members/%d", group, who), as)
}

// Migrate makes a supergroup of a group, and returns it.
func (p *Person) Migrate(ctx context.Context, group int64) (GroupInfo, error) {
	return p.group(ctx, http.MethodPost, fmt.Sprintf("/%d/migration", group), nil)
}

func (p *Person) group(ctx context.Context, method, path string, in any) (GroupInfo, error) {
	var g GroupInfo
	err := p.people.do(ctx, method, p.base+"/groups"+path, in, &g)
	return g, err
}

// CreateTopic opens a topic of a forum.
func (p *Person) CreateTopic(ctx context.Context, group int64, name string) (Topic, error) {
	var t Topic
	err := p.people.do(ctx, http.MethodPost, fmt.Sprintf("%s/groups/%d/topics", p.base, group), Topic{Name: name}, &t)
	return t, err
}

// SetBot changes what a bot's owner sets; the bot is named by id or username.
func (p *Person) SetBot(ctx context.Context, bot string, set BotSettings) error {
	return p.people.do(ctx, http.MethodPut, p.base+"/bots/"+url.PathEscape(bot), set, nil)
}

// In is the person in a group: what they say, press and see there.
func (p *Person) In(group int64) *Person {
	return &Person{
		Profile: p.Profile, Bot: p.Bot, people: p.people, base: p.base,
		chat: p.base + "/chats/" + strconv.FormatInt(group, 10), seen: map[int64]Message{},
	}
}
