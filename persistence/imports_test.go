package persistence_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"okolo/persistence"
	"okolo/persistence/ics"
	"okolo/persistence/model"
)

// entries are n events of a calendar, from 0.
func entries(n int) *ics.Calendar {
	c := &ics.Calendar{Skipped: map[ics.Reason]int{}}
	for i := range n {
		c.Entries = append(c.Entries, ics.Entry{Key: ics.Key{UID: fmt.Sprint("uid-", i)}, Details: details()})
	}
	return c
}

func importAll(t *testing.T, s *persistence.Store, c *ics.Calendar, want persistence.ImportResult) {
	t.Helper()
	in := persistence.Import{Source: "city", Calendar: c, Now: time.Now(), DryRun: true}
	if got, err := s.Import(t.Context(), in); err != nil || got != want {
		t.Fatalf("a dry run: %+v, %v, want %+v", got, err, want)
	}
	in.DryRun = false
	if got, err := s.Import(t.Context(), in); err != nil || got != want {
		t.Fatalf("%+v, %v, want %+v", got, err, want)
	}
}

// An import makes what is new, changes what changed, calls off what vanished, and tells those who
// joined; what operators decided stays.
func TestImport(t *testing.T) {
	s, w, url := setUp(t)
	c := entries(250)
	importAll(t, s, c, persistence.ImportResult{New: 250})
	importAll(t, s, c, persistence.ImportResult{Unchanged: 250})
	found, err := s.Nearby(t.Context(), model.Search{Point: berlin, Radius: 1000, From: time.Now(), To: tomorrow.Add(time.Hour), Limit: 300})
	if err != nil || len(found) != 250 || found[0].Kind != model.Imported {
		t.Fatalf("%d found, %v", len(found), err)
	}
	id := func(uid int) int64 {
		return int64(number(t, url, "SELECT event FROM imports WHERE uid = $1", fmt.Sprint("uid-", uid)))
	}
	for i, uid := range []int{0, 1, 2} {
		do(t, w, int64(10+i), model.JoinEvent{By: person(2), Event: id(uid)})
	}
	do(t, w, 20, model.HideEvent{By: person(9), Event: id(3), Hidden: true})
	do(t, w, 21, model.DeleteEvent{By: person(9), Event: id(4)})
	do(t, w, 22, model.HideEvent{By: person(9), Event: id(5), Hidden: true})
	execute(t, url, "UPDATE events SET starts = now() - interval '1 hour' WHERE id = $1", id(8)) // under way

	c = entries(250)
	c.Entries[0].Title = "Moved"               // joined
	c.Entries[1].Cancelled = true              // joined
	c.Entries[2].Description = "New words"     // joined, and no news
	c.Entries[3].Title = "Changed, and hidden" // stays hidden
	c.Entries[4].Title = "Changed, and deleted"
	c.Entries = append(c.Entries[:5], c.Entries[9:]...) // 5 is hidden, 8 under way
	c.Kept = []string{"uid-7"}
	importAll(t, s, c, persistence.ImportResult{Changed: 3, Cancelled: 2, Unchanged: 242})
	for uid, want := range map[int]string{0: "open", 1: "cancelled", 2: "open", 3: "hidden", 4: "deleted", 5: "hidden", 6: "cancelled", 7: "open", 8: "open"} {
		if n := number(t, url, "SELECT count(*) FROM events WHERE id = $1 AND status = $2", id(uid), want); n != 1 {
			t.Errorf("event %d is not %s", uid, want)
		}
	}
	if n := number(t, url, "SELECT count(*) FROM river_job WHERE kind = 'notice'"); n != 2 {
		t.Errorf("%d notices owed, want one of the change and one of the call-off", n)
	}
	if n := number(t, url, "SELECT count(*) FROM events WHERE title = 'Moved' AND going = 1"); n != 1 {
		t.Error("who joined is lost")
	}
	importAll(t, s, entries(250), persistence.ImportResult{Changed: 5, Unchanged: 245}) // all is as it was
	if n := number(t, url, "SELECT count(*) FROM events WHERE status = 'open'"); n != 247 {
		t.Errorf("%d events are open", n)
	}
	sources, err := s.Sources(t.Context())
	if err != nil || len(sources) != 1 || sources[0].Name != "city" || sources[0].All != 250 || time.Since(sources[0].Imported) > time.Minute {
		t.Errorf("%+v, %v", sources, err)
	}
}

// An event that recurs is called off by its name alone; one that is moved beyond the span that is read is moved,
// and a new one there is left out.
func TestSeriesAndFarAhead(t *testing.T) {
	s, _, url := setUp(t)
	c := entries(3)
	for i := range c.Entries {
		c.Entries[i].Key = ics.Key{UID: "series", Occurrence: fmt.Sprint(i)}
	}
	c.Entries = append(c.Entries, entries(1).Entries...)
	importAll(t, s, c, persistence.ImportResult{New: 4})
	moved := entries(2)
	for i := range moved.Entries {
		e := &moved.Entries[i]
		e.FarAhead, e.Starts, e.Ends = true, e.Starts.AddDate(2, 0, 0), e.Ends.AddDate(2, 0, 0)
	}
	moved.Entries = append(moved.Entries, ics.Entry{Key: ics.Key{UID: "series"}, Cancelled: true})
	moved.Kept = []string{"series"} // which is off all the same, though something else of it was not understood
	importAll(t, s, moved, persistence.ImportResult{Changed: 1, Cancelled: 3})
	if n := number(t, url, "SELECT count(*) FROM events WHERE status = 'open' AND starts > now() + interval '1 year'"); n != 1 {
		t.Errorf("%d events are where they were moved", n)
	}
}

// What an operator hides while an import runs, before its turn comes to be called off, stays hidden.
func TestHiddenMeanwhile(t *testing.T) {
	s, w, url := setUp(t)
	importAll(t, s, entries(2), persistence.ImportResult{New: 2})
	gone := int64(number(t, url, "SELECT event FROM imports WHERE uid = 'uid-0'"))
	c := entries(3)
	c.Entries = c.Entries[1:] // one is new, which comes first
	hide := sync.OnceFunc(func() { do(t, w, 20, model.HideEvent{By: person(9), Event: gone, Hidden: true}) })
	if _, err := s.Import(t.Context(), persistence.Import{Source: "city", Calendar: c, Now: time.Now(), Progress: func(int, int) { hide() }}); err != nil {
		t.Fatal(err)
	}
	if n := number(t, url, "SELECT count(*) FROM events WHERE id = $1 AND status = 'hidden'", gone); n != 1 {
		t.Error("the event is no longer hidden")
	}
}

// A calendar that is empty, or has lost most of its events, is not believed; one that says of each that it is off is.
func TestVanished(t *testing.T) {
	s, _, url := setUp(t)
	importAll(t, s, entries(20), persistence.ImportResult{New: 20})
	without := func(n int) *ics.Calendar {
		c := entries(20)
		c.Entries = c.Entries[n:]
		return c
	}
	kept := without(20)
	kept.Kept = []string{"uid-0"}
	for gone, c := range map[int]*ics.Calendar{11: without(11), 20: without(20), 19: kept} {
		for _, dry := range []bool{true, false} {
			_, err := s.Import(t.Context(), persistence.Import{Source: "city", Calendar: c, Now: time.Now(), DryRun: dry})
			var vanished *persistence.VanishedError
			if !errors.As(err, &vanished) || *vanished != (persistence.VanishedError{Vanished: gone, Coming: 20}) {
				t.Errorf("%d of 20 are gone: %v", gone, err)
			}
		}
	}
	if n := number(t, url, "SELECT count(*) FROM events WHERE status = 'open'"); n != 20 {
		t.Fatalf("%d events are open", n)
	}
	importAll(t, s, without(10), persistence.ImportResult{Cancelled: 10, Unchanged: 10})
	off := without(11)
	for i := range off.Entries {
		off.Entries[i].Cancelled = true
	}
	importAll(t, s, off, persistence.ImportResult{Cancelled: 10})
	importAll(t, s, without(18), persistence.ImportResult{Changed: 2}) // two take place again
	if _, err := s.Import(t.Context(), persistence.Import{Source: "city", Calendar: entries(0), Now: time.Now(), CallOff: true}); err != nil {
		t.Fatal(err)
	}
	if n := number(t, url, "SELECT count(*) FROM events WHERE status = 'open'"); n != 0 {
		t.Errorf("%d events are open, after all were to be called off", n)
	}
}

// An import waits for nobody, and nobody for it: people join while it changes the same events.
func TestImportBesideTheBot(t *testing.T) {
	s, w, url := setUp(t)
	importAll(t, s, entries(60), persistence.ImportResult{New: 60})
	joined := make(chan error, 1)
	go func() {
		var err error
		for i := range int64(60) {
			e := model.ErrBusy
			for errors.Is(e, model.ErrBusy) { // on a loaded machine; people press again
				_, e = w.Do(t.Context(), key(100+i), model.JoinEvent{By: person(2), Event: 1 + i})
			}
			err = errors.Join(err, e)
		}
		joined <- err
	}()
	for round := range 3 {
		c := entries(60)
		for i := range c.Entries {
			c.Entries[i].Title = fmt.Sprint("Round ", round)
		}
		if _, err := s.Import(t.Context(), persistence.Import{Source: "city", Calendar: c, Now: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-joined; err != nil {
		t.Fatal(err)
	}
	if n := number(t, url, "SELECT count(*) FROM events WHERE going = 1 AND title = 'Round 2'"); n != 60 {
		t.Errorf("%d events are as they should be", n)
	}
}

func TestOneImportAtATime(t *testing.T) {
	s, _, _ := setUp(t)
	in := persistence.Import{Source: "city", Calendar: entries(1), Now: time.Now()}
	in.Progress = func(int, int) {
		if _, err := s.Import(t.Context(), persistence.Import{Source: "city", Calendar: entries(1)}); !errors.Is(err, persistence.ErrImporting) {
			t.Errorf("a second import: %v", err)
		}
	}
	if _, err := s.Import(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}
