package crowd

import "sync"

// Wrong is a way in which what a person sees breaks a promise.
type Wrong string

// The ways.
const (
	Misdelivered Wrong = "misdelivered" // it was meant for somebody else, or answers nothing
	Unanswered   Wrong = "unanswered"   // a press or message was not answered in time
	Disordered   Wrong = "disordered"   // answers came in another order than what they answer
	PlaceLost    Wrong = "place_lost"   // the screen did not go on where it was
	Altered      Wrong = "altered"      // what is shown as saved is not what was entered
	Unexpected   Wrong = "unexpected"   // it is no answer to what was done
	Broken       Wrong = "broken"       // the bot apologised for an error of its own
	Stuck        Wrong = "stuck"        // the same step failed again and again
)

// Complaint is a broken promise that a person saw.
type Complaint struct {
	Wrong  Wrong
	Person int64
	What   string
}

// maxComplaints bounds those that are kept; all are counted.
const maxComplaints = 1000

// complaints are those of the whole crowd. Safe for concurrent use.
type complaints struct {
	mu     sync.Mutex
	list   []Complaint
	counts map[Wrong]int
}

func (c *complaints) add(x Complaint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[x.Wrong]++
	if len(c.list) < maxComplaints {
		c.list = append(c.list, x)
	}
}
