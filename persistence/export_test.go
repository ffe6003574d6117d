package persistence

import (
	"context"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/jackc/pgx/v5"

	"okolo/persistence/model"
)

// What the tests of plans and the benchmarks of searches need to run the store's own search.
const (
	NearbyQuery          = nearbyQuery
	EventsQuery          = eventsQuery
	MineQuery            = mineQuery
	DueQuery             = dueQuery
	CommunityEventsQuery = communityEventsQuery
)

var (
	ByKey      = byKey
	CellOf     = cellOf
	NearbyArgs = nearbyArgs
)

// ExpireSnapshotsOnce walks the snapshots once and returns how many it deleted.
func (s *Store) ExpireSnapshotsOnce(ctx context.Context, before time.Time) (int64, error) {
	return s.expireSnapshots(ctx, before)
}

// RemindOnce sends what is due.
func (s *Store) RemindOnce(ctx context.Context, m Messenger) error {
	return (&Jobs{store: s, messenger: m, ending: ctx}).remind(ctx)
}

// DigestOnce tells the operators what is new.
func (s *Store) DigestOnce(ctx context.Context, bot int64, m Messenger) error {
	return (&Jobs{store: s, bot: bot, messenger: m, ending: ctx}).digest(ctx)
}

// StartAnnouncer has announcements shown, at that pace in each chat, until stop is called.
func (s *Store) StartAnnouncer(bot int64, epoch uint64, pace time.Duration, m Messenger) (stop func(context.Context) error) {
	j := &Jobs{store: s, messenger: m, pool: s.reads}
	j.ending, j.end = context.WithCancel(context.Background())
	a := j.announce(bot, epoch, pace)
	return func(ctx context.Context) error {
		j.end()
		return a.stop(ctx)
	}
}

// RetainOnce deletes what is past its time.
func (s *Store) RetainOnce(ctx context.Context, now time.Time) (answers, events int64, err error) {
	return s.retain(ctx, now)
}

// Outcome is how a command ended.
type Outcome struct {
	Answer model.Answer
	Err    error
}

// WriterPausedBy starts a writer that calls pause with the commands of every batch, before it begins
// to carry them out.
func WriterPausedBy(system *actor.ActorSystem, s *Store, pause func([]model.Command)) *Writer {
	return newWriter(system, s, WriterOptions{}, func() executor {
		ledgers := &ledgers{jobs: s.jobs, nudge: s.nudge}
		return func(ctx context.Context, conn *pgx.Conn, batch []*pending) (*pgx.Batch, func(), error) {
			var commands []model.Command
			for _, p := range batch {
				commands = append(commands, p.cmd)
			}
			pause(commands)
			return ledgers.execute(ctx, conn, batch)
		}
	})
}

// Meet reports whether a batch of the one command must wait for one of the other.
func Meet(a, b model.Command, keyA, keyB model.Key) bool {
	batchOf := func(key model.Key, cmd model.Command) *batch { return newBatch([]*pending{{key: key, cmd: cmd}}) }
	return batchOf(keyA, a).meets(batchOf(keyB, b))
}

// Committer returns a function that carries commands out in batches of a size, in this order,
// with no actor in between. The ids are for the first events that it makes.
func Committer(s *Store, ids ...int64) func(ctx context.Context, size int, keys []model.Key, commands []model.Command) []Outcome {
	counts := newCounters()
	c := &committer{pool: s.writes, timeout: time.Minute, log: s.log, counters: &counts, execute: (&ledgers{jobs: s.jobs, nudge: s.nudge, ids: ids}).execute}
	return func(ctx context.Context, size int, keys []model.Key, commands []model.Command) []Outcome {
		outcomes := make([]Outcome, len(commands))
		var all []*pending
		for i, command := range commands {
			p, err := newPending(keys[i], command, nil)
			if err != nil {
				outcomes[i].Err = err
				p = nil
			}
			all = append(all, p)
		}
		for batch := range slices.Chunk(all, size) {
			c.commit(ctx, slices.DeleteFunc(slices.Clone(batch), func(p *pending) bool { return p == nil }))
		}
		for i, p := range all {
			if p != nil {
				outcomes[i] = Outcome{p.answer, p.err}
			}
		}
		return outcomes
	}
}
