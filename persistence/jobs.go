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

// Messenger delivers what the database owes to people. An error makes the job be tried again
// later, so it may deliver a second time to those it had already reached.
type Messenger interface {
	Notify(ctx context.Context, n model.Notice) error
	Remind(ctx context.Context, r model.Reminder) error
}

// Jobs are the messages owed to people, kept in the database until they are delivered. A notice
// is stored in the transaction of the write that causes it: the one is there if and only if the
// other is.
type Jobs struct {
	client *river.Client[pgx.Tx]
	pool   *pgxpool.Pool
}

// StartJobs has the messenger deliver what is owed, until Stop.
func (s *Store) StartJobs(ctx context.Context, m Messenger) (*Jobs, error) {
	config := s.reads.Config()
	config.MaxConns = jobConns
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the pool of the jobs: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, j *river.Job[noticeJob]) error {
		return m.Notify(ctx, j.Args.Notice)
	}))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, _ *river.Job[remindJob]) error {
		return s.remind(ctx, m)
	}))
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Queues: map[string]river.QueueConfig{
			river.QueueDefault: {MaxWorkers: noticeWorkers},
			remindQueue:        {MaxWorkers: 1},
		},
		Workers:    workers,
		JobTimeout: jobTimeout,
		Logger:     s.log,
		PeriodicJobs: []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(remindEvery),
			func() (river.JobArgs, *river.InsertOpts) { return remindJob{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true})},
	})
	if err == nil {
		err = client.Start(context.WithoutCancel(ctx))
	}
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("start the jobs: %w", err)
	}
	return &Jobs{client, pool}, nil
}

// Stop begins no more jobs and returns when those under way have ended. Where ctx ends first
// they are cut off, and come again.
func (j *Jobs) Stop(ctx context.Context) error {
	defer j.pool.Close()
	err := j.client.Stop(ctx)
	if err != nil {
		err = errors.Join(err, j.client.StopAndCancel(context.WithoutCancel(ctx)))
	}
	if err != nil {
		return fmt.Errorf("stop the jobs: %w", err)
	}
	return nil
}

// noticeJob owes a notice.
type noticeJob struct{ model.Notice }

// Kind implements [river.JobArgs]. It is stored, so it must never change.
func (noticeJob) Kind() string { return "notice" }

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
