package actors

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"
)

// TestGiveUpsAgainstModel does what [TestAgainstModel] does without kills, with a store that is
// away for longer than snapshots wait, and with snapshots that arrive after they were given up.
// Then users may find an older state than they left, though none older than one that was known
// to be stored, and what they find is what was applied, in order, from there on.
func TestGiveUpsAgainstModel(t *testing.T) {
	m := newModel(t)
	const lives, rounds = 3, 8
	floors := make([][]int, len(m.users)) // what was known to be stored
	gone := 0                             // inputs that were applied, and are in no state any more
	for life := range lives {
		m.begin(t, uint64(life+1), 5*time.Millisecond)
		for range rounds {
			since := make([]int, len(m.users))
			for u := range m.users {
				since[u] = len(m.users[u])
			}
			for range *modelSteps / lives / rounds {
				if m.step(); m.rand.IntN(100) == 0 {
					m.storeAway()
				}
			}
			gone += m.checkFloors(floors, since)
		}
		s := m.stats()
		t.Logf("life %d: applied %d, repeated %d, given up %d", life, s.InputsApplied, s.InputsRepeated, s.SnapshotsGivenUp)
		if s.SnapshotsGivenUp == 0 {
			t.Error("nothing was given up")
		}
		m.takeLate()
		if _, err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if t.Logf("%d inputs are gone with their snapshots", gone); gone == 0 {
		t.Error("no session came back to an older state: too few steps")
	}
}

// storeAway delivers while nothing can be stored, or only late, until snapshots are given up; some
// users leave meanwhile and come back to an older state.
func (m *model) storeAway() {
	m.heal()
	m.settle()
	lags := m.rand.IntN(2) == 0
	m.cable.mu.Lock()
	m.cable.lags = lags
	m.cable.mu.Unlock()
	m.store.set(func(s *memoryStore) { s.failSave = !lags })
	for range 30 {
		m.deliver()
	}
	m.settle()
	if m.rand.IntN(2) == 0 {
		m.expire()
	}
	m.cable.mu.Lock()
	m.cable.lags = false
	m.cable.mu.Unlock()
	m.takeLate()
	m.heal()
	for range 20 {
		m.deliver()
		m.flushLate()
	}
}

// takeLate takes over what this life has on its way to the store though it was given up.
func (m *model) takeLate() {
	m.cable.mu.Lock()
	defer m.cable.mu.Unlock()
	m.late, m.cable.late = append(m.late, m.cable.late...), nil
}

// checkFloors has each user send an input that is stored for certain, and compares the state it finds
// with the floor and the deliveries since; then that state is the floor. It returns how many of these
// are in no state any more.
func (m *model) checkFloors(floors [][]int, since []int) (gone int) {
	m.t.Helper()
	m.heal()
	m.settle()
	m.bounds()
	for u := range m.users {
		m.nextID++
		last := &delivery{id: m.nextID, lasting: true, before: new(tally)}
		m.put(u, last, false)
		m.settle()
		if last.got != Applied {
			m.t.Fatalf("user %d: %v", u+1, last.got)
		}
		found := append(last.before.Applied, int(last.id))
		if stored, _ := m.store.get(m.t, int64(u+1)); !reflect.DeepEqual(stored.Applied, found) {
			m.t.Fatalf("user %d: stored is\n%v, not\n%v", u+1, stored.Applied, found)
		}
		m.checkHistory(u, floors[u], found, since[u])
		for _, d := range m.users[u][since[u]:] {
			if d.got == Applied && !slices.Contains(found, int(d.id)) {
				gone++
			}
		}
		floors[u] = found
	}
	return gone
}

// checkHistory: what a user's state says was applied begins with the floor, and goes on with
// inputs that were, each once, in the order they were delivered in.
func (m *model) checkHistory(u int, floor, found []int, since int) {
	m.t.Helper()
	if len(found) < len(floor) || !slices.Equal(found[:len(floor)], floor) {
		m.t.Fatalf("user %d: an older state than the one stored, or another:\n%v, not\n%v", u+1, found, floor)
	}
	if distinct := slices.Compact(slices.Sorted(slices.Values(found))); len(distinct) != len(found) {
		m.t.Fatalf("user %d: applied twice: %v", u+1, found)
	}
	rest := found[len(floor):]
	applied := map[int64]bool{}
	for i, d := range m.users[u] {
		switch {
		case d.got == Stopped, d.got == Poisoned && !d.poison, d.got == Applied && d.poison, d.got == Repeated && !applied[d.id]:
			m.t.Fatalf("user %d: %d: %v", u+1, d.id, d.got)
		case d.got == Applied:
			applied[d.id] = true
			if i >= since && len(rest) > 0 && rest[0] == int(d.id) {
				rest = rest[1:]
			}
		}
	}
	if len(rest) > 0 {
		m.t.Fatalf("user %d: %v were not applied, or in another order:\n%v", u+1, rest, found)
	}
	m.checkWrites(int64(u+1), m.users[u], applied)
}
