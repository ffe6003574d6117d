package sender

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"golang.org/x/time/rate"
)

// run is a worker.
func (s *Sender) run() {
	var l *line
	for {
		var it *item
		if l, it = s.next(l); it == nil {
			return
		}
		result, err := s.attempt(it)
		if it, err = s.conclude(l, it, err); it != nil {
			if err != nil {
				result = nil
			}
			s.finish(it, result, err)
		}
	}
}

// next gives back the line that the worker has served, if any, waits for an operation
// that may go out, and takes it. It returns no item where the worker is to end.
func (s *Sender) next(served *line) (*line, *item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if served != nil {
		s.inFlight--
		served.inFlight = false
		s.settle(served, s.now())
	}
	for {
		now := s.now()
		s.advance(now)
		if l := s.pick(now); l != nil {
			it := s.take(l)
			if len(s.ready) > 0 || s.closed && s.queued == 0 {
				s.work.Signal()
			}
			return l, it
		}
		if s.closed && s.queued == 0 {
			s.work.Signal() // the next worker ends too
			return nil, nil
		}
		s.setAlarm(now)
		s.work.Wait()
	}
}

// advance moves on the lines that something has fallen due for.
func (s *Sender) advance(now time.Duration) {
	for l := s.waiting.due(now); l != nil; l = s.waiting.due(now) {
		s.ready.put(l, l.urgency(now))
	}
	for l := s.idle.due(now); l != nil; l = s.idle.due(now) {
		s.forget(l)
	}
}

// pick returns the first ready line if the bot's limit lets it go, spending its allowance,
// or if its operation's time has run out.
func (s *Sender) pick(now time.Duration) *line {
	for len(s.ready) > 0 {
		l := s.ready[0]
		if l.head.deadline <= now {
			return l
		}
		if s.gate(now) > now {
			return nil
		}
		at := s.start.Add(now)
		if l.limiter != nil && !l.limiter.AllowN(at, 1) {
			s.settle(l, now)
			continue
		}
		if s.global != nil {
			s.global.AllowN(at, 1)
		}
		return l
	}
	return nil
}

// gate returns the moment from which the bot's limit lets one more operation go.
func (s *Sender) gate(now time.Duration) time.Duration {
	return max(s.pause, now+s.until(s.global, now))
}

// take takes the first operation of a line.
func (s *Sender) take(l *line) *item {
	l.leave()
	l.inFlight = true
	s.queued--
	s.inFlight++
	return l.pop()
}

// settle puts a line where it belongs.
func (s *Sender) settle(l *line, now time.Duration) {
	switch {
	case l.inFlight:
		return
	case l.head == nil:
		s.rest(l, now)
		return
	}
	if from := max(l.notBefore, now+s.until(l.limiter, now)); from > now {
		s.waiting.put(l, min(from, l.head.deadline))
	} else if l.heap == &s.ready {
		s.ready.put(l, min(l.key, l.urgency(now)))
	} else {
		s.ready.put(l, l.urgency(now))
	}
	s.setAlarm(now)
}

// rest keeps a line without operations for as long as its allowance is not whole.
func (s *Sender) rest(l *line, now time.Duration) {
	whole := l.notBefore
	if l.limiter != nil {
		used := float64(l.limiter.Burst()) - l.limiter.TokensAt(s.start.Add(now))
		whole = max(whole, now+time.Duration(used/float64(l.limiter.Limit())*float64(time.Second)))
	}
	if whole <= now {
		s.forget(l)
		return
	}
	s.idle.put(l, whole.Truncate(idleGrain)+idleGrain)
	s.setAlarm(now)
}

// until returns how long it takes until a limiter allows one more; nil always does.
func (s *Sender) until(l *rate.Limiter, now time.Duration) time.Duration {
	if l == nil {
		return 0
	}
	missing := 1 - l.TokensAt(s.start.Add(now))
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing/float64(l.Limit())*float64(time.Second)) + 1
}

// setAlarm makes the timer go off when the first line falls due.
func (s *Sender) setAlarm(now time.Duration) {
	const never = time.Duration(1<<63 - 1)
	first := never
	if len(s.waiting) > 0 {
		first = s.waiting[0].key
	}
	if len(s.idle) > 0 {
		first = min(first, s.idle[0].key)
	}
	if len(s.ready) > 0 {
		if gate := s.gate(now); gate > now {
			first = min(first, gate, s.ready[0].head.deadline)
		}
	}
	if first == never || s.alarm > now && s.alarm <= first {
		return
	}
	s.alarm = first
	s.timer.Reset(first - now)
}

// attempt makes one call, unless the operation's time has run out.
func (s *Sender) attempt(it *item) (result any, err error) {
	left := it.deadline - s.now()
	if left <= 0 {
		return nil, ErrDeadline
	}
	ctx, cancel := context.WithTimeout(s.calls, min(left, s.options.AttemptTimeout))
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrPanic, p)
			s.options.Logger.Error("a call panicked", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	return it.Call(ctx)
}

// conclude decides what follows from an attempt: it puts the item back for another one and
// returns nil, or returns it with the error that Done is to get.
func (s *Sender) conclude(l *line, it *item, err error) (*item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if errors.Is(err, ErrDeadline) {
		s.stats.Exhausted++
		if it.last != nil {
			err = fmt.Errorf("%w: %w", ErrDeadline, it.last)
		}
		return it, err
	}
	outcome, pause := judge(err)
	switch outcome {
	case accepted:
		s.stats.Sent++
		return it, nil
	case refused:
		s.stats.Refused++
		return it, err
	case flooded:
		s.flood(l, now, pause)
	case lost:
		if !it.repeatable() {
			s.stats.Uncertain++
			return it, fmt.Errorf("%w: %w", ErrUncertain, err)
		}
	}
	return s.retry(l, it, outcome, now, pause, err)
}

// retry puts the item back at the head of its line, or says why not.
func (s *Sender) retry(l *line, it *item, o outcome, now, pause time.Duration, err error) (*item, error) {
	it.last = err
	if o != flooded {
		it.failures++
	}
	if pause == 0 {
		pause = s.backoff(it.failures)
	}
	if o == flooded || it.failures < s.options.MaxAttempts {
		l.notBefore = max(l.notBefore, now+pause)
	}
	switch {
	case s.dropped:
		s.stats.Closed++
		return it, fmt.Errorf("%w: %w", ErrClosed, err)
	case l.replaced(&it.Op):
		s.stats.Superseded++
		return it, ErrSuperseded
	case it.failures >= s.options.MaxAttempts:
		s.stats.Exhausted++
		return it, fmt.Errorf("%w (%d): %w", ErrAttempts, it.failures, err)
	case l.notBefore >= it.deadline:
		s.stats.Exhausted++
		return it, fmt.Errorf("%w: %w", ErrDeadline, err)
	}
	s.stats.Retries++
	s.options.Logger.Debug("an operation is tried again", "after", pause, "failures", it.failures, "error", err)
	l.pushFront(it)
	s.queued++
	return nil, nil
}

// flood notes an answer 429. Where it is the bot that is too fast, not a chat, every chat
// pauses.
func (s *Sender) flood(l *line, now, pause time.Duration) {
	s.stats.Floods++
	if !s.floods.add(l.chat, now) || now+pause <= s.pause {
		return
	}
	if s.pause <= now {
		s.stats.GlobalPauses++
		s.options.Logger.Warn("Telegram refuses several chats at once: everything pauses",
			slog.Duration("for", pause))
	}
	s.pause = now + pause
}

// backoff returns the pause after the given number of failures: doubling, up to a bound,
// the upper half of it random, so that what failed together does not come back together.
func (s *Sender) backoff(failures int) time.Duration {
	d := s.options.Backoff
	for i := 1; i < failures && d < maxBackoff; i++ {
		d *= 2
	}
	d = min(d, maxBackoff)
	return d/2 + rand.N(d/2+1)
}
