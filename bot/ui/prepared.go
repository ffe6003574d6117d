package ui

import (
	"encoding/binary"
	"iter"
	"slices"

	"okolo/persistence/model"
)

// Prepared are the events prepared for display, the nearest first. They are packed into some five bytes
// each, because a session holds up to fifty, and just so they are stored: their number, then of each its id
// and its distance, as differences to those of the event before. It is never changed in place.
type Prepared []byte

// Prepare packs what was found.
func Prepare(found []model.Found) Prepared {
	if len(found) == 0 {
		return nil
	}
	b := binary.AppendUvarint(make([]byte, 0, 512), uint64(len(found)))
	var before model.Found
	for _, f := range found {
		b = binary.AppendVarint(b, f.ID-before.ID)
		b = binary.AppendVarint(b, int64(f.Metres-before.Metres))
		before = f
	}
	return slices.Clone(b)
}

// Len returns how many there are.
func (p Prepared) Len() int {
	n, _ := binary.Uvarint(p)
	return int(n)
}

// All returns the ids, and the distances from the place of the search in metres.
func (p Prepared) All() iter.Seq2[int64, int] {
	return func(yield func(int64, int) bool) {
		var id, metres int64
		for rest := p.events(); ; {
			toID, toMetres, size := unpack(rest)
			id, metres = id+toID, metres+toMetres
			if size == 0 || !yield(id, int(metres)) {
				return
			}
			rest = rest[size:]
		}
	}
}

// first returns the first n.
func (p Prepared) first(n int) Prepared {
	switch {
	case n >= p.Len():
		return p
	case n <= 0:
		return nil
	}
	events, end := p.events(), 0
	for range n {
		_, _, size := unpack(events[end:])
		end += size
	}
	return append(binary.AppendUvarint(make([]byte, 0, binary.MaxVarintLen16+end), uint64(n)), events[:end]...)
}

// whole reports whether p is what [Prepare] makes: what comes from a snapshot may be anything.
func (p Prepared) whole() bool {
	n, size := binary.Uvarint(p)
	if size <= 0 {
		return len(p) == 0
	}
	rest := p[size:]
	for ; n > 0; n-- {
		_, _, size := unpack(rest)
		if size == 0 {
			return false
		}
		rest = rest[size:]
	}
	return len(rest) == 0 && p.Len() > 0
}

// events returns what follows the number.
func (p Prepared) events() []byte {
	_, size := binary.Uvarint(p)
	return p[max(size, 0):]
}

// unpack reads the differences of the first event, and how many bytes they take: 0 where there is none.
func unpack(b []byte) (id, metres int64, size int) {
	id, n := binary.Varint(b)
	if n <= 0 {
		return 0, 0, 0
	}
	metres, k := binary.Varint(b[n:])
	if k <= 0 {
		return 0, 0, 0
	}
	return id, metres, n + k
}

// preparedBefore is a list as it was stored until it was packed: an event's id in the upper 44 bits, the
// distance in the lower 20.
type preparedBefore []uint64

func (old preparedBefore) packed() Prepared {
	found := make([]model.Found, len(old))
	for i, e := range old {
		found[i] = model.Found{ID: int64(e >> 20), Metres: int(e & (1<<20 - 1))}
	}
	return Prepare(found)
}
