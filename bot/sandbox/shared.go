package sandbox

import (
	"hash/maphash"
	"runtime"
	"slices"
	"sync"
	"weak"
)

// worthSharing is the least text that is shared, in bytes: for less, the table takes more than it saves.
const worthSharing = 128

// sharedTexts keeps once what many messages say alike: a million people read one of a few lists. It holds
// no more than messages do: what none of them says any more is collected. Safe for concurrent use.
type sharedTexts struct {
	seed maphash.Seed

	mu   sync.Mutex
	kept map[uint64]weak.Pointer[content] // by the hash of the text
}

func newSharedTexts() *sharedTexts {
	return &sharedTexts{seed: maphash.MakeSeed(), kept: map[uint64]weak.Pointer[content]{}}
}

// sharedText is an entry of the table.
type sharedText struct {
	key  uint64
	what weak.Pointer[content]
}

// share returns what says the same as c, which is text alone: one that is kept already, or else c itself.
func (s *sharedTexts) share(c *content) *content {
	if len(c.rich.text) < worthSharing {
		return c
	}
	key := maphash.String(s.seed, c.rich.text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.kept[key].Value(); other != nil {
		if other.rich.equal(c.rich) {
			return other
		}
		return c // another text of that hash, or the same words with other entities
	}
	entry := sharedText{key, weak.Make(c)}
	s.kept[key] = entry.what
	runtime.AddCleanup(c, s.forget, entry)
	return c
}

// forget drops the entry of a text that was collected, unless another took its place.
func (s *sharedTexts) forget(e sharedText) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept[e.key] == e.what {
		delete(s.kept, e.key)
	}
}

// size is how many texts are kept.
func (s *sharedTexts) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept)
}

// equal reports whether two texts and what their parts mean are the same, those who are mentioned by identity.
func (r richText) equal(o richText) bool {
	return r.text == o.text && slices.Equal(r.entities, o.entities)
}
