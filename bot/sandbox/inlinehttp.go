package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/mymmrac/telego"
)

// InlineAsk is what a person types behind a bot's name in any chat.
type InlineAsk struct {
	Query    string    `json:"query"`
	Offset   string    `json:"offset,omitempty"` // the next_offset of the answer before
	Location *Location `json:"location,omitempty"`
}

// InlineAnswer is what the bot offers.
type InlineAnswer struct {
	Results    []InlineResult `json:"results"`
	NextOffset string         `json:"next_offset,omitempty"`
}

// InlineResult is one that can be chosen.
type InlineResult struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
}

// InlineChoice sends a result into a chat.
type InlineChoice struct {
	ResultID string `json:"result_id"`
	Chat     string `json:"chat"` // a group's id, or the id or username of a bot
}

type asked struct {
	ID string `json:"id"`
}

// serveInline answers requests under /people/{id}/inline/{bot}.
func (s *Server) serveInline(r *http.Request, p *person, name string, rest []string) (any, error) {
	b, err := s.findBot(name)
	if err != nil {
		return nil, err
	}
	if !b.answersInline.Load() {
		return nil, badRequest("the bot's inline mode is off")
	}
	if len(rest) == 0 && r.Method == http.MethodPost {
		return s.serveInlineAsk(r, p, b)
	}
	if len(rest) != 1 {
		return nil, errNotFound
	}
	q := b.inline.get(rest[0])
	switch {
	case q == nil || q.person != p.id:
		return nil, &Error{http.StatusNotFound, "Not Found: no such query"}
	case r.Method == http.MethodPost:
		return s.serveInlineChoice(r, p, b, q)
	case !s.await(r.Context(), q.answered, waitOf(r)):
		return nil, nil
	}
	a := InlineAnswer{Results: []InlineResult{}, NextOffset: q.next}
	for _, one := range q.results {
		a.Results = append(a.Results, one.shown)
	}
	return a, nil
}

func (s *Server) serveInlineAsk(r *http.Request, p *person, b *bot) (any, error) {
	var ask InlineAsk
	if err := readInto(r, &ask); err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(ask.Query) > maxInlineQuery {
		return nil, badRequest("an inline query has at most %d characters", maxInlineQuery)
	}
	q := &inlineQuery{id: s.newInlineID(), person: p.id, text: ask.Query, expires: s.now().Add(callbackLife), answered: make(chan struct{})}
	query := telego.InlineQuery{ID: q.id, From: *p.user(), Query: ask.Query, Offset: ask.Offset}
	if ask.Location != nil {
		query.Location = ask.Location.telegram()
	}
	b.inline.add(q)
	return asked{q.id}, s.chat(b, p).pushTo(b, "inline_query", query, callbackLife)
}

func (s *Server) serveInlineChoice(r *http.Request, p *person, b *bot, q *inlineQuery) (any, error) {
	var choice InlineChoice
	if err := readInto(r, &choice); err != nil {
		return nil, err
	}
	select {
	case <-q.answered:
	default:
		return nil, badRequest("the query is not answered yet")
	}
	i := slices.IndexFunc(q.results, func(r inlineResult) bool { return r.shown.ID == choice.ResultID })
	if i < 0 {
		return nil, &Error{http.StatusNotFound, "Not Found: no such result"}
	}
	in, err := s.chatOf(p, choice.Chat)
	if err != nil {
		return nil, err
	}
	m := &message{from: p, via: b, content: q.results[i].content, inline: keepKeyboard(q.results[i].inline)}
	chosen := telego.ChosenInlineResult{ResultID: choice.ResultID, From: *p.user(), Query: q.text}
	if !m.inline.none() { // only then the bot can edit it
		m.inlineID = s.newInlineID()
		chosen.InlineMessageID = m.inlineID
	}
	seen, err := in.say(m)
	if err != nil {
		return nil, err
	}
	if m.inlineID != "" {
		b.inline.put(m.inlineID, place{in, m.id})
	}
	return seen, s.chat(b, p).pushTo(b, "chosen_inline_result", chosen, messageLife)
}

// AskInline sends an inline query and waits for the bot's answer; its id is for [Person.Choose].
func (p *Person) AskInline(ctx context.Context, ask InlineAsk) (id string, a InlineAnswer, err error) {
	base := p.base + "/inline/" + strconv.FormatInt(p.Bot.ID, 10)
	var q asked
	if err := p.people.do(ctx, http.MethodPost, base, ask, &q); err != nil {
		return "", a, err
	}
	for a.Results == nil && err == nil { // each time within the 30 seconds
		err = p.people.do(ctx, http.MethodGet, base+"/"+url.PathEscape(q.ID)+"?wait=30", nil, &a)
	}
	return q.ID, a, err
}

// Choose sends a result of an inline query into a chat: a group's id, or a bot's.
func (p *Person) Choose(ctx context.Context, query, result string, chat int64) (Message, error) {
	var m Message
	path := fmt.Sprintf("%s/inline/%d/%s", p.base, p.Bot.ID, url.PathEscape(query))
	err := p.people.do(ctx, http.MethodPost, path, InlineChoice{result, strconv.FormatInt(chat, 10)}, &m)
	return m, err
}
