package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

// told is a notice as one person reads it.
type told struct {
	model.Notice
	reader int64
}

// messenger notes what it is asked to deliver.
type messenger struct {
	mu        sync.Mutex
	notices   []told
	reminders []model.Reminder
	operators []int64
	digests   []model.Digest
	announced []model.Announcement
	announces func(model.Announcement) (int64, error) // nil: as message 7
	failures  int                                     // of the next people
	fails     map[int64]bool                          // for ever
}

func (m *messenger) Notify(_ context.Context, n model.Notice, to []model.Person) []error {
	m.mu.Lock()
	defer m.mu.Unlock()
	errs := make([]error, len(to))
	for i, p := range to {
		m.notices = append(m.notices, told{n, p.ID})
		errs[i] = m.fail(p.ID)
	}
	return errs
}

func (m *messenger) Remind(_ context.Context, all []model.Reminder) []error {
	m.mu.Lock()
	defer m.mu.Unlock()
	errs := make([]error, len(all))
	for i, r := range all {
		m.reminders = append(m.reminders, r)
		errs[i] = m.fail(r.Person)
	}
	return errs
}

func (m *messenger) Operators() []int64 { return m.operators }

func (m *messenger) Reported(_ context.Context, all []model.Digest) []error {
	m.mu.Lock()
	defer m.mu.Unlock()
	errs := make([]error, len(all))
	for i, d := range all {
		m.digests = append(m.digests, d)
		errs[i] = m.fail(d.Operator)
	}
	return errs
}

func (m *messenger) Announce(_ context.Context, a model.Announcement) (int64, error) {
	m.mu.Lock()
	m.announced = append(m.announced, a)
	announces := m.announces
	m.mu.Unlock()
	if announces == nil {
		return 7, nil
	}
	return announces(a)
}

func (m *messenger) fail(person int64) error {
	if m.failures == 0 && !m.fails[person] {
		return nil
	}
	m.failures = max(0, m.failures-1)
	return errors.New("telegram is away")
}

func startJobs(t *testing.T, s *persistence.Store, m persistence.Messenger) {
	t.Helper()
	jobs, err := s.StartJobs(t.Context(), bot, 1, m)
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
	waitFor(t, func() bool {
		return number(t, url, "SELECT count(*) FROM river_job WHERE kind = 'notice' AND state = 'completed'") == 4
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	edited := model.Notice{Bot: bot, Event: event, News: model.NewsEdited, By: 1}
	cancelled := model.Notice{Bot: bot, Event: event, News: model.NewsCancelled, By: 1}
	// As they stand when it is delivered: person 2 has left.
	want := []told{{edited, 3}, {edited, 4}, {cancelled, 3}, {cancelled, 4},
		{model.Notice{Bot: bot, Event: event, News: model.NewsPromoted, Person: 3, By: 1}, 3},
		{model.Notice{Bot: bot, Event: event, News: model.NewsPromoted, Person: 4, By: 2}, 4}}
	for _, n := range want {
		if !slices.Contains(m.notices, n) {
			t.Errorf("%+v was not delivered, but %+v", n, m.notices)
		}
	}
	if len(m.notices) != len(want) {
		t.Errorf("%d were delivered, want %d: %+v", len(m.notices), len(want), m.notices)
	}
}

// A notice goes on where it ended: whom it reached is not told again, whom it missed is, and one
// who cannot be reached holds up nobody. Who blocked the bot is left out.
func TestNoticesGoOn(t *testing.T) {
	const people = 100 // some pages
	s, w, url := setUp(t)
	event := create(t, w, 1, 1, 1)
	for i := range int64(people) {
		do(t, w, 10+i, model.JoinEvent{By: person(2 + i), Event: event})
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(s.Blocked(t.Context(), 50))
	check(s.Blocked(t.Context(), 51))
	check(s.Returned(t.Context(), 51))
	check(s.Blocked(t.Context(), 52))
	do(t, w, 200, model.LeaveEvent{By: person(52), Event: event})
	do(t, w, 201, model.JoinEvent{By: person(52), Event: event}) // returned without a word
	do(t, w, 202, model.CancelEvent{By: person(1), Event: event})
	m := messenger{fails: map[int64]bool{2: true, 60: true}}
	startJobs(t, s, &m)
	waitFor(t, func() bool {
		return number(t, url, "SELECT count(*) FROM river_job WHERE kind = 'notice' AND errors IS NOT NULL") == 1
	})
	m.mu.Lock()
	m.fails = nil
	m.mu.Unlock()
	waitFor(t, func() bool {
		return number(t, url, "SELECT count(*) FROM river_job WHERE kind = 'notice' AND state = 'completed'") == 1
	})
	times := map[int64]int{}
	for _, n := range m.notices {
		times[n.reader]++
	}
	for id := int64(2); id < 2+people; id++ {
		want := 1
		switch id {
		case 50:
			want = 0
		case 2, 60:
			if times[id] < 2 {
				t.Errorf("person %d was missed and not told again", id)
			}
			continue
		}
		if times[id] != want {
			t.Errorf("person %d was told %d times, want %d", id, times[id], want)
		}
	}
	if stats := s.NoticeStats(); stats.Sent != people-1 || stats.Missed < 2 {
		t.Errorf("%+v", stats)
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
	for i := range int64(3) { // one wants none, one blocked the bot, one has it for the first event only
		do(t, w, 30+i, model.JoinEvent{By: person(10 + i), Event: day})
	}
	if err := errors.Join(s.Mute(t.Context(), day, 10, true), s.Blocked(t.Context(), 11), s.Mute(t.Context(), day, 12, true), s.Mute(t.Context(), day, 12, false)); err != nil {
		t.Fatal(err)
	}
	execute(t, url, "UPDATE participants SET since = now() - interval '3 days' WHERE person >= 10")

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
		if r.Person != 2 && (r.Person != 12 || r.Event != day) {
			t.Errorf("person %d was reminded of %d", r.Person, r.Event)
		}
	}
	if len(got) != 2 || got[hour] != model.HourAhead || got[day] != model.DayAhead || len(m.reminders) != 4 {
		t.Errorf("reminded of %+v", m.reminders)
	}
	if stats := s.ReminderStats(); stats.Sent != 3 || stats.Repeated != 1 || stats.Missed != 1 || stats.Dropped != 2 {
		t.Errorf("%+v", stats)
	}
	// Claimed, and then the event moves: that reminder is not sent.
	execute(t, url, "UPDATE reminders SET ended_at = NULL WHERE event = $1 AND person = 2", day)
	execute(t, url, "UPDATE events SET starts = starts + interval '5 hours', ends = ends + interval '5 hours' WHERE id = $1", day)
	sent := len(m.reminders)
	if err := s.RemindOnce(t.Context(), &m); err != nil || len(m.reminders) != sent {
		t.Errorf("%d reminders more, %v", len(m.reminders)-sent, err)
	}
	if stats := s.ReminderStats(); stats.Dropped != 3 {
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

// A process that was killed while it led the jobs delays its successor's reminders by nothing.
func TestDeadLeader(t *testing.T) {
	url := pgtest.URL(t)
	s := openStore(t, url)
	number(t, url, fmt.Sprintf(`WITH led AS (INSERT INTO river_leader (elected_at, expires_at, leader_id)
		VALUES (now(), now() + interval '1 hour', 'okolo-%d-0') RETURNING 1) SELECT count(*) FROM led`, bot))
	startJobs(t, s, &messenger{})
	waitFor(t, func() bool {
		return number(t, url, fmt.Sprintf(`SELECT count(*) FROM river_leader WHERE leader_id = 'okolo-%d-1'`, bot)) == 1
	})
}
