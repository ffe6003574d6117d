package crowd

// entry says that a person means to act at a time.
type entry struct {
	due    int64 // ns since the crowd began
	person uint32
	turn   uint32
}

// timetable is a binary heap of entries, the earliest first. container/heap would allocate
// for each.
type timetable []entry

func (t *timetable) add(e entry) {
	h := append(*t, e)
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if h[up].due <= h[i].due {
			break
		}
		h[up], h[i] = h[i], h[up]
		i = up
	}
	*t = h
}

// take removes the earliest entry; the timetable must not be empty.
func (t *timetable) take() entry {
	h := *t
	first, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down+1 < last && h[down+1].due < h[down].due {
			down++
		}
		if down >= last || h[i].due <= h[down].due {
			break
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
	*t = h
	return first
}

// patience is a queue of deadlines, all as long after the deed: they come in order.
type patience struct {
	list []entry
	from int
}

func (q *patience) add(e entry) {
	if q.from > 1024 && q.from > len(q.list)/2 {
		q.list = append(q.list[:0], q.list[q.from:]...)
		q.from = 0
	}
	q.list = append(q.list, e)
}

// next returns the deadline that ends first; false: there is none.
func (q *patience) next() (entry, bool) {
	if q.from == len(q.list) {
		return entry{}, false
	}
	return q.list[q.from], true
}

func (q *patience) drop() { q.from++ }
