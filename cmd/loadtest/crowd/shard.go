package crowd

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"okolo/bot/sandbox"
)

// event is something that a person is shown.
type event struct {
	person   uint32
	at       int64
	message  *sandbox.Message // nil: the answer to a press
	callback int64
	answer   sandbox.CallbackAnswer
}

// shard owns a part of the people: one goroutine runs all of their lives.
type shard struct {
	crowd  *Crowd
	number int
	people []person
	meter  *meter
	lot    *rand.Rand // of arrivals
	zipf   *rand.Zipf // nil: everybody in turn
	turn   uint32     // whose it is, in a permutation
	stride uint32
	steps  timetable
	doubts patience
	arrive int64 // when the next visit begins
	here   int   // people in a visit
	packer packer

	mu    sync.Mutex
	inbox []event
	spare []event
	wake  chan struct{}
}

func newShard(c *Crowd, number int) *shard {
	s := &shard{
		crowd: c, number: number, meter: newMeter(), wake: make(chan struct{}, 1),
		people: make([]person, (c.People-number+shards-1)/shards),
		lot:    rand.New(rand.NewPCG(c.Seed, uint64(number))),
	}
	n := uint64(len(s.people))
	if c.Zipf > 0 && n > 0 {
		s.zipf = rand.NewZipf(s.lot, c.Zipf, 1, n-1)
	}
	s.stride = stride(uint32(n))
	for i := range s.people {
		p := &s.people[i]
		p.self = uint32(i)
		p.lot = c.Seed ^ uint64(i*shards+number)*0x9e3779b97f4a7c15
		p.persona = c.Mix.draw(p.draw())
		p.radius, p.days = firstRadius, roleToday
	}
	return s
}

// stride is a step that walks through all of n in a scattered order: coprime to n, and about
// the golden part of it.
func stride(n uint32) uint32 {
	gcd := func(a, b uint32) uint32 {
		for b != 0 {
			a, b = b, a%b
		}
		return a
	}
	k := max(uint32(float64(n)*0.618), 1)
	for gcd(n, k) > 1 {
		k++
	}
	return k
}

func (s *shard) id(p *person) int64 {
	return s.crowd.FirstID + int64(p.self)*shards + int64(s.number)
}

func (s *shard) now() int64 { return int64(time.Since(s.crowd.began)) }

// put queues an event; anybody may call it.
func (s *shard) put(e event) {
	s.mu.Lock()
	s.inbox = append(s.inbox, e)
	s.mu.Unlock()
	s.signal()
}

func (s *shard) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run lives the people's lives until the crowd closes and nobody waits for an answer.
func (s *shard) run() {
	if len(s.people) == 0 {
		return
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	s.begin()
	for {
		s.handle()
		next, busy := s.act()
		if !busy && s.crowd.closing.Load() {
			return
		}
		timer.Reset(max(time.Duration(next-s.now()), 0))
		select {
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// begin lets the first people come.
func (s *shard) begin() {
	if s.crowd.Rate > 0 {
		s.arrive = s.crowd.pause(1, s.lot.Float64())
		return
	}
	for range max(s.crowd.AtOnce/shards, 1) {
		s.visit(s.now())
	}
}

// handle looks at everything that people were shown.
func (s *shard) handle() {
	s.mu.Lock()
	events := s.inbox
	s.inbox = s.spare[:0]
	s.mu.Unlock()
	for i := range events {
		e := &events[i]
		p := &s.people[e.person]
		if e.message != nil {
			s.shown(p, e.message, e.at)
		} else {
			s.answered(p, e)
		}
		*e = event{}
	}
	s.spare = events
}

// act does everything that is due, and returns when something is next, and whether anybody
// waits for an answer.
func (s *shard) act() (next int64, busy bool) {
	now := s.now()
	closing := s.crowd.closing.Load()
	for !closing && s.crowd.Rate > 0 && s.arrive <= now {
		s.arrive += s.crowd.pause(s.visit(s.arrive), s.lot.Float64())
	}
	for len(s.steps) > 0 && s.steps[0].due <= now {
		e := s.steps.take()
		switch p := &s.people[e.person]; {
		case p.turn != e.turn || p.waiting() || closing:
		case p.back != 0: // a visit like any other, of those that are meant to come
			p.back = 0
			s.arrive += s.crowd.pause(s.come(p, e.due), s.lot.Float64())
		default:
			s.step(p, e.due)
		}
	}
	for {
		e, ok := s.doubts.next()
		if !ok || e.due > now {
			break
		}
		s.doubts.drop()
		if p := &s.people[e.person]; p.turn == e.turn && p.waiting() {
			s.giveUp(p)
		}
	}
	return s.nextDue(now, closing)
}

// nextDue says when something is next: an arrival, a step, or the end of somebody's patience.
func (s *shard) nextDue(now int64, closing bool) (next int64, busy bool) {
	next = now + int64(time.Second)
	if !closing {
		if s.crowd.Rate > 0 {
			next = min(next, s.arrive)
		}
		if len(s.steps) > 0 {
			next = min(next, s.steps[0].due)
		}
	}
	for {
		e, ok := s.doubts.next()
		if !ok {
			return next, false
		}
		if p := &s.people[e.person]; p.turn == e.turn && p.waiting() {
			return min(next, e.due), true
		}
		s.doubts.drop() // answered meanwhile
	}
}

// visit lets somebody come who is away, and with the night crowd a flock; it returns how many
// steps they mean to take.
func (s *shard) visit(at int64) (steps int8) {
	p := s.somebody()
	if p == nil {
		s.meter.count(func(c *Counts) { c.Skipped++ })
		return 1
	}
	steps = s.come(p, at)
	if p.persona == NightCrowd {
		for range flock - 1 {
			if q := s.somebody(); q != nil && steps < 100 {
				steps += s.come(q, at)
			}
		}
	}
	return steps
}

// flock is how many come at once where the night crowd does.
const flock = 5

func (s *shard) come(p *person, at int64) int8 {
	p.left = p.visitLength()
	p.came += min(1, 255-p.came)
	s.here++
	s.meter.count(func(c *Counts) { c.Visits++ })
	p.first = true
	s.plan(p, at)
	return p.left
}

// somebody draws a person who is away; nil: it found none in a hundred tries.
func (s *shard) somebody() *person {
	n := uint32(len(s.people))
	for range 100 {
		var i uint32
		if s.zipf != nil {
			// The rank is scattered, so that those who come often are of every kind.
			i = uint32(uint64(s.zipf.Uint64()) * uint64(s.stride) % uint64(n))
		} else {
			i = s.turn
			s.turn = (s.turn + s.stride) % n
		}
		if p := &s.people[i]; p.left == 0 && p.back == 0 && !p.waiting() {
			return p
		}
	}
	return nil
}

// plan puts the person's next step on the timetable.
func (s *shard) plan(p *person, due int64) {
	p.turn++
	p.due = due
	s.steps.add(entry{due, p.self, p.turn})
}

// leave ends a visit; where people do not wait for their hour, the next one comes.
func (s *shard) leave(p *person) {
	p.left = 0
	p.turn++
	s.here--
	s.remember(p)
	if away := s.crowd.absence(p); away > 0 {
		p.back = s.now() + int64(away)
		s.steps.add(entry{p.back, p.self, p.turn})
	}
	if s.crowd.Rate == 0 && !s.crowd.closing.Load() {
		s.visit(s.now())
	}
}

// remember keeps a button for a visit in the far future.
func (s *shard) remember(p *person) {
	if p.persona != OldPresser || p.at.sight != list || p.old != "" {
		return
	}
	r := roleNumber
	if p.at.page < p.at.pages && p.intN(2) == 0 {
		r = roleNext
	}
	if b, ok := p.offers.nth(r, 0); ok {
		p.old = buttons(fmt.Sprintf("%c%c%c%c%s", byte(b.role), 0, 0, byte(len(b.data)), b.data))
		p.oldAt = p.at.message
	}
}
