package persistence

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// idBlock is how many ids for new events are taken at a time. Those left over at the end of the
// program are not used, which leaves gaps.
const idBlock = 256

// ledgers makes a ledger of each batch.
type ledgers struct {
	owner owner
	jobs  *inserter
	nudge func()  // called after a COMMIT that leaves announcements to be shown
	ids   []int64 // for new events, taken and not used
}

// execute is the writer's [executor]. What is left of the ids is used again only after a COMMIT:
// where PostgreSQL crashes before it, the ids that were taken may be given out once more.
func (k *ledgers) execute(ctx context.Context, conn *pgx.Conn, batch []*pending) (*pgx.Batch, func(), error) {
	ids := k.ids
	k.ids = nil
	l, err := load(ctx, conn, k.owner, needsOf(batch), ids)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range batch {
		l.perform(p)
	}
	committed := func() {
		k.ids = l.ids
		if l.announces() {
			k.nudge()
		}
	}
	return l.save(), committed, insertNotices(ctx, k.jobs, conn, l.notices)
}

// needs is what a batch of commands touches.
type needs struct {
	keys        []model.Key
	events      map[int64]int // by id: most of those who wait that may be let in
	drafts      map[draft]bool
	seats       map[report]bool
	people      map[int64]bool
	communities map[int64]bool
	moving      []int64        // communities
	told        map[int64]bool // events whose organiser writes to those who joined
}

func needsOf(batch []*pending) needs {
	n := needs{
		events: map[int64]int{}, drafts: map[draft]bool{}, seats: map[report]bool{},
		people: map[int64]bool{}, communities: map[int64]bool{}, told: map[int64]bool{},
	}
	for _, p := range batch {
		n.keys = append(n.keys, p.key)
		by := p.cmd.Actor().ID
		switch c := p.cmd.(type) {
		case model.CreateUserEvent:
			n.drafts[draft{by, c.Draft}], n.people[by] = true, true
		case model.CreateCommunityEvent:
			n.drafts[draft{by, c.Draft}], n.people[by] = true, true
			n.communities[c.Community] = true
		case model.EditEvent:
			n.event(c.Event, by, letInByEdit)
			n.people[by] = true
		case model.JoinEvent:
			n.event(c.Event, by, 0)
			n.people[by] = true
		case model.ReportEvent:
			n.event(c.Event, by, 0)
			n.people[by] = true
		case model.LeaveEvent:
			n.event(c.Event, by, letInByLeave)
		case model.CancelEvent:
			n.event(c.Event, by, 0)
		case model.HideEvent:
			n.event(c.Event, by, 0)
		case model.DeleteEvent:
			n.event(c.Event, by, 0)
		case model.DismissReports:
			n.event(c.Event, by, 0)
		case model.TellJoined:
			n.event(c.Event, by, 0)
			n.people[by], n.told[c.Event] = true, true
		case model.ForgetPerson:
			for _, id := range c.Events {
				n.event(id, by, letInByLeave)
			}
		case model.BanPerson:
			n.people[c.Person] = true
		case model.SetCommunity:
			n.communities[c.Community] = true
		case model.EnterCommunity:
			n.communities[c.Community] = true
		case model.LeaveCommunity:
			n.communities[c.Community] = true
		case model.MoveCommunity:
			n.communities[c.From], n.communities[c.To] = true, true
			n.moving = append(n.moving, c.From)
		}
	}
	return n
}

func (n needs) event(id, person int64, letIn int) {
	n.events[id] += letIn
	n.seats[report{id, person}] = true
}

// load begins a transaction, locks the rows that the batch touches, and reads them, in one round
// trip. Events are locked in the order of their ids, and before anything else is read: two
// writers cannot deadlock over them, and the second sees all that the first one did.
func load(ctx context.Context, conn *pgx.Conn, o owner, n needs, ids []int64) (*ledger, error) {
	l := newLedger(ids)
	var b pgx.Batch
	b.Queue("BEGIN")
	o.queue(&b, &l.now)
	l.queueEvents(&b, n)
	l.queueWrites(&b, n)
	l.queueSeats(&b, slices.Collect(maps.Keys(n.seats)))
	l.queueQueues(&b, n)
	l.queuePeople(&b, n)
	l.queueCommunities(&b, n)
	l.queueTold(&b, n)
	if len(n.drafts) > len(ids) {
		const next = `SELECT nextval('events_id_seq') FROM generate_series(1, $1)`
		queueRows(&b, next, []any{len(n.drafts) + idBlock}, func(row pgx.CollectableRow) error {
			var id int64
			err := row.Scan(&id)
			l.ids = append(l.ids, id)
			return err
		})
	}
	if err := conn.SendBatch(ctx, &b).Close(); err != nil {
		return nil, err
	}
	return l, l.loadOwners(ctx, conn, n)
}

// queueRows has each row of a query's answer read.
func queueRows(b *pgx.Batch, sql string, args []any, read func(pgx.CollectableRow) error) {
	b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() {
			if err := read(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func (l *ledger) queueEvents(b *pgx.Batch, n needs) {
	if len(n.events)+len(n.drafts)+len(n.moving) == 0 {
		return
	}
	owners, drafts := make([]int64, 0, len(n.drafts)), make([]int64, 0, len(n.drafts))
	for d := range n.drafts {
		owners, drafts = append(owners, d.owner), append(drafts, d.number)
	}
	ids := slices.Collect(maps.Keys(n.events))
	const wanted = `
		WITH wanted AS (
			SELECT unnest($1::bigint[]) AS id
			UNION
			SELECT e.id FROM unnest($2::bigint[], $3::bigint[]) AS d (owner, draft) JOIN events e USING (owner, draft)
		)`
	if len(n.moving) > 0 { // all of their events are locked, in the same order
		const lock = wanted + `, locking AS (SELECT id FROM wanted UNION SELECT id FROM events WHERE community = ANY ($4))
			SELECT count(*) FROM (SELECT FROM locking JOIN events e USING (id) ORDER BY e.id FOR NO KEY UPDATE OF e) locked`
		b.Queue(lock, ids, owners, drafts, n.moving)
	}
	const query = wanted + `
		SELECT e.id, e.kind, coalesce(e.owner, 0), coalesce(e.community, 0), coalesce(e.draft, 0), e.title,
		       e.description, e.category, e.starts, e.ends, e.zone, e.place, e.latitude, e.longitude,
		       e.capacity, e.status, e.going, e.waiting
		FROM wanted JOIN events e USING (id)
		ORDER BY e.id FOR NO KEY UPDATE OF e`
	queueRows(b, query, []any{ids, owners, drafts}, func(row pgx.CollectableRow) error {
		e := &event{seats: map[int64]*seat{}}
		err := row.Scan(&e.ID, &e.Kind, &e.Owner, &e.Community, &e.draft, &e.Title,
			&e.Description, &e.Category, &e.Starts, &e.Ends, &e.Zone, &e.Place, &e.Lat, &e.Lon,
			&e.Capacity, &e.Status, &e.Going, &e.Waiting)
		e.Starts, e.Ends = e.Starts.UTC(), e.Ends.UTC()
		e.tail = e.Waiting
		l.events[e.ID] = e
		if e.Owner != 0 {
			l.drafts[draft{e.Owner, e.draft}] = e
		}
		return err
	})
}

func (l *ledger) queueWrites(b *pgx.Batch, n needs) {
	bots, updates, ordinals := keyColumns(n.keys)
	const query = `
		SELECT w.bot, w.update_id, w.ordinal, w.hash, w.outcome, w.event, w.part, w.promoted, w.changed
		FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) AS k (bot, update_id, ordinal)
		JOIN writes w USING (bot, update_id, ordinal)`
	queueRows(b, query, []any{bots, updates, ordinals}, func(row pgx.CollectableRow) error {
		var k model.Key
		var w write
		a := &w.answer
		err := row.Scan(&k.Bot, &k.Update, &k.Ordinal, &w.hash, &w.outcome, &a.Event, &a.Part, &a.Promoted, &a.Changed)
		l.writes[k] = w
		return err
	})
}

func keyColumns(keys []model.Key) (bots, updates []int64, ordinals []int32) {
	for _, k := range keys {
		bots, updates, ordinals = append(bots, k.Bot), append(updates, k.Update), append(ordinals, int32(k.Ordinal))
	}
	return bots, updates, ordinals
}

func (l *ledger) queueSeats(b *pgx.Batch, seats []report) {
	if len(seats) == 0 {
		return
	}
	events, people := make([]int64, len(seats)), make([]int64, len(seats))
	for i, s := range seats {
		events[i], people[i] = s.event, s.person
	}
	const query = `
		SELECT p.event, p.person, p.part
		FROM unnest($1::bigint[], $2::bigint[]) AS s (event, person) JOIN participants p USING (event, person)`
	queueRows(b, query, []any{events, people}, func(row pgx.CollectableRow) error {
		var event, person int64
		var part model.Part
		if err := row.Scan(&event, &person, &part); err != nil {
			return err
		}
		if e := l.events[event]; e != nil {
			*e.seat(person) = seat{was: part, part: part}
		}
		return nil
	})
}

// queueQueues reads the beginnings of waiting lists, as far as the batch may let people in.
func (l *ledger) queueQueues(b *pgx.Batch, n needs) {
	var events, most []int64
	for id, letIn := range n.events {
		if letIn > 0 {
			events, most = append(events, id), append(most, int64(letIn))
		}
	}
	if len(events) == 0 {
		return
	}
	const query = `
		SELECT l.event, q.person
		FROM unnest($1::bigint[], $2::bigint[]) AS l (event, most)
		CROSS JOIN LATERAL (
			SELECT p.person FROM participants p WHERE p.event = l.event AND p.part = 'waiting'
			ORDER BY p.number LIMIT l.most
		) q`
	queueRows(b, query, []any{events, most}, func(row pgx.CollectableRow) error {
		var event, person int64
		if err := row.Scan(&event, &person); err != nil {
			return err
		}
		if e := l.events[event]; e != nil {
			*e.seat(person) = seat{was: model.Waiting, part: model.Waiting}
			e.queue = append(e.queue, person)
			e.tail--
		}
		return nil
	})
}

func (l *ledger) queuePeople(b *pgx.Batch, n needs) {
	if len(n.people) == 0 {
		return
	}
	const query = `SELECT id, name, lang, banned, ban_reason FROM users WHERE id = ANY ($1)`
	queueRows(b, query, []any{slices.Collect(maps.Keys(n.people))}, func(row pgx.CollectableRow) error {
		var id int64
		p := &person{known: true}
		err := row.Scan(&id, &p.name, &p.lang, &p.banned, &p.banReason)
		l.people[id] = p
		return err
	})
}

func (l *ledger) queueCommunities(b *pgx.Batch, n needs) {
	if len(n.communities) == 0 {
		return
	}
	const query = `
		WITH RECURSIVE wanted AS (
			SELECT unnest($1::bigint[]) AS id
			UNION
			SELECT c.moved_to FROM wanted JOIN communities c USING (id) WHERE c.moved_to IS NOT NULL
		)
		SELECT c.id, c.title, c.topic, c.creators, c.lang, c.quiet, c.left_at IS NOT NULL, coalesce(c.moved_to, 0)
		FROM wanted JOIN communities c USING (id)`
	queueRows(b, query, []any{slices.Collect(maps.Keys(n.communities))}, func(row pgx.CollectableRow) error {
		var id int64
		c := &community{known: true}
		s := &c.settings
		err := row.Scan(&id, &c.title, &c.topic, &s.Creators, &s.Lang, &s.Quiet, &c.left, &c.movedTo)
		l.communities[id] = c
		return err
	})
}

// loadOwners reads the parts of the owners of drafts that already are events, which is rare.
func (l *ledger) loadOwners(ctx context.Context, conn *pgx.Conn, n needs) error {
	var owners []report
	for d := range n.drafts {
		if e := l.drafts[d]; e != nil {
			owners = append(owners, report{e.ID, e.Owner})
		}
	}
	if len(owners) == 0 {
		return nil
	}
	var b pgx.Batch
	l.queueSeats(&b, owners)
	return conn.SendBatch(ctx, &b).Close()
}

// owner is the process for which a writer commits; the zero value is nobody in particular.
type owner struct {
	bot   int64
	epoch uint64
}

// queue reads the transaction's time, and fails where the owner has been deposed. The row is
// locked until the end of the transaction, so that the next owner begins only after it.
func (o owner) queue(b *pgx.Batch, now *time.Time) {
	read := func(row pgx.Row) error {
		err := row.Scan(now)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("%w: epoch %d is over", model.ErrDeposed, o.epoch)
		}
		return err
	}
	if o.epoch == 0 {
		b.Queue("SELECT now()").QueryRow(read)
		return
	}
	b.Queue("SELECT now() FROM owners WHERE bot = $1 AND epoch = $2 FOR SHARE", o.bot, int64(o.epoch)).QueryRow(read)
}
