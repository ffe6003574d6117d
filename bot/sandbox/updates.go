package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	messageLife  = 24 * time.Hour    // of an update, by the Bot API
	callbackLife = 150 * time.Second // of a callback query, by telegram-bot-api's add_new_callback_query

	maxPollTimeout = 50          // seconds; LONG_POLL_MAX_TIMEOUT of telegram-bot-api
	maxPollBytes   = 4 << 20     // of one answer to getUpdates, by its JsonUpdates
	lookPeriod     = time.Second // between looks whether who polls is still there
	futureOffset   = 10          // an offset further ahead confirms nothing, by td's TQueue
)

// notByDefault are the kinds of update a bot has to ask for, by the Bot API's getUpdates.
var notByDefault = []string{"chat_member", "message_reaction", "message_reaction_count"}

// updateKinds are those of the Bot API's Update.
var updateKinds = []string{
	"message", "edited_message", "channel_post", "edited_channel_post",
	"business_connection", "business_message", "edited_business_message", "deleted_business_messages",
	"message_reaction", "message_reaction_count", "inline_query", "chosen_inline_result", "callback_query",
	"shipping_query", "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer",
	"my_chat_member", "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost",
}

// update is one that waits for its bot, encoded when it happened.
type update struct {
	id      int64
	chat    int64 // a webhook gets one chat's updates in order
	body    []byte
	expires time.Time
	repeat  bool // a fault: it is to be delivered once more
}

// updates is a bot's queue. An update leaves it when a getUpdates with a larger offset came,
// a webhook took it, or it grew too old.
type updates struct {
	ids     *ids
	bound   int
	mishaps *mishaps

	mu      sync.Mutex
	late    []event  // a fault: in the order in which they are due
	waiting []update // ascending ids
	echoes  [][]byte // a fault: delivered once more at the head of the next answer
	last    int64    // id of the newest update ever queued; 0: none
	allowed []string // nil: all but notByDefault
	poll    *poll    // the request that waits
	hooked  bool     // a webhook is set
	notify  chan struct{}
	oldest  time.Time // nothing that waits expires before
}

// poll is a getUpdates that found nothing and waits.
type poll struct {
	wake chan struct{} // closed when an update came or err is set
	err  error         // why it was ended
	due  time.Duration // until an update that is held back comes; 0: there is none
}

func newUpdates(ids *ids, bound int, m *mishaps) *updates {
	return &updates{
		ids: ids, bound: bound, mishaps: m,
		notify: make(chan struct{}, 1),
	}
}

func (q *updates) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) + len(q.late)
}

// push queues what happened, a [rawJSON] or what is encoded here, as an update of a kind
// ("message", "callback_query", …) that the bot gets within life. It reports false where the queue is full; kinds the bot does not want
// are dropped in silence.
func (q *updates) push(kind string, chat int64, payload any, now time.Time, life time.Duration) (bool, error) {
	body, encoded := payload.(rawJSON)
	if !encoded {
		var err error
		if body, err = json.Marshal(payload); err != nil {
			return false, err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.wants(kind) {
		return true, nil
	}
	if len(q.waiting)+len(q.late) >= q.bound {
		return false, nil
	}
	twice, late, inOrder := q.mishaps.ofUpdate()
	e := event{kind: kind, chat: chat, body: body, until: now.Add(life), repeat: twice, due: now.Add(late)}
	if inOrder {
		if err := q.release(now); err != nil {
			return false, err
		}
		e.due = q.behind(e)
	}
	if e.due.After(now) {
		q.hold(e)
		return true, nil
	}
	return true, q.enqueue(e)
}

func (q *updates) isHooked() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.hooked
}

func (q *updates) wants(kind string) bool {
	if q.allowed == nil {
		return !slices.Contains(notByDefault, kind)
	}
	return slices.Contains(q.allowed, kind)
}

var errHooked = conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")

// allow remembers which kinds the bot wants: absent leaves it as it was, a list with no known kind
// is the default, and what is no list is ignored, as Telegram does.
func (q *updates) allow(list string) {
	var kinds []string
	if list == "" || json.Unmarshal([]byte(list), &kinds) != nil {
		return
	}
	for i, k := range kinds {
		kinds[i] = strings.ToLower(k)
	}
	kinds = slices.DeleteFunc(kinds, func(k string) bool { return !slices.Contains(updateKinds, k) })
	q.mu.Lock()
	defer q.mu.Unlock()
	q.allowed = kinds
	if len(kinds) == 0 {
		q.allowed = nil
	}
}

// signal wakes who waits for updates.
func (q *updates) signal() {
	if q.poll != nil {
		close(q.poll.wake)
		q.poll = nil
	}
	select {
	case q.notify <- struct{}{}:
	default:
	}
}

// endPoll ends the request that waits, with an error.
func (q *updates) endPoll(why error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.end(why)
}

func (q *updates) end(why error) {
	if q.poll != nil {
		q.poll.err = why
		close(q.poll.wake)
		q.poll = nil
	}
}

// take confirms what is below offset and returns up to limit updates from there as a JSON
// list; where there are none and wait is true it returns the poll to wait on, and ends the
// one that waited before.
func (q *updates) take(offset int64, limit int, now time.Time, wait bool) (rawJSON, *poll, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.hooked {
		return nil, nil, errHooked
	}
	if err := q.release(now); err != nil {
		return nil, nil, err
	}
	q.expire(now)
	q.confirm(offset)
	list, n := q.list(limit)
	if n > 0 || !wait {
		return list, nil, nil
	}
	q.end(conflict("terminated by other getUpdates request; make sure that only one bot instance is running"))
	q.poll = &poll{wake: make(chan struct{})}
	if d, held := q.untilDue(now); held {
		q.poll.due = d
	}
	return nil, q.poll, nil
}

// confirm drops the updates below offset. A negative one counts from the end of the queue.
func (q *updates) confirm(offset int64) {
	tail := q.last + 1
	if offset < 0 {
		offset += tail
	}
	if offset > tail+futureOffset {
		return
	}
	n, _ := slices.BinarySearchFunc(q.waiting, offset, byID)
	q.drop(n)
}

func byID(u update, id int64) int { return cmp.Compare(u.id, id) }

// drop forgets the n oldest updates.
func (q *updates) drop(n int) {
	clear(q.waiting[:n])
	q.waiting = q.waiting[n:]
	if len(q.waiting) == 0 && cap(q.waiting) > 1024 {
		q.waiting = nil // after a rush, the memory goes back
	}
}

// remove takes one update out of the queue.
func (q *updates) remove(id int64) {
	i, found := slices.BinarySearchFunc(q.waiting, id, byID)
	switch {
	case !found:
	case i == 0:
		q.drop(1)
	default:
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
}

// expire drops what has grown too old, wherever it stands: callbacks live shorter.
func (q *updates) expire(now time.Time) {
	if len(q.waiting) == 0 || !now.After(q.oldest) {
		return
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(u update) bool { return now.After(u.expires) })
	for i, u := range q.waiting {
		if i == 0 || u.expires.Before(q.oldest) {
			q.oldest = u.expires
		}
	}
}

// list encodes the oldest updates, with what the duplicate fault adds.
func (q *updates) list(limit int) (rawJSON, int) {
	size, n := 2, 0
	for _, u := range q.waiting[:min(limit, len(q.waiting))] {
		size += len(u.body) + 1
	}
	out := append(make(rawJSON, 0, min(size, maxPollBytes)), '[')
	add := func(body []byte) {
		if n > 0 {
			out = append(out, ',')
		}
		out, n = append(out, body...), n+1
	}
	for len(q.echoes) > 0 && n < limit {
		add(q.echoes[0])
		q.echoes = q.echoes[1:]
	}
	for i := range q.waiting {
		u := &q.waiting[i]
		if n >= limit || n > 0 && len(out)+len(u.body) > maxPollBytes {
			break
		}
		add(u.body)
		if !u.repeat {
			continue
		}
		u.repeat = false
		if n < limit && u.id%2 == 0 {
			add(u.body)
		} else {
			q.echoes = append(q.echoes, u.body)
		}
	}
	return append(out, ']'), n
}

func (c *call) getUpdates() (any, error) {
	q := c.bot.updates
	offset := c.integer("offset", 0)
	limit := int(min(max(c.integer("limit", 100), 1), 100))
	timeout := time.Duration(min(max(c.integer("timeout", 0), 0), maxPollTimeout)) * time.Second
	if q.isHooked() {
		return nil, errHooked
	}
	q.allow(c.text("allowed_updates"))

	var over <-chan time.Time
	if timeout > 0 {
		t := time.NewTimer(timeout)
		defer t.Stop()
		over = t.C
	}
	for wait := timeout > 0; ; {
		list, p, err := q.take(offset, limit, c.now(), wait)
		if p == nil {
			return list, err
		}
		offset = max(offset, 0) // what counts from the end was counted
		if wait, err = c.waitOn(p, over); err != nil {
			return nil, err
		}
	}
}

// waitOn waits for what a poll waits for; false where there is no time left for more.
func (c *call) waitOn(p *poll, over <-chan time.Time) (more bool, err error) {
	defer c.bot.updates.leave(p)
	var due, look <-chan time.Time
	if p.due > 0 {
		due = time.After(p.due)
	}
	if c.left != nil {
		t := time.NewTicker(lookPeriod)
		defer t.Stop()
		look = t.C
	}
	for {
		select {
		case <-due:
			return true, nil
		case <-p.wake:
			return true, p.err
		case <-over:
			return false, nil
		case <-c.server.ctx.Done():
			return false, nil
		case <-c.ctx.Done():
			return false, c.ctx.Err()
		case <-look:
			if c.left() {
				return false, errLeft
			}
		}
	}
}

// errLeft is told to nobody.
var errLeft = errors.New("the caller has gone")

// leave takes a poll back that ends by itself; one that was woken was taken back before.
func (q *updates) leave(p *poll) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.poll == p {
		q.poll = nil
	}
}
