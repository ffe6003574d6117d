// Package actors is a session runtime: one short-lived actor for each user holds that
// user's state, handles the user's inputs one at a time and in order, and leaves memory
// when it is idle, when there are too many, or when the process grows too large, without
// losing an input or the user's place.
//
// An application implements [Behavior], pure decisions over a state of plain data, and
// [Performer], which carries out the effects that were decided. [New] starts a [Runtime]
// of them; [Runtime.Deliver] is the way in.
//
// The package knows sessions, snapshots, memory and protoactor-go. It must not know what
// the inputs mean, where they come from, or how snapshots are stored: it imports neither
// Telegram nor SQL nor any other package of this module.
//
// # How the parts work together
//
// One supervisor actor owns the table of users. It passes each input on to the user's
// session, which it spawns and restores where there is none. Where a session has to leave,
// the supervisor sends it the order to, behind all inputs it was given, and keeps what
// arrives from then on until the session is gone; then a new incarnation goes on from the
// snapshot. Work on many sessions (a purge, a clean-up) is cut into slices, so that
// deliveries are never held up for long.
package actors
