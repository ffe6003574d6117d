package actors

import "slices"

// Bounds of what a session remembers to tell duplicates. Both are powers of two, so that
// lists grown by append have no room to spare when they are full.
const (
	// MaxApplied is the number of applied update ids that a session remembers.
	MaxApplied = 64
	// MaxPresses is the number of presses that a session remembers.
	MaxPresses = 32
)

// updates are the ids of the updates a session applied, the oldest first.
type updates []int64

func (u updates) has(id int64) bool { return slices.Contains(u, id) }

// add remembers id, and forgets the oldest where there are too many.
func (u *updates) add(id int64) {
	if len(*u) == MaxApplied {
		copy(*u, (*u)[1:])
		(*u)[MaxApplied-1] = id
		return
	}
	*u = append(*u, id)
}

// press is a button press that was acted on.
type press struct {
	_   struct{} `cbor:",toarray"`
	Key uint64
	At  int64 // Unix time in seconds
}

// presses are those a session acted on, the oldest first.
type presses []press

func (p presses) has(key uint64) bool {
	for i := range p {
		if p[i].Key == key {
			return true
		}
	}
	return false
}

// add remembers a press, and forgets the oldest where there are too many.
func (p *presses) add(key uint64, at int64) {
	if len(*p) == MaxPresses {
		copy(*p, (*p)[1:])
		(*p)[MaxPresses-1] = press{Key: key, At: at}
		return
	}
	*p = append(*p, press{Key: key, At: at})
}

// dropBefore forgets, in place, what is older than at, and returns how many that were.
func (p *presses) dropBefore(at int64) int {
	n := 0
	for n < len(*p) && (*p)[n].At < at {
		n++
	}
	*p = append((*p)[:0], (*p)[n:]...)
	return n
}
