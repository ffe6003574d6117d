package ui

import (
	"sync"
	"testing"
	"time"
)

func TestZones(t *testing.T) {
	c := zoneCache{bound: 2}
	for range 2 {
		for _, name := range []string{"Europe/Berlin", "Asia/Kathmandu", "Europe/Moscow", "No/Such"} {
			want, err := time.LoadLocation(name)
			if err != nil {
				want = time.UTC
			}
			if got := c.get(name); got.String() != want.String() {
				t.Errorf("%s is %v", name, got)
			}
		}
		if n := c.n.Load(); n != 2 {
			t.Errorf("%d zones are kept, not 2", n)
		}
	}
	if a, b := c.get("Europe/Berlin"), c.get("Europe/Berlin"); a != b {
		t.Error("a zone was not kept")
	}
	var all sync.WaitGroup
	c = zoneCache{bound: 10}
	for range 8 {
		all.Go(func() { c.get("Europe/Berlin") })
	}
	all.Wait()
	if n := c.n.Load(); n != 1 {
		t.Errorf("%d zones are counted, not 1", n)
	}
}
