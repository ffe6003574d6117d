package model

import "time"

// DeleteEvent takes an event out of everybody's sight for good, and tells those who joined. Who
// may, the caller knows.
type DeleteEvent struct {
	By    Person
	Event int64
}

// DismissReports forgets what people reported of an event, as far as the operator has seen it.
// Who may, the caller knows.
type DismissReports struct {
	By    Person
	Event int64
	Until time.Time // when the newest report was made that was seen
}

// Actor implements [Command].
func (c DeleteEvent) Actor() Person { return c.By }

// Actor implements [Command].
func (c DismissReports) Actor() Person { return c.By }

// Validate checks the limits of the reason.
func (c BanPerson) Validate() error {
	switch {
	case c.Person <= 0:
		return &InvalidError{"person", "unknown"}
	case !text(c.Reason, MaxReason):
		return &InvalidError{"reason", "too long or not text"}
	}
	return nil
}

// Case is an event as operators see it: whatever its status, with who made it and what people
// report of it.
type Case struct {
	Event
	OwnerName   string
	OwnerBanned bool
	Reports     int
	Newest      time.Time   // when the newest report was made; zero: there is none
	Complaints  []Complaint // the most frequent reasons, a few of them
}

// Complaint is a reason of reports, and how many give it.
type Complaint struct {
	Reason string
	Times  int
}

// Ban is a person who is banned.
type Ban struct {
	Person int64
	Name   string
	Since  time.Time
	Reason string
}

// Digest tells an operator how much was reported since the last one.
type Digest struct {
	Operator int64
	Lang     string // "ru" or "en", as far as it is known
	Reports  int
}
