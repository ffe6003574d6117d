package actors

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"
)

// Config holds the numbers and the surroundings of a [Runtime]. Start from [Defaults].
type Config struct {
	// MaxSessions is the most session actors in memory, those that are leaving included.
	// It is never exceeded: a newcomer waits until there is room.
	MaxSessions int
	// IdleLife is how long a session stays in memory without an input.
	IdleLife time.Duration
	// MaxPrepared is the longest prepared list of a session, up to 65,535, GuardedPrepared the
	// longest while the memory guard is active.
	MaxPrepared, GuardedPrepared int
	// MemoryThreshold is the resident memory in bytes at which the guard acts; 0: no guard. It
	// is lowered to nine tenths of the container's limit, and Go's soft memory limit, which
	// the whole process has in common, is lowered until the end to about as much, without
	// what the process holds outside of Go's heap.
	MemoryThreshold uint64
	// SweepEvery, LogEvery and GuardEvery are the periods of the sweep of idle sessions,
	// of the line with the sizes, and of the guard's look at memory.
	SweepEvery, LogEvery, GuardEvery time.Duration
	// MaxInFlight is the most unsettled inputs of one user, up to [MaxApplied].
	MaxInFlight int
	// MaxStash is the most inputs waiting in the supervisor, of all users together. Beyond
	// MaxStash + MaxSessions × MaxInFlight unsettled inputs all are refused as busy.
	// Results of effects may exceed it: the inputs they belong to are bounded.
	MaxStash int
	// SnapshotDeadline is how long a session that has to leave waits for its snapshot to
	// be stored. Loading gets as long for each of its attempts.
	SnapshotDeadline time.Duration
	// Epoch orders the runs over one snapshot store: every run has a greater one than all
	// runs before it, or its snapshots are taken for older ones.
	Epoch uint64
	// StateVersion is the version of the state's stored form. A snapshot of another
	// version is not read.
	StateVersion uint32
	// Now is the clock; nil: time.Now. It is read for every input.
	Now func() time.Time
	// RSS reads the resident memory of the process in bytes; nil: gopsutil.
	RSS func() (uint64, error)
	// Logger takes what the runtime has to say; nil: slog.Default.
	Logger *slog.Logger
}

// Defaults returns the numbers that the bot was specified with.
func Defaults() Config {
	return Config{
		MaxSessions:      500,
		IdleLife:         30 * time.Minute,
		MaxPrepared:      50,
		GuardedPrepared:  25,
		MemoryThreshold:  512 * mebibyte,
		SweepEvery:       15 * time.Minute,
		LogEvery:         5 * time.Minute,
		GuardEvery:       time.Second,
		MaxInFlight:      32,
		MaxStash:         10_000,
		SnapshotDeadline: 2 * time.Second,
		Epoch:            1,
		StateVersion:     1,
	}
}

// maxUnsettled is the most inputs that are not settled, of all users together: what the
// sessions may have in flight and what may wait. It bounds the supervisor's mailbox.
func (c *Config) maxUnsettled() int64 {
	return int64(c.MaxSessions)*int64(c.MaxInFlight) + int64(c.MaxStash)
}

// validate names every value that is out of its range.
func (c *Config) validate() error {
	var errs []error
	positive := func(name string, ok bool, value any) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s must be positive, not %v", name, value))
		}
	}
	positive("MaxSessions", c.MaxSessions > 0, c.MaxSessions)
	positive("IdleLife", c.IdleLife > 0, c.IdleLife)
	positive("MaxPrepared", c.MaxPrepared > 0, c.MaxPrepared)
	positive("SweepEvery", c.SweepEvery > 0, c.SweepEvery)
	positive("LogEvery", c.LogEvery > 0, c.LogEvery)
	positive("GuardEvery", c.GuardEvery > 0, c.GuardEvery)
	positive("MaxStash", c.MaxStash > 0, c.MaxStash)
	positive("SnapshotDeadline", c.SnapshotDeadline > 0, c.SnapshotDeadline)
	if c.MaxPrepared > math.MaxUint16 {
		errs = append(errs, fmt.Errorf("MaxPrepared must be at most %d, not %d", math.MaxUint16, c.MaxPrepared))
	}
	if c.GuardedPrepared < 1 || c.GuardedPrepared > c.MaxPrepared {
		errs = append(errs, fmt.Errorf("GuardedPrepared must be between 1 and MaxPrepared, not %d", c.GuardedPrepared))
	}
	// The ring has to know every update that may be delivered again.
	if c.MaxInFlight < 1 || c.MaxInFlight > MaxApplied {
		errs = append(errs, fmt.Errorf("MaxInFlight must be between 1 and %d, not %d", MaxApplied, c.MaxInFlight))
	}
	return errors.Join(errs...)
}
