package persistence

// What the tests of plans and the benchmarks of searches need to run the store's own search.
const NearbyQuery = nearbyQuery

var (
	CellOf     = cellOf
	NearbyArgs = nearbyArgs
)
