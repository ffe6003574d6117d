package persistence

import (
	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// saveAnnouncements owes the announcements of new events, and newer versions of those there are.
func (l *ledger) saveAnnouncements(b *pgx.Batch) {
	var bots, created, chats, versions []int64
	var changed, changes []int64
	for _, id := range sorted(l.events) {
		switch e := l.events[id]; {
		case e.Kind != model.Community:
		case e.herald != 0:
			bots, created = append(bots, e.herald), append(created, id)
			chats, versions = append(chats, e.Community), append(versions, int64(1+e.changes))
		case !e.isNew && e.changes > 0:
			changed, changes = append(changed, id), append(changes, int64(e.changes))
		}
	}
	if len(created) > 0 {
		b.Queue(`
			INSERT INTO announcements (bot, event, chat, version, due_at)
			SELECT *, now() FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])`,
			bots, created, chats, versions)
	}
	if len(changed) > 0 {
		b.Queue(`
			UPDATE announcements a SET version = a.version + c.changes, due_at = coalesce(a.due_at, now())
			FROM unnest($1::bigint[], $2::bigint[]) AS c (event, changes)
			WHERE a.event = c.event AND a.ended_at IS NULL`,
			changed, changes)
	}
	if len(l.entered) > 0 {
		b.Queue(`
			UPDATE announcements a SET due_at = now()
			FROM events e
			WHERE e.community = ANY ($1) AND a.event = e.id AND a.shown < a.version AND a.due_at IS NULL AND a.ended_at IS NULL`,
			sorted(l.entered))
	}
}

// saveMoves moves the rows of groups that became supergroups. A message of the group cannot be
// edited from the supergroup: the next change sends it anew.
func (l *ledger) saveMoves(b *pgx.Batch) {
	for _, m := range l.moves {
		b.Queue(`UPDATE events SET community = $2 WHERE community = $1`, m.from, m.to)
		b.Queue(`
			UPDATE announcements a SET chat = $2, message = 0, attempts = 0, sent = 0,
				due_at = CASE WHEN a.shown < a.version AND a.ended_at IS NULL THEN now() END
			FROM events e WHERE e.community = $2 AND a.event = e.id AND a.chat = $1`, m.from, m.to)
		b.Queue(`
			UPDATE reminders r SET person = $2
			FROM events e WHERE e.community = $2 AND r.event = e.id AND r.person = $1`, m.from, m.to)
	}
}
