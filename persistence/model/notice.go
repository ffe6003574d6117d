package model

// Notice is a message owed to people who joined an event, because of what someone else did.
type Notice struct {
	Bot   int64
	Event int64
	News  News
	// Person is the only one to tell; 0: all who come or wait, as they stand when it is
	// delivered.
	Person int64
	// By did it, and is not told.
	By int64
	// Text is what the organiser writes, or the title of an event that was deleted; empty for
	// other news.
	Text string `json:",omitempty"`
}

// News is what a notice tells.
type News string

// What notices tell.
const (
	NewsEdited    News = "edited" // title, time or place
	NewsCancelled News = "cancelled"
	NewsPromoted  News = "promoted" // from the waiting list
	NewsDeleted   News = "deleted"  // by an operator
	NewsMessage   News = "message"  // the organiser writes
)
