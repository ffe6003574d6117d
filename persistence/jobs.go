package persistence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"okolo/persistence/model"
)

const (
	// jobConns are the connections of the jobs: one listens, the others work.
	jobConns = 5
	// jobTimeout is the longest one job may take: to tell thousands, at Telegram's pace.
	jobTimeout = 15 * time.Minute
	// noticeWorkers deliver notices at the same time; they share Telegram's limits with the
	// answers to people, who come first.
	noticeWorkers = 2
	// remindEvery is the time between two looks for reminders that are due.
	remindEvery = time.Minute
)

// Messenger delivers what the database owes to people. It returns an error for each of them, in
// their order: nil where nothing is left to do, be it that they can never be reached; those with
// an error are tried again later.
type Messenger interface {
	// Notify tells people the same.
	Notify(ctx context.Context, n model.Notice, to []model.Person) []error
	// Remind reminds people, each of their own event.
	Remind(ctx context.Context, reminders []model.Reminder) []error
	// Operators are the ids of those who are told of reports, a few.
	Operators() []int64
	// Reported tells operators of reports.
	Reported(ctx context.Context, digests []model.Digest) []error
	// Announce shows an event in its community's chat and returns the message that does; 0:
	// there is nothing to show. Its error may be one of those that package model names.
	Announce(ctx context.Context, a model.Announcement) (message int64, err error)
}

// Jobs are the messages owed to people, kept in the database until they are delivered. A notice
// is stored in the transaction of the write that causes it: the one is there if and only if the
// other is.
type Jobs struct {
	store     *Store
	bot       int64
	messenger Messenger
	client    *river.Client[pgx.Tx]
	pool      *pgxpool.Pool
	announcer *announcer
	ending    context.Context // done when jobs are to end at their next pause
	end       context.CancelFunc
}

// StartJobs has the messenger deliver what is owed, until Stop. It is for the process that owns a
// bot, in the given epoch: what an earlier owner had begun when it died is taken up again.
func (s *Store) StartJobs(ctx context.Context, bot int64, epoch uint64, m Messenger) (*Jobs, error) {
	family := fmt.Sprintf("okolo-%d-", bot)
	if err := s.releaseJobs(ctx, family); err != nil {
		return nil, err
	}
	config := s.reads.Config()
	config.MaxConns = jobConns
	for name := range byKey { // River looks for its jobs in other ways
		delete(config.ConnConfig.RuntimeParams, name)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the pool of the jobs: %w", err)
	}
	j := &Jobs{store: s, bot: bot, messenger: m, pool: pool}
	j.ending, j.end = context.WithCancel(context.WithoutCancel(ctx))
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(j.notify))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, _ *river.Job[remindJob]) error {
		return errors.Join(j.remind(ctx), j.digest(ctx), s.countNotices(ctx), s.countAnnouncements(ctx))
	}))
	j.client, err = river.NewClient(riverpgxv5.New(pool), &river.Config{
		Queues: map[string]river.QueueConfig{
			river.QueueDefault: {MaxWorkers: noticeWorkers},
			remindQueue:        {MaxWorkers: 1},
		},
		ID:         family + fmt.Sprint(epoch),
		Workers:    workers,
		JobTimeout: jobTimeout,
		Logger:     s.log,
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(remindEvery),
			func() (river.JobArgs, *river.InsertOpts) { return remindJob{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true})},
	})
	if err == nil {
		err = j.client.Start(context.WithoutCancel(ctx))
	}
	if err != nil {
		j.end()
		pool.Close()
		return nil, fmt.Errorf("start the jobs: %w", err)
	}
	j.announcer = j.announce(bot, epoch, announceRest)
	return j, nil
}

// releaseJobs frees the jobs that dead clients of a family had under way, and the leadership that one
// of them may have held, without which nobody looks for reminders. River itself, which does not know
// that they are dead, would wait for an hour, and for 15 seconds.
func (s *Store) releaseJobs(ctx context.Context, family string) error {
	var b pgx.Batch
	b.Queue(`
		UPDATE river_job
		SET state = (CASE WHEN attempt < max_attempts THEN 'available' ELSE 'discarded' END)::river_job_state,
		    finalized_at = CASE WHEN attempt < max_attempts THEN NULL ELSE now() END
		WHERE state = 'running' AND starts_with(attempted_by[array_upper(attempted_by, 1)], $1)`, family)
	b.Queue(`DELETE FROM river_leader WHERE starts_with(leader_id, $1)`, family)
	if err := s.reads.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("free the jobs of dead processes: %w", err)
	}
	return nil
}

// Stop begins no more jobs and returns when those under way have come to a pause, from where
// they go on another time. Where ctx ends first they are cut off, and come again.
func (j *Jobs) Stop(ctx context.Context) error {
	defer j.pool.Close()
	j.end()
	err := j.client.Stop(ctx)
	if err != nil {
		err = errors.Join(err, j.client.StopAndCancel(context.WithoutCancel(ctx)))
	}
	err = errors.Join(err, j.announcer.stop(ctx))
	if err != nil {
		return fmt.Errorf("stop the jobs: %w", err)
	}
	return nil
}

const remindQueue = "remind"

// remindJob looks for reminders that are due.
type remindJob struct{}

// Kind implements [river.JobArgs]. It is stored, so it must never change.
func (remindJob) Kind() string { return "remind" }

// InsertOpts implements [river.JobArgsWithInsertOpts]: one at a time, and one that failed is not
// tried again, as the next comes by itself.
func (remindJob) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: remindQueue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true,
		ByState: []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending,
			rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled}}}
}

// inserter puts jobs into the database, and works none.
type inserter = river.Client[pgx.Tx]

func newInserter(pool *pgxpool.Pool, log *slog.Logger) (*inserter, error) {
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: log})
	if err != nil {
		return nil, fmt.Errorf("make the client of the jobs: %w", err)
	}
	return client, nil
}

// insertNotices owes notices within the transaction that is open on a connection.
func insertNotices(ctx context.Context, jobs *inserter, conn *pgx.Conn, notices []model.Notice) error {
	if len(notices) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(notices))
	for i, n := range notices {
		params[i].Args = noticeJob{n}
	}
	if _, err := jobs.InsertManyFastTx(ctx, openTx{conn, conn}, params); err != nil {
		return fmt.Errorf("owe notices: %w", err)
	}
	return nil
}

// openTx is the transaction that is open on a connection, for a library that wants one; whoever
// opened it ends it.
type openTx struct {
	connection
	conn *pgx.Conn
}

// connection gives pgx.Conn a name that does not hide the method Conn.
type connection = *pgx.Conn

var errNotHere = errors.New("the transaction is ended by whoever began it")

// Commit implements [pgx.Tx].
func (openTx) Commit(context.Context) error { return errNotHere }

// Rollback implements [pgx.Tx].
func (openTx) Rollback(context.Context) error { return errNotHere }

// LargeObjects implements [pgx.Tx].
func (openTx) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Conn implements [pgx.Tx].
func (t openTx) Conn() *pgx.Conn { return t.conn }

// migrateJobs brings River's tables up to date.
func migrateJobs(ctx context.Context, pool *pgxpool.Pool) error {
	m, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err == nil {
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		return fmt.Errorf("migrate the jobs' tables: %w", err)
	}
	return nil
}
