package persistence

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// Engagements returns events that have not ended of which a person is a part: open ones of
// their own, and any that they joined; at most [model.MaxForget].
func (s *Store) Engagements(ctx context.Context, person int64) ([]int64, error) {
	const query = `
		SELECT id FROM events WHERE owner = $1 AND status = 'open' AND ends > now()
		UNION
		SELECT p.event FROM participants p JOIN events e ON e.id = p.event WHERE p.person = $1 AND e.ends > now()
		ORDER BY id LIMIT $2`
	rows, _ := s.reads.Query(ctx, query, person, model.MaxForget) // its error is the rows'
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read what a person is a part of: %w", err)
	}
	return ids, nil
}

// erasures delete what is stored of a person, $1, who is a part of no event that is to come. The
// events that nobody else is a part of go; of the others, which those who joined or a group still
// see, what the person told of them goes, and the owner becomes the person 0, who is nobody. Of
// somebody who is banned it is kept that they are.
var erasures = []string{
	`DELETE FROM reports WHERE person = $1`,
	`DELETE FROM reminders WHERE person = $1`,
	`DELETE FROM digests WHERE operator = $1`,
	`WITH gone AS (DELETE FROM participants WHERE person = $1 RETURNING event, part)
	 UPDATE events e SET going = e.going - (g.part = 'going')::integer, waiting = e.waiting - (g.part = 'waiting')::integer
	 FROM gone g WHERE e.id = g.event`,
	`DELETE FROM events e WHERE owner = $1 AND (ends < now() OR going + waiting = 0
	   AND NOT EXISTS (SELECT FROM announcements a WHERE a.event = e.id AND a.message <> 0))`,
	`INSERT INTO users (id, name, lang) SELECT 0, '', 'en' WHERE EXISTS (SELECT FROM events WHERE owner = $1)
	 ON CONFLICT DO NOTHING`,
	`UPDATE events SET owner = 0, draft = NULL, description = '', updated_at = now() WHERE owner = $1`,
	`UPDATE writes SET promoted = 0 WHERE promoted = $1`,
	// Updates of theirs that nobody will handle; others end by themselves. Replies the outbox forgets.
	`DELETE FROM inbox WHERE set_aside IS NOT NULL AND convert_from(payload, 'UTF8') ~ ('"id":\s*' || $1::bigint || '\M')`,
	`DELETE FROM river_job WHERE kind = 'notice' AND (args->>'Person')::bigint = $1`,
	`DELETE FROM river_job WHERE kind = 'notice' AND finalized_at IS NOT NULL AND strpos(metadata::text, $1::bigint::text) > 0`,
	`UPDATE river_job SET args = jsonb_set(args, '{By}', '0') WHERE kind = 'notice' AND (args->>'By')::bigint = $1`,
	`UPDATE users SET name = '', lang = 'en', muted_at = NULL, ban_reason = '', created_at = now(), updated_at = now() WHERE id = $1 AND banned`,
	`DELETE FROM users WHERE id = $1 AND NOT banned`,
}

// Erase deletes what is stored of a person in one transaction. They have to be a part of no
// event any more (see [model.ForgetPerson]), and their session is not stored here. To do it
// again changes nothing.
func (s *Store) Erase(ctx context.Context, person int64) error {
	if person <= 0 {
		return fmt.Errorf("erase person %d: no such person", person)
	}
	err := pgx.BeginFunc(ctx, s.writes, func(tx pgx.Tx) error {
		const lock = `
			SELECT FROM events WHERE owner = $1 OR id IN (SELECT event FROM participants WHERE person = $1)
			ORDER BY id FOR NO KEY UPDATE` // in the order of the writer's
		var b pgx.Batch
		b.Queue(lock, person)
		for _, sql := range erasures {
			b.Queue(sql, person)
		}
		return tx.SendBatch(ctx, &b).Close()
	})
	if err != nil {
		return fmt.Errorf("erase a person: %w", err)
	}
	return nil
}
