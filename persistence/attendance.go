package persistence

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// Attendance returns who comes to an event and then who waits, each in the order of joining, at
// most limit (and [MaxEvents]) of them. Only its owner gets to know: for others it is empty.
func (s *Store) Attendance(ctx context.Context, owner, event int64, limit int) ([]model.Attendee, error) {
	const query = `
		SELECT u.name, p.part FROM events e
		JOIN participants p ON p.event = e.id JOIN users u ON u.id = p.person
		WHERE e.id = $1 AND e.owner = $2 AND e.status NOT IN ('hidden', 'deleted')
		ORDER BY p.part, p.number LIMIT $3` // 'going' before 'waiting'
	rows, _ := s.reads.Query(ctx, query, event, owner, min(limit, MaxEvents)) // its error is the rows'
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[model.Attendee])
	if err != nil {
		return nil, fmt.Errorf("read the attendance: %w", err)
	}
	return all, nil
}
