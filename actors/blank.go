package actors

// Blanks is what a [Behavior] may be too: it tells the states that hold nothing of their user.
// No snapshot is kept of them, and one that there is is deleted: so a user can be forgotten.
// With the state go the inputs that were applied to it; what leads to a blank state must be
// harmless when it is done again.
type Blanks[S any] interface {
	Blank(state *S) bool
}
