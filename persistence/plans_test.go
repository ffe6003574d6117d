package persistence_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

// What is read for people, and what is looked for every minute, is found by indexes.
func TestPlans(t *testing.T) {
	url := pgtest.URL(t)
	insertEvents(t, url, randomEvents(rand.New(rand.NewPCG(1, 1)), []model.Point{berlin}, 10_000))
	execute(t, url, `INSERT INTO users (id, name, lang) SELECT i, 'Anna', 'en' FROM generate_series(2, 2000) i`)
	execute(t, url, `INSERT INTO participants (event, person, part) SELECT 1 + i % 10000, i, 'going' FROM generate_series(2, 2000) i`)
	execute(t, url, `INSERT INTO communities (id, title) SELECT -i, 'Club' FROM generate_series(1, 50) i`)
	execute(t, url, `UPDATE events SET kind = 'community', community = -1 - id % 50 WHERE id % 4 = 0`)
	execute(t, url, `INSERT INTO announcements (event, bot, chat, version, due_at)
		SELECT id, 1, community, 1, CASE WHEN id % 100 = 0 THEN now() END FROM events WHERE community IS NOT NULL`)
	execute(t, url, "ANALYZE")
	for name, c := range map[string]struct {
		query string
		args  []any
		index string
	}{
		"nearby": {persistence.NearbyQuery, persistence.NearbyArgs(model.Search{Point: berlin, Radius: 5000,
			From: tomorrow, To: tomorrow.Add(24 * time.Hour), Limit: 50}), "events_nearby"},
		"details by id": {persistence.EventsQuery, []any{int64(2), []int64{1, 2, 3}}, "events_pkey"},
		"mine":          {persistence.MineQuery, []any{int64(2), 50}, "events_owner"},
		"a community's": {persistence.CommunityEventsQuery, []any{int64(0), int64(-1), tomorrow, int64(8), 50}, "events_community"},
		"announcements": {persistence.DueQuery, []any{int64(1), []int64{-1}, 64}, "announcements_due"},
	} {
		connect(t, url, func(conn *pgx.Conn) error {
			for name, value := range persistence.ByKey {
				if _, err := conn.Exec(context.Background(), "SET "+name+" = "+value); err != nil {
					return err
				}
			}
			rows, err := conn.Query(context.Background(), "EXPLAIN "+c.query, c.args...)
			if err != nil {
				return err
			}
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			plan := strings.Join(lines, "\n")
			if !strings.Contains(plan, c.index) || strings.Contains(plan, "Seq Scan on") {
				t.Errorf("%s:\n%s", name, plan)
			}
			return err
		})
	}
}
