package sandbox

import (
	"cmp"
	"strconv"
	"sync"
	"time"

	"github.com/mymmrac/telego"
)

// maxCallbackText is the most an answer to a callback query may say, by the Bot API, in
// UTF-16 code units.
const maxCallbackText = 200

// CallbackAnswer is what a person sees after pressing a button.
type CallbackAnswer struct {
	Text      string `json:"text,omitempty"`
	ShowAlert bool   `json:"show_alert,omitempty"` // a window rather than a notice
	URL       string `json:"url,omitempty"`        // to open
}

// callback is a press of a button that waits for the bot's answer, or has it.
type callback struct {
	id       string
	person   int64
	expires  time.Time
	old      bool // a fault: from the beginning
	answer   CallbackAnswer
	answered chan struct{} // closed when there is an answer
}

// callbacks are a bot's callback queries, within a bound; the oldest leave first.
type callbacks struct {
	bound int

	mu    sync.Mutex
	byID  map[string]*callback
	order []*callback
}

func newCallbacks(bound int) *callbacks {
	return &callbacks{bound: bound, byID: map[string]*callback{}}
}

func (q *callbacks) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.byID)
}

// add remembers a query and forgets what is too old.
func (q *callbacks) add(cb *callback, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.byID[cb.id] = cb
	q.order = append(q.order, cb)
	for len(q.order) > q.bound || now.After(q.order[0].expires) {
		delete(q.byID, q.order[0].id)
		q.order[0] = nil
		q.order = q.order[1:]
	}
}

func (q *callbacks) get(id string) *callback {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.byID[id]
}

// settle gives a query its answer; a second one changes nothing, and is not first. It returns
// nil where the query is unknown or too old.
func (q *callbacks) settle(id string, a CallbackAnswer, now time.Time) (cb *callback, first bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	cb = q.byID[id]
	if cb == nil || cb.old || now.After(cb.expires) {
		return nil, false
	}
	select {
	case <-cb.answered:
		return cb, false
	default:
		cb.answer = a
		close(cb.answered)
		return cb, true
	}
}

// press queues the callback query of a person who presses a button. The data need not be on
// the message: a changed application can send any. A message that is no more is inaccessible
// to the bot.
func (c *chat) press(p *person, messageID int64, data string) (*callback, error) {
	s := c.server
	if data == "" || len(data) > maxCallbackData {
		return nil, badRequest("BUTTON_DATA_INVALID")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m, b := c.find(messageID), c.bot
	if m != nil {
		b = cmp.Or(m.bot, m.via)
	}
	if messageID <= 0 || messageID > c.last || b == nil {
		return nil, badRequest("message not found")
	}
	cb := &callback{
		id: strconv.FormatInt(s.callbackIDs.Add(1), 10), person: p.id,
		expires: s.now().Add(callbackLife), old: s.mishaps.ofCallback(), answered: make(chan struct{}),
	}
	b.callbacks.add(cb, s.now())
	return cb, c.pushTo(b, "callback_query", c.query(cb, p, m, messageID, data), callbackLife)
}

// query encodes a callback query as [telego.CallbackQuery]. The message is nil where it is no
// more.
func (c *chat) query(cb *callback, p *person, m *message, messageID int64, data string) rawJSON {
	b := appendQuoted([]byte(`{"id":`), cb.id)
	b = appendUser(append(b, `,"from":`...), p.user())
	switch {
	case m == nil:
		b = appendAny(append(b, `,"message":`...), &telego.InaccessibleMessage{Chat: c.telegram(), MessageID: int(messageID)})
	case m.via != nil:
		b = appendText(b, "inline_message_id", m.inlineID)
	default:
		b = append(append(b, `,"message":`...), c.shown(m).body...)
	}
	b = appendText(b, "chat_instance", strconv.FormatInt(c.key.bot^c.key.chat, 10))
	return append(appendText(b, "data", data), '}')
}

// callback finds a query by its id among those of the chat's bots.
func (c *chat) callback(id string) *callback {
	if c.group == nil {
		return c.bot.callbacks.get(id)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.group.members {
		if m.bot == nil {
			continue
		}
		if cb := m.bot.callbacks.get(id); cb != nil {
			return cb
		}
	}
	return nil
}

func (c *call) answerCallbackQuery() (any, error) {
	a := CallbackAnswer{Text: c.text("text"), ShowAlert: c.boolean("show_alert"), URL: c.text("url")}
	if utf16Len(a.Text) > maxCallbackText {
		return nil, badRequest("MESSAGE_TOO_LONG")
	}
	cb, first := c.bot.callbacks.settle(c.text("callback_query_id"), a, c.now())
	if cb == nil {
		return nil, badRequest("query is too old and response timeout expired or query ID is invalid")
	}
	if w := c.server.opts.Watcher; w != nil && first {
		w.Answered(cb.person, cb.id, a)
	}
	return true, nil
}
