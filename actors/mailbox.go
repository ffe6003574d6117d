package actors

import (
	"runtime"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// mailbox is the mailbox of a session: unbounded (the supervisor bounds what is in flight),
// with system messages first, as protoactor's own are. There is one for each session, so it is
// small: while nothing waits it holds nothing, where protoactor's smallest keeps two queues with
// a node each, 112 bytes more. It calls no middleware, since sessions have none.
type mailbox struct {
	invoker   actor.MessageInvoker
	mu        sync.Mutex
	system    letters
	user      letters
	running   bool
	suspended bool
}

// letter is a message that waits.
type letter struct {
	message any
	next    *letter
}

// letters is a queue, a ring entered at its end.
type letters struct{ last *letter }

func (l *letters) push(message any) {
	n := &letter{message: message}
	if l.last == nil {
		n.next = n
	} else {
		n.next, l.last.next = l.last.next, n
	}
	l.last = n
}

// pop returns nil where the queue is empty.
func (l *letters) pop() any {
	if l.last == nil {
		return nil
	}
	first := l.last.next
	if first == l.last {
		l.last = nil
	} else {
		l.last.next = first.next
	}
	return first.message
}

// turnsInRow is how many messages a mailbox handles before it lets other goroutines run.
const turnsInRow = 300

var _ actor.Mailbox = (*mailbox)(nil)

// PostUserMessage implements actor.Mailbox.
func (m *mailbox) PostUserMessage(message any) { m.post(&m.user, message) }

// PostSystemMessage implements actor.Mailbox.
func (m *mailbox) PostSystemMessage(message any) { m.post(&m.system, message) }

func (m *mailbox) post(to *letters, message any) {
	m.mu.Lock()
	to.push(message)
	idle := !m.running
	m.running = true
	m.mu.Unlock()
	if idle {
		go m.run()
	}
}

// RegisterHandlers implements actor.Mailbox. A goroutine for each run is what protoactor's
// default dispatcher does.
func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, _ actor.Dispatcher) {
	m.invoker = invoker
}

// Start implements actor.Mailbox.
func (m *mailbox) Start() {}

// UserMessageCount implements actor.Mailbox.
func (m *mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for l := m.user.last; l != nil; l = l.next {
		if n++; l.next == m.user.last {
			break
		}
	}
	return n
}

// run handles messages until none is left.
func (m *mailbox) run() {
	for i := 1; m.handle(); i++ {
		if i%turnsInRow == 0 {
			runtime.Gosched()
		}
	}
}

// handle handles a message; it returns false, and the mailbox rests, where there is none. A
// panic of the actor suspends the mailbox until its guardian has decided.
func (m *mailbox) handle() (more bool) {
	message, system := m.next()
	if message == nil {
		return false
	}
	defer func() {
		if r := recover(); r != nil {
			m.invoker.EscalateFailure(r, message)
			more = true
		}
	}()
	switch {
	case system:
		m.invoker.InvokeSystemMessage(message)
	default:
		m.invoker.InvokeUserMessage(message)
	}
	return true
}

// next takes the next message. Orders to the mailbox itself it carries out.
func (m *mailbox) next() (message any, system bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		switch message = m.system.pop(); message.(type) {
		case nil:
			if !m.suspended {
				message = m.user.pop()
			}
			m.running = message != nil
			return message, false
		case *actor.SuspendMailbox:
			m.suspended = true
		case *actor.ResumeMailbox:
			m.suspended = false
		default:
			return message, true
		}
	}
}
