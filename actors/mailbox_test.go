package actors

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// invoker notes what a mailbox has it handle.
type invoker struct {
	*testing.T
	seen    []any
	on      func(message any)
	busy    atomic.Bool
	failed  []any
	handled chan struct{}
}

func (i *invoker) note(message any) {
	if !i.busy.CompareAndSwap(false, true) {
		i.Error("two messages at once")
	}
	i.seen = append(i.seen, message)
	i.busy.Store(false)
	if i.handled != nil {
		defer func() { i.handled <- struct{}{} }()
	}
	if i.on != nil {
		i.on(message)
	}
}

func (i *invoker) InvokeSystemMessage(message any)     { i.note(message) }
func (i *invoker) InvokeUserMessage(message any)       { i.note(message) }
func (i *invoker) EscalateFailure(reason, message any) { i.failed = append(i.failed, reason, message) }

func newTestMailbox(t *testing.T) (*mailbox, *invoker) {
	i := &invoker{T: t, handled: make(chan struct{})}
	var workers sync.WaitGroup
	p := newPool(&workers)
	t.Cleanup(func() { p.close(); workers.Wait() })
	m := &mailbox{pool: p}
	m.RegisterHandlers(i, nil)
	m.Start()
	return m, i
}

func TestMailboxOrder(t *testing.T) {
	m, i := newTestMailbox(t)
	i.on = func(message any) {
		if message == "first" { // which is being handled while the others come
			for _, user := range []any{1, 2, 3} {
				m.PostUserMessage(user)
			}
			m.PostSystemMessage("system")
			if n := m.UserMessageCount(); n != 3 {
				t.Errorf("%d messages wait", n)
			}
		}
	}
	m.PostUserMessage("first")
	for range 5 {
		<-i.handled
	}
	if want := []any{"first", "system", 1, 2, 3}; !slices.Equal(i.seen, want) {
		t.Errorf("%v", i.seen)
	}
}

func TestMailboxSuspends(t *testing.T) {
	m, i := newTestMailbox(t)
	m.PostSystemMessage(&actor.SuspendMailbox{})
	m.PostUserMessage(1)
	m.PostSystemMessage("system")
	<-i.handled
	m.PostUserMessage(2)
	if n := m.UserMessageCount(); n != 2 {
		t.Fatalf("%d messages wait", n)
	}
	m.PostSystemMessage(&actor.ResumeMailbox{})
	<-i.handled
	<-i.handled
	if want := []any{"system", 1, 2}; !slices.Equal(i.seen, want) {
		t.Errorf("%v", i.seen)
	}
}

func TestMailboxGoesOnAfterAPanic(t *testing.T) {
	m, i := newTestMailbox(t)
	i.on = func(message any) {
		if message == 1 {
			panic("boom")
		}
	}
	m.PostUserMessage(1)
	<-i.handled
	m.PostUserMessage(2)
	<-i.handled
	if want := []any{"boom", 1}; !slices.Equal(i.failed, want) || !slices.Equal(i.seen, []any{1, 2}) {
		t.Errorf("%v, %v", i.failed, i.seen)
	}
}

// TestMailboxLosesNothing: many senders at once, each in its order; somebody waits for what half of the
// messages do.
func TestMailboxLosesNothing(t *testing.T) {
	const senders, each = 8, 2000
	m, i := newTestMailbox(t)
	i.handled = nil
	var left sync.WaitGroup
	left.Add(2 * senders * each)
	i.on = func(any) { left.Done() }
	for s := range senders {
		go func() {
			for n := range each {
				m.PostUserMessage(&round{trim: n, until: int64(s)})
				m.PostUserMessage([2]int{s, n})
			}
		}()
	}
	left.Wait()
	next := [senders]int{}
	for _, message := range i.seen {
		var from, n int
		switch m := message.(type) {
		case [2]int:
			from, n = m[0], 2*m[1]+1
		case *round:
			from, n = int(m.until), 2*m.trim
		}
		if next[from] != n {
			t.Fatalf("%v came when %d was next", message, next[from])
		}
		next[from]++
	}
}
