package persistence

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

const (
	// alikeWithin is how far apart events of the same title are that are probably one.
	alikeWithin = 12 * time.Hour
	// maxAlike is the most of a person's events of those hours that are looked at.
	maxAlike = 100
)

// Alike returns an open event of the owner's that has the title of d, whatever its case, and
// begins within half a day of it; 0: there is none. Where the draft already is an event there
// is nothing to compare: to confirm it again is no second event.
func (s *Store) Alike(ctx context.Context, owner, draft int64, d model.Details) (int64, error) {
	const query = `
		SELECT id, title FROM events
		WHERE owner = $1 AND status = 'open' AND ends > now() AND starts BETWEEN $3 AND $4
		  AND NOT EXISTS (SELECT FROM events WHERE owner = $1 AND draft = $2)
		ORDER BY starts, id LIMIT $5`
	rows, _ := s.reads.Query(ctx, query, owner, draft, d.Starts.Add(-alikeWithin), d.Starts.Add(alikeWithin), maxAlike) // its error is the rows'
	var id int64
	var title string
	var found int64
	_, err := pgx.ForEachRow(rows, []any{&id, &title}, func() error {
		if found == 0 && strings.EqualFold(title, d.Title) {
			found = id
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("look for an event alike: %w", err)
	}
	return found, nil
}
