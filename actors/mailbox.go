package actors

import (
	"runtime"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// mailbox is the mailbox of a session: unbounded (the supervisor bounds what is in flight),
// with system messages first, as protoactor's own are. There is one for each session, so it is
// small, 48 bytes: while nothing waits it holds nothing, where protoactor's smallest keeps two
// queues with a node each, 112 bytes more. It calls no middleware, since sessions have none.
type mailbox struct {
	pool      *pool
	invoker   actor.MessageInvoker
	mu        sync.Mutex
	waiting   letters
	stage     mailboxStage
	suspended bool
}

// mailboxStage says whether a mailbox is about to run.
type mailboxStage uint8

const (
	resting    mailboxStage = iota // until the next letter
	readyLater                     // behind others, for what nobody waits for
	readySoon                      // an input has come: the pool has it twice if it was readyLater before
	runningNow
)

// letter is a message that waits.
type letter struct {
	message any
	next    *letter
	system  bool
}

// letters is a queue, a ring entered at its end: the system's letters, then the others.
type letters struct{ last *letter }

// push adds a letter behind those of its kind.
func (l *letters) push(n *letter) {
	if l.last == nil {
		n.next, l.last = n, n
		return
	}
	at, users := l.last, !l.last.system // behind the last comes the first
	for n.system && users && at.next.system {
		at = at.next
	}
	n.next, at.next = at.next, n
	if !n.system || !users {
		l.last = n
	}
}

// first returns the letter that pop would; nil where the queue is empty.
func (l *letters) first() *letter {
	if l.last == nil {
		return nil
	}
	return l.last.next
}

// pop takes the first letter out.
func (l *letters) pop() {
	if first := l.first(); first == l.last {
		l.last = nil
	} else {
		l.last.next = first.next
	}
}

// turnsInRow is how many messages a mailbox handles before it lets other goroutines run.
const turnsInRow = 300

var _ actor.Mailbox = (*mailbox)(nil)

// PostUserMessage implements actor.Mailbox.
func (m *mailbox) PostUserMessage(message any) { m.post(&letter{message: message}) }

// PostSystemMessage implements actor.Mailbox.
func (m *mailbox) PostSystemMessage(message any) {
	m.post(&letter{message: message, system: true})
}

func (m *mailbox) post(l *letter) {
	r := rankOf(l.message)
	m.mu.Lock()
	m.waiting.push(l)
	wake := m.stage == resting || m.stage == readyLater && r == soon
	if wake {
		m.stage = readyLater
		if r == soon {
			m.stage = readySoon
		}
	}
	m.mu.Unlock()
	switch {
	case wake && r == soon:
		m.pool.run(m, soon)
	case wake:
		m.pool.run((*unhurried)(m), later)
	}
}

// rankOf says whether somebody waits for what a message does.
func rankOf(message any) rank {
	switch message.(type) {
	case *leave, *save, *grant, *refusal, *checkpointDue, *round:
		return later
	}
	return soon
}

// RegisterHandlers implements actor.Mailbox. The pool stands in for the dispatcher.
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
	for l := m.waiting.first(); l != nil; l = l.next {
		if !l.system {
			n++
		}
		if l == m.waiting.last {
			break
		}
	}
	return n
}

// unhurried is the task to run a mailbox unless an input has brought that forward meanwhile.
type unhurried mailbox

func (u *unhurried) run() {
	m := (*mailbox)(u)
	m.mu.Lock()
	mine := m.stage == readyLater
	if mine {
		m.stage = runningNow
	}
	m.mu.Unlock()
	if mine {
		m.handleAll()
	}
}

func (m *mailbox) run() {
	m.mu.Lock()
	m.stage = runningNow
	m.mu.Unlock()
	m.handleAll()
}

// handleAll handles messages until none is left.
func (m *mailbox) handleAll() {
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
		l := m.waiting.first()
		if l == nil || m.suspended && !l.system {
			m.stage = resting
			return nil, false
		}
		m.waiting.pop()
		switch l.message.(type) {
		case *actor.SuspendMailbox:
			m.suspended = true
		case *actor.ResumeMailbox:
			m.suspended = false
		default:
			return l.message, l.system
		}
	}
}
