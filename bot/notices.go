package bot

import (
	"context"
	"errors"

	"github.com/mymmrac/telego"

	"okolo/bot/sender"
	"okolo/bot/ui"
	"okolo/persistence/model"
)

// messenger delivers what the database owes to people, behind the answers to people, for which
// somebody waits. It implements [persistence.Messenger].
type messenger struct{ *Bot }

// Notify implements [persistence.Messenger].
func (m messenger) Notify(ctx context.Context, n model.Notice, to []model.Person) []error {
	events, err := m.events(ctx, []int64{n.Event})
	if err != nil {
		return all(len(to), err)
	}
	people := make([]int64, len(to))
	for i, p := range to {
		people[i] = p.ID
	}
	zones := m.lastZones(ctx, people)
	return m.deliverAll(ctx, len(to), func(i int) (int64, ui.Message, bool) {
		e, ok := events[n.Event]
		if !ok && n.News != model.NewsDeleted {
			return 0, ui.Message{}, false
		}
		text, ok := ui.Notice(ui.Reader{Lang: to[i].Lang, Zone: zones[to[i].ID]}, n, e, m.Now())
		return to[i].ID, text, ok
	})
}

// Remind implements [persistence.Messenger].
func (m messenger) Remind(ctx context.Context, reminders []model.Reminder) []error {
	ids, people := make([]int64, len(reminders)), make([]int64, len(reminders))
	for i, r := range reminders {
		ids[i], people[i] = r.Event, r.Person
	}
	events, err := m.events(ctx, ids)
	if err != nil {
		return all(len(reminders), err)
	}
	zones := m.lastZones(ctx, people)
	return m.deliverAll(ctx, len(reminders), func(i int) (int64, ui.Message, bool) {
		r := reminders[i]
		e, ok := events[r.Event]
		if r.Person < 0 {
			return r.Person, ui.GroupReminder(m.langIn(ctx, r.Lang, e.Owner), m.self, r, e, m.Now()), ok
		}
		return r.Person, ui.Reminder(ui.Reader{Lang: r.Lang, Zone: zones[r.Person]}, r.Kind, e, m.Now()), ok
	})
}

// lastZones returns the time zones of the places that people last looked around, as far as they are
// known. They are nowhere but in the stored sessions, which go with /forget; where these cannot be read,
// nobody is told any later for want of a second clock.
func (m messenger) lastZones(ctx context.Context, people []int64) map[int64]string {
	states, err := m.runtime.Stored(ctx, people)
	if err != nil {
		m.Logger.Warn("people are told of events by their clocks only", "error", err)
	}
	zones := make(map[int64]string, len(states))
	for person, s := range states {
		zones[person] = s.Zone
	}
	return zones
}

// events returns those events that people may see.
func (m messenger) events(ctx context.Context, ids []int64) (map[int64]model.Event, error) {
	seen, err := m.Store.Events(ctx, 0, ids)
	if err != nil {
		return nil, err
	}
	events := make(map[int64]model.Event, len(seen))
	for _, e := range seen {
		events[e.ID] = e.Event
	}
	return events, nil
}

// errUntold is the error of who was not reached before the time was up.
var errUntold = errors.New("the time was up")

// deliverAll sends n messages and waits until each is delivered or given up. Those for which
// message returns false are not sent, as if they were.
func (m messenger) deliverAll(ctx context.Context, n int, message func(i int) (chat int64, _ ui.Message, ok bool)) []error {
	type end struct {
		i    int
		chat int64
		err  error
	}
	ends := make(chan end, n)
	errs := make([]error, n)
	waiting := 0
	for i := range n {
		chat, text, ok := message(i)
		if !ok {
			continue
		}
		errs[i] = errUntold
		waiting++
		m.sender.Submit(sender.Op{
			Chat: chat, Kind: sender.Bulk, Idempotent: true,
			Call: func(call context.Context) (any, error) {
				if ctx.Err() != nil { // nobody would note that it was delivered
					return nil, context.Cause(ctx)
				}
				return m.sendText(call, chat, text)
			},
			Done: func(_ any, err error) { ends <- end{i, chat, err} },
		})
	}
	for ; waiting > 0; waiting-- {
		select {
		case e := <-ends:
			errs[e.i] = m.told(ctx, e.chat, e.err)
		case <-ctx.Done():
			return errs
		}
	}
	return errs
}

// told counts what became of a message, and returns its error where it is to be sent again. Who
// blocked the bot is not written to from then on.
func (m messenger) told(ctx context.Context, chat int64, err error) error {
	switch {
	case err == nil:
		return nil
	case isBlocked(err):
		m.counts.blocked.Add(1)
		return m.Store.Blocked(ctx, chat)
	case isPassing(err):
		return err
	}
	m.delivered(chat, err)
	return nil
}

// isPassing reports whether a message that was not delivered may be another time.
func isPassing(err error) bool {
	for _, passing := range []error{sender.ErrBusy, sender.ErrDeadline, sender.ErrAttempts, sender.ErrClosed,
		sender.ErrUncertain, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}

// all returns one error n times.
func all(n int, err error) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// noteReturn notes a person who lets the bot write to them again: they unblocked it, or began
// anew. Telegram tells of the first by an update of its own, which a bot that was off for a day
// has missed.
func (b *Bot) noteReturn(u *telego.Update) {
	var person int64
	switch m := u.MyChatMember; {
	case m != nil && m.Chat.Type == telego.ChatTypePrivate && m.NewChatMember.MemberStatus() == telego.MemberStatusMember:
		person = m.From.ID
	case isPrivate(u.Message) && isStart(u.Message.Text):
		person = u.Message.From.ID
	default:
		return
	}
	read(b, context.Background(), nil, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, b.Store.Returned(ctx, person)
	}, func(struct{}, error) {})
}
