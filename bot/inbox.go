package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mymmrac/telego"

	"okolo/persistence"
	"okolo/persistence/model"
)

const (
	// maxAttempts is how often an update is begun that never settles, before it is set aside: twice beside
	// others, then three times by itself. Only these prove anything: a program that is killed often for other
	// reasons has others in hand at each of its ends.
	maxAttempts = suspect + 3
	// suspect is how often an update was begun that is handled by itself, aloneFor for how long at most.
	suspect  = 2
	aloneFor = 5 * time.Second
	// inboxPage is the most rows of the inbox read at once, inboxEvery how often it is looked
	// into for what an operator replays.
	inboxPage  = 100
	inboxEvery = 5 * time.Second
	// inboxPause is the rest after the database failed.
	inboxPause = 250 * time.Millisecond
	// inboxLast bounds what is done at the end.
	inboxLast = 2 * time.Second
)

// inbox commits updates that are not settled, so that they need not be fetched again, and removes
// them when they are. One goroutine does both, as much at once as has gathered.
type inbox struct {
	bot  *Bot
	rows *persistence.Inbox
	wake chan struct{}
	quit context.CancelFunc
	gone chan struct{} // closed when nothing is committed any more

	mu      sync.Mutex
	puts    []*put
	removed []*piece

	kept  atomic.Uint64
	aside atomic.Int64
}

// put asks for pieces to be committed.
type put struct {
	pieces []*piece
	first  bool          // they are not handled yet: those that were there already are left out
	aside  bool          // they are to be set aside, and settle by that
	done   chan struct{} // closed when they are committed
}

func newInbox(b *Bot) *inbox {
	ctx, quit := context.WithCancel(context.Background())
	i := &inbox{bot: b, rows: b.Store.Inbox(b.id, b.Epoch), wake: make(chan struct{}, 1), quit: quit, gone: make(chan struct{})}
	go i.run(ctx)
	return i
}

// close gives up what is not committed; it comes again.
func (i *inbox) close() {
	i.quit()
	<-i.gone
}

// keep has pieces committed; where first, before they are handled.
func (i *inbox) keep(pieces []*piece, first bool) *put {
	return i.queue(&put{pieces: pieces, first: first, done: make(chan struct{})})
}

// setAside keeps an update that panics for an operator to see, and then settles it.
func (i *inbox) setAside(p *piece) {
	i.queue(&put{pieces: []*piece{p}, aside: true})
}

func (i *inbox) queue(p *put) *put {
	i.mu.Lock()
	i.puts = append(i.puts, p)
	i.mu.Unlock()
	i.signal()
	return p
}

// remove has a piece removed that is settled.
func (i *inbox) remove(p *piece) {
	i.mu.Lock()
	i.removed = append(i.removed, p)
	i.mu.Unlock()
	i.signal()
}

func (i *inbox) signal() {
	select {
	case i.wake <- struct{}{}:
	default:
	}
}

func (i *inbox) run(ctx context.Context) {
	defer close(i.gone)
	look := time.NewTicker(inboxEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), inboxLast)
			i.work(last)
			cancel()
			return
		case <-look.C:
			i.look(ctx)
		case <-i.wake:
		}
		i.work(ctx)
	}
}

// work does what has gathered.
func (i *inbox) work(ctx context.Context) {
	i.mu.Lock()
	puts, removed := i.puts, i.removed
	i.puts, i.removed = nil, nil
	i.mu.Unlock()
	plain := puts[:0]
	for _, p := range puts {
		if p.aside {
			i.commitAside(ctx, p.pieces[0])
		} else {
			plain = append(plain, p)
		}
	}
	if len(plain) > 0 {
		i.commit(ctx, plain)
	}
	i.clear(ctx, removed)
}

// commitAside keeps a piece for an operator, whether it is in the inbox already or not.
func (i *inbox) commitAside(ctx context.Context, p *piece) {
	ok := i.persist(ctx, func() error {
		if p.raw == nil {
			return i.rows.SetAside(ctx, p.update)
		}
		letter, now := i.letter(p), time.Now()
		letter.SetAside = &now
		_, err := i.rows.Put(ctx, []persistence.Letter{letter})
		return err
	})
	if ok {
		i.aside.Add(1)
		i.bot.intake.mu.Lock()
		p.aside = true
		i.bot.intake.mu.Unlock()
	}
	i.bot.ended(p, ok)
}

// commit puts into the inbox what is not settled by now, all in one statement.
func (i *inbox) commit(ctx context.Context, puts []*put) {
	var pieces []*piece
	for _, p := range puts {
		pieces = append(pieces, p.pieces...)
	}
	open := i.bot.intake.keep(pieces)
	letters := make([]persistence.Letter, len(open))
	for k, piece := range open {
		letters[k] = i.letter(piece)
	}
	var added []int64
	if !i.persist(ctx, func() (err error) {
		if len(letters) > 0 {
			added, err = i.rows.Put(ctx, letters)
		}
		return err
	}) {
		return
	}
	i.kept.Add(uint64(len(added)))
	i.noteKept(open)
	isNew := make(map[int64]bool, len(added))
	for _, id := range added {
		isNew[id] = true
	}
	for _, p := range puts {
		if p.first {
			i.leaveOut(p, isNew)
		}
		close(p.done)
	}
}

// leaveOut takes those pieces out of a put that were in the inbox already, as others' or its own.
func (i *inbox) leaveOut(p *put, isNew map[int64]bool) {
	all := len(p.pieces)
	p.pieces = slices.DeleteFunc(p.pieces, func(piece *piece) bool {
		old := !isNew[piece.update]
		delete(isNew, piece.update) // of two of the same id, one is handled
		return old
	})
	i.bot.counts.ignored.Add(uint64(all - len(p.pieces)))
}

// noteKept marks pieces as kept, and removes those again that were settled meanwhile.
func (i *inbox) noteKept(pieces []*piece) {
	t := i.bot.intake
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range pieces {
		p.kept, p.raw = true, nil
		if p.settled {
			i.remove(p)
		}
	}
}

// letter encodes a piece that is handled for the first time.
func (i *inbox) letter(p *piece) persistence.Letter {
	payload, err := json.Marshal(p.raw)
	if err != nil { // what was decoded can be encoded
		i.bot.Logger.Error("an update cannot be encoded", "update", p.update, "error", err)
	}
	return persistence.Letter{Update: p.update, Payload: payload, Attempts: 1}
}

// clear removes settled pieces and releases them.
func (i *inbox) clear(ctx context.Context, pieces []*piece) {
	if len(pieces) == 0 {
		return
	}
	var ids []int64
	for _, p := range pieces {
		if !p.aside { // set by this goroutine
			ids = append(ids, p.update)
		}
	}
	if i.persist(ctx, func() error { return i.rows.Delete(ctx, ids) }) {
		i.bot.release(pieces...)
	}
}

// persist does something until it succeeds; false where ctx ended first, or another process owns the
// bot now: then this one ends soon, and what it has not kept comes again.
func (i *inbox) persist(ctx context.Context, do func() error) bool {
	for said := false; ; {
		err := do()
		if err == nil || ctx.Err() != nil || errors.Is(err, model.ErrDeposed) {
			return err == nil
		}
		if !said {
			i.bot.Logger.Warn("the inbox cannot be written, will try again", "error", err)
			said = true
		}
		sleep(ctx, inboxPause)
	}
}

// recover handles what the inbox has, at the start: first, together, what is of people of whom nothing was begun
// more than once; then, one by one, what is of the others. So only an update that kills the program is set
// aside in the end, and not what was beside it. It returns false where ctx ended.
func (i *inbox) recover(ctx context.Context) bool {
	waiting, ok := i.waiting(ctx)
	if !ok {
		return false
	}
	together, suspects := inOrder(waiting)
	for ids := range slices.Chunk(together, inboxPage) {
		if !i.recoverThese(ctx, ids, false) {
			return false
		}
	}
	for k := range suspects {
		if !i.recoverThese(ctx, suspects[k:k+1], true) {
			return false
		}
	}
	return true
}

// waits is an update in the inbox at the start.
type waits struct {
	update   int64
	attempts int
	user     int64 // whose turn it takes; 0: nobody's
}

// waiting returns what the inbox has, by the updates' ids: as many as were unsettled at a time.
func (i *inbox) waiting(ctx context.Context) (all []waits, ok bool) {
	for after := int64(-1); ; after = all[len(all)-1].update {
		var page []persistence.Letter
		if !i.persist(ctx, func() (err error) { page, err = i.rows.Waiting(ctx, after, inboxPage); return err }) {
			return nil, false
		}
		if len(page) == 0 {
			return all, true
		}
		for _, l := range page {
			w := waits{update: l.Update, attempts: l.Attempts}
			var u telego.Update
			if json.Unmarshal(l.Payload, &u) == nil { // one that cannot be read is said to be when it is handled
				in, _ := i.bot.translate(&u)
				w.user = in.user
			}
			all = append(all, w)
		}
	}
}

// inOrder returns the updates that can be handled together, and those that have to be by themselves, each of a
// person's in their order. Whoever has been suspected least comes first: a program that is killed again and
// again for other reasons ends beside another one each time, and one that kills it is alone in the end.
func inOrder(all []waits) (together, suspects []int64) {
	tried := map[int64]int{} // by the person, the most
	for _, w := range all {
		tried[w.user] = max(tried[w.user], w.attempts)
	}
	slices.SortStableFunc(all, func(a, b waits) int {
		if tried[a.user] == tried[b.user] || max(tried[a.user], tried[b.user]) < suspect {
			return cmp.Compare(a.update, b.update)
		}
		return cmp.Compare(tried[a.user], tried[b.user])
	})
	for _, w := range all {
		if tried[w.user] < suspect {
			together = append(together, w.update)
		} else {
			suspects = append(suspects, w.update)
		}
	}
	return together, suspects
}

// recoverThese handles updates of the inbox, when there is room.
func (i *inbox) recoverThese(ctx context.Context, ids []int64, alone bool) bool {
	var letters []persistence.Letter
	return i.bot.intake.awaitRoom(ctx) &&
		i.persist(ctx, func() (err error) { letters, err = i.rows.These(ctx, ids); return err }) &&
		(len(letters) == 0 || i.again(ctx, letters, alone))
}

// again handles letters of the inbox once more; where alone, there is one, and it waits until that has ended.
func (i *inbox) again(ctx context.Context, letters []persistence.Letter, alone bool) bool {
	if first := letters[0]; alone && first.Attempts >= maxAttempts {
		i.bot.Logger.Error("an update was begun too often and is set aside; see okolo inbox", "update", first.Update, "attempts", first.Attempts)
		i.aside.Add(1)
		return i.persist(ctx, func() error { return i.rows.SetAside(ctx, first.Update) })
	}
	ids := make([]int64, len(letters))
	for k, l := range letters {
		ids[k] = l.Update
	}
	if !i.persist(ctx, func() error { return i.rows.Begin(ctx, ids) }) {
		return false
	}
	updates := make([]telego.Update, len(letters))
	for k, l := range letters {
		if err := json.Unmarshal(l.Payload, &updates[k]); err != nil {
			i.bot.unreadable(l.Update, err)
			updates[k] = telego.Update{UpdateID: int(l.Update)}
		}
	}
	pieces := i.bot.pieces(updates)
	for _, p := range pieces {
		p.keeping, p.kept, p.raw = true, true, nil
		i.bot.admit(p)
	}
	i.dropUseless(ctx, ids, pieces)
	if !alone || len(pieces) == 0 {
		return true
	}
	late := time.NewTimer(aloneFor)
	defer late.Stop()
	select {
	case <-pieces[0].group.ended:
	case <-late.C:
	case <-ctx.Done():
		return false
	}
	return true
}

// dropUseless removes letters that made no piece: this version of the program has no use for
// them.
func (i *inbox) dropUseless(ctx context.Context, ids []int64, pieces []*piece) {
	useless := slices.DeleteFunc(ids, func(id int64) bool {
		return slices.ContainsFunc(pieces, func(p *piece) bool { return p.update == id })
	})
	if len(useless) > 0 {
		i.persist(ctx, func() error { return i.rows.Delete(ctx, useless) })
	}
}

// look handles what an operator replays, and counts what is set aside.
func (i *inbox) look(ctx context.Context) {
	asked, err := i.rows.Asked(ctx, inboxPage)
	if err == nil && len(asked) > 0 && i.bot.intake.len() < maxTaken/2 {
		i.again(ctx, asked, false)
	}
	if aside, err := i.rows.Tidy(ctx); err == nil {
		i.aside.Store(aside)
	}
}
