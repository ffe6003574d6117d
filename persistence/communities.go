package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// Community returns a community; of a group that became a supergroup, the supergroup. It fails
// with [model.ErrNotFound] where the chat was never heard of.
func (s *Store) Community(ctx context.Context, chat int64) (model.Chat, error) {
	chats, err := read(ctx, s, func(row pgx.CollectableRow) (c model.Chat, err error) {
		err = row.Scan(&c.ID, &c.Title, &c.Topic, &c.Left, &c.Creators, &c.Lang, &c.Quiet)
		return c, err
	}, communityQuery, chat)
	switch {
	case err != nil:
		return model.Chat{}, fmt.Errorf("read a community: %w", err)
	case len(chats) == 0:
		return model.Chat{}, fmt.Errorf("read a community: %w", model.ErrNotFound)
	}
	return chats[0], nil
}

const communityQuery = `
	WITH RECURSIVE moved AS (
		SELECT $1::bigint AS id
		UNION
		SELECT c.moved_to FROM moved JOIN communities c USING (id) WHERE c.moved_to IS NOT NULL
	)
	SELECT c.id, c.title, c.topic, c.left_at IS NOT NULL, c.creators, c.lang, c.quiet
	FROM moved JOIN communities c USING (id) WHERE c.moved_to IS NULL`

// CommunityEvents returns the open events of a community that have not ended, by their start, at
// most limit (and [MaxEvents]) of them. after is the last event of the page before; 0: from the
// first one on.
func (s *Store) CommunityEvents(ctx context.Context, chat int64, now time.Time, after int64, limit int) ([]model.Seen, error) {
	if limit = min(limit, MaxEvents); limit <= 0 {
		return nil, nil
	}
	return s.seen(ctx, communityEventsQuery, 0, chat, now, after, limit)
}

const communityEventsQuery = seenColumns + `
	FROM events e
	LEFT JOIN participants p ON p.event = e.id AND p.person = $1
	WHERE e.community = $2 AND e.status = 'open' AND e.ends > $3
	  AND ($4 = 0 OR (e.starts, e.id) > (SELECT starts, id FROM events WHERE id = $4))
	ORDER BY e.starts, e.id
	LIMIT $5`
