package persistence

import (
	"context"
	"fmt"

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
			UPDATE announcements a SET version = a.version + c.changes,
				due_at = CASE WHEN a.shown = a.version THEN now() ELSE coalesce(a.due_at, now()) END
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

// AnnouncementStats is about the messages that show events in their communities' chats. Counts
// are since the start.
type AnnouncementStats struct {
	Owed       int64 `json:"owed" metric:"owed" help:"Announcements whose newest version is to be shown, as of a minute ago at most."`
	Sent       int64 `json:"sent" metric:"sent_total" help:"Announcements sent as new messages."`
	Edited     int64 `json:"edited" metric:"edited_total" help:"Announcements brought up to date in place."`
	Dropped    int64 `json:"dropped" metric:"dropped_total" help:"Announcements not wanted when their turn came: the chat is left or quiet, or the event over or off."`
	Missed     int64 `json:"missed" metric:"missed_total" help:"Attempts to show an announcement that failed and are repeated."`
	Repeated   int64 `json:"repeated" metric:"repeated_total" help:"Announcements that may have been sent twice: the program ended between sending and noting it, or an attempt failed."`
	Gone       int64 `json:"gone" metric:"gone_total" help:"Announcements whose message had been deleted."`
	Left       int64 `json:"left" metric:"left_total" help:"Announcements to chats that the bot is not in any more."`
	Refused    int64 `json:"refused" metric:"refused_total" help:"Announcements to chats that do not let the bot write; they wait for a change."`
	GivenUp    int64 `json:"given_up" metric:"given_up_total" help:"Announcements that failed too often; they wait for a change."`
	Chats      int64 `json:"chats" metric:"chats" help:"Chats being written to, or left alone for a while after that."`
	ChatsBound int   `json:"chats_bound" metric:"chats_max" help:"Most such chats."`
}

// AnnouncementStats returns what became of announcements.
func (s *Store) AnnouncementStats() AnnouncementStats {
	a := &s.announcements
	return AnnouncementStats{
		Owed: a.owed.Load(), Sent: a.sent.Load(), Edited: a.edited.Load(), Dropped: a.dropped.Load(),
		Missed: a.missed.Load(), Repeated: a.repeated.Load(), Gone: a.gone.Load(), Left: a.left.Load(),
		Refused: a.refused.Load(), GivenUp: a.givenUp.Load(), Chats: a.chats.Load(), ChatsBound: maxResting + maxAnnouncing,
	}
}

// countAnnouncements looks up how many announcements are owed.
func (s *Store) countAnnouncements(ctx context.Context) error {
	var owed int64
	if err := s.reads.QueryRow(ctx, `SELECT count(*) FROM announcements WHERE due_at IS NOT NULL AND shown < version`).Scan(&owed); err != nil {
		return fmt.Errorf("count the announcements owed: %w", err)
	}
	s.announcements.owed.Store(owed)
	return nil
}
