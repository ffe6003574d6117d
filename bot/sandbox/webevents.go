package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"time"
)

// Bounds and times of the streams of events.
const (
	maxStreams   = 256
	streamWrite  = 30 * time.Second       // a reader slower than that is gone
	streamBeat   = 15 * time.Second       // a sign of life, for proxies
	rosterPeriod = 100 * time.Millisecond // until a new bot or group, or their commands, appear
)

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
	st := &stream{
		server: s, person: p, out: w, control: http.NewResponseController(w), moves: -1, views: make(chan ChatEvent), watched: map[string]context.CancelFunc{},
	}
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

	groups   []*chat    // that the person is in
	moves    int64      // Server.groupMoves when they were looked for; -1: they were not
	roster   []ChatInfo // as last sent
	views    chan ChatEvent
	watched  map[string]context.CancelFunc // by path
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

// update sends the list of chats at first and where it changed, watches those that are new,
// and no longer those that the person has left.
func (st *stream) update(ctx context.Context) error {
	chats, infos := st.server.chatsOf(st.person, st.groupChats())
	if reflect.DeepEqual(infos, st.roster) {
		return nil
	}
	st.roster = infos
	there := make(map[string]bool, len(infos))
	for i, c := range chats {
		path := infos[i].Path
		there[path] = true
		if st.watched[path] == nil {
			watching, stop := context.WithCancel(ctx)
			st.watched[path] = stop
			st.watching.Go(func() { st.watch(watching, path, c) })
		}
	}
	for path, stop := range st.watched {
		if !there[path] {
			stop()
			delete(st.watched, path)
		}
	}
	return st.send("chats", infos)
}

// groupChats returns the groups that the person is in. They are looked for, among all, where
// someone came or left since.
func (st *stream) groupChats() []*chat {
	if moves := st.server.groupMoves.Load(); moves != st.moves {
		st.groups, st.moves = st.server.groupChatsOf(st.person), moves
	}
	return st.groups
}

// watch hands on every change of a chat until ctx is done; changes that come while the reader
// is slow are seen as one.
func (st *stream) watch(ctx context.Context, path string, c *chat) {
	var seen uint64
	for first := true; ctx.Err() == nil; first = false {
		v, changed := c.look(st.person, seen)
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
