package persistence

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"okolo/persistence/model"
)

const (
	// noticeStep is how many people are told before it is noted that they were; as many may be
	// told again where the program is killed. It is what Telegram takes in a second.
	noticeStep = 30
	// maxMissed is how many people a notice may have missed before it waits: Telegram is away.
	maxMissed = 100
	// noteTimeout bounds noting who was told, which is done also while the program ends.
	noteTimeout = 3 * time.Second
)

// noticeJob owes a notice.
type noticeJob struct{ model.Notice }

// Kind implements [river.JobArgs]. It is stored, so it must never change.
func (noticeJob) Kind() string { return "notice" }

// progress is how far a notice got. It is stored with its job.
type progress struct {
	After  int64   `json:"after"`            // everybody up to this id was told, but for
	Missed []int64 `json:"missed,omitempty"` // these
}

// notify tells all whom a notice is for, a page at a time: first whom earlier attempts missed,
// then those they did not come to.
func (j *Jobs) notify(ctx context.Context, job *river.Job[noticeJob]) error {
	var p progress
	if stored := job.Output(); stored != nil {
		if err := json.Unmarshal(stored, &p); err != nil {
			return fmt.Errorf("read how far a notice got: %w", err)
		}
	}
	missed := p.Missed
	p.Missed = nil
	for page := range slices.Chunk(missed, noticeStep) {
		people, err := j.store.readers(ctx, job.Args.Notice, 0, page)
		if err != nil {
			return err
		}
		p.Missed = append(p.Missed, j.tell(ctx, job.Args.Notice, people)...)
	}
	if err := j.note(ctx, job, p); err != nil {
		return err
	}
	for len(p.Missed) < maxMissed {
		if j.ending.Err() != nil {
			return river.JobSnooze(0)
		}
		people, err := j.store.readers(ctx, job.Args.Notice, p.After, nil)
		if err != nil {
			return err
		}
		if len(people) == 0 {
			break
		}
		p.Missed = append(p.Missed, j.tell(ctx, job.Args.Notice, people)...)
		p.After = people[len(people)-1].ID
		if err := j.note(ctx, job, p); err != nil {
			return err
		}
	}
	if len(p.Missed) > 0 {
		return fmt.Errorf("%d people could not be told yet", len(p.Missed))
	}
	return nil
}

// tell tells people and returns those whom it missed.
func (j *Jobs) tell(ctx context.Context, n model.Notice, people []model.Person) (missed []int64) {
	if len(people) == 0 {
		return nil
	}
	for i, err := range j.messenger.Notify(ctx, n, people) {
		if err == nil {
			j.store.notices.sent.Add(1)
			continue
		}
		j.store.notices.missed.Add(1)
		missed = append(missed, people[i].ID)
	}
	return missed
}

// note stores how far a notice got.
func (j *Jobs) note(ctx context.Context, job *river.Job[noticeJob], p progress) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	if _, err := j.client.JobUpdate(ctx, job.ID, &river.JobUpdateParams{Output: p}); err != nil {
		return fmt.Errorf("note how far a notice got: %w", err)
	}
	return nil
}

// readers returns whom a notice is for and who may be written to: a page of those with ids above
// after, by id; among these only, where only is not nil.
func (s *Store) readers(ctx context.Context, n model.Notice, after int64, only []int64) ([]model.Person, error) {
	const query = `
		SELECT u.id, u.name, u.lang FROM participants p JOIN users u ON u.id = p.person
		WHERE p.event = $1 AND p.person > $2 AND p.person <> $3
		  AND ($4::bigint[] IS NULL OR p.person = ANY ($4))
		  AND ($5 = 0 OR p.person = $5 AND p.part = 'going')
		  AND (u.blocked_at IS NULL OR u.blocked_at < p.since)
		ORDER BY p.person LIMIT $6`
	rows, _ := s.reads.Query(ctx, query, n.Event, after, n.By, only, n.Person, noticeStep) // its error is the rows'
	people, err := pgx.CollectRows(rows, pgx.RowToStructByPos[model.Person])
	if err != nil {
		return nil, fmt.Errorf("read whom to tell: %w", err)
	}
	return people, nil
}

// Blocked notes that a person does not let the bot write to them: neither notices nor reminders
// are for them until they return, or join something anew. Of the chat of a community it notes
// that the bot is not in it.
func (s *Store) Blocked(ctx context.Context, chat int64) error {
	query := `UPDATE users SET blocked_at = now() WHERE id = $1`
	if chat < 0 {
		query = leftQuery
	}
	if _, err := s.reads.Exec(ctx, query, chat); err != nil {
		return fmt.Errorf("note who blocked the bot: %w", err)
	}
	return nil
}

const leftQuery = `UPDATE communities SET left_at = coalesce(left_at, now()), updated_at = now() WHERE id = $1`

// Returned notes that a person lets the bot write to them (again).
func (s *Store) Returned(ctx context.Context, person int64) error {
	const query = `UPDATE users SET blocked_at = NULL WHERE id = $1 AND blocked_at IS NOT NULL`
	if _, err := s.reads.Exec(ctx, query, person); err != nil {
		return fmt.Errorf("note who returned: %w", err)
	}
	return nil
}

// NoticeStats counts what is owed to people, and what became of it. Counts are since the start.
type NoticeStats struct {
	Owed    int64 `json:"owed" metric:"owed" help:"Notices that are not wholly delivered, as of a minute ago at most."`
	GivenUp int64 `json:"given_up" metric:"given_up" help:"Notices that failed too often, of the last seven days, as of a minute ago at most."`
	Sent    int64 `json:"sent" metric:"sent_total" help:"Notices to one person each."`
	Missed  int64 `json:"missed" metric:"missed_total" help:"Attempts to tell a person that failed and are repeated."`
}

// NoticeStats returns what is owed to people.
func (s *Store) NoticeStats() NoticeStats {
	n := &s.notices
	return NoticeStats{Owed: n.owed.Load(), GivenUp: n.givenUp.Load(), Sent: n.sent.Load(), Missed: n.missed.Load()}
}

// countNotices looks up how many notices are owed.
func (s *Store) countNotices(ctx context.Context) error {
	const query = `
		SELECT count(*) FILTER (WHERE state <> 'discarded'), count(*) FILTER (WHERE state = 'discarded')
		FROM river_job
		WHERE kind = 'notice' AND state IN ('available', 'pending', 'retryable', 'running', 'scheduled', 'discarded')`
	var owed, givenUp int64
	if err := s.reads.QueryRow(ctx, query).Scan(&owed, &givenUp); err != nil {
		return fmt.Errorf("count the notices owed: %w", err)
	}
	s.notices.owed.Store(owed)
	s.notices.givenUp.Store(givenUp)
	return nil
}
