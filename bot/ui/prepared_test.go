package ui

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"okolo/persistence/model"
)

// unpacked is a list as what was found, as far as it says.
func unpacked(p Prepared) []model.Found {
	var found []model.Found
	for id, metres := range p.All() {
		found = append(found, model.Found{ID: id, Metres: metres})
	}
	return found
}

func TestPrepared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		found := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) model.Found {
			return model.Found{ID: rapid.Int64().Draw(t, "id"), Metres: rapid.IntRange(0, 1<<31-1).Draw(t, "metres")}
		}), 0, 200).Draw(t, "found")
		n := rapid.IntRange(0, 201).Draw(t, "first")
		p := Prepare(found)
		if got := unpacked(p); len(got) != len(found) || len(got) > 0 && !reflect.DeepEqual(got, found) || p.Len() != len(found) || !p.whole() {
			t.Fatalf("%v is read as %v, %d of them", found, got, p.Len())
		}
		cut := p.first(n)
		if want := Prepare(found[:min(n, len(found))]); !reflect.DeepEqual(cut, want) {
			t.Fatalf("the first %d of %v are %v", n, found, unpacked(cut))
		}
	})
}

// Whatever bytes a snapshot holds in place of a list, reading them neither panics nor goes on for ever; what is
// not as it is packed is known for that.
func FuzzPrepared(f *testing.F) {
	f.Add([]byte(Prepare([]model.Found{{ID: 1 << 40, Metres: 7}, {ID: 3, Metres: 1 << 20}})))
	f.Add([]byte{2, 2, 2})
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, data []byte) {
		p := Prepared(data)
		found := unpacked(p)
		p.first(1)
		if p.whole() && len(found) != p.Len() {
			t.Fatalf("%d of %d", len(found), p.Len())
		}
	})
}

// A list of a town's events, a million ids and five kilometres, takes five bytes an event.
func TestPreparedSize(t *testing.T) {
	found := make([]model.Found, 50)
	for i := range found {
		found[i] = model.Found{ID: int64(i) * 618_033 % 1_000_000, Metres: 100 * i}
	}
	if p := Prepare(found); len(p) > 5*len(found)+1 || cap(p) > 288 {
		t.Fatalf("%d bytes in room for %d", len(p), cap(p))
	}
}
