package sandbox

// Faults are what goes wrong on purpose.
type Faults struct {
	// DuplicateUpdates is the share of updates, 0 to 1, that are delivered twice under the
	// same update_id: in the same answer to getUpdates or at the head of the next one,
	// whether or not the update was confirmed in between; to a webhook in two requests.
	DuplicateUpdates float64
	// Seed makes the choice repeatable.
	Seed uint64
}
