package persistence_test

import (
	"bytes"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"okolo/persistence"
	"okolo/persistence/embedded"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

func TestEvents(t *testing.T) {
	s, w, url := setUp(t)
	plain := create(t, w, 1, 1, 1)
	hidden := create(t, w, 2, 1, 2)
	execute(t, url, "UPDATE events SET status = 'hidden' WHERE id = $1", hidden)
	group := do(t, w, 3, model.CreateCommunityEvent{By: person(2), Community: -100, CommunityTitle: "Chess club",
		Draft: 1, Details: withCapacity(7)}).Event
	for i := range int64(8) {
		do(t, w, 10+i, model.JoinEvent{By: person(20 - i), Event: group})
	}
	got, err := s.Events(t.Context(), 13, []int64{group, 12345, hidden, plain, group})
	if err != nil {
		t.Fatal(err)
	}
	wantGroup := model.Seen{
		Event: model.Event{ID: group, Kind: model.Community, Owner: 2, Community: -100, Details: withCapacity(7),
			Status: model.Open, Going: 7, Waiting: 1},
		Part:  model.Waiting,
		Names: []string{"Person 20", "Person 19", "Person 18", "Person 17", "Person 16"},
	}
	wantPlain := model.Seen{Event: model.Event{ID: plain, Kind: model.Personal, Owner: 1, Details: details(), Status: model.Open},
		Names: []string{}}
	if want := []model.Seen{wantGroup, wantPlain, wantGroup}; !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	if none, err := s.Events(t.Context(), 1, nil); len(none) > 0 || err != nil {
		t.Errorf("of no ids: %v, %v", none, err)
	}
	if _, err := s.Events(t.Context(), 1, make([]int64, persistence.MaxEvents+1)); err == nil {
		t.Error("too many ids are no error")
	}
}

func TestMine(t *testing.T) {
	s, w, url := setUp(t)
	at := func(hours time.Duration) func(*model.Details) {
		return func(d *model.Details) {
			d.Starts = tomorrow.Add(hours * time.Hour)
			d.Ends = d.Starts.Add(time.Hour)
		}
	}
	own := create(t, w, 1, 1, 1, at(5))
	ownCancelled := create(t, w, 2, 1, 2, at(1))
	joined := create(t, w, 3, 2, 1, at(3))
	joinedCancelled := create(t, w, 4, 2, 2, at(4))
	joinedHidden := create(t, w, 5, 2, 3, at(2))
	joinedOver := create(t, w, 6, 2, 4)
	create(t, w, 7, 2, 5) // not joined
	for i, event := range []int64{own, ownCancelled, joined, joinedCancelled, joinedHidden, joinedOver} {
		do(t, w, int64(10+i), model.JoinEvent{By: person(1), Event: event})
	}
	do(t, w, 20, model.CancelEvent{By: person(1), Event: ownCancelled})
	do(t, w, 21, model.CancelEvent{By: person(2), Event: joinedCancelled})
	execute(t, url, "UPDATE events SET status = 'hidden' WHERE id = $1", joinedHidden)
	execute(t, url, "UPDATE events SET starts = now() - interval '2 hours', ends = now() - interval '1 hour' WHERE id = $1", joinedOver)
	for limit, want := range map[int][]int64{
		10: {joined, joinedCancelled, own},
		2:  {joined, joinedCancelled},
		0:  nil,
	} {
		seen, err := s.Mine(t.Context(), 1, limit)
		if err != nil {
			t.Fatal(err)
		}
		var ids []int64
		for _, e := range seen {
			ids = append(ids, e.ID)
			if e.Part != model.Going || (e.Status == model.Cancelled) != (e.ID == joinedCancelled) {
				t.Errorf("event %d: part %q, %s", e.ID, e.Part, e.Status)
			}
		}
		if !slices.Equal(ids, want) {
			t.Errorf("limit %d: %v, want %v", limit, ids, want)
		}
	}
}

func TestEpochsGrow(t *testing.T) {
	s := openStore(t, pgtest.URL(t))
	const owners = 8
	epochs := make([]uint64, owners)
	var wg sync.WaitGroup
	for i := range epochs {
		wg.Go(func() { epochs[i], _ = s.Epoch(t.Context(), bot) }) // a failed one is 0
	}
	wg.Wait()
	slices.Sort(epochs)
	if want := []uint64{1, 2, 3, 4, 5, 6, 7, 8}; !slices.Equal(epochs, want) {
		t.Errorf("%v, want %v", epochs, want)
	}
	if first, err := s.Epoch(t.Context(), bot+1); first != 1 || err != nil {
		t.Errorf("another bot's first epoch is %d, %v", first, err)
	}
}

func TestMigrateTwiceAndAtOnce(t *testing.T) {
	server, err := embedded.Start(t.Context(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Stop(t.Context()) }()
	if current, needed, err := persistence.Version(t.Context(), server.URL()); current != 0 || needed == 0 || err != nil {
		t.Errorf("empty: version %d of %d, %v", current, needed, err)
	}
	for range 2 {
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = persistence.Migrate(t.Context(), server.URL()) })
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				t.Error(err)
			}
		}
		if current, needed, err := persistence.Version(t.Context(), server.URL()); current != needed || err != nil {
			t.Errorf("version %d of %d, %v", current, needed, err)
		}
	}
}

// A dump of the database can be restored, the point on the sphere included.
func TestDumpAndRestore(t *testing.T) {
	_, w, from := setUp(t)
	create(t, w, 1, 1, 1)
	to := pgtest.URL(t)
	execute(t, to, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
	dump := exec.Command("pg_dump", "--no-owner", from)
	restore := exec.Command("psql", "-q", "-v", "ON_ERROR_STOP=1", to)
	sql, err := dump.Output()
	if err != nil {
		t.Fatal(err)
	}
	// The schema is there already.
	restore.Stdin = bytes.NewReader(bytes.ReplaceAll(sql, []byte("CREATE SCHEMA public;"), nil))
	if out, err := restore.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	found, err := openStore(t, to).Nearby(t.Context(), model.Search{Point: berlin, Radius: 10,
		From: tomorrow, To: tomorrow.Add(time.Hour), Limit: 5})
	if err != nil || len(found) != 1 {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestStatistics(t *testing.T) {
	s, w, url := setUp(t)
	create(t, w, 1, 1, 1)
	execute(t, url, "ANALYZE")
	sizes, err := s.Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, size := range sizes {
		rows[size.Table] = size.Rows
		if size.Bytes == 0 && size.Table == "events" {
			t.Errorf("events takes no room: %+v", size)
		}
	}
	if rows["events"] != 1 || rows["writes"] != 1 {
		t.Errorf("sizes %+v", sizes)
	}
	reads, writes := s.PoolStats()
	if reads.Bound != 8 || reads.Conns == 0 || writes.Bound != 6 || writes.Conns == 0 {
		t.Errorf("reads %+v, writes %+v", reads, writes)
	}
	if stats := w.Stats(); stats.Commands != 1 || stats.Batches != 1 || stats.CommitSeconds.Count() != 1 || stats.CommitSeconds.Sum <= 0 {
		t.Errorf("writer %+v", stats)
	}
}

func TestOpenFailsInOneSentence(t *testing.T) {
	for _, url := range []string{"postgres://user:secret@127.0.0.1:1/none?connect_timeout=1", "postgres://%"} {
		_, err := persistence.Open(t.Context(), url, persistence.Options{})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
