package persistence_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"okolo/persistence"
	"okolo/persistence/model"
)

// messenger notes what it is asked to deliver.
type messenger struct {
	mu        sync.Mutex
	notices   []model.Notice
	reminders []model.Reminder
	failures  int // of the next reminders
}

func (m *messenger) Notify(_ context.Context, n model.Notice) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notices = append(m.notices, n)
	return nil
}

func (m *messenger) Remind(_ context.Context, r model.Reminder) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reminders = append(m.reminders, r)
	if m.failures > 0 {
		m.failures--
		return errors.New("telegram is away")
	}
	return nil
}

func (m *messenger) counts() (notices, reminders int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.notices), len(m.reminders)
}

func startJobs(t *testing.T, s *persistence.Store, m persistence.Messenger) {
	t.Helper()
	jobs, err := s.StartJobs(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := jobs.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}

// Notices are owed by the writes that change something for those who joined, by no other, and
// outlive the process.
func TestNoticesAreOwedWithTheWrite(t *testing.T) {
	s, w, url := setUp(t)
	event := create(t, w, 1, 1, 1, capacity(1))
	title, two, place := "Go in the park", 2, model.Place{Name: "Treptow", Point: berlin}
	edit := func(update int64, e model.Edit) {
		do(t, w, update, model.EditEvent{By: person(1), Event: event, Edit: e})
	}
	edit(2, model.Edit{Title: &title}) // nobody to tell
	do(t, w, 3, model.JoinEvent{By: person(2), Event: event})
	do(t, w, 4, model.JoinEvent{By: person(3), Event: event})
	do(t, w, 5, model.JoinEvent{By: person(4), Event: event})
	edit(6, model.Edit{Place: &place})
	edit(6, model.Edit{Place: &place})  // a replay
	edit(7, model.Edit{Place: &place})  // nothing new
	edit(8, model.Edit{Capacity: &two}) // lets person 3 in
	if a := do(t, w, 9, model.LeaveEvent{By: person(2), Event: event}); a.Promoted != 4 {
		t.Errorf("%+v, want 4 promoted", a)
	}
	if _, err := w.Do(t.Context(), key(10), model.CancelEvent{By: person(2), Event: event}); !errors.Is(err, model.ErrNotOwner) {
		t.Errorf("cancelled by another: %v", err)
	}
	do(t, w, 11, model.CancelEvent{By: person(1), Event: event})
	do(t, w, 12, model.CancelEvent{By: person(1), Event: event}) // already
	if n := number(t, url, "SELECT count(*) FROM river_job WHERE kind = 'notice'"); n != 4 {
		t.Errorf("%d notices owed, want 4", n)
	}
	var m messenger
	startJobs(t, s, &m)
	waitFor(t, func() bool { n, _ := m.counts(); return n >= 4 })
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, want := range []model.Notice{
		{Bot: bot, Event: event, News: model.NewsEdited, By: 1},
		{Bot: bot, Event: event, News: model.NewsPromoted, Person: 3, By: 1},
		{Bot: bot, Event: event, News: model.NewsPromoted, Person: 4, By: 2},
		{Bot: bot, Event: event, News: model.NewsCancelled, By: 1},
	} {
		if !slices.Contains(m.notices, want) {
			t.Errorf("%+v was not delivered, but %+v", want, m.notices)
		}
	}
	readers, err := s.Readers(t.Context(), event, 3, 100)
	if err != nil || len(readers) != 1 || readers[0].ID != 4 {
		t.Errorf("readers after 3: %v, %v", readers, err)
	}
}

// Reminders are for those who joined in time and still come, each once, of the row as it is when
// their turn comes.
func TestReminders(t *testing.T) {
	s, w, url := setUp(t)
	starting := func(update int64, in time.Duration) int64 {
		return create(t, w, update, 1, update, func(d *model.Details) {
			d.Starts = time.Now().Add(in).Truncate(time.Second)
			d.Ends = d.Starts.Add(time.Hour)
		})
	}
	hour, day, later := starting(1, 50*time.Minute), starting(2, 23*time.Hour), starting(3, 30*time.Hour)
	cancelled := starting(4, 40*time.Minute)
	for i, event := range []int64{hour, day, later, cancelled} {
		do(t, w, int64(10+i), model.JoinEvent{By: person(2), Event: event})
	}
	execute(t, url, "UPDATE participants SET since = now() - interval '3 days'")
	do(t, w, 20, model.JoinEvent{By: person(3), Event: hour}) // knows, having joined just now
	do(t, w, 21, model.CancelEvent{By: person(1), Event: cancelled})

	m := messenger{failures: 1}
	if err := s.RemindOnce(t.Context(), &m); err == nil {
		t.Error("a failure to send is no error")
	}
	if err := s.RemindOnce(t.Context(), &m); err != nil { // as after a crash between sending and noting it
		t.Fatal(err)
	}
	if err := s.RemindOnce(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	got := map[int64]model.Ahead{}
	for _, r := range m.reminders {
		got[r.Event] = r.Kind
		if r.Person != 2 {
			t.Errorf("person %d was reminded", r.Person)
		}
	}
	if len(got) != 2 || got[hour] != model.HourAhead || got[day] != model.DayAhead || len(m.reminders) != 3 {
		t.Errorf("reminded of %+v", m.reminders)
	}
	if stats := s.ReminderStats(); stats.Sent != 2 || stats.Repeated != 1 {
		t.Errorf("%+v", stats)
	}
	// Claimed, and then the event moves: that reminder is not sent.
	execute(t, url, "UPDATE reminders SET ended_at = NULL WHERE event = $1", day)
	execute(t, url, "UPDATE events SET starts = starts + interval '5 hours', ends = ends + interval '5 hours' WHERE id = $1", day)
	sent := len(m.reminders)
	if err := s.RemindOnce(t.Context(), &m); err != nil || len(m.reminders) != sent {
		t.Errorf("%d reminders more, %v", len(m.reminders)-sent, err)
	}
	if stats := s.ReminderStats(); stats.Dropped != 1 {
		t.Errorf("%+v", stats)
	}
	startJobs(t, s, &m) // the periodic job runs, and finds nothing
	waitFor(t, func() bool {
		return number(t, url, "SELECT count(*) FROM river_job WHERE kind = 'remind' AND state = 'completed'") > 0
	})
}

func TestRetention(t *testing.T) {
	s, w, url := setUp(t)
	for i := range int64(5) {
		create(t, w, i, 1, i+1)
	}
	do(t, w, 10, model.JoinEvent{By: person(2), Event: 1})
	execute(t, url, "UPDATE writes SET done_at = now() - interval '49 hours' WHERE update_id < 3")
	execute(t, url, "UPDATE events SET starts = starts - interval '40 days', ends = ends - interval '40 days' WHERE id <= 2")
	answers, events, err := s.RetainOnce(t.Context(), time.Now())
	if err != nil || answers != 3 || events != 2 {
		t.Errorf("%d answers and %d events were deleted, %v; want 3 and 2", answers, events, err)
	}
	if n := number(t, url, "SELECT count(*) FROM participants"); n != 0 {
		t.Errorf("%d participants of a deleted event stay", n)
	}
	if a := do(t, w, 4, model.CreateUserEvent{By: person(1), Draft: 5, Details: details()}); !a.Replayed {
		t.Errorf("a younger answer is gone: %+v", a)
	}
}
