package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

const (
	// digestEvery is the least time between two messages to an operator about reports.
	digestEvery = 10 * time.Minute
	// maxOperators is the most operators who are told of reports.
	maxOperators = 100
	// maxReported is the most reports that a digest counts.
	maxReported = 1000
)

// DigestStats counts what operators were told of reports since the program started.
type DigestStats struct {
	Sent   int64 `json:"sent" metric:"sent_total" help:"Messages to one operator each about new reports."`
	Missed int64 `json:"missed" metric:"missed_total" help:"Attempts to tell an operator of reports that failed and are repeated."`
}

// DigestStats returns what operators were told.
func (s *Store) DigestStats() DigestStats {
	return DigestStats{Sent: s.digests.sent.Load(), Missed: s.digests.missed.Load()}
}

// newReports is what an operator has not been told of.
type newReports struct {
	model.Digest
	until time.Time // when the newest was made
}

// digest tells those operators of reports who have not been told of them, and not of others just
// before. The writer commits reports in the order of their times, so none is passed over. Where
// the program is killed between sending and noting it, they are told once more.
func (j *Jobs) digest(ctx context.Context) error {
	operators := j.messenger.Operators()
	if len(operators) == 0 {
		return nil
	}
	news, err := j.newReports(ctx, operators[:min(len(operators), maxOperators)])
	if err != nil || len(news) == 0 {
		return err
	}
	digests := make([]model.Digest, len(news))
	for i, n := range news {
		digests[i] = n.Digest
	}
	var told []newReports
	for i, err := range j.messenger.Reported(ctx, digests) {
		if err != nil {
			j.store.digests.missed.Add(1)
			continue
		}
		j.store.digests.sent.Add(1)
		told = append(told, news[i])
	}
	if err := j.noteDigests(ctx, told); err != nil {
		return err
	}
	if n := len(news) - len(told); n > 0 {
		return fmt.Errorf("%d operators could not be told of reports yet", n)
	}
	return nil
}

func (j *Jobs) newReports(ctx context.Context, operators []int64) ([]newReports, error) {
	const query = `
		SELECT o.id, coalesce(u.lang, 'en'), n.reports, n.until
		FROM unnest($2::bigint[]) AS o (id)
		LEFT JOIN digests d ON d.bot = $1 AND d.operator = o.id
		LEFT JOIN users u ON u.id = o.id
		CROSS JOIN LATERAL (
			SELECT count(*) AS reports, max(made_at) AS until
			FROM (
				SELECT r.made_at FROM reports r JOIN events e ON e.id = r.event
				WHERE r.made_at > coalesce(d.until, '-infinity') AND r.person <> o.id AND e.status = 'open' AND e.ends > now()
				ORDER BY r.made_at LIMIT $4
			) fresh
		) n
		WHERE n.reports > 0 AND (d.told_at IS NULL OR d.told_at <= now() - make_interval(secs => $3))`
	rows, _ := j.store.reads.Query(ctx, query, j.bot, operators, digestEvery.Seconds(), maxReported) // its error is the rows'
	news, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (n newReports, err error) {
		err = row.Scan(&n.Operator, &n.Lang, &n.Reports, &n.until)
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for new reports: %w", err)
	}
	return news, nil
}

// noteDigests notes what operators were told of, also while the program ends.
func (j *Jobs) noteDigests(ctx context.Context, told []newReports) error {
	if len(told) == 0 {
		return nil
	}
	const query = `
		INSERT INTO digests (bot, operator, until, told_at)
		SELECT $1, operator, until, now() FROM unnest($2::bigint[], $3::timestamptz[]) AS t (operator, until)
		ON CONFLICT (bot, operator) DO UPDATE SET until = excluded.until, told_at = excluded.told_at`
	operators, untils := make([]int64, len(told)), make([]time.Time, len(told))
	for i, t := range told {
		operators[i], untils[i] = t.Operator, t.until
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	if _, err := j.store.writes.Exec(ctx, query, j.bot, operators, untils); err != nil {
		return fmt.Errorf("note what operators were told: %w", err)
	}
	return nil
}
