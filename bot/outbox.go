package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mymmrac/telego/telegoapi"

	"okolo/actors"
	"okolo/bot/sender"
	"okolo/bot/ui"
	"okolo/persistence"
)

const (
	// replyLife is how long a reply is of use.
	replyLife = 24 * time.Hour
	// maxReplies is the most replies in the outbox, maxRepliesPerChat the most for one chat.
	maxReplies        = 10_000
	maxRepliesPerChat = 64
	// The pause before a chat is tried again: the first, doubled up to the longest; or the one
	// that Telegram asks for.
	replyPause    = time.Second
	maxReplyPause = 5 * time.Minute
	// replyTick is how often the outbox looks for chats to be tried.
	replyTick = 250 * time.Millisecond
	// expireEvery is how often old replies are looked for.
	expireEvery = 10 * time.Minute
)

// errBehind says that a reply was not sent because others wait for its chat.
var errBehind = errors.New("earlier replies to the chat wait")

// errNotMine says that a reply was not sent because it is not known that it is this process's.
var errNotMine = errors.New("the reply may be another process's")

// reply is a message to a person, or the edit of one, as plain data.
type reply struct {
	Context ui.Context // of an edit
	Slot    ui.Slot
	Edits   int64  // the message that it edits; 0: none
	Tap     uint32 // see [ui.Send]
	Message ui.Message
	Note    *ui.Note `json:"-"` // see [ui.Send]; not stored: it names a person
}

// isNewInGroup reports whether the reply is a new message in a group.
func (r reply) isNewInGroup(chat int64) bool { return chat < 0 && r.Edits == 0 }

// result is what the session is told of the reply: nothing, where a message was edited in place.
func (r reply) result(id int64, err error, now time.Time) any {
	switch {
	case r.Edits != 0 && isGone(err):
		r.Context.Now = now
		return ui.Gone{Context: r.Context, ID: r.Edits}
	case r.Edits != 0 && id == 0:
		return nil
	}
	return ui.Sent{Slot: r.Slot, ID: id, Gone: r.Edits, Tap: r.Tap, At: now}
}

// outbox delivers later, of each chat in order, what could not be delivered at once. What it
// has taken is in the database; in memory there is only which chats wait.
type outbox struct {
	bot  *Bot
	rows *persistence.Outbox
	wake chan struct{}
	quit context.CancelFunc
	work sync.WaitGroup

	failing bool // commits fail, as far as the one who commits knows

	mu    sync.Mutex
	chats map[int64]*backlog
	size  int
	puts  []queued

	delivered, expired, full atomic.Uint64
}

// backlog is what waits for a chat.
type backlog struct {
	n     int  // replies, those that are not committed yet included
	busy  bool // one is being delivered
	pause time.Duration
	until time.Time // not before
}

// queued is a reply that is to be committed; done is called when it is.
type queued struct {
	row  persistence.Reply
	done func()
}

func newOutbox(ctx context.Context, b *Bot) (*outbox, error) {
	o := &outbox{bot: b, rows: b.Store.Outbox(b.id, b.Epoch), wake: make(chan struct{}, 1), chats: map[int64]*backlog{}}
	waiting, err := o.rows.Chats(ctx)
	if err != nil {
		return nil, err
	}
	for chat, n := range waiting {
		o.chats[chat] = &backlog{n: n, pause: replyPause}
		o.size += n
	}
	return o, nil
}

// start begins the deliveries, which need the sessions.
func (o *outbox) start() {
	running, quit := context.WithCancel(context.Background())
	o.quit = quit
	o.work.Go(func() { o.run(running) })
}

// close ends the deliveries; what waits is delivered after the next start.
func (o *outbox) close() {
	o.quit()
	o.work.Wait()
}

// waits reports whether replies wait for a chat, so that later ones have to queue up behind them.
func (o *outbox) waits(chat int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.chats[chat] != nil
}

// put takes a reply; done is called when it is committed. It reports false where the outbox, or
// the chat's part of it, is full.
func (o *outbox) put(chat int64, r reply, done func()) bool {
	payload, err := json.Marshal(r)
	if err != nil { // it is plain data
		o.bot.Logger.Error("a reply cannot be encoded", "chat", chat, "error", err)
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.chats[chat]
	if o.size >= maxReplies || c != nil && c.n >= maxRepliesPerChat {
		o.full.Add(1)
		return false
	}
	if c == nil {
		c = &backlog{pause: replyPause}
		o.chats[chat] = c
	}
	c.n++
	o.size++
	o.puts = append(o.puts, queued{persistence.Reply{Chat: chat, Edits: r.Edits, Payload: payload}, done})
	o.signal()
	return true
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// postpone has a chat tried again after a pause.
func (o *outbox) postpone(chat int64, asked time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c := o.chats[chat]; c != nil {
		c.until = time.Now().Add(max(asked, c.pause))
		c.pause = min(2*c.pause, maxReplyPause)
	}
}

func (o *outbox) run(ctx context.Context) {
	tick, expire := time.NewTicker(replyTick), time.NewTicker(expireEvery)
	defer tick.Stop()
	defer expire.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-expire.C:
			o.expire(ctx)
		case <-o.wake:
		case <-tick.C:
		}
		o.commit(ctx)
		for _, chat := range o.due() {
			o.try(ctx, chat)
		}
	}
}

// commit puts what has gathered into the database. Where that fails it is tried again at the next
// tick, and what was committed before is delivered meanwhile.
func (o *outbox) commit(ctx context.Context) {
	o.mu.Lock()
	puts := o.puts
	o.puts = nil
	o.mu.Unlock()
	if len(puts) == 0 {
		return
	}
	rows := make([]persistence.Reply, len(puts))
	for i, p := range puts {
		rows[i] = p.row
	}
	replaced, err := o.rows.Put(ctx, rows)
	if err != nil { // at the end their updates are not settled, and come again
		if !o.failing && ctx.Err() == nil {
			o.bot.Logger.Warn("the outbox cannot be written, will try again", "error", err)
		}
		o.failing = true
		o.mu.Lock()
		o.puts = append(puts, o.puts...)
		o.mu.Unlock()
		return
	}
	o.failing = false
	o.drop(replaced)
	for _, p := range puts {
		p.done()
	}
}

// drop notes that replies are gone.
func (o *outbox) drop(gone map[int64]int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for chat, n := range gone {
		if c := o.chats[chat]; c != nil {
			c.n -= n
			o.size -= n
			if c.n <= 0 {
				delete(o.chats, chat)
			}
		}
	}
}

// forget deletes what waits for a chat, as the person wants to be forgotten.
func (o *outbox) forget(ctx context.Context, chat int64) error {
	n, err := o.rows.Forget(ctx, chat)
	if err == nil {
		o.drop(map[int64]int{chat: n})
	}
	return err
}

func (o *outbox) expire(ctx context.Context) {
	gone, err := o.rows.Expire(ctx, replyLife)
	if err != nil {
		o.bot.Logger.Warn("old replies could not be deleted, will try again", "error", err)
		return
	}
	for _, n := range gone {
		o.expired.Add(uint64(n))
	}
	o.drop(gone)
}

// due returns the chats that are to be tried now, and marks them busy.
func (o *outbox) due() (chats []int64) {
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	for chat, c := range o.chats {
		if !c.busy && !now.Before(c.until) {
			c.busy = true
			chats = append(chats, chat)
		}
	}
	return chats
}

// try delivers the first reply that waits for a chat.
func (o *outbox) try(ctx context.Context, chat int64) {
	row, found, err := o.rows.First(ctx, chat)
	var r reply
	switch {
	case err != nil:
		o.postpone(chat, 0)
		o.idle(chat)
	case !found: // not committed yet
		o.idle(chat)
	case json.Unmarshal(row.Payload, &r) != nil:
		o.bot.Logger.Error("a reply in the outbox cannot be read", "chat", chat, "reply", row.ID)
		o.finish(row)
	case row.Message != 0:
		o.tell(row, r, row.Message, nil)
	default:
		mine := func() error {
			if err := o.rows.Own(ctx); err != nil {
				return fmt.Errorf("%w: %w", errNotMine, err)
			}
			return nil
		}
		o.bot.transmit(chat, r, mine, func(id int64, err error) { o.tried(ctx, row, r, id, err) })
	}
}

func (o *outbox) idle(chat int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c := o.chats[chat]; c != nil {
		c.busy = false
	}
}

// tried notes what became of a reply. It is called from the sender and must not block it.
func (o *outbox) tried(ctx context.Context, row persistence.Reply, r reply, id int64, err error) {
	switch {
	case later(err), errors.Is(err, sender.ErrClosed), errors.Is(err, sender.ErrSuperseded), errors.Is(err, errNotMine):
		o.postpone(row.Chat, asked(err))
		o.idle(row.Chat)
	case isGone(err):
		o.delivered.Add(1)
		o.tell(row, r, 0, err)
	case err != nil || id == 0:
		o.bot.concluded(row.Chat, r, err)
		o.delivered.Add(1)
		o.work.Go(func() { o.finish(row) })
	default:
		o.delivered.Add(1)
		o.work.Go(func() {
			if err := o.rows.Delivered(ctx, row, id); err != nil {
				o.bot.Logger.Warn("a delivered reply may come twice", "chat", row.Chat, "error", err)
			}
			o.tell(row, r, id, nil)
		})
	}
}

// tell brings the session the id of a new message, or that its map or list is gone, and removes the reply when that is stored.
func (o *outbox) tell(row persistence.Reply, r reply, id int64, err error) {
	o.bot.runtime.Deliver(actors.Input{User: row.Chat, Payload: r.result(id, err, o.bot.Now()), Settled: func(out actors.Outcome) {
		if out == actors.Stopped || out == actors.Busy {
			o.postpone(row.Chat, 0)
			o.idle(row.Chat)
			return
		}
		o.work.Go(func() { o.finish(row) })
	}})
}

// finish removes a reply that needs nothing more.
func (o *outbox) finish(row persistence.Reply) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	there, err := o.rows.Delete(ctx, row)
	if err != nil {
		o.bot.Logger.Warn("a reply could not be removed, will try again", "chat", row.Chat, "error", err)
		o.postpone(row.Chat, 0)
		o.idle(row.Chat)
		return
	}
	o.mu.Lock()
	if c := o.chats[row.Chat]; c != nil {
		c.busy, c.pause, c.until = false, replyPause, time.Time{}
	}
	o.mu.Unlock()
	if there { // no newer edit took its place meanwhile
		o.drop(map[int64]int{row.Chat: 1})
	}
	o.signal() // the next of the chat
}

func (o *outbox) stats() OutboxStats {
	o.mu.Lock()
	defer o.mu.Unlock()
	return OutboxStats{
		Waiting: o.size, Bound: maxReplies, Chats: len(o.chats),
		Delivered: o.delivered.Load(), Expired: o.expired.Load(), Full: o.full.Load(),
	}
}

// later reports whether what failed may be delivered at another time.
func later(err error) bool {
	return errors.Is(err, sender.ErrDeadline) || errors.Is(err, sender.ErrAttempts) ||
		errors.Is(err, sender.ErrBusy) || errors.Is(err, errBehind)
}

// asked returns the pause that Telegram asks for.
func asked(err error) time.Duration {
	if api, ok := errors.AsType[*telegoapi.Error](err); ok && api.Parameters != nil {
		return time.Duration(max(api.Parameters.RetryAfter, 0)) * time.Second
	}
	return 0
}
