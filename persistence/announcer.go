package persistence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"okolo/persistence/model"
)

const (
	// announceRest is the least time between two announcements in a chat: Telegram lets a bot
	// send and edit 20 messages a minute in a group. What changes meanwhile is shown together.
	announceRest = 3 * time.Second
	// announceTick is the time between two looks for what is due, without a nudge;
	// announcePause is the least time between any two.
	announceTick  = time.Second
	announcePause = 100 * time.Millisecond
	// announceTimeout is the longest that one announcement may take.
	announceTimeout = time.Minute

	// maxAnnouncing announcements are under way at the same time, each in another chat; as many
	// may be sent again where the program is killed.
	maxAnnouncing = 8
	// maxResting is the most chats that rest, more than Telegram lets a bot write to meanwhile.
	maxResting = 256
	// announcePage is the most announcements that one look finds.
	announcePage = 64
)

// announcer shows announcements in their chats, the newest version of each. One goroutine looks
// for what is due, and has the announcements of a chat shown one after the other.
type announcer struct {
	store     *Store
	pool      *pgxpool.Pool
	messenger Messenger
	bot       int64
	epoch     uint64
	pace      time.Duration // of a chat

	ending   context.Context // done when nothing more is to be begun
	working  context.Context // done when what is under way is to be cut off
	cut      context.CancelFunc
	finished chan finished
	stopped  chan struct{}

	busy    map[int64]bool      // chats
	resting map[int64]time.Time // chats, until when
}

// finished is a chat in which something was shown, and how long it is to rest.
type finished struct {
	chat int64
	rest time.Duration
}

// announce starts an announcer, which works until the jobs end.
func (j *Jobs) announce(bot int64, epoch uint64, pace time.Duration) *announcer {
	a := &announcer{
		store: j.store, pool: j.pool, messenger: j.messenger, bot: bot, epoch: epoch, pace: pace,
		ending: j.ending, finished: make(chan finished, maxAnnouncing), stopped: make(chan struct{}),
		busy: map[int64]bool{}, resting: map[int64]time.Time{},
	}
	a.working, a.cut = context.WithCancel(context.WithoutCancel(j.ending))
	go a.run()
	return a
}

// stop returns when what is under way has been shown. Where ctx ends first that is cut off, and
// comes again.
func (a *announcer) stop(ctx context.Context) error {
	defer a.cut()
	select {
	case <-a.stopped:
		return nil
	case <-ctx.Done():
		a.cut()
		<-a.stopped
		return fmt.Errorf("announcements were cut off: %w", ctx.Err())
	}
}

func (a *announcer) run() {
	defer close(a.stopped)
	var working sync.WaitGroup
	defer working.Wait()
	failing := false
	for pause(a.ending, announcePause) {
		due, err := a.look()
		if err != nil && !failing && a.ending.Err() == nil {
			a.store.log.Warn("announcements could not be looked for, will try again", slog.Any("error", err))
		}
		failing = err != nil
		for _, o := range due {
			a.busy[o.Chat.ID] = true
			working.Go(func() { a.finished <- finished{o.Chat.ID, a.show(o)} }) // there is room for all
		}
		a.wait()
		a.store.announcements.chats.Store(int64(len(a.busy) + len(a.resting)))
	}
}

// wait returns when there may be something to do.
func (a *announcer) wait() {
	tick := time.NewTimer(announceTick)
	defer tick.Stop()
	select {
	case <-a.ending.Done():
	case <-a.store.due:
	case <-tick.C:
	case f := <-a.finished:
		a.release(f)
	}
	for len(a.finished) > 0 { // nobody else takes them
		a.release(<-a.finished)
	}
}

func (a *announcer) release(f finished) {
	delete(a.busy, f.chat)
	if f.rest > 0 {
		a.resting[f.chat] = time.Now().Add(f.rest)
	}
}

// owed is an announcement that is due.
type owed struct {
	model.Announcement
	version  int64
	shown    int64
	attempts int
	sent     int
	wanted   bool
}

// dueQuery finds announcements that are due, the longest first. One that was never sent is not
// wanted any more where there is nothing to come to, or the chat wants to hear nothing.
const dueQuery = `
	SELECT a.event, a.message, a.version, a.shown, a.sent, c.id, c.title, c.topic, c.creators, c.lang, c.quiet,
	       c.left_at IS NULL AND (a.message <> 0 OR e.status = 'open' AND e.ends > now() AND NOT c.quiet)
	FROM announcements a JOIN events e ON e.id = a.event JOIN communities c ON c.id = a.chat
	WHERE a.bot = $1 AND a.due_at <= now() AND a.chat <> ALL ($2)
	ORDER BY a.due_at LIMIT $3`

// look returns announcements that are due, at most one of each chat that neither is busy nor rests.
func (a *announcer) look() ([]owed, error) {
	now := time.Now()
	skip := make([]int64, 0, len(a.busy)+len(a.resting))
	for chat, until := range a.resting {
		if until.After(now) {
			skip = append(skip, chat)
		} else {
			delete(a.resting, chat)
		}
	}
	if len(a.busy) == maxAnnouncing || len(a.resting) >= maxResting {
		return nil, nil
	}
	for chat := range a.busy {
		skip = append(skip, chat)
	}
	rows, _ := a.pool.Query(a.ending, dueQuery, a.bot, skip, announcePage) // its error is the rows'
	found, err := pgx.CollectRows(rows, scanOwed)
	if err != nil {
		return nil, fmt.Errorf("look for announcements that are due: %w", err)
	}
	var due []owed
	chats := make(map[int64]bool)
	for _, o := range found {
		if !chats[o.Chat.ID] && len(a.busy)+len(due) < maxAnnouncing {
			chats[o.Chat.ID] = true
			due = append(due, o)
		}
	}
	return due, nil
}

func scanOwed(row pgx.CollectableRow) (o owed, err error) {
	c := &o.Chat
	err = row.Scan(&o.Event, &o.Message, &o.version, &o.shown, &o.sent, &c.ID, &c.Title, &c.Topic, &c.Creators, &c.Lang, &c.Quiet, &o.wanted)
	return o, err
}

// show shows an announcement, notes what became of it, and returns how long its chat is to rest.
func (a *announcer) show(o owed) time.Duration {
	counts := &a.store.announcements
	if !o.wanted {
		counts.dropped.Add(1)
		a.settle(o, o.waiting())
		return 0
	}
	begun, err := a.begin(&o)
	if err != nil {
		a.store.log.Warn("an announcement could not be begun, will try again", slog.Any("error", err))
		return a.pace
	}
	if !begun {
		return 0
	}
	if o.Message == 0 && o.attempts > 1 {
		counts.repeated.Add(1)
	}
	ctx, cancel := context.WithTimeout(a.working, announceTimeout)
	defer cancel()
	message, err := a.messenger.Announce(ctx, o.Announcement)
	if err == nil {
		switch {
		case message == 0:
			counts.dropped.Add(1)
		case o.Message == 0:
			counts.sent.Add(1)
		default:
			counts.edited.Add(1)
		}
		a.settle(o, o.done(message))
		return a.pace
	}
	next, rest := a.failed(o, err)
	a.settle(o, next)
	return max(rest, a.pace)
}

// begin notes an attempt, so that one that may have been sent before is counted. It reports false
// where there is nothing to show any more, or another process has become the bot's owner.
func (a *announcer) begin(o *owed) (bool, error) {
	const query = `
		UPDATE announcements SET attempts = attempts + 1
		WHERE event = $1 AND chat = $2 AND message = $3 AND due_at IS NOT NULL
		  AND NOT EXISTS (SELECT FROM owners WHERE bot = $4 AND epoch > $5)
		RETURNING version, attempts`
	row := a.pool.QueryRow(a.working, query, o.Event, o.Chat.ID, o.Message, a.bot, int64(a.epoch))
	err := row.Scan(&o.version, &o.attempts)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("begin an announcement: %w", err)
	}
	return true, nil
}
