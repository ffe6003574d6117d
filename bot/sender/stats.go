package sender

// Stats says what a [Sender] holds and has done.
type Stats struct {
	Queued    int `json:"queued"`     // operations that wait for their turn or for another attempt
	MaxQueued int `json:"max_queued"` // its bound
	InFlight  int `json:"in_flight"`  // operations being attempted
	Workers   int `json:"workers"`    // its bound
	Chats     int `json:"chats"`      // chats in the table: those with operations or with used-up allowance
	MaxChats  int `json:"max_chats"`  // its bound
	Paused    int `json:"paused"`     // of them, those that wait for an allowance, a pause or a back-off to end

	// Counted since the start; each operation ends in exactly one of the first seven.
	Sent       uint64 `json:"sent"`
	Refused    uint64 `json:"refused"`   // by Telegram, for good
	Uncertain  uint64 `json:"uncertain"` // outcome unknown and not repeatable
	Exhausted  uint64 `json:"exhausted"` // out of attempts or of time
	Superseded uint64 `json:"superseded"`
	Busy       uint64 `json:"busy"`   // turned away because a queue was full
	Closed     uint64 `json:"closed"` // left when the sender closed

	Retries      uint64 `json:"retries"`       // attempts after the first
	Floods       uint64 `json:"floods"`        // answers 429
	GlobalPauses uint64 `json:"global_pauses"` // floods that stopped every chat
}

// Stats returns the present figures.
func (s *Sender) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Queued = s.queued
	stats.MaxQueued = s.options.MaxQueued
	stats.InFlight = s.inFlight
	stats.Workers = s.options.Workers
	stats.Chats = len(s.chats)
	stats.MaxChats = s.options.MaxChats
	stats.Paused = len(s.waiting)
	return stats
}
