package actors

import (
	"runtime"
	"sync/atomic"

	"okolo/actors/histogram"
)

// Stats are the sizes and counts of a [Runtime]. Counts are since it started. The tags say for
// each field which metric it is and what it means; see package ops.
type Stats struct {
	Sessions          int            `json:"sessions" metric:"sessions" help:"Session actors in memory, those that are leaving included."`
	SessionsLeaving   int            `json:"sessions_leaving" metric:"sessions_leaving" help:"Session actors that were told to leave."`
	MaxSessions       int            `json:"max_sessions" metric:"sessions_max" help:"Most session actors there may be."`
	ByScreen          map[string]int `json:"by_screen" metric:"sessions_by_screen,screen" help:"Sessions by the screen that the person looks at."`
	UsersWaiting      int            `json:"users_waiting" metric:"users_waiting" help:"Users who wait for room; bounded by the inputs that may wait."`
	UsersKnown        int            `json:"users_known" metric:"users_known" help:"Users in the supervisor's table; bounded by sessions and inputs."`
	OldestIdleSeconds float64        `json:"oldest_idle_seconds" metric:"session_oldest_idle_seconds" help:"How long the session used least recently has had no input."`

	PreparedEvents int64 `json:"prepared_events" metric:"prepared_events" help:"Events prepared for display, in all sessions."`
	PreparedLimit  int   `json:"prepared_limit" metric:"prepared_events_max_per_session" help:"Most events prepared in one session, now."`

	RSSBytes             uint64       `json:"rss_bytes" metric:"memory_rss_bytes" help:"Resident memory; 0 where it cannot be read."`
	HeapBytes            uint64       `json:"heap_bytes" metric:"memory_heap_bytes" help:"Objects on the heap, live or not yet swept."`
	HeapReusableBytes    uint64       `json:"heap_reusable_bytes" metric:"memory_heap_reusable_bytes" help:"Resident memory that the heap can use again without growing."`
	HeapLiveBytes        uint64       `json:"heap_live_bytes" metric:"memory_heap_live_bytes" help:"Objects that the last collection found in use."`
	HeapLimitBytes       uint64       `json:"heap_limit_bytes" metric:"memory_heap_limit_bytes" help:"Go's soft memory limit; 0: not set."`
	CollectingShare      float64      `json:"collecting_share" metric:"memory_collecting_ratio" help:"The collector's share of the processor, 0 to 1."`
	Goroutines           int          `json:"goroutines" metric:"goroutines" help:"Goroutines of the process."`
	MemoryThresholdBytes uint64       `json:"memory_threshold_bytes" metric:"memory_threshold_bytes" help:"Resident memory at which the guard acts; 0: no guard."`
	Guard                GuardState   `json:"guard" metric:"memory_guard_state" help:"What the guard does: 0 normal, 1 purging, 2 pressure."`
	GuardHistory         []GuardEvent `json:"guard_history" metric:"-" help:"The last 16 purges and changes of pressure, the oldest first."`
	Purges               uint64       `json:"purges" metric:"purges_total" help:"Purges, by the guard or an operator."`

	Passivations Passivations `json:"passivations" metric:"passivations_total"`

	ActivationsFresh    uint64 `json:"activations_fresh" metric:"activations_total,result=fresh" help:"Sessions that began without a snapshot."`
	ActivationsRestored uint64 `json:"activations_restored" metric:"activations_total,result=restored" help:"Sessions that began from a snapshot."`
	ActivationsRefused  uint64 `json:"activations_refused" metric:"activations_total,result=refused" help:"Sessions that ended without having begun: the snapshot could not be loaded, or the user was unknown under memory pressure."`
	Incarnations        uint64 `json:"incarnations" metric:"incarnations_total" help:"Session actors ever spawned."`

	InputsApplied    uint64 `json:"inputs_applied" metric:"inputs_total,outcome=applied" help:"Inputs settled after they changed the state."`
	InputsRepeated   uint64 `json:"inputs_repeated" metric:"inputs_total,outcome=repeated" help:"Duplicates that were suppressed: updates that came again, second taps."`
	InputsBusy       uint64 `json:"inputs_busy" metric:"inputs_total,outcome=busy" help:"Inputs answered with: busy, try again."`
	InputsPoisoned   uint64 `json:"inputs_poisoned" metric:"inputs_total,outcome=poisoned" help:"Inputs set aside because they panic."`
	InputsStopped    uint64 `json:"inputs_stopped" metric:"inputs_total,outcome=stopped" help:"Inputs left to the next process."`
	StrangersRefused uint64 `json:"strangers_refused" metric:"strangers_refused_total" help:"Busy answers to unknown users under memory pressure, counted in inputs_busy too."`
	ResultsLost      uint64 `json:"results_lost" metric:"results_lost_total" help:"Results of effects that could not be applied."`
	PressesDropped   uint64 `json:"presses_dropped" metric:"presses_dropped_total" help:"Remembered presses that clean-ups removed."`

	InputsInFlight     int64 `json:"inputs_in_flight" metric:"inputs_in_flight" help:"Inputs delivered and not settled."`
	MaxInputsInFlight  int64 `json:"max_inputs_in_flight" metric:"inputs_in_flight_max" help:"Most inputs that may be in flight."`
	MaxInFlightPerUser int   `json:"max_in_flight_per_user" metric:"inputs_in_flight_max_per_user" help:"Most inputs that one user may have in flight."`
	StashInputs        int   `json:"stash_inputs" metric:"stash_inputs" help:"Inputs that wait in the supervisor for a session."`
	MaxStashInputs     int   `json:"max_stash_inputs" metric:"stash_inputs_max" help:"Most inputs that may wait in the supervisor."`
	SupervisorMailbox  int   `json:"supervisor_mailbox" metric:"supervisor_mailbox_messages" help:"Messages that wait for the supervisor: inputs in flight, results of effects, word of sessions that end."`
	SessionsReady      int   `json:"sessions_ready" metric:"sessions_ready" help:"Sessions that wait for one of the goroutines that all share."`
	MaxSessionsReady   int   `json:"max_sessions_ready" metric:"sessions_ready_max" help:"Most sessions that wait so; beyond it each gets a goroutine of its own."`

	SnapshotLoadsWaiting int `json:"snapshot_loads_waiting" metric:"snapshot_loads_waiting" help:"Sessions that wait for their snapshot; one each at most."`
	SnapshotSavesWaiting int `json:"snapshot_saves_waiting" metric:"snapshot_saves_waiting" help:"Sessions whose checkpoint has not ended; one each at most."`
	SnapshotsMade        int `json:"snapshots_made" metric:"snapshots_in_memory" help:"Snapshots made and not stored yet."`
	MaxSnapshotsMade     int `json:"max_snapshots_made" metric:"snapshots_in_memory_max" help:"Most snapshots made and not stored."`

	SnapshotsSaved      uint64           `json:"snapshots_saved" metric:"snapshots_total,result=saved" help:"Checkpoints that were stored."`
	SnapshotsGivenUp    uint64           `json:"snapshots_given_up" metric:"snapshots_total,result=given_up" help:"Checkpoints not to be had in time, or not tried because the store was away."`
	SnapshotsDamaged    uint64           `json:"snapshots_damaged" metric:"snapshots_damaged_total" help:"Snapshots that could not be read or have another version."`
	SnapshotLoadsFailed uint64           `json:"snapshot_loads_failed" metric:"snapshot_loads_failed_total" help:"Sessions whose inputs were answered busy because the store failed."`
	SnapshotSaveSeconds histogram.Counts `json:"snapshot_save_seconds" metric:"snapshot_save_seconds" help:"Time of a try to save a batch of snapshots."`
	SnapshotLoadSeconds histogram.Counts `json:"snapshot_load_seconds" metric:"snapshot_load_seconds" help:"Time of a try to load a batch of snapshots."`
}

// Passivations counts sessions that left memory, by reason.
type Passivations struct {
	Idle     uint64 `json:"idle" metric:",reason=idle" help:"Sessions that left memory without an input for the idle life."`
	Size     uint64 `json:"size" metric:",reason=size" help:"Sessions that left because someone else needed the room."`
	Memory   uint64 `json:"memory" metric:",reason=memory" help:"Sessions that the memory guard sent out."`
	Operator uint64 `json:"operator" metric:",reason=operator" help:"Sessions that left in a purge ordered by an operator."`
	Shutdown uint64 `json:"shutdown" metric:",reason=shutdown" help:"Sessions that left because the program stops."`
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
	saveSeconds         *histogram.Histogram
	loadSeconds         *histogram.Histogram
	kinds               []kindCount
}

func newCounters() counters {
	return counters{saveSeconds: histogram.Latency(), loadSeconds: histogram.Latency()}
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
		Goroutines:           runtime.NumGoroutine(),
		Guard:                s.guard.state,
		GuardHistory:         s.history.list(),
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
		SessionsReady:       s.pool.len(),
		MaxSessionsReady:    int(ranks) * maxReady,
		SnapshotsSaved:      c.snapshotsSaved.Load(),
		SnapshotsGivenUp:    c.snapshotsGivenUp.Load(),
		SnapshotsDamaged:    c.snapshotsDamaged.Load(),
		SnapshotLoadsFailed: c.loadsFailed.Load(),
		SnapshotSaveSeconds: c.saveSeconds.Read(),
		SnapshotLoadSeconds: c.loadSeconds.Read(),
		ByScreen:            kindCounts(c.kinds),
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
