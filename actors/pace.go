package actors

import "math"

const (
	// admissionCost is what a session is reckoned to take until the next look at memory: its
	// own memory, as much again and more of what was needed to bring it there, and all that for
	// one more, who came since the last collection and is not seen to be in use yet.
	admissionCost = 8 << 10
	// minAdmissions is how many sessions are let in between two looks though there is no room
	// for them, so that nobody is locked out. A purge makes room for far more.
	minAdmissions = 256
)

// pace bounds the sessions that are let in until the next look at memory: between two looks a
// crowd of newcomers could take more than the margin above the threshold. Who is not let in
// waits in the stash.
type pace struct {
	quota    int // until the next look
	admitted int // since the last
}

// noPace lets everybody in.
func noPace() pace { return pace{quota: math.MaxInt} }

// look sets the quota by what is free below the threshold; 0: no guard.
func (p *pace) look(m *sample, threshold uint64) {
	p.admitted = 0
	if threshold == 0 || !m.readable {
		p.quota = math.MaxInt
		return
	}
	free := threshold - min(m.used(), threshold)
	p.quota = max(minAdmissions, int(free/admissionCost))
}

// admits reports whether one more may come.
func (p *pace) admits() bool { return p.admitted < p.quota }
