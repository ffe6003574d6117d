package ui

import (
	"okolo/persistence/model"
)

// Excuse is a sentence for an input that never reached the person's state.
type Excuse string

// The excuses.
const (
	Busy   Excuse = "busy"    // too much is going on
	Broken Excuse = "apology" // a fault in the program; the state is as it was
)

// In returns the excuse as plain text in a language, such as "ru" or "en-GB".
func (e Excuse) In(lang string) string {
	return State{}.tongue(Context{From: model.Person{Lang: lang}}).say(string(e))
}
