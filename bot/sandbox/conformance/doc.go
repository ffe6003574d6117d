// Package conformance holds the sandbox to programs that were written for Telegram: the same
// small bot, on clients of other authors and unchanged, is visited by a simulated person.
//
// Its test needs node and npm; package-lock.json pins what npm installs, go.mod the rest.
package conformance
