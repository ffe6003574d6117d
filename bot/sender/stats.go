package sender

// Stats says what a [Sender] holds and has done.
type Stats struct {
	Queued    int // operations that wait for their turn or for another attempt
	MaxQueued int // its bound
	InFlight  int // operations being attempted
	Workers   int // its bound
	Chats     int // chats in the table: those with operations or with used-up allowance
	MaxChats  int // its bound
	Paused    int // of them, those that wait for an allowance, a pause or a back-off to end

	// Counted since the start; each operation ends in exactly one of the first seven.
	Sent       uint64
	Refused    uint64 // by Telegram, for good
	Uncertain  uint64 // outcome unknown and not repeatable
	Exhausted  uint64 // out of attempts or of time
	Superseded uint64
	Busy       uint64 // turned away because a queue was full
	Closed     uint64 // left when the sender closed

	Retries      uint64 // attempts after the first
	Floods       uint64 // answers 429
	GlobalPauses uint64 // floods that stopped every chat
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
