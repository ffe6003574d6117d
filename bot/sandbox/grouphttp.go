package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/mymmrac/telego"
)

var (
	errManyGroups   = badRequest("there are %d groups already", maxGroups)
	errSuperAlready = badRequest("the group is a supergroup already")
)

// NewGroup is a group to be made.
type NewGroup struct {
	Title      string   `json:"title"`
	Supergroup bool     `json:"supergroup,omitempty"`
	Forum      bool     `json:"forum,omitempty"`   // with topics; a supergroup
	Members    []int64  `json:"members,omitempty"` // people beside the one who makes it
	Bots       []string `json:"bots,omitempty"`    // by id or username
}

// GroupInfo is a group as its members see it.
type GroupInfo struct {
	ID      int64         `json:"id"`
	Title   string        `json:"title"`
	Type    string        `json:"type"` // "group" or "supergroup"
	Forum   bool          `json:"forum,omitempty"`
	MovedTo int64         `json:"moved_to,omitempty"` // the supergroup it has become
	Topics  []Topic       `json:"topics,omitempty"`
	Members []GroupMember `json:"members"`
}

// GroupMember is someone in a group.
type GroupMember struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Bot  bool   `json:"bot,omitempty"`
	Membership
}

// Topic is a part of a forum.
type Topic struct {
	ID   int64  `json:"id"` // its message_thread_id
	Name string `json:"name"`
	// Closed is a topic that only those write into who manage them.
	Closed bool `json:"closed,omitempty"`
}

// BotSettings are what a bot's owner sets with BotFather.
type BotSettings struct {
	Privacy bool `json:"privacy"` // in groups it sees only what is meant for it; on at first
	Inline  bool `json:"inline"`  // inline mode, with feedback; off at first
}

// serveGroups answers requests under /people/{id}/groups.
func (s *Server) serveGroups(r *http.Request, p *person, rest []string) (any, error) {
	if len(rest) == 0 {
		switch r.Method {
		case http.MethodGet:
			return s.groupsOf(p), nil
		case http.MethodPost:
			return s.serveNewGroup(r, p)
		}
		return nil, errNotFound
	}
	id, err := strconv.ParseInt(rest[0], 10, 64)
	c := s.groupChat(id)
	if err != nil || c == nil || !c.has(p) {
		return nil, &Error{http.StatusNotFound, "Not Found: no such group"}
	}
	switch what := r.Method + " " + strings.Join(rest[1:], "/"); {
	case what == "GET ":
		return c.info(), nil
	case what == "POST migration":
		to, err := c.migrate(p)
		if err != nil {
			return nil, err
		}
		return to.info(), nil
	case what == "POST topics":
		return c.serveTopic(r, p)
	case len(rest) == 3 && strings.HasPrefix(what, "PUT members/"):
		return c.serveMember(r, p, rest[2])
	}
	return nil, errNotFound
}

// groupsOf lists the groups that a person is in.
func (s *Server) groupsOf(p *person) []GroupInfo {
	list := []GroupInfo{}
	for _, c := range s.groupChatsOf(p) {
		list = append(list, c.info())
	}
	return list
}

// groupChatsOf returns the groups that a person is in, the newest last.
func (s *Server) groupChatsOf(p *person) []*chat {
	var list []*chat
	s.groups.Range(func(_, v any) bool {
		if c := v.(*chat); c.has(p) {
			list = append(list, c)
		}
		return true
	})
	slices.SortFunc(list, func(a, b *chat) int { return cmp.Compare(b.key.chat, a.key.chat) })
	return list
}

// has reports whether a person is in the group.
func (c *chat) has(p *person) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.group.members[p.id].inside()
}

func (c *chat) info() GroupInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.group
	i := GroupInfo{ID: c.key.chat, Title: g.title, Type: g.kind(), Forum: g.forum, MovedTo: g.movedTo}
	for id, t := range g.topics {
		i.Topics = append(i.Topics, Topic{id, t.name, t.closed})
	}
	slices.SortFunc(i.Topics, func(a, b Topic) int { return int(a.ID - b.ID) })
	for _, m := range g.sorted() {
		i.Members = append(i.Members, GroupMember{m.user().ID, fullName(m.user()), m.bot != nil, m.Membership})
	}
	return i
}

func fullName(u *telego.User) string { return strings.TrimSpace(u.FirstName + " " + u.LastName) }

func (s *Server) serveNewGroup(r *http.Request, p *person) (any, error) {
	var n NewGroup
	if err := readInto(r, &n); err != nil {
		return nil, err
	}
	if len(n.Members)+len(n.Bots) >= maxMembers {
		return nil, badRequest("a group has at most %d members", maxMembers)
	}
	var joining []*member
	for _, id := range n.Members {
		who := s.person(id)
		if who == nil {
			return nil, &Error{http.StatusNotFound, "Not Found: no such person"}
		}
		joining = append(joining, &member{person: who})
	}
	for _, name := range n.Bots {
		b, err := s.findBot(name)
		if err != nil {
			return nil, err
		}
		joining = append(joining, &member{bot: b})
	}
	c, err := s.newGroup(n.Title, n.Supergroup, n.Forum)
	if err != nil {
		return nil, err
	}
	if err := c.found(p, joining); err != nil {
		return nil, err
	}
	return c.info(), nil
}

// found lets the first members in.
func (c *chat) found(by *person, joining []*member) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.group.members[by.id] = &member{person: by, Membership: Membership{Status: telego.MemberStatusCreator}}
	c.server.groupMoves.Add(1)
	for _, m := range joining {
		if m.user().ID == by.id {
			continue
		}
		m.Status = telego.MemberStatusLeft
		c.group.members[m.user().ID] = m
		if err := c.become(*by.user(), m, Membership{Status: telego.MemberStatusMember}); err != nil {
			return err
		}
	}
	_, err := c.announce(by, nil, telego.Message{GroupChatCreated: !c.group.super, SupergroupChatCreated: c.group.super})
	return err
}

// serveMember changes what someone is in the group: a person or a bot.
func (c *chat) serveMember(r *http.Request, by *person, name string) (any, error) {
	var as Membership
	if err := readInto(r, &as); err != nil {
		return nil, err
	}
	if !slices.Contains(givenStatuses, as.Status) {
		return nil, badRequest("a status is one of %s", strings.Join(givenStatuses, ", "))
	}
	who := &member{}
	id, err := strconv.ParseInt(name, 10, 64)
	if p := c.server.person(id); err == nil && p != nil {
		who.person = p
	} else if who.bot, err = c.server.findBot(name); err != nil {
		return nil, err
	}
	if err := c.change(by, who, as); err != nil {
		return nil, err
	}
	return c.info(), nil
}

// givenStatuses are what a person can make of another.
var givenStatuses = []string{
	telego.MemberStatusAdministrator, telego.MemberStatusMember, telego.MemberStatusRestricted,
	telego.MemberStatusLeft, telego.MemberStatusBanned,
}

// change lets a person add or remove someone, or change what they may: anybody may add and
// leave, the rest is for administrators.
func (c *chat) change(by *person, who *member, as Membership) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := who.user().ID
	old := c.group.members[id]
	adds, leaves := !old.inside() && as.Status == telego.MemberStatusMember, id == by.id && as.Status == telego.MemberStatusLeft
	switch {
	case old != nil:
		who = old
	case len(c.group.members) >= maxMembers:
		return badRequest("a group has at most %d members", maxMembers)
	default:
		who.Status = telego.MemberStatusLeft
	}
	if !adds && !leaves && !c.group.members[by.id].admin() || who.Status == telego.MemberStatusCreator && !leaves {
		return badRequest("not enough rights")
	}
	was := who.inside()
	c.group.members[id], who.promotedBy = who, nil
	if err := c.become(*by.user(), who, as); err != nil {
		return err
	}
	switch is := who.inside(); {
	case is && !was:
		_, err := c.announce(by, nil, telego.Message{NewChatMembers: []telego.User{*who.user()}})
		return err
	case was && !is:
		_, err := c.announce(by, nil, telego.Message{LeftChatMember: who.user()})
		return err
	}
	c.touch(nil)
	return nil
}

func (c *chat) serveTopic(r *http.Request, by *person) (any, error) {
	var t Topic
	if err := readInto(r, &t); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.group.forum {
		return nil, badRequest("the chat is not a forum")
	}
	made, err := c.createTopic(by, nil, t.Name, topicColors[0])
	if err != nil {
		return nil, err
	}
	return Topic{ID: int64(made.MessageThreadID), Name: made.Name}, nil
}

// serveBotSettings changes what a bot's owner sets.
func (s *Server) serveBotSettings(r *http.Request, name string) error {
	var set BotSettings
	if err := readInto(r, &set); err != nil {
		return err
	}
	b, err := s.findBot(name)
	if err != nil {
		return err
	}
	b.readsAll.Store(!set.Privacy)
	b.answersInline.Store(set.Inline)
	return nil
}
