package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// Result is everything about one run. Names in JSON are for scripts and stay.
type Result struct {
	Command  string    `json:"command"` // run, torture, soak
	Began    time.Time `json:"began"`
	Seconds  float64   `json:"seconds"` // of load, without what came before and after
	Settings Settings  `json:"settings"`

	Updates      int64              `json:"updates"`
	UpdatesPerS  float64            `json:"updates_per_s"`
	Latency      Latency            `json:"latency"` // of all actions
	Actions      map[string]Latency `json:"actions"`
	Lag          Latency            `json:"harness_lag"` // of the people behind their own timetable
	Visits       int64              `json:"visits"`
	FewestVisits int                `json:"fewest_visits"` // of those who came least (255: or more)
	Troubled     int64              `json:"troubled"`      // actions that the bot asked to repeat
	Refused      int64              `json:"refused"`       // actions that a rule forbids
	Repeats      int64              `json:"repeats"`       // answers that came once more after a kill
	Excused      int64              `json:"excused"`       // places lost to an outage of the database, as is allowed
	Checks       int64              `json:"screens_checked"`

	AckedWrites  int `json:"acked_writes"`
	StoredEvents int `json:"stored_events"`
	Lost         int `json:"lost"`
	Doubled      int `json:"doubled"`
	Altered      int `json:"altered"`
	Ghosts       int `json:"ghosts"`
	Oversold     int `json:"oversold"`
	SetAside     int `json:"set_aside"` // updates that the bot gave up

	Misdelivered int `json:"misdelivered"`
	Unanswered   int `json:"unanswered"`
	Disordered   int `json:"disordered"`
	PlaceLost    int `json:"place_lost"`
	Unexpected   int `json:"unexpected"`
	Broken       int `json:"broken"`
	Stuck        int `json:"stuck"`
	Disagreeing  int `json:"counters_disagreeing"`

	RSSMaxMB         float64           `json:"rss_mb_max"`
	ThresholdMB      float64           `json:"memory_threshold_mb"`
	SessionsMax      int               `json:"sessions_max"`
	Passivated       map[string]uint64 `json:"passivated"`
	Restored         uint64            `json:"restored"`
	Purges           uint64            `json:"purges"`
	CPUMicrosUpdate  float64           `json:"cpu_us_per_update"` // of the bot's process
	HarnessCPUMicros float64           `json:"harness_cpu_us_per_update"`
	HarnessRSSMB     float64           `json:"harness_rss_mb"`
	Kills            int               `json:"kills"`
	Terms            int               `json:"terms"` // the bot was asked to end
	DatabaseKills    int               `json:"database_kills"`
	Silences         int               `json:"silences"` // of the connections to the database

	Verdict    []Demand    `json:"verdict,omitempty"` // beside another run, where one was given
	Violations []Violation `json:"violations"`
	Series     []Sample    `json:"series"`
}

// Settings are what the run was ordered with, as far as it matters for reading the numbers.
type Settings struct {
	Users   int     `json:"users"`
	Rate    float64 `json:"rate"` // actions a second; 0: as many as are answered
	AtOnce  int     `json:"at_once,omitzero"`
	Seed    uint64  `json:"seed"`
	Bot     string  `json:"bot"`
	CPUs    int     `json:"cpus"`
	Faults  string  `json:"faults,omitzero"`
	Memory  string  `json:"memory_limit,omitzero"` // how the bot's memory is limited
	Machine string  `json:"machine"`
}

// Latency is how long people waited, in ms, from the moment at which they meant to act until
// the answer was on their screen.
type Latency struct {
	Count int64   `json:"count"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	P999  float64 `json:"p999_ms"`
	Mean  float64 `json:"mean_ms"`
	Max   float64 `json:"max_ms"`
}

// Violation is a broken promise, with the whole story of the person who saw it.
type Violation struct {
	Kind   string `json:"kind"`
	Person int64  `json:"person,omitzero"`
	What   string `json:"what"`
	Story  string `json:"story,omitzero"`
}

// Sample is the state of things at one moment of the run.
type Sample struct {
	T           float64           `json:"t"` // seconds since the load began
	UpdatesPerS float64           `json:"updates_per_s"`
	P50         float64           `json:"p50_ms"`
	P99         float64           `json:"p99_ms"`
	P999        float64           `json:"p999_ms"`
	RSSMB       float64           `json:"rss_mb"`
	HeapMB      float64           `json:"heap_mb"`
	CPU         float64           `json:"cpu"` // of one core
	Sessions    int               `json:"sessions"`
	Passivated  map[string]uint64 `json:"passivated"`
	Purges      uint64            `json:"purges"`
	Batch       float64           `json:"batch"` // commands a commit, on average since the sample before
	Commands    int64             `json:"commands"`
	Handles     int               `json:"handles,omitzero"` // threads and open files of the process
	Goroutines  int               `json:"goroutines,omitzero"`
	Connections int               `json:"connections,omitzero"`
	Event       string            `json:"event,omitzero"` // what was done to the bot
}

// Failed reports whether anything is not as it was promised, or as it was demanded.
func (r *Result) Failed() bool {
	return len(r.Violations) > 0 || slices.ContainsFunc(r.Verdict, func(d Demand) bool { return !d.Met })
}

// WriteFile writes the result as JSON to a file, or to stdout where the name is "-".
func (r *Result) WriteFile(name string, stdout io.Writer) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	b = append(b, '\n')
	if name == "-" {
		_, err = stdout.Write(b)
	} else {
		err = os.WriteFile(name, b, 0o644)
	}
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// ReadFile reads what WriteFile wrote.
func ReadFile(name string) (*Result, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the result: %w", err)
	}
	r := &Result{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("read the result in %s: %w", name, err)
	}
	return r, nil
}
