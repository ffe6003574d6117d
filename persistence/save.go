package persistence

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// save returns the statements that store what a batch has changed, each for all rows at once.
// Rows are written in the order of their keys, so that two writers cannot deadlock.
func (l *ledger) save() *pgx.Batch {
	var b pgx.Batch
	l.savePeople(&b)
	l.saveCommunities(&b)
	l.insertEvents(&b)
	l.updateEvents(&b)
	l.saveMoves(&b)
	l.saveAnnouncements(&b)
	l.saveSeats(&b)
	l.forgetReports(&b)
	l.saveReports(&b)
	l.saveTells(&b)
	l.saveWrites(&b)
	return &b
}

func (l *ledger) savePeople(b *pgx.Batch) {
	var ids []int64
	var names, langs []string
	var bans []bool
	var reasons []string
	for _, id := range sorted(l.people) {
		if p := l.people[id]; p.changed || p.judged {
			ids, names, langs, bans = append(ids, id), append(names, p.name), append(langs, p.lang), append(bans, p.banned)
			reasons = append(reasons, p.banReason)
		}
	}
	if len(ids) == 0 {
		return
	}
	b.Queue(`
		INSERT INTO users AS u (id, name, lang, banned, ban_reason, banned_at)
		SELECT id, name, lang, banned, ban_reason, CASE WHEN banned THEN now() END
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::boolean[], $5::text[]) AS p (id, name, lang, banned, ban_reason)
		ON CONFLICT (id) DO UPDATE SET
			name = excluded.name, lang = excluded.lang, banned = excluded.banned, ban_reason = excluded.ban_reason,
			banned_at = CASE WHEN excluded.banned THEN coalesce(u.banned_at, now()) END, updated_at = now()`,
		ids, names, langs, bans, reasons)
}

func (l *ledger) saveCommunities(b *pgx.Batch) {
	var ids, topics, moved []int64
	var titles, creators, langs []string
	var quiet, left []bool
	for _, id := range sorted(l.communities) {
		if c := l.communities[id]; c.changed {
			ids, topics, moved = append(ids, id), append(topics, c.topic), append(moved, c.movedTo)
			titles, left = append(titles, c.title), append(left, c.left)
			creators, langs = append(creators, string(c.settings.Creators)), append(langs, c.settings.Lang)
			quiet = append(quiet, c.settings.Quiet)
		}
	}
	if len(ids) == 0 {
		return
	}
	b.Queue(`
		INSERT INTO communities AS old (id, title, creators, lang, quiet, topic, left_at, moved_to)
		SELECT id, title, creators, lang, quiet, topic, CASE WHEN gone THEN now() END, nullif(moved, 0)
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::bigint[], $7::boolean[], $8::bigint[])
			AS c (id, title, creators, lang, quiet, topic, gone, moved)
		ON CONFLICT (id) DO UPDATE SET title = excluded.title, creators = excluded.creators,
			lang = excluded.lang, quiet = excluded.quiet, topic = excluded.topic, moved_to = excluded.moved_to,
			left_at = CASE WHEN excluded.left_at IS NOT NULL THEN coalesce(old.left_at, excluded.left_at) END,
			updated_at = now()`,
		ids, titles, creators, langs, quiet, topics, left, moved)
}

// eventColumns are the columns of events to write.
type eventColumns struct {
	ids, owners, communities, drafts, cells []int64
	kinds, titles, descriptions, categories []string
	starts, ends                            []time.Time
	zones, places                           []string
	latitudes, longitudes                   []float64
	capacities                              []int32
	statuses                                []string
	going, waiting                          []int32
}

func (c *eventColumns) add(e *event) {
	c.ids, c.owners, c.communities = append(c.ids, e.ID), append(c.owners, e.Owner), append(c.communities, e.Community)
	c.drafts, c.cells = append(c.drafts, e.draft), append(c.cells, cellOf(e.Point))
	c.kinds, c.titles = append(c.kinds, string(e.Kind)), append(c.titles, e.Title)
	c.descriptions, c.categories = append(c.descriptions, e.Description), append(c.categories, string(e.Category))
	c.starts, c.ends = append(c.starts, e.Starts), append(c.ends, e.Ends)
	c.zones, c.places = append(c.zones, e.Zone), append(c.places, e.Place)
	c.latitudes, c.longitudes = append(c.latitudes, e.Lat), append(c.longitudes, e.Lon)
	c.capacities, c.statuses = append(c.capacities, int32(e.Capacity)), append(c.statuses, string(e.Status))
	c.going, c.waiting = append(c.going, int32(e.Going)), append(c.waiting, int32(e.Waiting))
}

func (l *ledger) insertEvents(b *pgx.Batch) {
	var fresh []*event
	for _, e := range l.events {
		if e.isNew {
			fresh = append(fresh, e)
		}
	}
	if len(fresh) == 0 {
		return
	}
	slices.SortFunc(fresh, func(a, b *event) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.draft, b.draft))
	})
	var c eventColumns
	for _, e := range fresh {
		c.add(e)
	}
	b.Queue(`
		INSERT INTO events (id, kind, owner, community, draft, title, description, category, starts, ends, zone,
			place, latitude, longitude, cell, capacity, status, going, waiting) OVERRIDING SYSTEM VALUE
		SELECT id, kind, owner, nullif(community, 0), draft, title, description, category, starts, ends, zone,
			place, latitude, longitude, cell, capacity, status, going, waiting
		FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
			$8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::float8[],
			$14::float8[], $15::bigint[], $16::integer[], $17::text[], $18::integer[], $19::integer[])
			AS e (id, kind, owner, community, draft, title, description, category, starts, ends, zone,
			place, latitude, longitude, cell, capacity, status, going, waiting)`,
		c.ids, c.kinds, c.owners, c.communities, c.drafts, c.titles, c.descriptions, c.categories, c.starts, c.ends,
		c.zones, c.places, c.latitudes, c.longitudes, c.cells, c.capacities, c.statuses, c.going, c.waiting)
}

// updateEvents writes counts apart from the rest: they change with every join, and no index
// knows them.
func (l *ledger) updateEvents(b *pgx.Batch) {
	var counted, edited eventColumns
	for _, id := range sorted(l.events) {
		switch e := l.events[id]; {
		case e.isNew:
		case e.edited:
			edited.add(e)
		case e.counted:
			counted.add(e)
		}
	}
	if len(counted.ids) > 0 {
		b.Queue(`
			UPDATE events e SET going = u.going, waiting = u.waiting
			FROM unnest($1::bigint[], $2::integer[], $3::integer[]) AS u (id, going, waiting)
			WHERE e.id = u.id`,
			counted.ids, counted.going, counted.waiting)
	}
	if c := edited; len(c.ids) > 0 {
		b.Queue(`
			UPDATE events e SET title = u.title, description = u.description, category = u.category,
				starts = u.starts, ends = u.ends, zone = u.zone, place = u.place, latitude = u.latitude,
				longitude = u.longitude, cell = u.cell, capacity = u.capacity, status = u.status,
				going = u.going, waiting = u.waiting, updated_at = now()
			FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
				$7::text[], $8::text[], $9::float8[], $10::float8[], $11::bigint[], $12::integer[], $13::text[],
				$14::integer[], $15::integer[])
				AS u (id, title, description, category, starts, ends, zone, place, latitude, longitude, cell,
				capacity, status, going, waiting)
			WHERE e.id = u.id`,
			c.ids, c.titles, c.descriptions, c.categories, c.starts, c.ends, c.zones, c.places, c.latitudes,
			c.longitudes, c.cells, c.capacities, c.statuses, c.going, c.waiting)
	}
}

// taken is a seat with whose it is.
type taken struct {
	event, person int64
	seat
}

// saveSeats writes the participants who left, moved up, and joined: these in the order in which
// they did, which the database numbers.
func (l *ledger) saveSeats(b *pgx.Batch) {
	var left, moved, joined []taken
	for id, e := range l.events {
		for person, s := range e.seats {
			t := taken{id, person, *s}
			switch {
			case s.part == model.Absent && s.was != model.Absent:
				left = append(left, t)
			case s.part != model.Absent && s.joined > 0:
				joined = append(joined, t)
			case s.part != s.was:
				moved = append(moved, t)
			}
		}
	}
	slices.SortFunc(joined, func(a, b taken) int { return cmp.Compare(a.joined, b.joined) })
	if len(left) > 0 {
		events, people, _ := seatColumns(left)
		b.Queue(`
			DELETE FROM participants p USING unnest($1::bigint[], $2::bigint[]) AS s (event, person)
			WHERE p.event = s.event AND p.person = s.person`,
			events, people)
	}
	if len(moved) > 0 {
		events, people, parts := seatColumns(moved)
		b.Queue(`
			UPDATE participants p SET part = s.part
			FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS s (event, person, part)
			WHERE p.event = s.event AND p.person = s.person`,
			events, people, parts)
	}
	if len(joined) > 0 {
		events, people, parts := seatColumns(joined)
		b.Queue(`
			INSERT INTO participants (event, person, part)
			SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])
			ON CONFLICT (event, person) DO UPDATE SET part = excluded.part, number = DEFAULT, since = now()`,
			events, people, parts)
	}
}

func seatColumns(seats []taken) (events, people []int64, parts []string) {
	for _, s := range seats {
		events, people, parts = append(events, s.event), append(people, s.person), append(parts, string(s.part))
	}
	return events, people, parts
}

func (l *ledger) saveWrites(b *pgx.Batch) {
	if len(l.answered) == 0 {
		return
	}
	slices.SortFunc(l.answered, func(a, b *pending) int {
		return cmp.Or(cmp.Compare(a.key.Bot, b.key.Bot), cmp.Compare(a.key.Update, b.key.Update), cmp.Compare(a.key.Ordinal, b.key.Ordinal))
	})
	var keys []model.Key
	var hashes, events, promoted []int64
	var outcomes, parts []string
	var changed []bool
	for _, p := range l.answered {
		keys, hashes, outcomes = append(keys, p.key), append(hashes, p.hash), append(outcomes, p.outcome)
		events, parts, promoted = append(events, p.answer.Event), append(parts, string(p.answer.Part)), append(promoted, p.answer.Promoted)
		changed = append(changed, p.answer.Changed)
	}
	bots, updates, ordinals := keyColumns(keys)
	b.Queue(`
		INSERT INTO writes (bot, update_id, ordinal, hash, outcome, event, part, promoted, changed)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::bigint[], $5::text[], $6::bigint[],
			$7::text[], $8::bigint[], $9::boolean[])`,
		bots, updates, ordinals, hashes, outcomes, events, parts, promoted, changed)
}

func sorted[V any](m map[int64]V) []int64 { return slices.Sorted(maps.Keys(m)) }
