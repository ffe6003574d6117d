package persistence_test

import (
	"testing"
	"time"

	"okolo/persistence/model"
)

// An announcement is shown once more when its event is over, and not again after that; and what
// changes before that is shown at once.
func TestAnnouncementOfWhatIsOver(t *testing.T) {
	s, w, url := setUp(t)
	var m messenger
	m.answer(func(model.Announcement) (int64, error) { return 77, nil })
	startAnnouncer(t, s, 1, time.Millisecond, &m)
	e := do(t, w, 1, createIn(club, 1, 1)).Event
	shown := func(want int) {
		t.Helper()
		waitFor(t, func() bool { return len(m.calls()) == want })
		settled(t, url)
	}
	shown(1)
	waitFor(t, func() bool {
		return number(t, url, `SELECT count(*) FROM announcements a JOIN events e ON e.id = a.event WHERE due_at = ends + interval '1 minute'`) == 1
	})
	do(t, w, 2, model.JoinEvent{By: person(2), Event: e})
	shown(2)
	execute(t, url, "UPDATE events SET starts = now() - interval '3 hours', ends = now() - interval '1 hour'")
	execute(t, url, "UPDATE announcements SET due_at = now()")
	shown(3)
	waitFor(t, func() bool { return number(t, url, "SELECT count(*) FROM announcements WHERE due_at IS NULL") == 1 })
	if last := m.calls()[2]; last.Message != 77 {
		t.Errorf("shown as %+v", last)
	}
}
