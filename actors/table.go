package actors

// tableShards is the number of maps of a table, a power of two: so many that copying one
// of them delays no delivery.
const tableShards = 64

// table maps users to their entries. Go's maps never shrink; a table is cut into shards
// so that after a purge they can be rebuilt one at a time.
type table struct {
	shards [tableShards]map[int64]*entry
	n      int
}

func (t *table) get(user int64) *entry { return t.shards[shard(user)][user] }

func (t *table) put(e *entry) {
	m := &t.shards[shard(e.user)]
	if *m == nil {
		*m = make(map[int64]*entry)
	}
	(*m)[e.user] = e
	t.n++
}

// remove takes e out, if it is there.
func (t *table) remove(e *entry) {
	m := t.shards[shard(e.user)]
	if m[e.user] == e {
		delete(m, e.user)
		t.n--
	}
}

// each calls f for every entry; f may not change the table.
func (t *table) each(f func(*entry)) {
	for _, m := range t.shards {
		for _, e := range m {
			f(e)
		}
	}
}

// rebuild copies shard i into a map of its present size.
func (t *table) rebuild(i int) {
	m := make(map[int64]*entry, len(t.shards[i]))
	for user, e := range t.shards[i] {
		m[user] = e
	}
	t.shards[i] = m
}

// shard spreads users by Fibonacci hashing (Knuth, TAOCP vol. 3, 6.4).
func shard(user int64) int { return int(uint64(user) * 0x9E3779B97F4A7C15 >> 58) }
