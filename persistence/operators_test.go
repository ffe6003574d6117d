package persistence_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"okolo/persistence/model"
)

func TestBans(t *testing.T) {
	s, w, url := setUp(t)
	create(t, w, 1, 5, 1)
	bans := func(skip, limit int) (ids []int64) {
		t.Helper()
		all, err := s.Bans(t.Context(), skip, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range all {
			ids = append(ids, b.Person)
		}
		return ids
	}
	for i, id := range []int64{5, 6, 7} {
		do(t, w, int64(10+i), model.BanPerson{By: person(1), Person: id, Banned: true, Reason: "spam"})
	}
	first := time.Now().Add(-time.Hour).Truncate(time.Second)
	execute(t, url, "UPDATE users SET banned_at = $1 WHERE id = 5", first)
	do(t, w, 20, model.BanPerson{By: person(1), Person: 5, Banned: true, Reason: "more spam"})
	if got := bans(0, 10); !slices.Equal(got, []int64{7, 6, 5}) {
		t.Errorf("banned, the latest first: %v", got)
	}
	if got := bans(1, 1); !slices.Equal(got, []int64{6}) {
		t.Errorf("the second page: %v", got)
	}
	all, err := s.Bans(t.Context(), 2, 10)
	if err != nil || all[0].Name != "Person 5" || all[0].Reason != "more spam" || !all[0].Since.Equal(first) {
		t.Errorf("banned twice: %+v, %v", all, err)
	}
	if _, err := w.Do(t.Context(), key(21), model.JoinEvent{By: person(6), Event: 1}); !errors.Is(err, model.ErrBanned) {
		t.Errorf("who was banned before they were known joins: %v", err)
	}
	do(t, w, 22, model.BanPerson{By: person(1), Person: 6})
	do(t, w, 23, model.JoinEvent{By: person(6), Event: 1})
	if got := bans(0, 10); !slices.Equal(got, []int64{7, 5}) {
		t.Errorf("after one was let in again: %v", got)
	}
	var invalid *model.InvalidError
	if _, err := w.Do(t.Context(), key(24), model.BanPerson{By: person(1), Banned: true}); !errors.As(err, &invalid) {
		t.Errorf("nobody is banned: %v", err)
	}
	if err := s.Erase(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	all, err = s.Bans(t.Context(), 0, 1)
	if err != nil || all[0].Person != 7 || all[0].Name != "" || all[0].Reason != "" {
		t.Errorf("of who was forgotten it is kept: %+v, %v", all, err)
	}
}

// An event that an operator deletes is in nobody's sight, those who joined are told, and a week
// later it is gone.
func TestDelete(t *testing.T) {
	s, w, url := setUp(t)
	event := create(t, w, 1, 1, 1)
	do(t, w, 2, model.JoinEvent{By: person(2), Event: event})
	do(t, w, 3, model.JoinEvent{By: person(9), Event: event})
	do(t, w, 4, model.DeleteEvent{By: person(9), Event: event})
	do(t, w, 4, model.DeleteEvent{By: person(9), Event: event})
	do(t, w, 5, model.DeleteEvent{By: person(9), Event: event})
	if n := number(t, url, "SELECT count(*) FROM river_job WHERE kind = 'notice'"); n != 1 {
		t.Errorf("%d notices owed, want 1", n)
	}
	for name, c := range map[string]model.Command{
		"join":       model.JoinEvent{By: person(3), Event: event},
		"edit":       model.EditEvent{By: person(1), Event: event, Edit: model.Edit{Capacity: new(int)}},
		"call off":   model.CancelEvent{By: person(1), Event: event},
		"report":     model.ReportEvent{By: person(3), Event: event},
		"write":      model.TellJoined{By: person(1), Event: event, Text: "Come all the same"},
		"show again": model.HideEvent{By: person(9), Event: event},
		"delete 0":   model.DeleteEvent{By: person(9), Event: event + 1},
	} {
		if _, err := w.Do(t.Context(), model.Key{Bot: bot, Update: 6, Ordinal: int(name[0])}, c); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	seen, err := s.Events(t.Context(), 1, []int64{event})
	mine, err2 := s.Mine(t.Context(), 2, 10)
	own, err3 := s.Mine(t.Context(), 1, 10)
	if len(seen)+len(mine)+len(own) > 0 || errors.Join(err, err2, err3) != nil {
		t.Errorf("seen by %d %d %d, %v", len(seen), len(mine), len(own), errors.Join(err, err2, err3))
	}
	if c, err := s.Case(t.Context(), event); err != nil || c.Status != model.Deleted || c.OwnerName != "Person 1" || c.Title == "" {
		t.Errorf("an operator sees %+v, %v", c, err)
	}
	var m messenger
	startJobs(t, s, &m)
	waitFor(t, func() bool {
		return number(t, url, "SELECT count(*) FROM river_job WHERE kind = 'notice' AND state = 'completed'") == 1
	})
	want := told{model.Notice{Bot: bot, Event: event, News: model.NewsDeleted, By: 9, Text: "Chess in the park"}, 2}
	if len(m.notices) != 1 || m.notices[0] != want {
		t.Errorf("told %+v, want %+v", m.notices, want)
	}
	for _, c := range []struct {
		days int
		gone int64
	}{{6, 0}, {8, 1}} {
		if _, n, err := s.RetainOnce(t.Context(), time.Now().AddDate(0, 0, c.days)); err != nil || n != c.gone {
			t.Errorf("after %d days %d events are gone, %v", c.days, n, err)
		}
	}
}

// An event that was called off is deleted without a word: everybody knows.
func TestDeleteCancelled(t *testing.T) {
	_, w, url := setUp(t)
	event := create(t, w, 1, 1, 1)
	do(t, w, 2, model.JoinEvent{By: person(2), Event: event})
	do(t, w, 3, model.CancelEvent{By: person(1), Event: event})
	do(t, w, 4, model.DeleteEvent{By: person(9), Event: event})
	if n := number(t, url, "SELECT count(*) FROM river_job WHERE kind = 'notice'"); n != 1 {
		t.Errorf("%d notices owed, want the one of the call-off", n)
	}
}

// The queue of reports has what is open and not over, each event once, and loses only the
// reports that an operator has seen.
func TestCases(t *testing.T) {
	s, w, url := setUp(t)
	var events []int64
	for i := range int64(5) {
		events = append(events, create(t, w, 1+i, 1, 1+i))
	}
	for i, r := range []struct {
		event, by int64
		reason    string
	}{{0, 2, "spam"}, {0, 3, "spam"}, {0, 4, "danger"}, {2, 2, "<b>"}, {3, 2, "over"}, {4, 2, "hidden"}} {
		do(t, w, int64(10+i), model.ReportEvent{By: person(r.by), Event: events[r.event], Reason: r.reason})
	}
	execute(t, url, "UPDATE events SET starts = now() - interval '2 hours', ends = now() - interval '1 hour' WHERE id = $1", events[3])
	do(t, w, 20, model.HideEvent{By: person(9), Event: events[4], Hidden: true})
	queue := func() (ids []int64) {
		t.Helper()
		for after := int64(0); ; {
			c, err := s.NextCase(t.Context(), after)
			if errors.Is(err, model.ErrNotFound) {
				return ids
			}
			if err != nil {
				t.Fatal(err)
			}
			after = c.ID
			ids = append(ids, c.ID)
		}
	}
	if got, want := queue(), []int64{events[0], events[2]}; !slices.Equal(got, want) {
		t.Fatalf("the queue is %v, want %v", got, want)
	}
	c, err := s.Case(t.Context(), events[0])
	want := []model.Complaint{{Reason: "spam", Times: 2}, {Reason: "danger", Times: 1}}
	if err != nil || c.Reports != 3 || !slices.Equal(c.Complaints, want) || c.Newest.IsZero() {
		t.Fatalf("%+v, %v", c, err)
	}
	do(t, w, 30, model.ReportEvent{By: person(5), Event: events[0], Reason: "came later"})
	do(t, w, 31, model.DismissReports{By: person(9), Event: events[0], Until: c.Newest})
	if c, err = s.Case(t.Context(), events[0]); err != nil || c.Reports != 1 || c.Complaints[0].Reason != "came later" {
		t.Fatalf("after what was seen was dismissed: %+v, %v", c, err)
	}
	do(t, w, 32, model.DismissReports{By: person(9), Event: events[0], Until: c.Newest})
	if got, want := queue(), []int64{events[2]}; !slices.Equal(got, want) {
		t.Errorf("the queue is %v, want %v", got, want)
	}
	if _, err := s.Case(t.Context(), 1000); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("no such event: %v", err)
	}
}

// Operators are told of new reports, not again of old ones, not at once again, not of their own;
// who could not be told is told later.
func TestDigests(t *testing.T) {
	s, w, url := setUp(t)
	m := messenger{operators: []int64{8, 9}, fails: map[int64]bool{8: true}}
	event := create(t, w, 1, 1, 1)
	once := func(fails bool, want ...model.Digest) {
		t.Helper()
		m.digests = nil
		if err := s.DigestOnce(t.Context(), bot, &m); (err != nil) != fails {
			t.Errorf("%v", err)
		}
		slices.SortFunc(m.digests, func(a, b model.Digest) int { return int(a.Operator - b.Operator) })
		if !slices.Equal(m.digests, want) {
			t.Errorf("told %+v, want %+v", m.digests, want)
		}
	}
	once(false)
	do(t, w, 2, model.ReportEvent{By: person(2), Event: event, Reason: "spam"})
	do(t, w, 3, model.ReportEvent{By: person(3), Event: event, Reason: "spam"})
	do(t, w, 4, model.ReportEvent{By: model.Person{ID: 9, Name: "Olga", Lang: "ru"}, Event: event, Reason: "spam"})
	once(true, model.Digest{Operator: 8, Lang: "en", Reports: 3}, model.Digest{Operator: 9, Lang: "ru", Reports: 2})
	m.fails = nil
	do(t, w, 5, model.ReportEvent{By: person(4), Event: event, Reason: "spam"})
	once(false, model.Digest{Operator: 8, Lang: "en", Reports: 4}) // 9 was told just now
	execute(t, url, "UPDATE digests SET told_at = told_at - interval '11 minutes'")
	once(false, model.Digest{Operator: 9, Lang: "ru", Reports: 1})
	execute(t, url, "UPDATE digests SET told_at = told_at - interval '11 minutes'")
	once(false)
	if stats := s.DigestStats(); stats.Sent != 3 || stats.Missed != 1 {
		t.Errorf("%+v", stats)
	}
	do(t, w, 6, model.ReportEvent{By: person(5), Event: event, Reason: "spam"})
	m.digests = nil
	startJobs(t, s, &m) // the periodic job tells, too
	waitFor(t, func() bool {
		return number(t, url, "SELECT count(*) FROM digests WHERE told_at > now() - interval '5 minutes'") == 2
	})
}

// An organiser writes to those who joined three times in 24 hours, however often it is tried.
func TestDailyMessages(t *testing.T) {
	_, w, url := setUp(t)
	event, other := create(t, w, 1, 1, 1), create(t, w, 2, 1, 2)
	tell := func(update int64, event int64) error {
		_, err := w.Do(t.Context(), key(update), model.TellJoined{By: person(1), Event: event, Text: strings.Repeat("a", int(update))})
		return err
	}
	check := func(err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	for i := range int64(5) {
		check(tell(50+i, event), nil) // to nobody
	}
	do(t, w, 10, model.JoinEvent{By: person(2), Event: event})
	do(t, w, 11, model.JoinEvent{By: person(2), Event: other})
	for i := range int64(model.MaxMessages) {
		check(tell(20+i, event), nil)
	}
	check(tell(30, event), model.ErrTooOften)
	check(tell(22, event), nil) // a replay
	check(tell(31, other), nil)
	execute(t, url, "UPDATE organiser_messages SET sent_at = sent_at - interval '25 hours' WHERE ctid = (SELECT min(ctid) FROM organiser_messages)")
	check(tell(32, event), nil)
	check(tell(33, event), model.ErrTooOften)
	check(tell(30, event), model.ErrTooOften) // stays refused
	if n := number(t, url, "SELECT count(*) FROM river_job WHERE kind = 'notice'"); n != model.MaxMessages+2 {
		t.Errorf("%d notices owed", n)
	}
}
