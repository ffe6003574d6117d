package sandbox

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// event is what happened, before it is an update: one gets its id when it is queued.
type event struct {
	kind   string // "message", "callback_query", …
	chat   int64
	body   []byte
	until  time.Time // too old for the bot afterwards
	repeat bool      // a fault: it is to be delivered once more
	due    time.Time // a fault: not before
}

// hold keeps an event back until it is due.
func (q *updates) hold(e event) {
	i, _ := slices.BinarySearchFunc(q.late, e.due, func(h event, due time.Time) int {
		return cmp.Or(h.due.Compare(due), -1) // behind those of the same time
	})
	q.late = slices.Insert(q.late, i, e)
	q.signal()
}

// behind is when an event is due that has to come behind those of its chat that are held back.
func (q *updates) behind(e event) time.Time {
	for i := len(q.late) - 1; i >= 0; i-- {
		if h := q.late[i]; h.chat == e.chat && h.due.After(e.due) {
			return h.due
		}
	}
	return e.due
}

// release queues the events that are due.
func (q *updates) release(now time.Time) error {
	for len(q.late) > 0 && !q.late[0].due.After(now) {
		if err := q.enqueue(q.late[0]); err != nil {
			return err
		}
		q.late = slices.Delete(q.late, 0, 1)
	}
	return nil
}

// untilDue is how long it takes until the next event is due; false where none is held back.
func (q *updates) untilDue(now time.Time) (time.Duration, bool) {
	if len(q.late) == 0 {
		return 0, false
	}
	return q.late[0].due.Sub(now), true
}

// enqueue makes an update of an event.
func (q *updates) enqueue(e event) error {
	id, err := q.ids.nextUpdate()
	if err != nil {
		return err
	}
	b := make([]byte, 0, len(e.body)+len(e.kind)+40)
	b = strconv.AppendInt(append(b, `{"update_id":`...), id, 10)
	b = append(append(append(b, `,"`...), e.kind...), `":`...)
	b = append(append(b, e.body...), '}')
	q.waiting = append(q.waiting, update{id: id, chat: e.chat, body: b, expires: e.until, repeat: e.repeat})
	q.last = id
	if len(q.waiting) == 1 || e.until.Before(q.oldest) {
		q.oldest = e.until
	}
	q.signal()
	return nil
}
