package persistence_test

import (
	"slices"
	"testing"

	"okolo/persistence/model"
)

func TestAttendance(t *testing.T) {
	s, w, url := setUp(t)
	event := create(t, w, 1, 1, 1, capacity(2))
	for i := range int64(4) {
		do(t, w, 10+i, model.JoinEvent{By: person(20 - i), Event: event})
	}
	do(t, w, 20, model.LeaveEvent{By: person(19), Event: event})
	all := []model.Attendee{{Name: "Person 20", Part: model.Going}, {Name: "Person 18", Part: model.Going}, {Name: "Person 17", Part: model.Waiting}}
	look := func(owner int64, limit int, want []model.Attendee) {
		t.Helper()
		got, err := s.Attendance(t.Context(), owner, event, limit)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%d sees %+v, %v, not %+v", owner, got, err, want)
		}
	}
	look(1, 10, all)
	look(1, 2, all[:2])
	look(20, 10, nil) // not the owner
	execute(t, url, "UPDATE events SET status = 'hidden'")
	look(1, 10, nil)
}
