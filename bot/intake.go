package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/mymmrac/telego"

	"okolo/actors"
	"okolo/actors/trace"
	"okolo/bot/ui"
)

const (
	// patience is how long updates are waited for before those that are not settled go to the
	// inbox and the next ones are fetched.
	patience = 50 * time.Millisecond
	// maxTaken is the most updates in memory that are not settled, maxHeld the most of one
	// person beyond those that their session takes at a time.
	maxTaken = 10_000
	maxHeld  = 256
)

// intake is what was taken from Telegram and has not come to its end, by person: a session takes
// so many inputs at a time, the others are held back in order.
type intake struct {
	// order is held while a piece is chosen and delivered, so that a person's pieces are
	// delivered in their order. Settled may be called in it; it takes mu alone.
	order sync.Mutex

	mu    sync.Mutex
	lanes map[int64]*lane
	all   map[*piece]struct{}
	most  int           // pieces of a person that the session takes at a time
	room  chan struct{} // signalled when there is more room
}

func newIntake(most int) *intake {
	return &intake{lanes: map[int64]*lane{}, all: map[*piece]struct{}{}, most: most, room: make(chan struct{}, 1)}
}

// lane is what one person sent.
type lane struct {
	taken int // by the session, and not released
	held  []*piece
}

// piece is an update on its way. Its flags are guarded by the intake's mu.
type piece struct {
	incoming
	came    time.Time
	raw     *telego.Update
	group   *group
	span    *trace.Span // of its way, to the end; nil: it is not followed
	keeping bool        // it is being committed to the inbox
	kept    bool        // it is in the inbox
	settled bool
	aside   bool // it stays in the inbox
}

// group are pieces that are waited for together; ended is closed when each is settled or stopped.
type group struct {
	open  int
	ended chan struct{}
}

// pieces translates updates; those that the bot has no use for are left out.
func (b *Bot) pieces(updates []telego.Update) []*piece {
	now := time.Now()
	g := &group{ended: make(chan struct{})}
	var all []*piece
	for i := range updates {
		in, ok := b.translate(&updates[i])
		if !ok {
			b.counts.ignored.Add(1)
			continue
		}
		all = append(all, &piece{incoming: in, came: now, raw: &updates[i], group: g, span: b.follow(in, now)})
	}
	if g.open = len(all); g.open == 0 {
		close(g.ended)
	}
	return all
}

// follow begins to record the stations of an update, where it is among those followed.
func (b *Bot) follow(in incoming, came time.Time) *trace.Span {
	if b.Follow == nil {
		return nil
	}
	s := b.Follow("update", came)
	if s != nil {
		s.Note("update", in.update)
		s.Note("input", fmt.Sprintf("%T", in.payload))
		s.Next("ingress")
	}
	return s
}

// admit hands a piece to its session, or holds it back behind others of its person. What is
// more than can be held back is answered "busy".
func (b *Bot) admit(p *piece) {
	t := b.intake
	t.order.Lock()
	defer t.order.Unlock()
	t.mu.Lock()
	l := t.lanes[p.user]
	if l == nil {
		l = &lane{}
		t.lanes[p.user] = l
	}
	t.all[p] = struct{}{}
	now, busy := l.taken < t.most, len(l.held) >= maxHeld
	switch {
	case now || busy:
		l.taken++
	default:
		p.span.Next("held")
		l.held = append(l.held, p)
	}
	t.mu.Unlock()
	switch {
	case now:
		b.deliver(p)
	case busy:
		b.excuse(p.incoming, ui.Busy, func(ok bool) { b.ended(p, ok) })
	}
}

// deliver hands a piece to its session.
func (b *Bot) deliver(p *piece) {
	b.runtime.Deliver(actors.Input{
		User: p.user, ID: p.update, Press: p.press, Payload: p.payload, Span: p.span,
		Settled: func(o actors.Outcome) {
			switch o {
			case actors.Stopped:
				b.ended(p, false)
			case actors.Busy:
				b.excuse(p.incoming, ui.Busy, func(ok bool) { b.ended(p, ok) })
			case actors.Poisoned:
				b.excuse(p.incoming, ui.Broken, func(bool) { b.inbox.setAside(p) })
			default:
				b.ended(p, true)
			}
		},
	})
}

// ended notes that a piece is settled, or else has to come again.
func (b *Bot) ended(p *piece, settled bool) {
	t := b.intake
	t.mu.Lock()
	p.settled = settled
	p.group.open--
	if p.group.open == 0 {
		close(p.group.ended)
	}
	kept := p.kept
	t.mu.Unlock()
	p.span.Finish()
	if settled && kept {
		b.inbox.remove(p)
	}
}

// unsettled returns those of the pieces that are neither settled nor in the inbox.
func (t *intake) unsettled(all []*piece) (some []*piece) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range all {
		if !p.settled && !p.kept {
			some = append(some, p)
		}
	}
	return some
}

// keep marks those of the pieces that are not settled as being committed, and returns them.
func (t *intake) keep(all []*piece) (some []*piece) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range all {
		if !p.settled && !p.keeping {
			p.keeping = true
			some = append(some, p)
		}
	}
	return some
}

// finished returns those of the pieces that are settled and never went to the inbox: they can be
// released as soon as they cannot come again. Whether others of their persons wait for that, it
// says too.
func (t *intake) finished(all []*piece) (some []*piece, urgent bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range all {
		if p.settled && !p.keeping {
			some = append(some, p)
			urgent = urgent || len(t.lanes[p.user].held) > 0
		}
	}
	return some, urgent
}

// release forgets pieces that are settled and cannot come again, and delivers what was held back
// behind them. Not before: a session must know every update again that can come again.
func (b *Bot) release(all ...*piece) {
	t := b.intake
	t.order.Lock()
	defer t.order.Unlock()
	for _, p := range all {
		if next := t.release(p); next != nil {
			b.deliver(next)
		}
	}
	select {
	case t.room <- struct{}{}:
	default:
	}
}

// release returns the piece that is next, if any.
func (t *intake) release(p *piece) (next *piece) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, p)
	l := t.lanes[p.user]
	if len(l.held) > 0 && l.taken <= t.most {
		next, l.held[0] = l.held[0], nil
		l.held = l.held[1:]
		return next
	}
	if l.taken--; l.taken == 0 {
		delete(t.lanes, p.user)
	}
	return nil
}

// awaitRoom waits until a batch has room; false where ctx ended.
func (t *intake) awaitRoom(ctx context.Context) bool {
	for {
		t.mu.Lock()
		full := len(t.all)+pollBatch > maxTaken
		t.mu.Unlock()
		if !full {
			return ctx.Err() == nil
		}
		select {
		case <-t.room:
		case <-ctx.Done():
			return false
		}
	}
}

// len returns how many pieces there are.
func (t *intake) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.all)
}

// open returns how many pieces are not settled, and how long ago, in seconds, the oldest of them
// came; 0 without one.
func (t *intake) open(now time.Time) (n int64, age float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	oldest := now
	for p := range t.all {
		if p.settled {
			continue
		}
		n++
		if p.came.Before(oldest) {
			oldest = p.came
		}
	}
	return n, now.Sub(oldest).Seconds()
}
