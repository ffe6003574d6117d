package verify_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/cmd/loadtest/verify"
	"okolo/persistence"
	"okolo/persistence/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const (
	anna, boris = int64(1_000_001), int64(1_000_002)
	minute      = 19 * 60 // at which every event starts
)

// world is a database in which all is as people were told, and their ledger.
type world struct {
	t      *testing.T
	url    string
	conn   *pgx.Conn
	ledger *verify.Ledger
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, url: pgtest.URL(t), ledger: verify.NewLedger("run")}
	if err := persistence.Migrate(t.Context(), w.url); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.conn, err = pgx.Connect(t.Context(), w.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.conn.Close(context.Background()) })
	w.do(`INSERT INTO users (id, name, lang) VALUES ($1, 'Anna', 'en'), ($2, 'Boris', 'ru')`, anna, boris)
	return w
}

func (w *world) do(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.conn.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// publish has events of Anna's, by their numbers, published, acknowledged and stored.
func (w *world) publish(from, to int) {
	w.t.Helper()
	starts := time.Now().UTC().Truncate(24 * time.Hour).Add(48*time.Hour + minute*time.Minute)
	w.do(`INSERT INTO events (kind, owner, draft, title, description, category, starts, ends, zone, place, latitude, longitude, capacity, cell)
		SELECT 'personal', $1, n, format('Event %s of %s, run', n, $1::bigint), '', 'walks', $2, $2, 'UTC', '', 52.5, 13.4, 2, 0
		FROM generate_series($3::int, $4::int) n`, anna, starts, from, to)
	for n := from; n <= to; n++ {
		w.ledger.Publishing(verify.Event{Owner: anna, Number: uint32(n), Category: "walks", Minute: minute, Lat: 52.5, Lon: 13.4})
		w.ledger.Published(anna, uint32(n))
	}
}

// join has Boris join an event of Anna's.
func (w *world) join(number uint32) {
	w.t.Helper()
	title := w.ledger.Title(anna, number)
	w.do(`INSERT INTO participants (event, person, part) SELECT id, $1, 'going' FROM events WHERE title = $2`, boris, title)
	w.do(`UPDATE events SET going = going + 1 WHERE title = $1`, title)
	w.ledger.Changing(boris, title)
	w.ledger.Changed(boris, title, verify.Going)
}

func (w *world) check() verify.Findings {
	w.t.Helper()
	found, err := w.ledger.Check(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// TestHonest: where all is as people were told, there is nothing to say; also where they were told
// nothing of what may have happened.
func TestHonest(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 3)
	w.join(1)
	l := w.ledger
	// Begun, and neither told nor stored.
	l.Publishing(verify.Event{Owner: anna, Number: 4})
	l.Changing(boris, l.Title(anna, 2))
	l.CallingOff(anna, 2)
	// Called off, told so, and told twice.
	w.do(`UPDATE events SET status = 'cancelled' WHERE title = $1`, l.Title(anna, 3))
	l.CallingOff(anna, 3)
	l.CalledOff(anna, 3)
	l.CalledOff(anna, 3)
	l.Published(anna, 3)
	if f := w.check(); len(f.Problems) > 0 || f.Acked != 5 || f.Stored != 3 || f.Acked != l.Acked() {
		t.Errorf("%+v", f)
	}
	// Joined again, without a change, and refused.
	l.Changing(boris, l.Title(anna, 1))
	l.Unchanged(boris, l.Title(anna, 1))
	if f := w.check(); len(f.Problems) > 0 {
		t.Errorf("%+v", f)
	}
	if l.Knows("Event 1 of 2, other") || !l.Knows(l.Seeded(7)) {
		t.Error("it does not know its own")
	}
}

// TestVersions: who was set back and entered something else may find either stored, but only the one that
// their card showed.
func TestVersions(t *testing.T) {
	for name, c := range map[string]struct {
		shown, stored int16
		wrong         bool
	}{
		"none shown, the first":    {0, minute, false},
		"none shown, the second":   {0, minute + 60, false},
		"none shown, another":      {0, minute + 30, true},
		"the first, as shown":      {minute, minute, false},
		"the second, as shown":     {minute + 60, minute + 60, false},
		"the first, not as shown":  {minute + 60, minute, true},
		"the second, not as shown": {minute, minute + 60, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.publish(1, 1)
			w.ledger.Publishing(verify.Event{Owner: anna, Number: 1, Category: "walks", Minute: minute + 60, Lat: 52.5, Lon: 13.4})
			w.do(`UPDATE events SET starts = starts + $1 * interval '1 minute', ends = ends + $1 * interval '1 minute'`, c.stored-minute)
			if c.shown > 0 {
				entered, last := w.ledger.Shown(anna, 1, "walks", c.shown)
				if !entered || last != (c.shown > minute) {
					t.Errorf("entered: %t, as the last: %t", entered, last)
				}
			}
			if f := w.check(); (f.Count(verify.Altered) == 1) != c.wrong || (len(f.Problems) > 0) != c.wrong {
				t.Errorf("%+v", f.Problems)
			}
		})
	}
	if entered, _ := verify.NewLedger("run").Shown(anna, 1, "walks", minute); entered {
		t.Error("what nobody entered was entered")
	}
}

// TestOneInTenThousand: of 10,000 writes one is dropped, and just that one is named.
func TestOneInTenThousand(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 10_000)
	if f := w.check(); len(f.Problems) > 0 || f.Acked != 10_000 || f.Stored != 10_000 {
		t.Fatalf("honest: %d problems, %d acknowledged, %d stored", len(f.Problems), f.Acked, f.Stored)
	}
	w.do(`DELETE FROM events WHERE title = $1`, w.ledger.Title(anna, 6_789))
	f := w.check()
	if len(f.Problems) != 1 || f.Count(verify.Lost) != 1 || f.Problems[0].Person != anna || !strings.Contains(f.Problems[0].What, "Event 6789 of") {
		t.Errorf("%+v", f.Problems)
	}
}

// TestLies: each lie of a database is found out, for what it is, and nothing else is.
func TestLies(t *testing.T) {
	const first = `title = 'Event 1 of 1000001, run'`
	for name, c := range map[string]struct {
		lie  string
		kind verify.Kind
		of   int64
		says string
	}{
		"dropped":        {`DELETE FROM events WHERE title = 'Event 2 of 1000001, run'`, verify.Lost, anna, "said to be saved"},
		"doubled":        {copied(`title`, first), verify.Doubled, anna, "2 times"},
		"from nowhere":   {copied(`replace(title, 'Event 1', 'Event 77')`, first), verify.Ghost, anna, "never published"},
		"another title":  {`UPDATE events SET title = 'Event 2 of 1000001, , run' WHERE title = 'Event 3 of 1000001, run'`, verify.Altered, anna, "nobody gave"},
		"moved":          {`UPDATE events SET latitude = latitude + 0.001 WHERE ` + first, verify.Altered, anna, "entered as"},
		"another minute": {`UPDATE events SET starts = starts - interval '1 minute' WHERE ` + first, verify.Altered, anna, "entered as"},
		"another kind":   {`UPDATE events SET category = 'food' WHERE ` + first, verify.Altered, anna, "entered as"},
		"another owner":  {`UPDATE events SET owner = 1000002 WHERE ` + first, verify.Altered, anna, "entered as"},
		"called off":     {`UPDATE events SET status = 'cancelled' WHERE ` + first, verify.Altered, anna, "nobody called it off"},
		"on again":       {`UPDATE events SET status = 'open' WHERE status = 'cancelled'`, verify.Lost, anna, "called off"},
		"left out":       {`WITH gone AS (DELETE FROM participants RETURNING event) UPDATE events SET going = 0 FROM gone WHERE id = event`, verify.Lost, boris, "joined"},
		"put to wait":    {`WITH p AS (UPDATE participants SET part = 'waiting' RETURNING event) UPDATE events SET going = 0, waiting = 1 FROM p WHERE id = event`, verify.Altered, boris, "is waiting"},
		"put on a list":  {`WITH p AS (INSERT INTO participants (event, person, part) SELECT id, 1000001, 'going' FROM events WHERE ` + first + ` RETURNING event) UPDATE events SET going = 2 FROM p WHERE id = event`, verify.Ghost, anna, "without having asked"},
		"miscounted":     {`UPDATE events SET going = 0 WHERE ` + first, verify.Oversold, 0, "counts 0"},
		"too small":      {`ALTER TABLE events DROP CONSTRAINT events_check3; ALTER TABLE participants DROP CONSTRAINT participants_pkey; INSERT INTO participants (event, person, part) SELECT event, person, part FROM participants, generate_series(1, 2); UPDATE events SET going = 3 WHERE ` + first, verify.Oversold, 0, "room for 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.publish(1, 4)
			w.join(1)
			w.do(`UPDATE events SET status = 'cancelled' WHERE title = $1`, w.ledger.Title(anna, 4))
			w.ledger.CallingOff(anna, 4)
			w.ledger.CalledOff(anna, 4)
			if f := w.check(); len(f.Problems) > 0 {
				t.Fatalf("before the lie: %+v", f.Problems)
			}
			for lie := range strings.SplitSeq(c.lie, "; ") {
				w.do(lie)
			}
			f := w.check()
			for _, p := range f.Problems {
				if p.Kind == c.kind && p.Person == c.of && strings.Contains(p.What, c.says) {
					if n := len(f.Problems); n > 1 && name != "another title" { // that loses the event, too
						t.Errorf("and more: %+v", f.Problems)
					}
					return
				}
			}
			t.Errorf("found %+v", f.Problems)
		})
	}
}

// copied is a copy of a row under another title.
func copied(title, where string) string {
	return fmt.Sprintf(`INSERT INTO events (kind, owner, draft, title, description, category, starts, ends, zone, place, latitude, longitude, capacity, cell)
		SELECT kind, owner, -1, %s, description, category, starts, ends, zone, place, latitude, longitude, capacity, cell FROM events WHERE %s`, title, where)
}

// TestLeftAndStillThere: who was told to have left must not be on the list.
func TestLeftAndStillThere(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 1)
	w.join(1)
	title := w.ledger.Title(anna, 1)
	w.ledger.Changing(boris, title)
	if f := w.check(); len(f.Problems) > 0 {
		t.Errorf("before anything was told: %+v", f.Problems)
	}
	w.ledger.Changed(boris, title, verify.Left)
	if f := w.check(); f.Count(verify.Lost) != 1 || len(f.Problems) != 1 {
		t.Errorf("found %+v", f.Problems)
	}
}

// TestNoDatabase: what cannot be compared is an error, and no finding.
func TestNoDatabase(t *testing.T) {
	if _, err := verify.NewLedger("run").Check(t.Context(), "postgres://x@/x?host="+t.TempDir()); err == nil {
		t.Error("there is a database")
	}
}
