package crowd

import "time"

// The absences that some people are known for. What a session's idle life, its snapshot and old
// buttons are about happens in between.
const (
	anHour = time.Hour       // of those who leave in the middle of the wizard
	aWeek  = 7 * 24 * anHour // of those who press buttons of old messages

	// maxAbsence is how long an absence may take of the run. One that would take longer is left
	// out: they come when it is their turn, like anybody.
	maxAbsence = 10 * time.Minute
)

// absence is how long a person who leaves stays away, as time passes in the run; 0: until it is
// their turn.
func (c *Crowd) absence(p *person) time.Duration {
	var away time.Duration
	switch {
	case p.persona == Leaver && p.draft:
		away = anHour
	case p.persona == OldPresser && p.old != "":
		away = aWeek
	}
	if away = time.Duration(float64(away) / c.Speed); away > maxAbsence {
		return 0
	}
	return away
}
