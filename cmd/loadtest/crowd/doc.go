// Package crowd is a crowd of simulated people who use okolo through package sandbox, in its
// process: who they are, what they do and when, and what they make of what they see.
//
// People read the screen as a person would, by its words and the labels of its buttons, and
// know nothing of the bot's inside. Each is a small state machine, without a goroutine of its
// own: a few shards keep a timetable of who acts next. What they were told is saved goes into
// a [verify.Ledger]; what they saw that should not be is a [Complaint].
//
// Load is open: when people come, and when in their visit they mean to act, is drawn
// beforehand. A bot that is slow delays an action, and the delay counts: latency is measured
// from the moment at which the person meant to act.
package crowd
