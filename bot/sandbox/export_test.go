package sandbox

import (
	"maps"
	"slices"
)

// Methods are the names of those that the sandbox knows, in lower case.
func Methods() []string { return slices.Sorted(maps.Keys(methodTable())) }

// Polling reports whether a getUpdates of a bot waits.
func (s *Server) Polling(id int64) bool {
	b, err := s.bot(id)
	if err != nil {
		return false
	}
	b.updates.mu.Lock()
	defer b.updates.mu.Unlock()
	return b.updates.poll != nil
}
