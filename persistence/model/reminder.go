package model

import "time"

// Reminder tells a person who comes to an event that it begins soon.
type Reminder struct {
	Event  int64
	Starts time.Time // of the event when the reminder was claimed
	Kind   Ahead
	Person int64
	Lang   string // the person's, "ru" or "en"
}

// Ahead says how long before an event a reminder is due.
type Ahead string

// The reminders of an event.
const (
	DayAhead  Ahead = "day"
	HourAhead Ahead = "hour"
)
