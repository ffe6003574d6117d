package persistence_test

import (
	"context"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

// haversine returns the distance along a sphere of the Earth's mean radius, in metres, by
// another way than the store's.
func haversine(a, b model.Point) float64 {
	const radius, rad = 6_371_008.8, math.Pi / 180
	sinLat := math.Sin((b.Lat - a.Lat) * rad / 2)
	sinLon := math.Sin((b.Lon - a.Lon) * rad / 2)
	h := sinLat*sinLat + math.Cos(a.Lat*rad)*math.Cos(b.Lat*rad)*sinLon*sinLon
	return 2 * radius * math.Asin(min(1, math.Sqrt(h)))
}

func TestNearbyAgainstHaversine(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	url := pgtest.URL(t)
	s := openStore(t, url)
	centres := []model.Point{berlin, {Lat: 0, Lon: 180}, {Lat: 65, Lon: -180}, {Lat: 90}, {Lat: -90, Lon: 77}, {}}
	events := randomEvents(random, centres, 2000)
	insertEvents(t, url, events)
	results := 0
	for range 300 {
		q := model.Search{
			Point:  around(random, centres[random.IntN(len(centres))], 80_000),
			Radius: 1000 + random.IntN(model.MaxRadius+10_000), // more than the most, too
			From:   tomorrow.Add(time.Duration(random.IntN(200)) * time.Hour),
			Limit:  1 + random.IntN(60),
		}
		q.To = q.From.Add(time.Duration(1+random.IntN(100)) * time.Hour)
		if random.IntN(2) == 0 {
			q.Category = model.Categories[random.IntN(len(model.Categories))]
		}
		got, err := s.Nearby(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		results += len(got)
		compareFound(t, q, got, bruteForce(q, events), events)
	}
	if results < 3000 {
		t.Errorf("the searches found only %d events in all: they prove little", results)
	}
}

// bruteForce returns the distances of the events that a search has to find.
func bruteForce(q model.Search, events []model.Event) []float64 {
	var metres []float64
	for _, e := range events {
		d := haversine(q.Point, e.Point)
		if e.Status == model.Open && d <= float64(min(q.Radius, model.MaxRadius)) && e.Starts.Before(q.To) && e.Ends.After(q.From) &&
			(q.Category == "" || q.Category == e.Category) {
			metres = append(metres, d)
		}
	}
	slices.Sort(metres)
	return metres[:min(len(metres), q.Limit)]
}

func compareFound(t *testing.T, q model.Search, got []model.Found, want []float64, events []model.Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%+v: %d found, want %d", q, len(got), len(want))
		return
	}
	ids := map[int64]bool{}
	for i, f := range got {
		e := events[f.ID-1]
		own := haversine(q.Point, e.Point)
		if math.Abs(float64(f.Metres)-want[i]) > 1 || math.Abs(own-want[i]) > 1 || f.Kind != e.Kind || ids[f.ID] {
			t.Errorf("%+v: place %d has event %d at %d m (really %.1f), want %.1f m", q, i, f.ID, f.Metres, own, want[i])
		}
		ids[f.ID] = true
	}
}

// The bounds of a search's time: an event counts while it goes on, the ends excluded.
func TestNearbyTimes(t *testing.T) {
	s, w, _ := setUp(t)
	create(t, w, 1, 1, 1)
	create(t, w, 2, 1, 2, func(d *model.Details) { d.Ends = d.Starts }) // a moment
	for _, c := range []struct {
		from, to time.Duration
		want     int
	}{
		{-time.Hour, 0, 0},
		{-time.Hour, time.Microsecond, 2},
		{0, time.Hour, 1},
		{2*time.Hour - time.Microsecond, 3 * time.Hour, 1},
		{2 * time.Hour, 3 * time.Hour, 0},
		{time.Hour, -time.Hour, 0},
	} {
		found, err := s.Nearby(t.Context(), model.Search{Point: berlin, Radius: 1000,
			From: tomorrow.Add(c.from), To: tomorrow.Add(c.to), Limit: 10})
		if err != nil || len(found) != c.want {
			t.Errorf("from %v to %v: %d found, %v; want %d", c.from, c.to, len(found), err, c.want)
		}
	}
}

func TestNearbyOffTheGlobe(t *testing.T) {
	s := openStore(t, pgtest.URL(t))
	for _, q := range []model.Search{
		{Point: model.Point{Lat: 91}, Radius: 1, To: tomorrow, Limit: 1},
		{Point: model.Point{Lat: math.NaN()}, Radius: 1, To: tomorrow, Limit: 1},
		{Radius: -1, To: tomorrow, Limit: 1},
		{Radius: 1, To: tomorrow},
	} {
		if found, err := s.Nearby(t.Context(), q); len(found) > 0 || err != nil {
			t.Errorf("%+v: %v, %v", q, found, err)
		}
	}
}

// The search has to find each range's events by the index on cells, as planned for one search
// and for all, and in a new database too, of which the planner has no statistics.
func TestNearbyPlan(t *testing.T) {
	url := pgtest.URL(t)
	copyEvents(t, url, randomEvents(rand.New(rand.NewPCG(1, 1)), []model.Point{berlin}, 2_500))
	byCell := regexp.MustCompile(`Index Scan (?:using|on) events_nearby[^\n]*\n\s*Index Cond: \(\(cell >= r.low\) AND \(cell <= r.high\)`)
	for _, statistics := range []string{"none", "all"} {
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			if plan := explainNearby(t, url, mode); !byCell.MatchString(plan) {
				t.Errorf("statistics: %s, %s:\n%s", statistics, mode, plan)
			}
		}
		execute(t, url, "VACUUM ANALYZE events")
	}
}

func explainNearby(t *testing.T, url, mode string) (plan string) {
	t.Helper()
	connect(t, url, func(conn *pgx.Conn) error {
		ctx := context.Background()
		if _, err := conn.Exec(ctx, "SET plan_cache_mode = "+mode); err != nil {
			return err
		}
		rows, err := conn.Query(ctx, "EXPLAIN "+persistence.NearbyQuery, persistence.NearbyArgs(model.Search{
			Point: berlin, Radius: 5000, From: tomorrow, To: tomorrow.Add(24 * time.Hour), Limit: 50})...)
		if err != nil {
			return err
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		plan = strings.Join(lines, "\n")
		return err
	})
	return plan
}

// randomEvents makes events within 100 km of the centres, over ten days, a tenth of them not
// open. Their ids are their places in the list, from 1.
func randomEvents(random *rand.Rand, centres []model.Point, n int) []model.Event {
	events := make([]model.Event, n)
	for i := range events {
		e := model.Event{ID: int64(i + 1), Kind: model.Personal, Owner: 1, Details: details(), Status: model.Open}
		e.Point = around(random, centres[random.IntN(len(centres))], 100_000)
		e.Category = model.Categories[random.IntN(len(model.Categories))]
		e.Starts = tomorrow.Add(time.Duration(random.IntN(240)) * time.Hour)
		e.Ends = e.Starts.Add(time.Duration(random.IntN(48)) * time.Hour)
		if random.IntN(10) == 0 {
			e.Status = []model.Status{model.Cancelled, model.Hidden}[random.IntN(2)]
		}
		events[i] = e
	}
	return events
}

// around returns a point at most so many metres from a centre, also over a pole or the date
// line.
func around(random *rand.Rand, centre model.Point, metres float64) model.Point {
	const radius, rad = 6_371_008.8, math.Pi / 180
	distance, bearing := random.Float64()*metres/radius, random.Float64()*2*math.Pi
	lat := centre.Lat * rad
	sin := math.Sin(lat)*math.Cos(distance) + math.Cos(lat)*math.Sin(distance)*math.Cos(bearing)
	lon := centre.Lon*rad + math.Atan2(math.Sin(bearing)*math.Sin(distance)*math.Cos(lat), math.Cos(distance)-math.Sin(lat)*sin)
	p := model.Point{Lat: math.Asin(max(-1, min(1, sin))) / rad, Lon: math.Remainder(lon/rad, 360)}
	p.Lon = max(-180, min(180, p.Lon))
	return p
}

// insertEvents writes events, and lets the planner know them.
func insertEvents(tb testing.TB, url string, events []model.Event) {
	tb.Helper()
	copyEvents(tb, url, events)
	execute(tb, url, "VACUUM ANALYZE events")
}

// copyEvents writes events past the writer, whose clock and pace are not the matter here.
func copyEvents(tb testing.TB, url string, events []model.Event) {
	tb.Helper()
	execute(tb, url, "INSERT INTO users (id, name, lang) VALUES (1, 'Person 1', 'en')")
	columns := []string{"kind", "owner", "draft", "title", "description", "category", "starts", "ends",
		"zone", "place", "latitude", "longitude", "cell", "capacity", "status"}
	connect(tb, url, func(conn *pgx.Conn) error {
		_, err := conn.CopyFrom(context.Background(), pgx.Identifier{"events"}, columns,
			pgx.CopyFromSlice(len(events), func(i int) ([]any, error) {
				e := events[i]
				return []any{e.Kind, e.Owner, e.ID, e.Title, e.Description, e.Category, e.Starts, e.Ends,
					e.Zone, e.Place, e.Lat, e.Lon, persistence.CellOf(e.Point), e.Capacity, e.Status}, nil
			}))
		return err
	})
}
