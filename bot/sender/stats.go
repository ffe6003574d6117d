package sender

// Stats says what a [Sender] holds and has done.
type Stats struct {
	Queued    int `json:"queued" metric:"queue_operations" help:"Operations that wait for their turn or for another attempt."`
	MaxQueued int `json:"max_queued" metric:"queue_operations_max" help:"Most operations that may wait."`
	InFlight  int `json:"in_flight" metric:"in_flight" help:"Operations being attempted."`
	Workers   int `json:"workers" metric:"in_flight_max" help:"Most operations attempted at a time."`
	Chats     int `json:"chats" metric:"chats" help:"Chats in the table: those with operations or with used-up allowance."`
	MaxChats  int `json:"max_chats" metric:"chats_max" help:"Most chats in the table."`
	Paused    int `json:"paused" metric:"chats_paused" help:"Chats that wait for an allowance, a pause or a back-off to end."`

	// Counted since the start; each operation ends in exactly one of the first seven.
	Sent       uint64 `json:"sent" metric:"operations_total,result=sent" help:"Operations that Telegram took."`
	Refused    uint64 `json:"refused" metric:"operations_total,result=refused" help:"Operations refused by Telegram, for good."`
	Uncertain  uint64 `json:"uncertain" metric:"operations_total,result=uncertain" help:"Operations with unknown outcome that must not be repeated."`
	Exhausted  uint64 `json:"exhausted" metric:"operations_total,result=exhausted" help:"Operations out of attempts or of time."`
	Superseded uint64 `json:"superseded" metric:"operations_total,result=superseded" help:"Edits made pointless by newer ones."`
	Busy       uint64 `json:"busy" metric:"operations_total,result=busy" help:"Operations turned away because a queue was full."`
	Closed     uint64 `json:"closed" metric:"operations_total,result=closed" help:"Operations left when the sender closed."`

	Retries      uint64 `json:"retries" metric:"retries_total" help:"Attempts after the first."`
	Floods       uint64 `json:"floods" metric:"floods_total" help:"Answers 429, Too Many Requests."`
	GlobalPauses uint64 `json:"global_pauses" metric:"global_pauses_total" help:"Answers 429 that stopped every chat."`
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
