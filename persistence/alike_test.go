package persistence_test

import (
	"testing"
	"time"

	"okolo/persistence/model"
)

func TestAlike(t *testing.T) {
	s, w, _ := setUp(t)
	titled := func(title string, after time.Duration) func(*model.Details) {
		return func(d *model.Details) {
			d.Title = title
			d.Starts, d.Ends = d.Starts.Add(after), d.Ends.Add(after)
		}
	}
	first := create(t, w, 1, 1, 1, titled("Шахматы", 0))
	create(t, w, 2, 2, 1, titled("Theirs", 0))
	cancelled := create(t, w, 3, 1, 2, titled("Called off", 0))
	do(t, w, 4, model.CancelEvent{By: person(1), Event: cancelled})
	for name, c := range map[string]struct {
		draft int64
		title string
		after time.Duration
		want  int64
	}{
		"same":              {9, "Шахматы", 0, first},
		"another case":      {9, "ШАХМАТЫ", 11 * time.Hour, first},
		"earlier":           {9, "Шахматы", -11 * time.Hour, first},
		"another day":       {9, "Шахматы", 24 * time.Hour, 0},
		"another title":     {9, "Шахматы и чай", 0, 0},
		"somebody else's":   {9, "Theirs", 0, 0},
		"called off":        {9, "Called off", 0, 0},
		"the same draft":    {1, "Шахматы", 0, 0},
		"the same, changed": {1, "Called off", time.Hour, 0},
	} {
		d := details()
		titled(c.title, c.after)(&d)
		if got, err := s.Alike(t.Context(), 1, c.draft, d); err != nil || got != c.want {
			t.Errorf("%s: event %d, %v, want %d", name, got, err, c.want)
		}
	}
}
