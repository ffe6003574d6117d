package persistence

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/jackc/pgx/v5"

	"okolo/persistence/embedded"
	"okolo/persistence/model"
)

// BenchmarkWriter measures acknowledged creates on durable settings, against PostgreSQL's own
// pgbench and COPY doing the same INSERT on the same server. Each of them gets its turn in
// every round, so that what else the machine does is shared fairly; the medians count.
//
// The schemas "gist" and "cell" hold a bare row and its key, with the one or the other index on
// the place; "production" is everything that a create commits, on okolo's own tables, held
// against the pgbench of the schema that is kept.
func BenchmarkWriter(b *testing.B) {
	b.Run("concurrent", func(b *testing.B) {
		for _, s := range bareSchemas {
			b.Run(s.name, func(b *testing.B) { benchmarkConcurrent(b, s) })
		}
	})
	b.Run("single", func(b *testing.B) {
		for _, s := range bareSchemas {
			b.Run(s.name, func(b *testing.B) { benchmarkSingle(b, s) })
		}
	})
}

const (
	benchRounds  = 3
	benchTurn    = 2 * time.Second // of one contestant in one round
	benchSenders = 256
	copiedRows   = 50_000
)

// schema is a table of bare events, with an index on where they are.
type schema struct {
	name       string
	production bool
	column     string // beside latitude and longitude
	index      string
}

var bareSchemas = []schema{
	{name: "gist", index: "USING gist (ll_to_earth(latitude, longitude))"},
	{name: "cell", column: "cell bigint NOT NULL", index: "(cell, starts, ends)"},
	{name: "production", production: true, column: "cell bigint NOT NULL", index: "(cell, starts, ends)"},
}

func benchmarkConcurrent(b *testing.B, s schema) {
	db := startBench(b, s)
	var own, crowd, copied []float64
	for range benchRounds {
		crowd = append(crowd, db.pgbench(32).rate)
		copied = append(copied, db.copyRows())
		own = append(own, db.creates(benchSenders).rate)
	}
	b.ReportMetric(median(own), "creates/s")
	b.ReportMetric(median(crowd), "pgbench-c32/s")
	b.ReportMetric(median(copied), "COPY/s")
	b.ReportMetric(median(own)/median(crowd), "×pgbench")
	b.ReportMetric(median(own)/median(copied), "×COPY")
	b.ReportMetric(0, "ns/op")
}

func benchmarkSingle(b *testing.B, s schema) {
	db := startBench(b, s)
	var own, one []float64
	for range benchRounds {
		one = append(one, db.pgbench(1).p50)
		own = append(own, db.creates(1).p50)
	}
	b.ReportMetric(median(own), "p50-µs")
	b.ReportMetric(median(one), "pgbench-c1-p50-µs")
	b.ReportMetric(median(own)/median(one), "×pgbench")
	b.ReportMetric(0, "ns/op")
}

// benchDatabase is a server with one schema's tables in it, empty.
type benchDatabase struct {
	b      *testing.B
	schema schema
	url    string
	conn   *pgx.Conn
	writer *Writer
	random *rand.Rand
	drafts atomic.Int64
}

func startBench(b *testing.B, s schema) *benchDatabase {
	b.Helper()
	ctx := context.Background()
	server, err := embedded.Start(ctx, embedded.Options{})
	check(b, err)
	b.Cleanup(func() { check(b, server.Stop(ctx)) })
	check(b, Migrate(ctx, server.URL()))
	conn, err := pgx.Connect(ctx, server.URL())
	check(b, err)
	b.Cleanup(func() { _ = conn.Close(ctx) })
	db := &benchDatabase{b: b, schema: s, url: server.URL(), conn: conn, random: rand.New(rand.NewPCG(1, 1))}
	db.exec("CREATE EXTENSION IF NOT EXISTS cube")
	db.exec("CREATE EXTENSION IF NOT EXISTS earthdistance")
	db.exec(`CREATE TABLE bare (
		id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		bot bigint NOT NULL, update_id bigint NOT NULL, ordinal integer NOT NULL,
		owner bigint NOT NULL, title text NOT NULL,
		starts timestamptz NOT NULL, ends timestamptz NOT NULL,
		latitude double precision NOT NULL, longitude double precision NOT NULL ` + comma(s.column) + `,
		UNIQUE (bot, update_id, ordinal))`)
	db.exec("CREATE INDEX ON bare " + s.index)
	db.exec("CREATE INDEX ON bare (owner)")
	db.exec("CREATE INDEX ON bare (starts)")
	store, err := Open(ctx, server.URL(), Options{})
	check(b, err)
	b.Cleanup(store.Close)
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
	b.Cleanup(func() { system.Shutdown() })
	if s.production {
		epoch, err := store.Epoch(ctx, 1)
		check(b, err)
		db.writer = NewWriter(system, store, WriterOptions{Bot: 1, Epoch: epoch})
	} else {
		db.writer = newWriter(system, store, WriterOptions{}, func() executor { return s.execute })
	}
	b.Cleanup(func() { check(b, db.writer.Stop(ctx)) })
	return db
}

func comma(column string) string {
	if column == "" {
		return ""
	}
	return ", " + column
}

// execute is the writer's commit of bare rows.
func (s schema) execute(ctx context.Context, conn *pgx.Conn, batch []*pending) (*pgx.Batch, func(), error) {
	n := len(batch)
	bots, updates, ordinals := make([]int64, n), make([]int64, n), make([]int32, n)
	owners, titles, starts, ends := make([]int64, n), make([]string, n), make([]time.Time, n), make([]time.Time, n)
	lats, lons, cells := make([]float64, n), make([]float64, n), make([]int64, n)
	for i, p := range batch {
		c := p.cmd.(model.CreateUserEvent)
		bots[i], updates[i], ordinals[i] = p.key.Bot, p.key.Update, int32(p.key.Ordinal)
		owners[i], titles[i], starts[i], ends[i] = c.By.ID, c.Title, c.Starts, c.Ends
		lats[i], lons[i], cells[i] = c.Lat, c.Lon, cellOf(c.Point)
	}
	columns, parameters := "", ""
	args := []any{bots, updates, ordinals, owners, titles, starts, ends, lats, lons}
	if s.column != "" {
		columns, parameters = ", cell", ", $10::bigint[]"
		args = append(args, cells)
	}
	var b pgx.Batch
	b.Queue("BEGIN")
	b.Queue(`INSERT INTO bare (bot, update_id, ordinal, owner, title, starts, ends, latitude, longitude`+columns+`)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::bigint[], $5::text[],
			$6::timestamptz[], $7::timestamptz[], $8::float8[], $9::float8[]`+parameters+`)`, args...)
	return &b, func() {}, nil
}

// run is what one contestant reached.
type run struct {
	rate float64 // rows a second
	p50  float64 // µs
}

// creates has senders create events through the writer, one after the other each.
func (db *benchDatabase) creates(senders int) run {
	latencies := make([][]float64, senders)
	begun := time.Now()
	var wg sync.WaitGroup
	for i := range senders {
		random := rand.New(rand.NewPCG(db.random.Uint64(), 1))
		wg.Go(func() {
			for time.Since(begun) < benchTurn {
				sent := time.Now()
				draft := db.drafts.Add(1)
				_, err := db.writer.CreateUserEvent(context.Background(), model.Key{Bot: 1, Update: draft}, model.CreateUserEvent{
					By: model.Person{ID: int64(i + 1), Name: "Anna", Lang: "en"}, Draft: draft, Details: benchDetails(random),
				})
				if err != nil {
					db.b.Error(err)
					return
				}
				latencies[i] = append(latencies[i], float64(time.Since(sent).Microseconds()))
			}
		})
	}
	wg.Wait()
	all := slices.Concat(latencies...)
	return run{rate: float64(len(all)) / time.Since(begun).Seconds(), p50: median(all)}
}

func benchDetails(random *rand.Rand) model.Details {
	starts := time.Now().Add(time.Duration(1+random.IntN(10_000)) * time.Minute)
	return model.Details{
		Title: "Chess in the park", Category: "games", Zone: "Europe/Berlin", Starts: starts, Ends: starts.Add(2 * time.Hour),
		Point: model.Point{Lat: 52 + random.Float64(), Lon: 13 + random.Float64()},
	}
}

// pgbench runs PostgreSQL's benchmark with the same INSERT.
func (db *benchDatabase) pgbench(clients int) run {
	dir := db.b.TempDir()
	column, value := "", ""
	if db.schema.column != "" {
		column, value = ", cell", ", :cell"
	}
	script := filepath.Join(dir, "insert.sql")
	check(db.b, os.WriteFile(script, []byte(`
\set update_id random(1, 9000000000000000000)
\set cell random(5000000000000000000, 5000100000000000000)
\set owner random(1, 256)
\set minutes random(1, 10000)
\set lat random(52000000, 53000000) / 1000000.0
\set lon random(13000000, 14000000) / 1000000.0
INSERT INTO bare (bot, update_id, ordinal, owner, title, starts, ends, latitude, longitude`+column+`)
VALUES (2, :update_id, 0, :owner, 'Chess in the park', now() + :minutes * interval '1 minute', now() + (:minutes + 120) * interval '1 minute', :lat, :lon`+value+`);
`), 0o644))
	u, err := url.Parse(db.url)
	check(db.b, err)
	cmd := exec.Command("pgbench", "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, 2)),
		"-T", strconv.Itoa(int(benchTurn.Seconds())), "-f", script, "-l", "--log-prefix", filepath.Join(dir, "log"),
		"-h", u.Query().Get("host"), "-U", u.Query().Get("user"), strings.TrimPrefix(u.Path, "/"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		db.b.Fatalf("%v: %s", err, out)
	}
	var r run
	for line := range strings.Lines(string(out)) {
		if rest, ok := strings.CutPrefix(line, "tps = "); ok {
			r.rate, err = strconv.ParseFloat(strings.Fields(rest)[0], 64)
			check(db.b, err)
		}
	}
	r.p50 = median(pgbenchLatencies(db.b, dir))
	return r
}

// pgbenchLatencies reads the third column of pgbench's logs, in µs.
func pgbenchLatencies(b *testing.B, dir string) (all []float64) {
	logs, err := filepath.Glob(filepath.Join(dir, "log.*"))
	check(b, err)
	for _, name := range logs {
		log, err := os.ReadFile(name)
		check(b, err)
		for lines := bufio.NewScanner(bytes.NewReader(log)); lines.Scan(); {
			µs, err := strconv.ParseFloat(strings.Fields(lines.Text())[2], 64)
			check(b, err)
			all = append(all, µs)
		}
	}
	return all
}

// copyRows returns the rows a second of a COPY.
func (db *benchDatabase) copyRows() float64 {
	columns := "bot, update_id, ordinal, owner, title, starts, ends, latitude, longitude"
	if db.schema.column != "" {
		columns += ", cell"
	}
	var rows bytes.Buffer
	for range copiedRows {
		d := benchDetails(db.random)
		fmt.Fprintf(&rows, "3\t%d\t0\t%d\t%s\t%s\t%s\t%v\t%v", db.random.Int64(), 1+db.random.IntN(256), d.Title,
			d.Starts.Format(time.RFC3339Nano), d.Ends.Format(time.RFC3339Nano), d.Lat, d.Lon)
		if db.schema.column != "" {
			fmt.Fprintf(&rows, "\t%d", cellOf(d.Point))
		}
		rows.WriteByte('\n')
	}
	begun := time.Now()
	_, err := db.conn.PgConn().CopyFrom(context.Background(), &rows, "COPY bare ("+columns+") FROM STDIN")
	check(db.b, err)
	return copiedRows / time.Since(begun).Seconds()
}

func (db *benchDatabase) exec(sql string) {
	db.b.Helper()
	_, err := db.conn.Exec(context.Background(), sql)
	check(db.b, err)
}

func median(numbers []float64) float64 {
	slices.SortFunc(numbers, cmp.Compare[float64])
	return numbers[len(numbers)/2]
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
