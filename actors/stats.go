package actors

import "sync/atomic"

// Stats are the sizes and counts of a [Runtime]. Counts are since it started.
type Stats struct {
	// Sessions is the number of session actors in memory, those that are leaving included.
	Sessions        int `json:"sessions"`
	SessionsLeaving int `json:"sessions_leaving"`
	MaxSessions     int `json:"max_sessions"`
	// UsersWaiting is the number of users who wait for room.
	UsersWaiting int `json:"users_waiting"`
	// UsersKnown is the size of the supervisor's table.
	UsersKnown int `json:"users_known"`
	// OldestIdleSeconds is how long the session used least recently has had no input.
	OldestIdleSeconds float64 `json:"oldest_idle_seconds"`

	PreparedEvents int64 `json:"prepared_events"`
	PreparedLimit  int   `json:"prepared_limit"` // of one session

	// RSSBytes is 0 where it cannot be read.
	RSSBytes             uint64     `json:"rss_bytes"`
	HeapBytes            uint64     `json:"heap_bytes"`
	HeapReusableBytes    uint64     `json:"heap_reusable_bytes"`
	HeapLiveBytes        uint64     `json:"heap_live_bytes"`        // found in use by the last collection
	HeapLimitBytes       uint64     `json:"heap_limit_bytes"`       // Go's soft memory limit; 0: not set
	CollectingShare      float64    `json:"collecting_share"`       // of the processor, 0 to 1
	MemoryThresholdBytes uint64     `json:"memory_threshold_bytes"` // 0: no guard
	Guard                GuardState `json:"guard"`
	Purges               uint64     `json:"purges"` // by the guard or an operator

	// Passivations counts sessions that left memory, by reason.
	Passivations Passivations `json:"passivations"`
	// ActivationsFresh and ActivationsRestored count sessions that began without and
	// from a snapshot.
	ActivationsFresh    uint64 `json:"activations_fresh"`
	ActivationsRestored uint64 `json:"activations_restored"`
	// ActivationsRefused counts sessions that ended without having begun: the snapshot could
	// not be loaded, or the user was unknown under memory pressure.
	ActivationsRefused uint64 `json:"activations_refused"`
	// Incarnations is the number of session actors ever spawned.
	Incarnations uint64 `json:"incarnations"`

	// InputsApplied, InputsRepeated, InputsBusy, InputsPoisoned and InputsStopped count
	// settled inputs by [Outcome].
	InputsApplied  uint64 `json:"inputs_applied"`
	InputsRepeated uint64 `json:"inputs_repeated"`
	InputsBusy     uint64 `json:"inputs_busy"`
	InputsPoisoned uint64 `json:"inputs_poisoned"`
	InputsStopped  uint64 `json:"inputs_stopped"`
	// StrangersRefused is the number of busy answers to unknown users under memory
	// pressure, counted in InputsBusy too.
	StrangersRefused uint64 `json:"strangers_refused"`
	// ResultsLost is the number of effects' results that could not be applied.
	ResultsLost uint64 `json:"results_lost"`
	// PressesDropped is the number of remembered presses that clean-ups removed.
	PressesDropped uint64 `json:"presses_dropped"`

	// InputsInFlight is the number of inputs delivered and not settled.
	InputsInFlight     int64 `json:"inputs_in_flight"`
	MaxInputsInFlight  int64 `json:"max_inputs_in_flight"`
	MaxInFlightPerUser int   `json:"max_in_flight_per_user"`
	StashInputs        int   `json:"stash_inputs"`
	MaxStashInputs     int   `json:"max_stash_inputs"`
	// SupervisorMailbox is the number of messages that wait for the supervisor. Of them
	// MaxInputsInFlight are inputs at most; beside these come results of effects, which
	// belong to inputs in flight, and word of sessions that end.
	SupervisorMailbox    int `json:"supervisor_mailbox"`
	SnapshotLoadsWaiting int `json:"snapshot_loads_waiting"`
	// SnapshotSavesWaiting is the number of sessions whose checkpoint has not ended, at most
	// one for each session. SnapshotsMade of them are in memory.
	SnapshotSavesWaiting int `json:"snapshot_saves_waiting"`
	SnapshotsMade        int `json:"snapshots_made"`
	MaxSnapshotsMade     int `json:"max_snapshots_made"`

	// SnapshotsSaved counts checkpoints, SnapshotsGivenUp those that were not to be had in
	// time, or that were not tried because the store was away.
	SnapshotsSaved   uint64 `json:"snapshots_saved"`
	SnapshotsGivenUp uint64 `json:"snapshots_given_up"`
	// SnapshotsDamaged counts those that could not be read or have another version.
	SnapshotsDamaged uint64 `json:"snapshots_damaged"`
	// SnapshotLoadsFailed counts sessions whose inputs were answered busy because the
	// store failed.
	SnapshotLoadsFailed uint64 `json:"snapshot_loads_failed"`
}

// Passivations counts sessions that left memory, by reason.
type Passivations struct {
	Idle     uint64 `json:"idle"`     // no input for the idle life
	Size     uint64 `json:"size"`     // someone else needed the room
	Memory   uint64 `json:"memory"`   // the memory guard
	Operator uint64 `json:"operator"` // a forced purge
	Shutdown uint64 `json:"shutdown"`
}

// counters are what sessions and workers count.
type counters struct {
	prepared            atomic.Int64 // entries in prepared lists, now
	outcomes            [outcomes]atomic.Uint64
	activationsFresh    atomic.Uint64
	activationsRestored atomic.Uint64
	strangersRefused    atomic.Uint64
	resultsLost         atomic.Uint64
	pressesDropped      atomic.Uint64
	snapshotsSaved      atomic.Uint64
	snapshotsGivenUp    atomic.Uint64
	snapshotsDamaged    atomic.Uint64
	loadsFailed         atomic.Uint64
}

// stats describes the runtime as the supervisor knows it.
func (s *supervisor) stats() Stats {
	c := &s.count
	out := Stats{
		Sessions:             s.live,
		SessionsLeaving:      s.leaving,
		MaxSessions:          s.cfg.MaxSessions,
		UsersWaiting:         s.waiters.n,
		UsersKnown:           s.table.n,
		PreparedEvents:       c.prepared.Load(),
		PreparedLimit:        int(s.limit.Load()),
		RSSBytes:             s.seen.rss,
		HeapBytes:            s.seen.heap,
		HeapReusableBytes:    s.seen.reusable,
		HeapLiveBytes:        s.seen.live,
		HeapLimitBytes:       s.guard.limit,
		CollectingShare:      s.seen.collecting,
		MemoryThresholdBytes: s.cfg.MemoryThreshold,
		Guard:                s.guard.state,
		Purges:               s.purges,
		Passivations: Passivations{
			Idle:     s.left[reasonIdle],
			Size:     s.left[reasonSize],
			Memory:   s.left[reasonMemory],
			Operator: s.left[reasonOperator],
			Shutdown: s.left[reasonShutdown],
		},
		ActivationsFresh:    c.activationsFresh.Load(),
		ActivationsRestored: c.activationsRestored.Load(),
		ActivationsRefused:  s.left[reasonRefused],
		Incarnations:        s.incarnation,
		InputsApplied:       c.outcomes[Applied].Load(),
		InputsRepeated:      c.outcomes[Repeated].Load(),
		InputsBusy:          c.outcomes[Busy].Load(),
		InputsPoisoned:      c.outcomes[Poisoned].Load(),
		InputsStopped:       c.outcomes[Stopped].Load(),
		StrangersRefused:    c.strangersRefused.Load(),
		ResultsLost:         c.resultsLost.Load(),
		PressesDropped:      c.pressesDropped.Load(),
		InputsInFlight:      s.unsettled.Load(),
		MaxInputsInFlight:   s.cfg.maxUnsettled(),
		MaxInFlightPerUser:  s.cfg.MaxInFlight,
		StashInputs:         s.stashed,
		MaxStashInputs:      s.cfg.MaxStash,
		SupervisorMailbox:   s.mailbox.UserMessageCount(),
		SnapshotsSaved:      c.snapshotsSaved.Load(),
		SnapshotsGivenUp:    c.snapshotsGivenUp.Load(),
		SnapshotsDamaged:    c.snapshotsDamaged.Load(),
		SnapshotLoadsFailed: c.loadsFailed.Load(),
	}
	if oldest := s.active.first; oldest != nil {
		out.OldestIdleSeconds = float64(s.cfg.Now().UnixNano()-oldest.used) / 1e9
	}
	if s.loader != nil {
		out.SnapshotLoadsWaiting = s.loader.len()
		out.SnapshotsMade, out.SnapshotSavesWaiting = s.saver.sizes()
		out.MaxSnapshotsMade = maxGranted + maxLeaving
	}
	return out
}
