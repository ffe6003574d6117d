package crowd

import (
	"context"
	"errors"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"okolo/bot/sandbox"
	"okolo/cmd/loadtest/samples"
	"okolo/cmd/loadtest/verify"
)

// shards is how many timetables a crowd has, each with a goroutine of its own.
const shards = 2

// Options say who comes, and how they behave.
type Options struct {
	Ledger *verify.Ledger

	People  int
	FirstID int64 // of the first person; the others follow
	Seed    uint64
	Mix     Mix

	// Rate is how many actions people mean to take a second, all together. 0: as many as the
	// bot answers, by AtOnce people who do not think.
	Rate   float64
	AtOnce int
	Think  time.Duration // between two steps of a visit, on average
	// Zipf is the exponent of how often people come, above 1; 0: everybody in turn.
	Zipf float64

	// Speed is how many times faster hours pass: an hour away takes so much less. 0: 1.
	Speed float64

	Patience time.Duration // after which what is not answered is a complaint
	// Lenient allows what a bot that is killed may do: an answer may come twice.
	Lenient bool
	Folder  string // of the journal; empty: the system's for temporary files
}

// Crowd is the people. It watches the sandbox they live in.
type Crowd struct {
	Options
	telegram *sandbox.Server
	bot      int64
	began    time.Time
	journal  *journal
	shards   [shards]*shard
	wrongs   complaints
	outages  outages
	closing  atomic.Bool // no more steps begin
}

// New makes a crowd that does nothing yet. Close removes its journal.
func New(o Options) (*Crowd, error) {
	if o.Zipf != 0 && o.Zipf <= 1 {
		return nil, errors.New("the exponent of Zipf's distribution has to be above 1, or 0 for everybody in turn")
	}
	o.Speed = max(o.Speed, 1)
	c := &Crowd{Options: o, wrongs: complaints{counts: map[Wrong]int{}}}
	var err error
	if c.journal, err = openJournal(o.Folder); err != nil {
		return nil, err
	}
	for i := range c.shards {
		c.shards[i] = newShard(c, i)
	}
	return c, nil
}

// Close removes the journal.
func (c *Crowd) Close() error { return c.journal.close() }

// Meet tells the people which bot of which sandbox they talk to; their time begins.
func (c *Crowd) Meet(telegram *sandbox.Server, bot int64) {
	c.telegram, c.bot, c.began = telegram, bot, time.Now()
	c.journal.began = c.began
}

// Run lets people who have met a bot come until ctx is done, then waits until everybody has
// been answered, or has lost patience.
func (c *Crowd) Run(ctx context.Context) {
	over := context.AfterFunc(ctx, func() {
		c.closing.Store(true)
		for _, s := range c.shards {
			s.signal()
		}
	})
	defer over()
	var running sync.WaitGroup
	for _, s := range c.shards {
		running.Go(s.run)
	}
	running.Wait()
}

// Crashed says that PostgreSQL crashes now, which empties the unlogged snapshots: until Forgive, whoever finds
// their place lost is excused.
func (c *Crowd) Crashed() { c.outages.begin(0) }

// Silenced says that PostgreSQL is not heard from now on, so that nothing is stored: until Forgive, whoever
// finds lost what they did since is excused, and what was on its way to be stored.
func (c *Crowd) Silenced() { c.outages.begin(int64(time.Since(c.began) - storeTime)) }

// Forgive says that PostgreSQL is back: what was done before may have been lost.
func (c *Crowd) Forgive() { c.outages.end(int64(time.Since(c.began))) }

// Shown implements [sandbox.Watcher].
func (c *Crowd) Shown(person int64, m sandbox.Message) {
	c.journal.shown(person, &m)
	c.hear(person, event{message: &m})
}

// Answered implements [sandbox.Watcher].
func (c *Crowd) Answered(person int64, callbackID string, a sandbox.CallbackAnswer) {
	c.journal.note(person, "  bot answers press ", callbackID, ": ", a.Text)
	id, err := strconv.ParseInt(callbackID, 10, 64)
	if err != nil {
		return // the sandbox numbers them
	}
	c.hear(person, event{callback: id, answer: a})
}

// hear hands what a person is shown to their shard.
func (c *Crowd) hear(person int64, e event) {
	n := person - c.FirstID
	if n < 0 || n >= int64(c.People) {
		return
	}
	e.person, e.at = uint32(n/shards), int64(time.Since(c.began))
	c.shards[n%shards].put(e)
}

// placeOf is where a person is.
func (c *Crowd) placeOf(id int64) sandbox.Location {
	p := samples.Place(int(uint64(id) % samples.Places))
	return sandbox.Location{Latitude: p.Lat, Longitude: p.Lon}
}

// Recent returns the latencies since it was last asked, of all actions.
func (c *Crowd) Recent() Latency {
	sum := newHistogram()
	for _, s := range c.shards {
		s.meter.mu.Lock()
		sum.Merge(s.meter.recent)
		s.meter.recent.Reset()
		s.meter.mu.Unlock()
	}
	return latencyOf(sum)
}

// Outcome is what a crowd did and saw, since it began.
type Outcome struct {
	Counts
	All        Latency
	Lag        Latency // of the crowd behind its own timetable: it should be small
	ByKind     map[string]Latency
	Wrongs     map[Wrong]int
	Complaints []Complaint // at most the first 1000
	Hdr        *hdrhistogram.Histogram
}

// Outcome sums up, at any time.
func (c *Crowd) Outcome() Outcome {
	o := Outcome{ByKind: map[string]Latency{}, Wrongs: map[Wrong]int{}, Hdr: newHistogram()}
	lag := newHistogram()
	var byKind [kinds]*hdrhistogram.Histogram
	for k := range byKind {
		byKind[k] = newHistogram()
	}
	for _, s := range c.shards {
		m := s.meter
		m.mu.Lock()
		o.Hdr.Merge(m.all)
		lag.Merge(m.lag)
		for k := range byKind {
			byKind[k].Merge(m.byKind[k])
		}
		o.add(m.counts)
		m.mu.Unlock()
	}
	o.All, o.Lag = latencyOf(o.Hdr), latencyOf(lag)
	for k, h := range byKind {
		if h.TotalCount() > 0 {
			o.ByKind[Kind(k).String()] = latencyOf(h)
		}
	}
	c.wrongs.mu.Lock()
	defer c.wrongs.mu.Unlock()
	for w, n := range c.wrongs.counts {
		o.Wrongs[w] = n
	}
	o.Complaints = append(o.Complaints, c.wrongs.list...)
	return o
}

func (c *Counts) add(o Counts) {
	c.Updates += o.Updates
	c.Done += o.Done
	c.Troubled += o.Troubled
	c.Refused += o.Refused
	c.Excused += o.Excused
	c.Repeats += o.Repeats
	c.Visits += o.Visits
	c.Skipped += o.Skipped
	c.Checks += o.Checks
}

// FewestVisits is how often those came who came least (255: or more), once Run has returned.
func (c *Crowd) FewestVisits() int {
	fewest := uint8(255)
	for _, s := range c.shards {
		for i := range s.people {
			fewest = min(fewest, s.people[i].came)
		}
	}
	return int(fewest)
}

// Stories tells all that some people did and saw, by their ids.
func (c *Crowd) Stories(people []int64) (map[int64]string, error) { return c.journal.tell(people) }

// pause is how long after a visit of so many steps the next one begins, in a shard, in ns:
// exponentially distributed, by a chance from 0 to 1.
func (c *Crowd) pause(steps int8, chance float64) int64 {
	perShard := c.Rate / shards
	return int64(-math.Log1p(-chance) * float64(steps) / perShard * float64(time.Second))
}
