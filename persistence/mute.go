package persistence

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// Mute says whether a person wants no reminders of an event that they joined. To say it twice is
// no error. It fails with [model.ErrNotFound] where they have not joined.
func (s *Store) Mute(ctx context.Context, event, person int64, muted bool) error {
	const query = `UPDATE participants SET muted = $3 WHERE event = $1 AND person = $2`
	tag, err := s.reads.Exec(ctx, query, event, person, muted)
	if err != nil {
		return fmt.Errorf("mute reminders: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("mute reminders: %w", model.ErrNotFound)
	}
	return nil
}

// MuteAll says whether a person wants no reminders at all. To say it twice is no error. What they
// said of single events stays as it is.
func (s *Store) MuteAll(ctx context.Context, person model.Person, muted bool) error {
	const query = `
		INSERT INTO users (id, name, lang, muted_at) VALUES ($1, $2, $3, CASE WHEN $4 THEN now() END)
		ON CONFLICT (id) DO UPDATE SET muted_at = excluded.muted_at`
	if _, err := s.reads.Exec(ctx, query, person.ID, cut(person.Name, model.MaxName), language(person.Lang), muted); err != nil {
		return fmt.Errorf("mute all reminders: %w", err)
	}
	return nil
}

// MutedAll reports whether a person wants no reminders at all.
func (s *Store) MutedAll(ctx context.Context, person int64) (bool, error) {
	const query = `SELECT muted_at IS NOT NULL FROM users WHERE id = $1`
	muted, err := read(ctx, s, pgx.RowTo[bool], query, person)
	if err != nil {
		return false, fmt.Errorf("read whether reminders are muted: %w", err)
	}
	return len(muted) > 0 && muted[0], nil
}
