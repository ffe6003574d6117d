package persistence

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Language returns the language in which the bot speaks with a person, "ru" or "en"; "" where it
// does not know them.
func (s *Store) Language(ctx context.Context, person int64) (string, error) {
	langs, err := read(ctx, s, pgx.RowTo[string], `SELECT lang FROM users WHERE id = $1`, person)
	if err != nil {
		return "", fmt.Errorf("read a person's language: %w", err)
	}
	if len(langs) == 0 {
		return "", nil
	}
	return langs[0], nil
}
