package sandbox

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mymmrac/telego/telegoapi"
)

// Bounds of what may be ordered.
const (
	maxFaultTime    = 10 * time.Minute
	maxFaultMethods = 200
	maxRetryAfter   = 24 * 60 * 60 // seconds
)

// AllMethods is the key of the faults that every method has beside its own.
const AllMethods = "*"

// Faults are what goes wrong on purpose. They are given in [Options.Faults], by
// [Server.SetFaults], or over the control API. In JSON, times are seconds.
type Faults struct {
	// DuplicateUpdates is the share of updates, 0 to 1, that are delivered twice under the
	// same update_id: in the same answer to getUpdates or at the head of the next one,
	// whether or not the update was confirmed in between; to a webhook in two requests.
	DuplicateUpdates float64 `json:"duplicate_updates,omitzero"`
	// LateUpdates is the share of updates that are queued only after LateBy, behind those
	// that happened meanwhile.
	LateUpdates float64       `json:"late_updates,omitzero"`
	LateBy      time.Duration `json:"late_by,omitzero,format:sec"`
	// LateInOrder has what happens in a chat wait behind the late updates of that chat: only the
	// order of updates of different chats changes.
	LateInOrder bool `json:"late_in_order,omitzero"`
	// OldCallbacks is the share of callback queries that are too old to be answered by the
	// time the bot gets them.
	OldCallbacks float64 `json:"old_callbacks,omitzero"`
	// Calls are the faults of calls by method, in any case, or [AllMethods]. A method's own
	// are tried before those of all.
	Calls map[string]CallFaults `json:"calls,omitempty"`
	// Seed makes the choices repeatable, as far as the order of events is.
	Seed uint64 `json:"seed,omitzero"`
}

// CallFaults are what goes wrong with calls of a method. Where several strike the same call,
// the first in the order below does, after the latency.
type CallFaults struct {
	Latency time.Duration `json:"latency,omitzero,format:sec"` // of every call, before it is carried out
	Jitter  time.Duration `json:"jitter,omitzero,format:sec"`  // at most so much more

	Unknown bool `json:"unknown,omitzero"` // 404, as by a server that has no such method

	CutBefore       Chance `json:"cut_before,omitzero"`        // the connection breaks, nothing was done
	TooManyRequests Chance `json:"too_many_requests,omitzero"` // 429, nothing was done
	RetryAfter      int    `json:"retry_after,omitzero"`       // seconds that the 429 asks for; default 1
	ServerError     Chance `json:"server_error,omitzero"`      // 5xx, nothing was done
	ServerCode      int    `json:"server_code,omitzero"`       // of the server error; default 502
	CutAfter        Chance `json:"cut_after,omitzero"`         // it was done, the answer is lost
}

// Chance says which of many are struck: a share by lot, every n-th, or both.
type Chance struct {
	Share float64 `json:"share,omitzero"` // 0 to 1
	Every int     `json:"every,omitzero"` // the n-th, 2n-th, …; 0: none
}

// FaultCounts are how often each fault struck, since the start.
type FaultCounts struct {
	Delayed          int64 `json:"delayed"`
	Unknown          int64 `json:"unknown"`
	CutBefore        int64 `json:"cut_before"`
	TooManyRequests  int64 `json:"too_many_requests"`
	ServerErrors     int64 `json:"server_errors"`
	CutAfter         int64 `json:"cut_after"`
	DuplicateUpdates int64 `json:"duplicate_updates"`
	LateUpdates      int64 `json:"late_updates"`
	OldCallbacks     int64 `json:"old_callbacks"`
}

// SetFaults replaces the faults on order; the counts of every n-th start anew. It fails, and
// changes nothing, where a value is out of its range or a method unknown.
func (s *Server) SetFaults(f Faults) error {
	for method := range f.Calls {
		if method != AllMethods && s.methods[strings.ToLower(method)] == nil {
			return badRequest("there is no method %s", method)
		}
	}
	return s.mishaps.order(f)
}

// Faults returns the faults on order.
func (s *Server) Faults() Faults {
	s.mishaps.mu.Lock()
	defer s.mishaps.mu.Unlock()
	f := s.mishaps.faults
	f.Calls = maps.Clone(f.Calls)
	return f
}

// check reports what is out of its range.
func (f Faults) check() error {
	if len(f.Calls) > maxFaultMethods {
		return badRequest("faults of more than %d methods", maxFaultMethods)
	}
	shares, times := []float64{f.DuplicateUpdates, f.LateUpdates, f.OldCallbacks}, []time.Duration{f.LateBy}
	for method, c := range f.Calls {
		if c.RetryAfter < 0 || c.RetryAfter > maxRetryAfter {
			return badRequest("retry_after of %s is not within 0 and %d seconds", method, maxRetryAfter)
		}
		if c.ServerCode != 0 && (c.ServerCode < 500 || c.ServerCode > 599) {
			return badRequest("server_code of %s is not within 500 and 599", method)
		}
		for _, ch := range []Chance{c.CutBefore, c.TooManyRequests, c.ServerError, c.CutAfter} {
			shares = append(shares, ch.Share)
			if ch.Every < 0 {
				return badRequest("every of %s is negative", method)
			}
		}
		times = append(times, c.Latency, c.Jitter)
	}
	if slices.ContainsFunc(shares, func(p float64) bool { return !(p >= 0 && p <= 1) }) {
		return badRequest("a share of faults is not within 0 and 1")
	}
	if slices.ContainsFunc(times, func(d time.Duration) bool { return d < 0 || d > maxFaultTime }) {
		return badRequest("a time of faults is not within 0 and %d seconds", int(maxFaultTime.Seconds()))
	}
	return nil
}

// mishaps strike as ordered.
type mishaps struct {
	some atomic.Bool // any fault is on order: what every call asks first

	mu     sync.Mutex
	faults Faults
	lot    *rand.Rand
	tries  map[tried]int
	counts FaultCounts
}

// tried names a chance whose tries are counted.
type tried struct{ method, what string }

func (m *mishaps) order(f Faults) error {
	if err := f.check(); err != nil {
		return err
	}
	lower := make(map[string]CallFaults, len(f.Calls))
	for method, c := range f.Calls {
		lower[strings.ToLower(method)] = c
	}
	f.Calls = lower
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults, m.lot, m.tries = f, rand.New(rand.NewPCG(f.Seed, 0)), map[tried]int{}
	m.some.Store(f.DuplicateUpdates > 0 || f.LateUpdates > 0 || f.OldCallbacks > 0 || len(f.Calls) > 0)
	return nil
}

func (m *mishaps) counted() FaultCounts {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts
}

// strikes draws whether the share strikes, with the lock held.
func (m *mishaps) strikes(share float64, count *int64) bool {
	if share <= 0 || m.lot.Float64() >= share {
		return false
	}
	*count++
	return true
}

// ofUpdate draws what happens to an update: whether it comes twice, how late, and whether it stays
// in its chat's order.
func (m *mishaps) ofUpdate() (twice bool, late time.Duration, inOrder bool) {
	if !m.some.Load() {
		return false, 0, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	twice = m.strikes(m.faults.DuplicateUpdates, &m.counts.DuplicateUpdates)
	if m.strikes(m.faults.LateUpdates, &m.counts.LateUpdates) {
		late = m.faults.LateBy
	}
	return twice, late, m.faults.LateInOrder
}

// ofCallback draws whether a callback query is too old.
func (m *mishaps) ofCallback() (old bool) {
	if !m.some.Load() {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.strikes(m.faults.OldCallbacks, &m.counts.OldCallbacks)
}

// mishap is what happens to one call.
type mishap struct {
	latency   time.Duration
	cutBefore bool
	refusal   error
	cutAfter  bool
}

// ofCall draws what happens to a call of a method.
func (m *mishaps) ofCall(method string) mishap {
	if !m.some.Load() {
		return mishap{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var total time.Duration
	for _, name := range []string{strings.ToLower(method), AllMethods} {
		c, ordered := m.faults.Calls[name]
		if !ordered {
			continue
		}
		if total += c.Latency; c.Jitter > 0 {
			total += time.Duration(m.lot.Int64N(int64(c.Jitter)))
		}
		if h := m.draw(name, c); h != (mishap{}) {
			h.latency = total
			return m.delayed(h)
		}
	}
	return m.delayed(mishap{latency: total})
}

func (m *mishaps) delayed(h mishap) mishap {
	if h.latency > 0 {
		m.counts.Delayed++
	}
	return h
}

// draw tries the chances of one entry in their order.
func (m *mishaps) draw(method string, c CallFaults) mishap {
	switch {
	case c.Unknown:
		m.counts.Unknown++
		return mishap{refusal: &Error{http.StatusNotFound, "Not Found"}}
	case m.hits(method, "cut_before", c.CutBefore, &m.counts.CutBefore):
		return mishap{cutBefore: true}
	case m.hits(method, "too_many_requests", c.TooManyRequests, &m.counts.TooManyRequests):
		return mishap{refusal: tooManyRequests(max(c.RetryAfter, 1))}
	case m.hits(method, "server_error", c.ServerError, &m.counts.ServerErrors):
		code := c.ServerCode
		if code == 0 {
			code = http.StatusBadGateway
		}
		return mishap{refusal: &Error{code, http.StatusText(code)}}
	case m.hits(method, "cut_after", c.CutAfter, &m.counts.CutAfter):
		return mishap{cutAfter: true}
	}
	return mishap{}
}

func (m *mishaps) hits(method, what string, c Chance, count *int64) bool {
	if c.Every > 0 {
		key := tried{method, what}
		m.tries[key]++
		if m.tries[key]%c.Every == 0 {
			*count++
			return true
		}
	}
	return m.strikes(c.Share, count)
}

// tooManyRequests is the refusal of a flood.
func tooManyRequests(seconds int) error {
	return &advice{
		Error{http.StatusTooManyRequests, "Too Many Requests: retry after " + strconv.Itoa(seconds)},
		telegoapi.ResponseParameters{RetryAfter: seconds},
	}
}

// linger waits, unless the call or the server ends before.
func (s *Server) linger(ctx context.Context, d time.Duration) {
	if d > 0 {
		s.await(ctx, nil, d)
	}
}

// errCut has the connection of a request broken without an answer.
var errCut = errors.New("the connection is cut on order")
