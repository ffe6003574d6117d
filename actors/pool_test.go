package actors

import (
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// held is an invoker whose messages are handled until they are let go.
type held struct {
	actor.MessageInvoker
	begun, let chan struct{}
}

func (h *held) InvokeUserMessage(any) {
	h.begun <- struct{}{}
	<-h.let
}

// TestPoolLetsNobodyWaitForEver: where all workers are held up, and all places are taken, a
// mailbox runs all the same; the others run when a worker is free, and close waits for them.
func TestPoolLetsNobodyWaitForEver(t *testing.T) {
	var workers sync.WaitGroup
	p := newPool(&workers)
	h := &held{begun: make(chan struct{}, p.workers+maxReady+1), let: make(chan struct{})}
	post := func() {
		m := &mailbox{pool: p, invoker: h}
		m.PostUserMessage("hello")
	}
	for range p.workers {
		post()
	}
	for range p.workers {
		<-h.begun
	}
	for range maxReady {
		post()
	}
	if n := len(p.ready[soon]); n != maxReady {
		t.Fatalf("%d mailboxes are ready", n)
	}
	post()
	<-h.begun // on a goroutine of its own
	close(h.let)
	p.close()
	workers.Wait()
	if n := len(h.begun); n != maxReady {
		t.Errorf("%d of the mailboxes that were ready have run", n)
	}
}

// idlePool is a pool whose one worker the test runs when it likes.
func idlePool() *pool {
	p := &pool{workers: 1}
	for r := range p.ready {
		p.ready[r] = make(chan task, maxReady)
	}
	return p
}

// TestInputsComeFirst: with one worker that is held up, a mailbox that somebody waits for runs before those
// that nobody waits for, also where it was one of these when the input came; and all run, once.
func TestInputsComeFirst(t *testing.T) {
	p, i := idlePool(), &invoker{T: t}
	mailboxes := make([]*mailbox, 3)
	for n := range mailboxes {
		mailboxes[n] = &mailbox{pool: p, invoker: i}
		mailboxes[n].PostUserMessage(&leave{abort: n == 0})
	}
	mailboxes[1].PostUserMessage("input")
	mailboxes[1].PostUserMessage(&round{})
	var worker sync.WaitGroup
	i.on = func(any) {
		if len(i.seen) == 5 {
			go p.close()
		}
	}
	worker.Go(p.work)
	worker.Wait()
	if len(i.seen) != 5 || i.seen[1] != "input" {
		t.Errorf("%v", i.seen)
	}
	if n := p.len(); n != 0 || mailboxes[1].stage != resting {
		t.Errorf("%d are ready still, the mailbox is at %d", n, mailboxes[1].stage)
	}
}

// TestNobodyIsPutOffForEver: what nobody waits for has its turn while inputs come without end.
func TestNobodyIsPutOffForEver(t *testing.T) {
	p, i := idlePool(), &invoker{T: t}
	busy, patient := &mailbox{pool: p, invoker: i}, &mailbox{pool: p, invoker: i}
	patient.PostUserMessage(&leave{})
	before := 0 // messages handled before it left
	i.on = func(message any) {
		if _, ok := message.(*leave); ok {
			before = len(i.seen)
		}
		if before > 0 || len(i.seen) > 10*soonInRow {
			p.ready[soon] <- nil
			return
		}
		next := &mailbox{pool: p, invoker: i}
		next.PostUserMessage("input")
	}
	busy.PostUserMessage("input")
	p.work()
	if before == 0 || before > soonInRow+1 {
		t.Errorf("it left after %d messages", before)
	}
}
