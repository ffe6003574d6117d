package bot

import (
	"fmt"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

const (
	// floodBurst is how many inputs a person may send at once, beyond the rate.
	floodBurst = 40
	// floodPause is how long a person is ignored who was told to slow down.
	floodPause = 30 * time.Second
	// floodTable is how many people are watched, those who wrote last. One takes some 250 bytes.
	floodTable = 10_000
)

// verdict is what is done with an input of a person.
type verdict uint8

const (
	admitted verdict = iota
	told             // in place of an answer, the person is told to slow down
	ignored
)

// flood keeps people who hammer from costing others their answers. Their answers come no faster
// than Telegram lets a chat have any. Who goes on all the same is told once, and then ignored for
// a while.
type flood struct {
	perSecond rate.Limit // 0: everything is admitted

	mu      sync.Mutex
	watched *lru.Cache[int64, *watch]
}

// watch is how much a person has sent.
type watch struct {
	limiter *rate.Limiter
	until   time.Time // until when they are ignored
}

func newFlood(perSecond float64) (*flood, error) {
	watched, err := lru.New[int64, *watch](floodTable)
	if err != nil {
		return nil, fmt.Errorf("make the table of people who write: %w", err)
	}
	return &flood{perSecond: rate.Limit(perSecond), watched: watched}, nil
}

// judge says what is done with an input that a person sent.
func (f *flood) judge(person int64, now time.Time) verdict {
	if f.perSecond == 0 {
		return admitted
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	w, ok := f.watched.Get(person)
	if !ok {
		w = &watch{limiter: rate.NewLimiter(f.perSecond, floodBurst)}
		f.watched.Add(person, w)
	}
	switch {
	case now.Before(w.until):
		return ignored
	case w.limiter.AllowN(now, 1):
		return admitted
	}
	w.until = now.Add(floodPause)
	return told
}

// size returns how many people are watched, and the most there may be.
func (f *flood) size() (n, bound int) { return f.watched.Len(), floodTable }
