package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/mymmrac/telego"
)

// Bounds of the streams of events: of all, and of the chats one of them watches.
const (
	maxStreams   = 256
	maxWatched   = 100
	streamWrite  = 30 * time.Second       // a reader slower than that is gone
	streamBeat   = 15 * time.Second       // a sign of life, for proxies
	rosterPeriod = 200 * time.Millisecond // until a new bot, or its commands, appear
)

// ChatInfo is a line of a person's list of chats.
type ChatInfo struct {
	Path     string `json:"path"` // of its part of the people's API
	Title    string `json:"title"`
	Username string `json:"username,omitempty"` // of the bot, without the at sign

	Commands []telego.BotCommand `json:"commands"` // the menu, in the person's language
}

// ChatEvent says what changed in one chat.
type ChatEvent struct {
	Path string `json:"path"`
	View View   `json:"view"`
}

// serveEvents streams what a person sees as Server-Sent Events (the HTML standard, 9.2):
// "chats" with all [ChatInfo] whenever that list changes, "view" with a [ChatEvent] whenever
// a chat does. A stream begins with everything that is there.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request, p *person) {
	defer s.streams.Add(-1)
	if s.streams.Add(1) > maxStreams {
		answer(w, nil, &Error{http.StatusServiceUnavailable, "Service Unavailable: too many streams"})
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer context.AfterFunc(s.ctx, cancel)()
	st := &stream{server: s, person: p, out: w, control: http.NewResponseController(w), views: make(chan ChatEvent), watched: map[string]bool{}}
	defer st.watching.Wait()
	defer cancel()

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	if err := st.run(ctx); err != nil && ctx.Err() == nil {
		s.log.Debug("a stream of events broke off", "person", p.id, "error", err)
	}
}

// stream is one reader of a person's events.
type stream struct {
	server  *Server
	person  *person
	out     http.ResponseWriter
	control *http.ResponseController

	roster   []ChatInfo // as last sent
	views    chan ChatEvent
	watched  map[string]bool // by path
	watching sync.WaitGroup
}

// run writes events until ctx is done or the reader is gone.
func (st *stream) run(ctx context.Context) error {
	look, beat := time.NewTicker(rosterPeriod), time.NewTicker(streamBeat)
	defer look.Stop()
	defer beat.Stop()
	err := st.update(ctx)
	for err == nil {
		select {
		case <-ctx.Done():
			return nil
		case v := <-st.views:
			err = st.send("view", v)
		case <-look.C:
			err = st.update(ctx)
		case <-beat.C:
			err = st.write([]byte(":\n\n"))
		}
	}
	return err
}

// update sends the list of chats at first and where it changed, and watches those that are new.
func (st *stream) update(ctx context.Context) error {
	chats, infos := st.server.chatsOf(st.person)
	if reflect.DeepEqual(infos, st.roster) {
		return nil
	}
	st.roster = infos
	for i, c := range chats {
		if path := infos[i].Path; !st.watched[path] {
			st.watched[path] = true
			st.watching.Go(func() { st.watch(ctx, path, c) })
		}
	}
	return st.send("chats", infos)
}

// watch hands on every change of a chat until ctx is done; changes that come while the reader
// is slow are seen as one.
func (st *stream) watch(ctx context.Context, path string, c *chat) {
	var seen uint64
	for first := true; ctx.Err() == nil; first = false {
		v, changed := c.look(seen)
		if v.Revision > seen || first {
			select {
			case st.views <- ChatEvent{path, v}:
				seen = v.Revision
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// send writes one event.
func (st *stream) send(name string, v any) error {
	buf := buffers.Get().(*bytes.Buffer)
	defer recycle(buf)
	fmt.Fprintf(buf, "event: %s\ndata: ", name)
	if err := encode(buf, v); err != nil { // one line, with its end
		return err
	}
	buf.WriteByte('\n')
	return st.write(buf.Bytes())
}

func (st *stream) write(b []byte) error {
	if err := st.control.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	if _, err := st.out.Write(b); err != nil {
		return err
	}
	return st.control.Flush()
}

// chatsOf returns a person's chats, one with every bot, in the order of the bots' ids.
func (s *Server) chatsOf(p *person) ([]*chat, []ChatInfo) {
	var bots []*bot
	s.bots.Range(func(_, v any) bool {
		bots = append(bots, v.(*bot))
		return len(bots) < maxWatched
	})
	slices.SortFunc(bots, func(a, b *bot) int { return cmp.Compare(a.user.ID, b.user.ID) })
	chats, infos := make([]*chat, len(bots)), make([]ChatInfo, len(bots))
	for i, b := range bots {
		chats[i] = s.chat(b, p)
		infos[i] = ChatInfo{
			Path:     fmt.Sprintf("/people/%d/chats/%d", p.id, b.user.ID),
			Title:    b.user.FirstName,
			Username: b.user.Username,
			Commands: b.commands.shown(p.id, p.user().LanguageCode),
		}
	}
	return chats, infos
}

// shown is the menu that a person sees in a private chat: the first list that there is, by
// https://core.telegram.org/bots/api#determining-list-of-commands.
func (l *commandLists) shown(person int64, language string) []telego.BotCommand {
	if len(language) > 2 {
		language = language[:2]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, scope := range []string{
		telego.ScopeTypeChat + " " + strconv.FormatInt(person, 10) + " ",
		telego.ScopeTypeAllPrivateChats + "  ",
		telego.ScopeTypeDefault + "  ",
	} {
		for _, name := range []string{scope + " " + language, scope + " "} {
			if list := l.lists[name]; list != nil {
				return list
			}
		}
	}
	return []telego.BotCommand{}
}
