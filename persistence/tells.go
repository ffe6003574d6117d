package persistence

import (
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// queueTold counts the messages of organisers in the last 24 hours, as far as it matters.
func (l *ledger) queueTold(b *pgx.Batch, n needs) {
	if len(n.told) == 0 {
		return
	}
	const query = `
		SELECT t.event, m.number
		FROM unnest($1::bigint[]) AS t (event)
		CROSS JOIN LATERAL (
			SELECT count(*) AS number
			FROM (SELECT FROM organiser_messages o WHERE o.event = t.event AND o.sent_at > now() - interval '24 hours' LIMIT $2) few
		) m`
	queueRows(b, query, []any{slices.Collect(maps.Keys(n.told)), model.MaxMessages}, func(row pgx.CollectableRow) error {
		var event int64
		var number int
		err := row.Scan(&event, &number)
		l.told[event] = number
		return err
	})
}

func (l *ledger) saveTells(b *pgx.Batch) {
	if len(l.tells) > 0 {
		b.Queue(`INSERT INTO organiser_messages (event) SELECT * FROM unnest($1::bigint[])`, l.tells)
	}
}
