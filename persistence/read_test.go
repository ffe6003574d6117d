package persistence_test

import (
	"sync"
	"testing"

	"okolo/persistence/model"
)

// TestReadsOnDeadConnections: whoever reads right after all connections were cut does not notice.
func TestReadsOnDeadConnections(t *testing.T) {
	s, w, url := setUp(t)
	event := create(t, w, 1, 1, 1)
	search := model.Search{Point: berlin, Radius: 1000, From: tomorrow, To: details().Ends, Limit: 5}
	read := func() {
		var all sync.WaitGroup
		for range 8 { // as many connections
			all.Go(func() {
				if found, err := s.Nearby(t.Context(), search); err != nil || len(found) != 1 {
					t.Errorf("found %v, %v", found, err)
				}
				if seen, err := s.Events(t.Context(), 1, []int64{event}); err != nil || len(seen) != 1 {
					t.Errorf("saw %v, %v", seen, err)
				}
			})
		}
		all.Wait()
	}
	for range 3 {
		read()
		execute(t, url, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'okolo' AND datname = current_database()")
	}
	read()
}
