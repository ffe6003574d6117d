package persistence

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"okolo/persistence/ics"
	"okolo/persistence/model"
)

const (
	// importStep is the most events that one transaction of an import writes: their rows are
	// locked for no longer than a batch of the writer's.
	importStep = 100
	// importTries is how often a step is tried that lost a race against the bot.
	importTries = 30
	// tookTooLong is the SQLSTATE of a statement that a loaded database gave up.
	tookTooLong = "57014"
	// fewComing is from how many coming events on it is too much that most of them vanish at once.
	fewComing = 10
	// maxImported is the most events of one source that are known.
	maxImported = 3 * ics.MaxEntries
)

// ErrImporting: another import of the same source is under way.
var ErrImporting = errors.New("this source is being imported already")

// VanishedError is the error of a calendar that has no events any more, or lost most of many: rather than that
// all of them were called off, the calendar is broken.
type VanishedError struct{ Vanished, Coming int }

func (e *VanishedError) Error() string {
	return fmt.Sprintf("%d of %d coming events vanished from the calendar", e.Vanished, e.Coming)
}

// Import is an import of a calendar.
type Import struct {
	Source   string // its name, 1 to 64 characters
	Calendar *ics.Calendar
	DryRun   bool // only count
	CallOff  bool // what vanished is called off, also where that is most of it
	Now      time.Time
	Progress func(done, of int) // after each step; nil: nobody looks
}

// ImportResult is what an import did, or would have done.
type ImportResult struct{ New, Changed, Unchanged, Cancelled int }

// Source is a calendar that events were imported from.
type Source struct {
	Name     string
	Imported time.Time
	Coming   int // events that are to come
	All      int // events that are known
}

// Sources returns all calendars that events were imported from, by name, at most 1,000.
func (s *Store) Sources(ctx context.Context) ([]Source, error) {
	const query = `
		SELECT s.name, coalesce(s.imported_at, '-infinity'::timestamptz),
		       count(e.id) FILTER (WHERE e.status = 'open' AND e.ends > now()), count(e.id)
		FROM sources s LEFT JOIN imports i ON i.source = s.id LEFT JOIN events e ON e.id = i.event
		WHERE s.imported_at IS NOT NULL
		GROUP BY s.id ORDER BY s.name LIMIT 1000`
	all, err := read(ctx, s, pgx.RowToStructByPos[Source], query)
	if err != nil {
		return nil, fmt.Errorf("read the sources: %w", err)
	}
	return all, nil
}

// Import brings the events of a source up to what its calendar says: new ones are made, changed
// ones changed, and those to come that vanished or are called off there are called off, of which
// those who joined are told. What operators hid or deleted stays so. It may run beside a bot, in
// transactions of a few events each; where it is ended between them, the next import goes on. It
// fails with [ErrImporting], and with a [*VanishedError] before it has changed anything.
func (s *Store) Import(ctx context.Context, in Import) (ImportResult, error) {
	result, err := s.importCalendar(ctx, in)
	if err != nil {
		return result, fmt.Errorf("import %q: %w", in.Source, err)
	}
	return result, nil
}

func (s *Store) importCalendar(ctx context.Context, in Import) (ImportResult, error) {
	lock, err := s.reads.Acquire(ctx)
	if err != nil {
		return ImportResult{}, err
	}
	defer lock.Release()
	const tryLock = `SELECT pg_try_advisory_lock(hashtextextended('okolo import ' || $1, 0))`
	var locked bool
	if err := lock.QueryRow(ctx, tryLock, in.Source).Scan(&locked); err != nil {
		return ImportResult{}, err
	}
	if !locked {
		return ImportResult{}, ErrImporting
	}
	defer unlock(ctx, lock)
	known, err := s.imported(ctx, in.Source)
	if err != nil {
		return ImportResult{}, err
	}
	p := planImport(in, known)
	if err := p.vanished(in); err != nil {
		return ImportResult{}, err
	}
	if in.DryRun {
		return p.result, nil
	}
	return p.result, s.carryOut(ctx, in, p)
}

// unlock gives up the lock of an import, or closes the connection that holds it.
func unlock(ctx context.Context, lock *pgxpool.Conn) {
	ctx = context.WithoutCancel(ctx)
	if _, err := lock.Exec(ctx, `SELECT pg_advisory_unlock_all()`); err != nil {
		_ = lock.Conn().Close(ctx) // which gives it up
	}
}

// importedEvent is what is known of an event that was imported before.
type importedEvent struct {
	event  int64
	digest int64
	status model.Status
	starts time.Time
}

func (s *Store) imported(ctx context.Context, source string) (map[ics.Key]importedEvent, error) {
	const query = `
		SELECT i.uid, i.occurrence, i.event, i.digest, e.status, e.starts
		FROM imports i JOIN sources s ON s.id = i.source JOIN events e ON e.id = i.event
		WHERE s.name = $1 LIMIT $2`
	known := map[ics.Key]importedEvent{}
	rows, _ := s.reads.Query(ctx, query, source, maxImported) // its error is that of ForEachRow
	var k ics.Key
	var e importedEvent
	_, err := pgx.ForEachRow(rows, []any{&k.UID, &k.Occurrence, &e.event, &e.digest, &e.status, &e.starts}, func() error {
		known[k] = e
		return nil
	})
	return known, err
}

// importPlan is what is to be done.
type importPlan struct {
	create, change []ics.Entry
	events         map[ics.Key]int64 // of those that change
	cancel         []int64
	coming         int // of what is known
	gone           int // of these those that the calendar does not have
	result         ImportResult
}

// vanished refuses to believe that too much was called off by leaving it out.
func (p *importPlan) vanished(in Import) error {
	empty := len(in.Calendar.Entries) == 0
	if in.CallOff || p.gone == 0 || !empty && (p.coming < fewComing || 2*p.gone <= p.coming) {
		return nil
	}
	return &VanishedError{Vanished: p.gone, Coming: p.coming}
}

// planImport compares a calendar with what is known of it.
func planImport(in Import, known map[ics.Key]importedEvent) importPlan {
	p := importPlan{events: map[ics.Key]int64{}}
	kept, there, off := map[string]bool{}, map[ics.Key]bool{}, map[string]bool{}
	for _, uid := range in.Calendar.Kept {
		kept[uid] = true
	}
	for _, e := range in.Calendar.Entries {
		old, ok := known[e.Key]
		there[e.Key] = !e.Cancelled
		switch {
		case e.Cancelled:
			off[e.UID] = off[e.UID] || e.Occurrence == ""
		case !ok && e.FarAhead:
		case !ok:
			p.create = append(p.create, e)
		case old.status != model.Deleted && (old.digest != digestOf(e) || old.status == model.Cancelled):
			p.change = append(p.change, e)
			p.events[e.Key] = old.event
		default:
			p.result.Unchanged++
		}
	}
	for key, old := range known {
		if old.status != model.Open || !old.starts.After(in.Now) {
			continue
		}
		p.coming++
		takesPlace, listed := there[key]
		listed = listed || off[key.UID]
		if !takesPlace && (listed || !kept[key.UID]) {
			p.cancel = append(p.cancel, old.event)
			if !listed {
				p.gone++
			}
		}
	}
	p.result.New, p.result.Changed, p.result.Cancelled = len(p.create), len(p.change), len(p.cancel)
	return p
}

func digestOf(e ics.Entry) int64 {
	h := hasher{fnv.New64a()}
	h.details(&e.Details)
	return int64(h.Sum64())
}

// carryOut writes a plan in steps.
func (s *Store) carryOut(ctx context.Context, in Import, p importPlan) error {
	const upsert = `
		INSERT INTO sources (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id`
	var source int64
	if err := s.writes.QueryRow(ctx, upsert, in.Source).Scan(&source); err != nil {
		return err
	}
	done, of := 0, len(p.create)+len(p.change)+len(p.cancel)
	progress := func(n int) {
		if done += n; in.Progress != nil {
			in.Progress(done, of)
		}
	}
	for part := range chunks(p.create) {
		if err := s.step(ctx, func(tx pgx.Tx) error { return createImported(ctx, tx, source, part) }); err != nil {
			return err
		}
		progress(len(part))
	}
	for part := range chunks(p.change) {
		if err := s.step(ctx, func(tx pgx.Tx) error { return s.changeImported(ctx, tx, source, part, p.events) }); err != nil {
			return err
		}
		progress(len(part))
	}
	for part := range chunks(p.cancel) {
		if err := s.step(ctx, func(tx pgx.Tx) error { return s.cancelImported(ctx, tx, part) }); err != nil {
			return err
		}
		progress(len(part))
	}
	_, err := s.writes.Exec(ctx, `UPDATE sources SET imported_at = now() WHERE id = $1`, source)
	return err
}
