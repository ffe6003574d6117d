package persistence

// What the tests of the plan need to run the store's own search.
const NearbyQuery = nearbyQuery

var (
	Spot  = spot
	Chord = chord
)
