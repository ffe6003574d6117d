package model

import "time"

// Reminder tells a person who comes to an event, or the community whose event it is, that it
// begins soon.
type Reminder struct {
	Event  int64
	Starts time.Time // of the event when the reminder was claimed
	Kind   Ahead
	Person int64  // or the chat of the community, which is negative
	Lang   string // the reader's, "ru" or "en"; empty: a chat where everybody has their own
	Topic  int64  // of the chat, to write into; 0: none
}

// Ahead says how long before an event a reminder is due.
type Ahead string

// The reminders of an event.
const (
	DayAhead  Ahead = "day"
	HourAhead Ahead = "hour"
)
