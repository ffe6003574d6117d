package persistence_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

// outcome is how a command ended.
type outcome struct {
	answer model.Answer
	err    error
}

// submitAll submits commands in this order, all at once, and returns how each ended.
func submitAll(w *persistence.Writer, keys []model.Key, commands []model.Command) []outcome {
	outcomes := make([]outcome, len(commands))
	var wg sync.WaitGroup
	wg.Add(len(commands))
	for i, c := range commands {
		w.Submit(keys[i], c, func(a model.Answer, err error) {
			outcomes[i] = outcome{a, err}
			wg.Done()
		})
	}
	wg.Wait()
	return outcomes
}

func TestFiftyJoinsForThreeSeats(t *testing.T) {
	s, w, url := setUp(t)
	event := create(t, w, 1, 1, 1, capacity(3))
	var keys []model.Key
	var joins []model.Command
	for i := range int64(50) {
		keys = append(keys, key(100+i))
		joins = append(joins, model.JoinEvent{By: person(100 + i), Event: event})
	}
	for i, o := range submitAll(w, keys, joins) {
		want := model.Waiting
		if i < 3 { // in the order of arrival
			want = model.Going
		}
		if o.err != nil || o.answer.Part != want {
			t.Errorf("join %d: part %q, %v; want %q", i, o.answer.Part, o.err, want)
		}
	}
	// One who comes leaves, one who waits leaves: the first who waits moves up, once.
	do(t, w, 200, model.LeaveEvent{By: person(101), Event: event})
	do(t, w, 201, model.LeaveEvent{By: person(120), Event: event})
	if a := do(t, w, 202, model.LeaveEvent{By: person(999), Event: event}); a.Part != model.Absent {
		t.Errorf("who never joined has part %q after leaving", a.Part)
	}
	if a := do(t, w, 203, model.JoinEvent{By: person(103), Event: event}); a.Part != model.Going {
		t.Errorf("the first who waited has part %q, want going", a.Part)
	}
	if a := do(t, w, 204, model.JoinEvent{By: person(104), Event: event}); a.Part != model.Waiting {
		t.Errorf("the second who waited has part %q, want waiting", a.Part)
	}
	seen, err := s.Events(t.Context(), 103, []int64{event})
	if err != nil || len(seen) != 1 {
		t.Fatalf("got %v, %v", seen, err)
	}
	if e := seen[0]; e.Going != 3 || e.Waiting != 45 || e.Part != model.Going {
		t.Errorf("%d come, %d wait, the viewer is %q; want 3, 45, going", e.Going, e.Waiting, e.Part)
	}
	const counted = `SELECT count(*) FROM events e WHERE
		going <> (SELECT count(*) FROM participants p WHERE p.event = e.id AND part = 'going') OR
		waiting <> (SELECT count(*) FROM participants p WHERE p.event = e.id AND part = 'waiting')`
	if n := number(t, url, counted); n != 0 {
		t.Error("the event's counts differ from its lists")
	}
}

func TestReplaysGetTheFirstAnswer(t *testing.T) {
	_, w, url := setUp(t)
	event := create(t, w, 1, 1, 1, capacity(1))
	commands := []model.Command{
		model.CreateUserEvent{By: person(1), Draft: 1, Details: withCapacity(1)},
		model.JoinEvent{By: person(2), Event: event},
		model.JoinEvent{By: person(3), Event: event},
		model.LeaveEvent{By: person(2), Event: event},
		model.JoinEvent{By: person(2), Event: event}, // behind person 3 now
		model.CancelEvent{By: person(1), Event: event},
		model.JoinEvent{By: person(4), Event: event}, // refused
	}
	keys := make([]model.Key, len(commands))
	for i := range keys {
		keys[i] = model.Key{Bot: bot, Update: 1, Ordinal: i}
	}
	first := submitAll(w, keys, commands)
	if err := first[6].err; !errors.Is(err, model.ErrClosed) {
		t.Fatalf("to join a cancelled event gave %v", err)
	}
	// A refusal stays one, though the event is open again; and a name may have changed.
	execute(t, url, "UPDATE events SET status = 'open'")
	commands[1] = model.JoinEvent{By: model.Person{ID: 2, Name: "Another name", Lang: "ru"}, Event: event}
	again := submitAll(w, keys, commands)
	for i := range commands {
		want := first[i]
		want.answer.Replayed = true
		if again[i].answer != want.answer || !errors.Is(again[i].err, want.err) {
			t.Errorf("%T: first %+v, again %+v", commands[i], first[i], again[i])
		}
	}
	if n := number(t, url, "SELECT count(*) FROM events"); n != 1 {
		t.Errorf("there are %d events", n)
	}
	if got, want := w.Stats().Replays, int64(len(commands)+1); got != want {
		t.Errorf("%d replays counted, want %d", got, want)
	}
}

func TestKeyOfAnotherCommand(t *testing.T) {
	_, w, url := setUp(t)
	event := create(t, w, 1, 1, 1)
	_, err := w.Do(t.Context(), key(1), model.JoinEvent{By: person(1), Event: event})
	if !errors.Is(err, model.ErrKeyReused) {
		t.Errorf("got %v", err)
	}
	if n := number(t, url, "SELECT count(*) FROM participants"); n != 0 {
		t.Error("the command took effect")
	}
	if n := w.Stats().KeyConflicts; n != 1 {
		t.Errorf("%d conflicts counted, want 1", n)
	}
}

func TestOneEventForEachDraft(t *testing.T) {
	_, w, url := setUp(t)
	confirm := model.CreateCommunityEvent{By: person(1), Community: -100, CommunityTitle: "Chess club", Draft: 5, Details: details()}
	first := do(t, w, 1, confirm)
	if first.Replayed || first.Changed || first.Event == 0 {
		t.Fatalf("first answer %+v", first)
	}
	do(t, w, 2, model.JoinEvent{By: person(1), Event: first.Event})
	same := do(t, w, 3, confirm)
	if want := (model.Answer{Event: first.Event, Part: model.Going, Replayed: true}); same != want {
		t.Errorf("confirmed again: %+v, want %+v", same, want)
	}
	changed := confirm
	changed.Title = "Chess in the rain"
	opened := do(t, w, 4, changed)
	if want := (model.Answer{Event: first.Event, Part: model.Going, Replayed: true, Changed: true}); opened != want {
		t.Errorf("changed: %+v, want %+v", opened, want)
	}
	// Long afterwards the draft still is that event, not a refusal.
	execute(t, url, "UPDATE events SET starts = now() - interval '2 days', ends = now() - interval '1 day'")
	if a := do(t, w, 5, confirm); a.Event != first.Event || !a.Replayed {
		t.Errorf("after the event: %+v", a)
	}
	if other := do(t, w, 6, model.CreateUserEvent{By: person(2), Draft: 5, Details: details()}); other.Event == first.Event {
		t.Error("another owner's draft is the same event")
	}
	if n := number(t, url, "SELECT count(*) FROM events WHERE title = 'Chess in the park'"); n != 2 {
		t.Errorf("there are %d events, want 2", n)
	}
}

func TestRules(t *testing.T) {
	_, w, url := setUp(t)
	event := create(t, w, 1, 1, 1)
	cancelled := create(t, w, 2, 1, 2)
	do(t, w, 3, model.CancelEvent{By: person(1), Event: cancelled})
	over := create(t, w, 4, 1, 3)
	execute(t, url, "UPDATE events SET starts = now() - interval '2 hours', ends = now() - interval '1 second' WHERE id = $1", over)
	hidden := create(t, w, 5, 1, 4)
	execute(t, url, "UPDATE events SET status = 'hidden' WHERE id = $1", hidden)
	starting := func(in time.Duration) model.Command {
		d := details()
		d.Starts = time.Now().Add(in)
		d.Ends = d.Starts.Add(time.Hour)
		return model.CreateUserEvent{By: person(1), Draft: 100 + int64(in), Details: d}
	}
	for i, c := range []struct {
		name    string
		command model.Command
		want    error
	}{
		{"join nothing", model.JoinEvent{By: person(2), Event: 999}, model.ErrNotFound},
		{"leave nothing", model.LeaveEvent{By: person(2), Event: 999}, model.ErrNotFound},
		{"cancel nothing", model.CancelEvent{By: person(2), Event: 999}, model.ErrNotFound},
		{"cancel another's", model.CancelEvent{By: person(2), Event: event}, model.ErrNotOwner},
		{"cancel twice", model.CancelEvent{By: person(1), Event: cancelled}, nil},
		{"cancel hidden", model.CancelEvent{By: person(1), Event: hidden}, model.ErrNotFound},
		{"cancel over", model.CancelEvent{By: person(1), Event: over}, model.ErrPast},
		{"join cancelled", model.JoinEvent{By: person(2), Event: cancelled}, model.ErrClosed},
		{"join hidden", model.JoinEvent{By: person(2), Event: hidden}, model.ErrNotFound},
		{"join over", model.JoinEvent{By: person(2), Event: over}, model.ErrPast},
		{"leave over", model.LeaveEvent{By: person(2), Event: over}, nil},
		{"create in the grace time", starting(-4 * time.Minute), nil},
		{"create in the past", starting(-6 * time.Minute), model.ErrPast},
		{"create far ahead", starting(model.MaxAhead - time.Hour), nil},
		{"create too far ahead", starting(model.MaxAhead + time.Hour), invalid("starts")},
		{"create beyond time", starting(1 << 62), invalid("starts")},
		{"create without a title", model.CreateUserEvent{By: person(1), Draft: 9, Details: func() model.Details {
			d := details()
			d.Title = ""
			return d
		}()}, invalid("title")},
		{"nobody", model.JoinEvent{Event: event}, invalid("person")},
	} {
		_, err := w.Do(t.Context(), key(int64(100+i)), c.command)
		if want := new(model.InvalidError); errors.As(c.want, &want) {
			got := new(model.InvalidError)
			if !errors.As(err, &got) || got.Field != want.Field {
				t.Errorf("%s: %v, want a bad %s", c.name, err, want.Field)
			}
		} else if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if n := number(t, url, "SELECT count(*) FROM participants"); n != 0 {
		t.Errorf("%d people joined", n)
	}
	if stats := w.Stats(); stats.Rejected != 0 || stats.Failed != 0 {
		t.Errorf("violated rules were counted as failures: %+v", stats)
	}
}

// A command that PostgreSQL itself rejects, in the midst of a batch.
func TestBadCommandFailsAlone(t *testing.T) {
	url := pgtest.URL(t)
	w := startWriter(t, openStore(t, url), persistence.WriterOptions{})
	execute(t, url, "ALTER TABLE events ADD CONSTRAINT no_unluck CHECK (title <> 'bad')")
	var keys []model.Key
	var commands []model.Command
	for i := range int64(100) {
		d := details()
		if i%40 == 20 {
			d.Title = "bad"
		}
		keys = append(keys, key(i))
		commands = append(commands, model.CreateUserEvent{By: person(1), Draft: i + 1, Details: d})
	}
	var last int64
	for i, o := range submitAll(w, keys, commands) {
		switch {
		case i%40 == 20:
			if o.err == nil || !strings.Contains(o.err.Error(), "no_unluck") {
				t.Errorf("bad command %d: %v", i, o.err)
			}
		case o.err != nil:
			t.Errorf("good command %d: %v", i, o.err)
		case o.answer.Event < last:
			t.Errorf("command %d was carried out before the one ahead of it", i)
		default:
			last = o.answer.Event
		}
	}
	if n := number(t, url, "SELECT count(*) FROM events"); n != 98 {
		t.Errorf("there are %d events, want 98", n)
	}
	stats := w.Stats()
	if stats.Rejected != 2 || stats.LargestBatch < 50 {
		t.Errorf("%+v: want 2 rejected, and most in one batch", stats)
	}
	// The state of the key is "never used": it can be tried again.
	execute(t, url, "ALTER TABLE events DROP CONSTRAINT no_unluck")
	if o := submitAll(w, keys[20:21], commands[20:21])[0]; o.err != nil || o.answer.Replayed {
		t.Errorf("tried again: %+v", o)
	}
}

// Someone else holds the row of one event; the batch goes on without it.
func TestLockedEventDelaysNobodyForLong(t *testing.T) {
	_, w, url := setUp(t)
	locked, free := create(t, w, 1, 1, 1), create(t, w, 2, 1, 2)
	connect(t, url, func(conn *pgx.Conn) error {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		if _, err := tx.Exec(t.Context(), "SELECT FROM events WHERE id = $1 FOR UPDATE", locked); err != nil {
			return err
		}
		begun := time.Now()
		outcomes := submitAll(w, []model.Key{key(3), key(4), key(5)}, []model.Command{
			model.JoinEvent{By: person(2), Event: free},
			model.JoinEvent{By: person(2), Event: locked},
			model.JoinEvent{By: person(3), Event: free},
		})
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
		if err := outcomes[1].err; !errors.Is(err, model.ErrBusy) {
			t.Errorf("the locked event: %v", err)
		}
		if outcomes[0].err != nil || outcomes[2].err != nil {
			t.Errorf("the free event: %v, %v", outcomes[0].err, outcomes[2].err)
		}
		return nil
	})
	do(t, w, 4, model.JoinEvent{By: person(2), Event: locked})
}

// Two writers, as after a change of owners, get the same updates and the same drafts.
func TestTwoWriters(t *testing.T) {
	s, first, url := setUp(t)
	second := startWriter(t, s, persistence.WriterOptions{})
	event := create(t, first, 1, 1, 1, capacity(10))
	var keys []model.Key
	var commands []model.Command
	for i := range int64(60) {
		keys = append(keys, key(100+2*i), key(101+2*i))
		commands = append(commands,
			model.JoinEvent{By: person(100 + i), Event: event},
			model.CreateUserEvent{By: person(100 + i), Draft: 1, Details: details()})
	}
	results := make([][]outcome, 2)
	var wg sync.WaitGroup
	for i, w := range []*persistence.Writer{first, second} {
		wg.Go(func() { results[i] = submitAll(w, keys, commands) })
	}
	wg.Wait()
	for i := range commands {
		a, b := results[0][i], results[1][i]
		if a.err != nil || b.err != nil {
			// Under contention a command may be refused, never done twice.
			if !errors.Is(errors.Join(a.err, b.err), model.ErrBusy) {
				t.Errorf("command %d: %v, %v", i, a.err, b.err)
			}
			continue
		}
		if a.answer.Event != b.answer.Event || a.answer.Part != b.answer.Part || a.answer.Replayed == b.answer.Replayed {
			t.Errorf("command %d: %+v and %+v", i, a.answer, b.answer)
		}
	}
	if n := number(t, url, "SELECT count(*) FROM participants WHERE part = 'going'"); n != 10 {
		t.Errorf("%d come, want 10", n)
	}
	if n := number(t, url, "SELECT count(*) - count(DISTINCT (owner, draft)) FROM events"); n != 0 {
		t.Errorf("%d events are double", n)
	}
}

func TestFullQueueRefusesAtOnce(t *testing.T) {
	url := pgtest.URL(t)
	w := startWriter(t, openStore(t, url), persistence.WriterOptions{Queue: 5, Batch: 2})
	connect(t, url, func(conn *pgx.Conn) error {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		if _, err := tx.Exec(t.Context(), "LOCK TABLE writes"); err != nil { // nothing can commit
			return err
		}
		var wg sync.WaitGroup
		wg.Add(5)
		for i := range int64(5) {
			w.Submit(key(i), model.JoinEvent{By: person(1), Event: 1}, func(model.Answer, error) { wg.Done() })
		}
		if stats := w.Stats(); stats.Queued != 5 || stats.Bound != 5 {
			t.Errorf("%d of %d in the queue, want 5 of 5", stats.Queued, stats.Bound)
		}
		if _, err := w.Do(t.Context(), key(6), model.JoinEvent{By: person(1), Event: 1}); !errors.Is(err, model.ErrBusy) {
			t.Errorf("the sixth got %v", err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			return err
		}
		wg.Wait()
		return nil
	})
	if n := w.Stats().Queued; n != 0 {
		t.Errorf("%d still in the queue", n)
	}
	if _, err := w.Do(t.Context(), key(7), model.JoinEvent{By: person(1), Event: 1}); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("afterwards: %v", err)
	}
}

func TestStopAnswersAllThatWasAccepted(t *testing.T) {
	_, w, _ := setUp(t)
	answers := make(chan error, 500)
	for i := range int64(500) {
		w.Submit(key(i), model.CreateUserEvent{By: person(1), Draft: i + 1, Details: details()},
			func(_ model.Answer, err error) { answers <- err })
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(answers) != 500 {
		t.Fatalf("%d answers, want 500", len(answers))
	}
	for range 500 {
		if err := <-answers; err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Do(t.Context(), key(501), model.JoinEvent{By: person(1), Event: 1}); !errors.Is(err, model.ErrUnavailable) {
		t.Errorf("after the stop: %v", err)
	}
}

func TestPanickingSenderCostsNobodyElse(t *testing.T) {
	_, w, _ := setUp(t)
	w.Submit(key(1), model.JoinEvent{By: person(1), Event: 1}, func(model.Answer, error) { panic("sender") })
	if _, err := w.Do(t.Context(), key(2), model.JoinEvent{By: person(1), Event: 1}); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// What is not what a command is about is cut to fit, not refused.
func TestNamesAreMadeToFit(t *testing.T) {
	s, w, _ := setUp(t)
	odd := model.Person{ID: 1, Name: "\x00\xff" + strings.Repeat("ж", 100), Lang: "tlh"}
	a := do(t, w, 1, model.CreateCommunityEvent{By: odd, Community: -1, CommunityTitle: strings.Repeat("г", 300), Draft: 1, Details: details()})
	do(t, w, 2, model.JoinEvent{By: odd, Event: a.Event})
	seen, err := s.Events(t.Context(), 1, []int64{a.Event})
	if err != nil || len(seen) != 1 {
		t.Fatalf("got %v, %v", seen, err)
	}
	if want := "\uFFFD" + strings.Repeat("ж", 63); seen[0].Names[0] != want {
		t.Errorf("the name is %q, want %q", seen[0].Names[0], want)
	}
}

func withCapacity(n int) model.Details {
	d := details()
	d.Capacity = n
	return d
}

func invalid(field string) error { return &model.InvalidError{Field: field} }
