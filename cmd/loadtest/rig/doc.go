// Package rig brings up what a load test stands on: a sandbox Bot API in this process, a
// PostgreSQL, and the bot as a process of its own, whose memory and time are then the bot's
// alone and which can be killed.
//
// It knows how to start, stop, kill and measure, and nothing of people.
package rig
