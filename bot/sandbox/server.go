package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options set up a [Server]. The zero value works.
type Options struct {
	// IDs names the file that keeps the high-water marks of update and message ids. Empty:
	// ids start from the clock, and are new after a restart as long as the server gave
	// out fewer than four a second on average.
	IDs    string
	Logger *slog.Logger     // default: discards
	Now    func() time.Time // default: time.Now
	Faults Faults

	Watcher Watcher // is told what bots do in private chats; nil: nobody is

	Limits  Limits // of floods; the zero value: none, see [TelegramLimits]
	Control bool   // serves the control API under /control/
	Public  bool   // lets Listen take an address that is not loopback

	Connections     int   // open at once, further ones are closed; default 16,384
	MessagesPerChat int   // kept, the oldest leave first; default 200
	UpdatesPerBot   int   // waiting for the bot, more are refused; default 100,000, as in Telegram
	CallbacksPerBot int   // callback queries remembered; default 100,000
	FileBytes       int64 // uploads kept, the oldest leave first; default 256 MiB
}

// Server is the Bot API and the people's side of it. It is safe for concurrent use.
type Server struct {
	log   *slog.Logger
	now   func() time.Time
	opts  Options
	ids   *ids
	files *fileStore
	texts *sharedTexts

	methods map[string]func(*call) (any, error)
	mishaps mishaps
	limits  atomic.Pointer[Limits]

	naming sync.Mutex // held while an account is made: an id is a bot's or a person's
	bots   sync.Map   // bot id -> *bot
	people sync.Map   // person id -> *person
	chats  sync.Map   // chatKey -> *chat, private ones
	groups sync.Map   // group's id -> *chat

	chatCount, peopleCount, messageCount, refusedUpdates, floods atomic.Int64

	groupCount  atomic.Int64
	groupMoves  atomic.Int64 // grows whenever someone comes into a group or leaves one
	groupIDs    atomic.Int64 // the number of the newest
	callbackIDs atomic.Int64
	streams     atomic.Int64 // of events, open now

	connCount, refusedConns atomic.Int64

	ctx       context.Context // ends with Close: long polls answer, webhooks stop
	stop      context.CancelFunc
	closeOnce sync.Once
	running   sync.WaitGroup // webhooks and listeners

	mu     sync.Mutex // guards what Close stops
	closed bool
	doors  []*door
}

// New makes a server. It fails where the file of ids cannot be read and written.
func New(o Options) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Connections = orDefault(o.Connections, 16<<10)
	o.MessagesPerChat = orDefault(o.MessagesPerChat, 200)
	o.UpdatesPerBot = orDefault(o.UpdatesPerBot, 100_000)
	o.CallbacksPerBot = orDefault(o.CallbacksPerBot, 100_000)
	o.FileBytes = orDefault(o.FileBytes, 256<<20)
	ids, err := openIDs(o.IDs, o.Now())
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	s := &Server{
		log: o.Logger, now: o.Now, opts: o, ids: ids,
		files: newFileStore(o.FileBytes), texts: newSharedTexts(), methods: methodTable(),
	}
	if err := errors.Join(s.SetFaults(o.Faults), s.SetLimits(o.Limits)); err != nil {
		return nil, fmt.Errorf("sandbox: %w", errors.Join(err, ids.close()))
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.groupIDs.Store(time.Now().Unix()) // state is gone after a restart: let ids be new
	s.callbackIDs.Store(time.Now().UnixNano())
	return s, nil
}

func orDefault[N int | int64](n, def N) N {
	if n <= 0 {
		return def
	}
	return n
}

// Handler serves
//
//	/bot<token>/<method>        the Bot API
//	/file/bot<token>/<path>     downloads, as getFile names them
//	/people/…                   the people's side, see [People]
//	/control/…                  faults and limits at run time, where Options.Control is set
//	/                           the web chat, its files below /web/
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.route) }

// Close stops listening, ends long polls and webhooks, waits for them, and writes the marks of
// the ids. The handler must not be used afterwards.
func (s *Server) Close() error {
	var err error
	s.closeOnce.Do(func() {
		s.mu.Lock()
		s.closed = true
		doors := s.doors
		s.mu.Unlock()
		s.stop()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		for _, d := range doors {
			err = errors.Join(err, d.shut(ctx))
		}
		s.running.Wait()
		err = errors.Join(err, s.ids.close())
	})
	return err
}

// Stats are the sizes of everything the server keeps.
type Stats struct {
	Bots     int
	People   int64
	Chats    int64 // private ones
	Groups   int64
	Messages int64

	Connections        int64 // open now, at most Options.Connections
	ConnectionsRefused int64 // since the start, because there were too many
	Streams            int64 // of events, open now

	UpdatesWaiting int   // in the queues of all bots
	UpdatesRefused int64 // since the start, because a queue was full

	Callbacks int   // queries remembered
	Texts     int   // long ones kept for all messages that say the same, at most one for each message
	Files     int   // uploads kept
	FileBytes int64 // their size, at most Options.FileBytes

	Floods int64       // calls refused by Options.Limits, since the start
	Faults FaultCounts // what was ordered and struck
}

// Stats reads the sizes.
func (s *Server) Stats() Stats {
	st := Stats{
		People: s.peopleCount.Load(), Chats: s.chatCount.Load(), Groups: s.groupCount.Load(), Messages: s.messageCount.Load(),
		Connections: s.connCount.Load(), ConnectionsRefused: s.refusedConns.Load(),
		Streams:        s.streams.Load(),
		UpdatesRefused: s.refusedUpdates.Load(),
		Floods:         s.floods.Load(), Faults: s.mishaps.counted(),
	}
	st.Files, st.FileBytes = s.files.size()
	st.Texts = s.texts.size()
	s.bots.Range(func(_, v any) bool {
		b := v.(*bot)
		st.Bots++
		st.UpdatesWaiting += b.updates.len()
		st.Callbacks += b.callbacks.len()
		return true
	})
	return st
}
