package sandbox

import (
	"maps"
	"slices"
)

// Methods are the names of those that the sandbox knows, in lower case.
func Methods() []string { return slices.Sorted(maps.Keys(methodTable())) }
