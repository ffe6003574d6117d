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
	if n := len(p.ready); n != maxReady {
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
