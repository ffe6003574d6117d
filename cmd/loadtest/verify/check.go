package verify

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"
)

// degreeSlack is how far a stored coordinate may be from the one that was entered: people
// see five decimals.
const degreeSlack = 1e-5

// Kind is a way in which the database and what people were told can differ.
type Kind string

// The kinds.
const (
	Lost     Kind = "lost"      // a write that was acknowledged is not there
	Doubled  Kind = "doubled"   // it is there more than once
	Altered  Kind = "altered"   // it is there, and differs
	Ghost    Kind = "ghost"     // it is there, and nobody asked for it
	SetAside Kind = "set aside" // an update was begun too often and never ended
	Oversold Kind = "oversold"  // more people come than there is room for, or are counted wrongly
)

// Problem is one difference.
type Problem struct {
	Kind   Kind
	Person int64 // 0: nobody's
	What   string
}

// Findings are the outcome of a [Ledger.Check].
type Findings struct {
	Acked    int // writes that people were told of
	Stored   int // events of this run in the database
	Problems []Problem
}

// Count returns how many problems there are of a kind.
func (f Findings) Count(k Kind) int {
	n := 0
	for _, p := range f.Problems {
		if p.Kind == k {
			n++
		}
	}
	return n
}

// check is one comparison under way.
type check struct {
	*Ledger
	conn  *pgx.Conn
	found Findings
	rows  map[eventKey]int
}

// Check compares the ledger with the database at url, after the people have stopped.
func (l *Ledger) Check(ctx context.Context, url string) (Findings, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return Findings{}, fmt.Errorf("verify: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing is lost with it
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &check{Ledger: l, conn: conn, found: Findings{Acked: l.acked}, rows: map[eventKey]int{}}
	for _, look := range []func(context.Context) error{c.created, c.joined, c.counted, c.inbox} {
		if err := look(ctx); err != nil {
			return Findings{}, fmt.Errorf("verify: %w", err)
		}
	}
	return c.found, nil
}

func (c *check) report(k Kind, person int64, format string, args ...any) {
	c.found.Problems = append(c.found.Problems, Problem{k, person, fmt.Sprintf(format, args...)})
}

// created looks for every event.
func (c *check) created(ctx context.Context) error {
	const query = `
		SELECT owner, title, category, latitude, longitude, status,
		       (extract(hour FROM starts AT TIME ZONE zone) * 60 + extract(minute FROM starts AT TIME ZONE zone))::int
		FROM events WHERE title LIKE 'Event %, ' || $1`
	rows, err := c.conn.Query(ctx, query, c.tag)
	if err != nil {
		return err
	}
	var (
		stored        Event
		title, status string
		minute        int
	)
	_, err = pgx.ForEachRow(rows, []any{&stored.Owner, &title, &stored.Category, &stored.Lat, &stored.Lon, &status, &minute}, func() error {
		stored.Minute = int16(minute)
		c.stored(stored, title, status)
		return nil
	})
	if err != nil {
		return err
	}
	for k, e := range c.events {
		switch n := c.rows[k]; {
		case n > 1:
			c.report(Doubled, k.owner, "%q is in the database %d times", c.Title(k.owner, k.number), n)
		case n == 0 && e.saved:
			c.report(Lost, k.owner, "%q was said to be saved and is not in the database", c.Title(k.owner, k.number))
		}
	}
	return nil
}

// stored compares one row.
func (c *check) stored(row Event, title, status string) {
	c.found.Stored++
	var k eventKey
	if n, err := fmt.Sscanf(title, "Event %d of %d,", &k.number, &k.owner); err != nil || n != 2 || c.Title(k.owner, k.number) != title {
		c.report(Altered, row.Owner, "%q is a title that nobody gave", title)
		return
	}
	e := c.events[k]
	if e == nil {
		c.report(Ghost, k.owner, "%q is in the database, and was never published", title)
		return
	}
	c.rows[k]++
	row.Number = k.number
	switch {
	case e.shown > 0 && !row.is(e.entered[e.shown-1]):
		c.report(Altered, k.owner, "%q is in the database as %+v, and was shown as %+v", title, row, e.entered[e.shown-1])
	case !slices.ContainsFunc(e.entered, row.is):
		c.report(Altered, k.owner, "%q is in the database as %+v, and was entered as %+v", title, row, e.entered)
	}
	switch {
	case e.cancelled && status != "cancelled":
		c.report(Lost, k.owner, "%q was said to be called off and is %s", title, status)
	case !e.cancelling && status != "open":
		c.report(Altered, k.owner, "%q is %s, and nobody called it off", title, status)
	}
}

// is reports whether a row holds what was entered.
func (e Event) is(entered Event) bool {
	return e.Owner == entered.Owner && e.Category == entered.Category && e.Minute == entered.Minute &&
		math.Abs(e.Lat-entered.Lat) <= degreeSlack && math.Abs(e.Lon-entered.Lon) <= degreeSlack
}

// joined looks for everybody's part in every event.
func (c *check) joined(ctx context.Context) error {
	const query = `SELECT p.person, e.title, p.part FROM participants p JOIN events e ON e.id = p.event WHERE e.title LIKE '%, ' || $1`
	rows, err := c.conn.Query(ctx, query, c.tag)
	if err != nil {
		return err
	}
	stored := make(map[partKey]string, len(c.parts))
	var (
		k    partKey
		part string
	)
	if _, err := pgx.ForEachRow(rows, []any{&k.person, &k.title, &part}, func() error { stored[k] = part; return nil }); err != nil {
		return err
	}
	for k, p := range c.parts {
		part, there := stored[k]
		switch {
		case p.pending:
		case p.told == Left && there:
			c.report(Lost, k.person, "was told to have left %q, and is %s", k.title, part)
		case p.told != Left && !there:
			c.report(Lost, k.person, "was told to have joined %q, and has not", k.title)
		case p.told == Going && part != "going":
			c.report(Altered, k.person, "was told to be going to %q, and is %s", k.title, part)
		}
	}
	for k := range stored {
		if c.parts[k] == nil {
			c.report(Ghost, k.person, "takes part in %q without having asked to", k.title)
		}
	}
	return nil
}

// counted looks for events that are oversold or whose counts are wrong.
func (c *check) counted(ctx context.Context) error {
	const query = `
		SELECT e.title, e.capacity, e.going, e.waiting, count(*) FILTER (WHERE p.part = 'going'), count(*) FILTER (WHERE p.part = 'waiting')
		FROM events e LEFT JOIN participants p ON p.event = e.id WHERE e.title LIKE '%, ' || $1
		GROUP BY e.id
		HAVING e.going <> count(*) FILTER (WHERE p.part = 'going') OR e.waiting <> count(*) FILTER (WHERE p.part = 'waiting')
		    OR e.capacity > 0 AND count(*) FILTER (WHERE p.part = 'going') > e.capacity`
	rows, err := c.conn.Query(ctx, query, c.tag)
	if err != nil {
		return err
	}
	var (
		title                                       string
		capacity, going, waiting, comingRows, queue int
	)
	_, err = pgx.ForEachRow(rows, []any{&title, &capacity, &going, &waiting, &comingRows, &queue}, func() error {
		c.report(Oversold, 0, "%q has room for %d, counts %d and %d waiting, and has %d and %d", title, capacity, going, waiting, comingRows, queue)
		return nil
	})
	return err
}

// inbox looks for updates that the bot gave up, which it does with those that kill it: these people's do not.
func (c *check) inbox(ctx context.Context) error {
	const query = `SELECT update_id, attempts FROM inbox WHERE set_aside IS NOT NULL ORDER BY update_id LIMIT 100`
	rows, err := c.conn.Query(ctx, query)
	if err != nil {
		return err
	}
	var update, attempts int64
	_, err = pgx.ForEachRow(rows, []any{&update, &attempts}, func() error {
		c.report(SetAside, 0, "update %d was begun %d times and set aside", update, attempts)
		return nil
	})
	return err
}
