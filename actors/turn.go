package actors

import "log/slog"

// maxTries is how often an input is tried before it is set aside as poisonous.
const maxTries = 2

// turn is an input being handled that awaits effects. An input whose turn needs none never
// has one.
type turn[S any] struct {
	item    *item
	next    S // the working state
	results []result
	given   int      // results that Step was given
	emit    []Effect // to hand out at the end
	ordinal int      // of the next effect
}

// result is that of an awaited effect.
type result struct {
	value any
	here  bool
}

// awaited brings a result to the turn that awaits it.
type awaited[S any] struct {
	turn  *turn[S]
	index int
	value any
}

// handle takes an input through its turn, or as far as its first awaited effects.
func (s *session[S]) handle(it *item) {
	it.Span.Next("step")
	in := it.Payload
	it.outcome = Applied
	if s.repeats(it) {
		in, it.outcome = Duplicate{Payload: in}, Repeated
	}
	t, failed := s.step(s.state, in)
	it.lasting = t.Lasting
	switch {
	case failed != nil:
		s.stumble(it, failed)
	case len(t.Await) == 0:
		s.commit(it, t.Next, t.Repeatable, effects(it, t.Emit, 0))
	default:
		s.turn = &turn[S]{item: it}
		s.extend(s.turn, t)
	}
}

// repeats reports whether the input's update was applied before, or its press acted on.
func (s *session[S]) repeats(it *item) bool {
	return it.ID != 0 && s.applied.has(it.ID) || it.Press != 0 && s.pressed.has(it.Press)
}

// effects numbers what is to be done for an input.
func effects(it *item, do []any, ordinal int) []Effect {
	if len(do) == 0 {
		return nil
	}
	out := make([]Effect, len(do))
	for i := range do {
		out[i] = Effect{User: it.User, Input: it.ID, Ordinal: ordinal + i, Do: do[i]}
	}
	return out
}

// extend adds to the turn what a Step decided, and starts the effects it awaits.
func (s *session[S]) extend(t *turn[S], step Turn[S]) {
	t.next = step.Next
	t.item.lasting = t.item.lasting || step.Lasting
	await := effects(t.item, step.Await, t.ordinal)
	t.ordinal += len(step.Await)
	t.emit = append(t.emit, effects(t.item, step.Emit, t.ordinal)...)
	t.ordinal += len(step.Emit)
	first := len(t.results)
	t.results = append(t.results, make([]result, len(await))...)
	if t.given < len(t.results) {
		t.item.Span.Next("await")
	}
	for i, e := range await {
		e.follow(t.item)
		s.rt.perform(e, func(value any) {
			s.rt.root.Send(s.self, &awaited[S]{turn: t, index: first + i, value: value})
		})
	}
}

// arrive takes a result, gives Step what it has been waiting for, in order, and ends the
// turn where nothing is awaited any more. Results of a turn that was abandoned are dropped.
func (s *session[S]) arrive(m *awaited[S]) {
	t := m.turn
	if t != s.turn {
		return
	}
	t.results[m.index] = result{value: m.value, here: true}
	for t.results[t.given].here {
		t.item.Span.Next("step")
		step, failed := s.step(t.next, t.results[t.given].value)
		if failed != nil {
			s.turn = nil
			s.stumble(t.item, failed)
			break
		}
		t.results[t.given].value = nil
		t.given++
		s.extend(t, step)
		if t.given == len(t.results) {
			s.turn = nil
			s.commit(t.item, step.Next, step.Repeatable, t.emit)
			break
		}
	}
	s.advance()
}

// commit takes the next state and remembers the input, in the same moment, and then hands
// out the effects that may be seen only now.
func (s *session[S]) commit(it *item, next S, repeatable bool, emit []Effect) {
	if failed := s.take(next, s.rt.PreparedLimit()); failed != nil {
		s.stumble(it, failed)
		return
	}
	s.revision++
	s.dirty = true
	if it.ID != 0 && !s.applied.has(it.ID) {
		s.applied.add(it.ID)
	}
	if it.Press != 0 && it.outcome == Applied && !repeatable {
		s.pressed.add(it.Press, s.rt.cfg.Now().Unix())
	}
	s.classify()
	s.finish(it, emit)
}

// finish hands out the effects of an input that was applied, and has it settle when they are
// done and its state is stored. The state is not stored before the last of them is done: it
// may bring a result, and until then the input would be delivered again anyway.
func (s *session[S]) finish(it *item, emit []Effect) {
	pending := int32(len(emit))
	stores := s.rt.saver != nil
	held := stores && (it.lasting || !s.rt.saver.down.Load())
	if held {
		pending += unstored
		it.session, it.revision = s.self, s.revision
		s.unstored.push(it)
	}
	if pending == 0 {
		s.rt.settle(it, it.outcome)
	}
	it.pending.Store(pending)
	switch {
	case len(emit) > 0:
		it.Span.Next("effects")
	case held:
		it.Span.Next("checkpoint")
	}
	for _, e := range emit {
		s.rt.emit(it, e)
	}
	if stores && (len(emit) == 0 || !held) {
		s.checkpoint()
	}
}

// stumble tries an input once more whose turn was abandoned, with the state from before,
// and sets it aside the second time.
func (s *session[S]) stumble(it *item, failed *panicked) {
	if it.panics++; it.panics < maxTries {
		s.handle(it)
		return
	}
	s.rt.log.Error("an input was set aside, it panics", slog.Int64("user", it.User),
		slog.Int64("update", it.ID), failed.attr())
	s.rt.settle(it, Poisoned)
}
