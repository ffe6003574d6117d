package persistence

import (
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/ics"
	"okolo/persistence/model"
)

func chunks[T any](all []T) iter.Seq[[]T] { return slices.Chunk(all, importStep) }

// step carries out one transaction of an import, and again where it lost a race against the bot.
func (s *Store) step(ctx context.Context, do func(pgx.Tx) error) error {
	for try := 1; ; try++ {
		err := pgx.BeginFunc(ctx, s.writes, do)
		if err == nil || try == importTries || code(err) != lockNotAvailable && code(err) != tookTooLong && !lostRace(err) || !pause(ctx, expiryPause) {
			return err
		}
	}
}

// columnsOf are entries as the rows of events.
func columnsOf(entries []ics.Entry) (c eventColumns, digests []int64) {
	for _, e := range entries {
		c.add(&event{Event: model.Event{Kind: model.Imported, Details: stored(e.Details), Status: model.Open}})
		digests = append(digests, digestOf(e))
	}
	return c, digests
}

// createImported makes events, and notes which they are.
func createImported(ctx context.Context, tx pgx.Tx, source int64, entries []ics.Entry) error {
	c, digests := columnsOf(entries)
	uids, occurrences := make([]string, len(entries)), make([]string, len(entries))
	for i, e := range entries {
		uids[i], occurrences[i] = e.UID, e.Occurrence
	}
	const query = `
		WITH fresh AS (
			SELECT nextval(pg_get_serial_sequence('events', 'id')) AS id, f.*
			FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
				$9::timestamptz[], $10::text[], $11::text[], $12::float8[], $13::float8[], $14::bigint[])
				AS f (uid, occurrence, digest, title, description, category, starts, ends, zone, place, latitude, longitude, cell)
		), made AS (
			INSERT INTO events (id, kind, title, description, category, starts, ends, zone, place, latitude, longitude, cell, capacity)
			OVERRIDING SYSTEM VALUE
			SELECT id, 'imported', title, description, category, starts, ends, zone, place, latitude, longitude, cell, 0 FROM fresh
		)
		INSERT INTO imports (source, uid, occurrence, event, digest) SELECT $1, uid, occurrence, id, digest FROM fresh`
	_, err := tx.Exec(ctx, query, source, uids, occurrences, digests, c.titles, c.descriptions, c.categories, c.starts,
		c.ends, c.zones, c.places, c.latitudes, c.longitudes, c.cells)
	return err
}

// before is what an event was before an import changed it.
type before struct {
	id                  int64
	status              model.Status
	title, place        string
	starts, ends        time.Time
	latitude, longitude float64
	people              int // who joined
}

// lockImported locks events in the order of their ids, as the writer does, and returns them.
func lockImported(ctx context.Context, tx pgx.Tx, ids []int64) (map[int64]before, error) {
	const query = `
		SELECT id, status, title, place, starts, ends, latitude, longitude, going + waiting FROM events
		WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE`
	rows, _ := tx.Query(ctx, query, ids) // its error is that of ForEachRow
	found := map[int64]before{}
	var b before
	_, err := pgx.ForEachRow(rows, []any{&b.id, &b.status, &b.title, &b.place, &b.starts, &b.ends, &b.latitude, &b.longitude, &b.people}, func() error {
		found[b.id] = b
		return nil
	})
	return found, err
}

// changed reports whether an event is another one to somebody who wants to come to it.
func (b before) changed(d model.Details) bool {
	return b.status == model.Cancelled || b.title != d.Title || b.place != d.Place || !b.starts.Equal(d.Starts) || !b.ends.Equal(d.Ends) ||
		b.latitude != d.Lat || b.longitude != d.Lon
}

// changeImported changes events; one that had been called off takes place again.
func (s *Store) changeImported(ctx context.Context, tx pgx.Tx, source int64, entries []ics.Entry, events map[ics.Key]int64) error {
	ids := make([]int64, len(entries))
	for i, e := range entries {
		ids[i] = events[e.Key]
	}
	old, err := lockImported(ctx, tx, ids)
	if err != nil {
		return err
	}
	c, digests := columnsOf(entries)
	const update = `
		UPDATE events e SET title = u.title, description = u.description, category = u.category, starts = u.starts, ends = u.ends,
			zone = u.zone, place = u.place, latitude = u.latitude, longitude = u.longitude, cell = u.cell, updated_at = now(),
			status = CASE WHEN e.status = 'cancelled' THEN 'open' ELSE e.status END
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[],
			$8::text[], $9::float8[], $10::float8[], $11::bigint[])
			AS u (id, title, description, category, starts, ends, zone, place, latitude, longitude, cell)
		WHERE e.id = u.id`
	if _, err := tx.Exec(ctx, update, ids, c.titles, c.descriptions, c.categories, c.starts, c.ends, c.zones, c.places,
		c.latitudes, c.longitudes, c.cells); err != nil {
		return err
	}
	const note = `
		UPDATE imports i SET digest = u.digest FROM unnest($2::bigint[], $3::bigint[]) AS u (event, digest)
		WHERE i.source = $1 AND i.event = u.event`
	if _, err := tx.Exec(ctx, note, source, ids, digests); err != nil {
		return err
	}
	var notices []model.Notice
	for i, e := range entries {
		if b := old[ids[i]]; b.people > 0 && !b.status.Gone() && b.changed(stored(e.Details)) {
			notices = append(notices, model.Notice{Event: ids[i], News: model.NewsEdited})
		}
	}
	return insertNotices(ctx, s.jobs, tx.Conn(), notices)
}

// cancelImported calls events off that are open yet.
func (s *Store) cancelImported(ctx context.Context, tx pgx.Tx, ids []int64) error {
	old, err := lockImported(ctx, tx, ids)
	if err != nil {
		return err
	}
	maps.DeleteFunc(old, func(_ int64, b before) bool { return b.status != model.Open })
	const update = `UPDATE events SET status = 'cancelled', updated_at = now() WHERE id = ANY ($1)`
	if _, err := tx.Exec(ctx, update, sorted(old)); err != nil {
		return err
	}
	var notices []model.Notice
	for _, id := range sorted(old) {
		if old[id].people > 0 {
			notices = append(notices, model.Notice{Event: id, News: model.NewsCancelled})
		}
	}
	return insertNotices(ctx, s.jobs, tx.Conn(), notices)
}
