package sandbox

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mymmrac/telego"
)

// The people's side over HTTP, for any language. Bodies and answers are JSON; a refusal is
// {"ok":false,"error_code":…,"description":…}. {bot} is a bot's id or username, or "only" for
// the only one.
//
//	PUT    /people/{id}?bot={bot}                     Profile -> the bot the person talks to
//	POST   /people/{id}/chats/{bot}/messages          Saying -> Message
//	GET    /people/{id}/chats/{bot}?after=N&wait=S    View: what changed after revision N, waiting up to S seconds
//	POST   /people/{id}/chats/{bot}/presses           Press -> the callback query's id
//	GET    /people/{id}/chats/{bot}/presses/{id}?wait=S   CallbackAnswer, or 204 where there is none yet
//	PUT    /people/{id}/chats/{bot}/block             the person blocks the bot; DELETE takes it back
//	PUT    /people/{id}/chats/{bot}/messages/{id}/location   Location: a live location moves; DELETE: it stops
//	GET    /people/{id}/files/{file_id}               the bytes of a file
//	DELETE /people/{id}                               the person's account is deleted
//
// Groups; in place of {bot} above, {group} is a group's id, and what is said there has an author:
//
//	GET    /people/{id}/groups                        a list of GroupInfo: those the person is in
//	POST   /people/{id}/groups                        NewGroup -> GroupInfo
//	GET    /people/{id}/groups/{group}                GroupInfo
//	PUT    /people/{id}/groups/{group}/members/{who}  Membership -> GroupInfo; who: an id, or a bot's username
//	POST   /people/{id}/groups/{group}/migration      the group becomes a supergroup -> its GroupInfo
//	POST   /people/{id}/groups/{group}/topics         Topic -> Topic, with its id
//	PUT    /people/{id}/bots/{bot}                    BotSettings
//
// Inline mode, once BotSettings turned it on:
//
//	POST   /people/{id}/inline/{bot}                  InlineAsk -> {"id":…} of the inline query
//	GET    /people/{id}/inline/{bot}/{query}?wait=S   InlineAnswer, or 204 where there is none yet
//	POST   /people/{id}/inline/{bot}/{query}          InlineChoice -> the Message it made
//
// Faults and limits are ordered through the control API, see serveControl.

// maxWait is the longest a request of a person waits.
const maxWait = 60 * time.Second

// Saying is what a person sends: one of text, location and venue.
type Saying struct {
	Text     string    `json:"text,omitempty"`
	Location *Location `json:"location,omitempty"`
	Venue    *Venue    `json:"venue,omitempty"`
	ReplyTo  int64     `json:"reply_to,omitempty"`
	// LivePeriod is for how many seconds the location moves: 60 to 86,400; 0: not at all.
	LivePeriod int   `json:"live_period,omitempty"`
	Thread     int64 `json:"thread,omitempty"` // the topic of a forum to say it in
}

// View is a chat as the person sees it: what changed since a revision, and what is there.
type View struct {
	Revision uint64    `json:"revision"`
	IDs      []int64   `json:"ids"`      // of all messages, in order
	Changed  []Message `json:"changed"`  // new or edited since
	Keyboard *Keyboard `json:"keyboard"` // below the input
	Action   string    `json:"action"`   // what the bot says it is doing
	Blocked  bool      `json:"blocked"`
}

type pressing struct {
	MessageID int64  `json:"message_id"`
	Data      string `json:"data"`
}

type pressed struct {
	CallbackID string `json:"callback_id"`
}

type joined struct {
	Bot telego.User `json:"bot"`
}

// servePeople answers a request under /people/.
func (s *Server) servePeople(w http.ResponseWriter, r *http.Request, rest string) {
	parts := strings.Split(rest, "/")
	id, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		answer(w, nil, errNotFound)
		return
	}
	p := s.person(id)
	switch {
	case len(parts) == 1 && r.Method == http.MethodPut:
		reply(w)(s.serveJoin(r, id))
	case p == nil:
		reply(w)(nil, &Error{http.StatusNotFound, "Not Found: no such person"})
	case p.gone.Load():
		reply(w)(nil, errGone)
	case len(parts) == 1 && r.Method == http.MethodDelete:
		p.gone.Store(true)
		reply(w)(nil, nil)
	case len(parts) == 3 && parts[1] == "files" && r.Method == http.MethodGet:
		s.servePersonFile(w, parts[2])
	case len(parts) >= 2 && parts[1] == "groups":
		reply(w)(s.serveGroups(r, p, parts[2:]))
	case len(parts) >= 3 && parts[1] == "inline":
		reply(w)(s.serveInline(r, p, parts[2], parts[3:]))
	case len(parts) == 3 && parts[1] == "bots" && r.Method == http.MethodPut:
		reply(w)(nil, s.serveBotSettings(r, parts[2]))
	case len(parts) >= 3 && parts[1] == "chats":
		c, err := s.chatOf(p, parts[2])
		if err != nil {
			reply(w)(nil, err)
			return
		}
		c.serve(w, r, p, parts[3:])
	default:
		answer(w, nil, errNotFound)
	}
}

// chatOf finds a person's chat: with a bot, or a group they are in.
func (s *Server) chatOf(p *person, name string) (*chat, error) {
	if id, err := strconv.ParseInt(name, 10, 64); err == nil && id < 0 {
		if c := s.groupChat(id); c != nil && c.has(p) {
			return c, nil
		}
		return nil, &Error{http.StatusNotFound, "Not Found: no such group"}
	}
	if name == "only" {
		name = ""
	}
	b, err := s.findBot(name)
	if err != nil {
		return nil, err
	}
	return s.chat(b, p), nil
}

// reply writes a result or a refusal.
func reply(w http.ResponseWriter) func(any, error) {
	return func(result any, err error) {
		switch {
		case err != nil:
			answer(w, nil, err)
		case result == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			writeJSON(w, http.StatusOK, result)
		}
	}
}

func readInto(r *http.Request, v any) error {
	body, err := readBody(r, maxBody)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return badRequest("can't parse the JSON of the request: %v", err)
	}
	return nil
}

func (s *Server) serveJoin(r *http.Request, id int64) (any, error) {
	var pr Profile
	if err := readInto(r, &pr); err != nil {
		return nil, err
	}
	pr.ID = id
	b, err := s.findBot(r.URL.Query().Get("bot"))
	if err != nil {
		return nil, err
	}
	p, err := s.join(pr)
	if err != nil {
		return nil, err
	}
	s.chat(b, p)
	return joined{*b.user()}, nil
}

func (s *Server) servePersonFile(w http.ResponseWriter, id string) {
	s.writeFile(w, s.files.get(id), &Error{http.StatusNotFound, "Not Found: no such file"})
}

// serve answers a request of a person about the chat.
func (c *chat) serve(w http.ResponseWriter, r *http.Request, p *person, rest []string) {
	what := strings.Join(rest, "/")
	switch {
	case what == "" && r.Method == http.MethodGet:
		after, _ := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64) // absent: all
		reply(w)(c.view(r.Context(), p, after, waitOf(r)))
	case what == "messages" && r.Method == http.MethodPost:
		reply(w)(c.serveSay(r, p))
	case len(rest) == 3 && rest[0] == "messages" && rest[2] == "location":
		reply(w)(nil, c.serveMove(r, p, rest[1]))
	case what == "presses" && r.Method == http.MethodPost:
		reply(w)(c.servePress(r, p))
	case len(rest) == 2 && rest[0] == "presses" && r.Method == http.MethodGet:
		reply(w)(c.serveAnswer(r.Context(), p, rest[1], waitOf(r)))
	case c.group != nil:
		answer(w, nil, errNotFound)
	case what == "block" && r.Method == http.MethodPut:
		reply(w)(nil, c.setBlocked(true))
	case what == "block" && r.Method == http.MethodDelete:
		reply(w)(nil, c.setBlocked(false))
	default:
		answer(w, nil, errNotFound)
	}
}

// waitOf reads how long a request may wait; absent: not at all.
func waitOf(r *http.Request) time.Duration {
	seconds, _ := strconv.ParseFloat(r.URL.Query().Get("wait"), 64) // absent or no number: 0
	return min(time.Duration(seconds*float64(time.Second)), maxWait)
}

func (c *chat) serveSay(r *http.Request, p *person) (any, error) {
	var say Saying
	if err := readInto(r, &say); err != nil {
		return nil, err
	}
	what, err := say.content()
	if err != nil {
		return nil, err
	}
	return c.say(&message{from: p, content: what, replyTo: say.ReplyTo, thread: say.Thread})
}

// content is what the person's application makes of it.
func (say Saying) content() (*content, error) {
	switch {
	case say.Venue != nil:
		at := say.Venue.telegram()
		return &content{location: at, venue: &telego.Venue{Location: *at, Title: say.Venue.Title, Address: say.Venue.Address}}, nil
	case say.Location != nil:
		at := say.Location.telegram()
		at.LivePeriod = say.LivePeriod
		if p := say.LivePeriod; p != 0 && (p < minLivePeriod || p > maxLivePeriod) {
			return nil, badRequest("a location moves for %d to %d seconds", minLivePeriod, maxLivePeriod)
		}
		return &content{location: at}, nil
	}
	rich := richText{text: clean(say.Text)}
	rich.normalise()
	rich.detect()
	switch {
	case rich.text == "":
		return nil, badRequest("message text is empty")
	case utf16Len(rich.text) > maxText:
		return nil, badRequest("message is too long")
	}
	return &content{rich: rich}, nil
}

// serveMove moves or stops a person's live location.
func (c *chat) serveMove(r *http.Request, p *person, message string) error {
	id, err := strconv.ParseInt(message, 10, 64)
	if err != nil {
		return errNotFound
	}
	switch r.Method {
	case http.MethodPut:
		var to Location
		if err := readInto(r, &to); err != nil {
			return err
		}
		return c.move(p, id, to.telegram())
	case http.MethodDelete:
		return c.move(p, id, nil)
	}
	return errNotFound
}

func (l Location) telegram() *telego.Location {
	return &telego.Location{Latitude: l.Latitude, Longitude: l.Longitude}
}

func (c *chat) servePress(r *http.Request, by *person) (any, error) {
	var p pressing
	if err := readInto(r, &p); err != nil {
		return nil, err
	}
	cb, err := c.press(by, p.MessageID, p.Data)
	if err != nil {
		return nil, err
	}
	return pressed{cb.id}, nil
}

// serveAnswer waits for the bot's answer to a press.
func (c *chat) serveAnswer(ctx context.Context, p *person, id string, wait time.Duration) (any, error) {
	cb := c.callback(id)
	if cb == nil || cb.person != p.id {
		return nil, &Error{http.StatusNotFound, "Not Found: no such press"}
	}
	if !c.server.await(ctx, cb.answered, wait) {
		return nil, nil
	}
	return cb.answer, nil
}

// await waits for a channel to be closed; false where the time, the request or the server
// ended first.
func (s *Server) await(ctx context.Context, ready <-chan struct{}, wait time.Duration) bool {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ready:
		return true
	case <-ctx.Done():
	case <-s.ctx.Done():
	case <-t.C:
	}
	select {
	case <-ready:
		return true
	default:
		return false
	}
}

// view waits for the chat to change after a revision, and returns it as the person sees it.
func (c *chat) view(ctx context.Context, p *person, after uint64, wait time.Duration) (View, error) {
	deadline := time.Now().Add(wait)
	for {
		v, changed := c.look(p, after)
		if v.Revision > after || !c.server.await(ctx, changed, time.Until(deadline)) {
			return v, nil
		}
	}
}

// look returns the chat as a person sees it, with what changed after a revision, and a channel that is
// closed at the next change.
func (c *chat) look(p *person, after uint64) (View, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := View{Revision: c.revision, IDs: make([]int64, len(c.messages)), Changed: []Message{}, Keyboard: c.keyboards[p.id], Blocked: c.blocked}
	if c.action != "cancel" && c.server.now().Before(c.actionEnd) {
		v.Action = c.action
	}
	for i, m := range c.messages {
		v.IDs[i] = m.id
		if m.revision > after {
			v.Changed = append(v.Changed, m.seen())
		}
	}
	return v, c.wait()
}
