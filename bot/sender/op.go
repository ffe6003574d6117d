package sender

import (
	"context"
	"errors"
	"time"
)

// Kind says how an operation stands to others.
type Kind uint8

// The kinds of operation.
const (
	// Message makes something new in a chat. To repeat it would show it twice.
	Message Kind = iota
	// Edit changes what is there. To repeat it changes nothing more.
	Edit
	// Answer answers a callback query. It is nothing that a chat would count, waits for no
	// other operation of its chat, and goes ahead of everything else.
	Answer
	// Bulk is a Message that nobody waits for. It yields to the others, up to bulkYields.
	Bulk
)

// Op is one operation: a call to the Bot API that belongs to a chat.
type Op struct {
	// Chat is the Telegram chat id; negative ids are groups and channels.
	Chat int64
	// Edit is the id of the message that the operation edits; 0: none. A newer operation
	// with the same Chat, Edit and Part makes one that still waits pointless: that one is
	// dropped with [ErrSuperseded].
	Edit int64
	// Part tells apart edits of one message that do not replace each other.
	Part uint8
	Kind Kind
	// Idempotent says that a repeated call does no harm, although it is a Message or Bulk.
	Idempotent bool
	// Call makes one attempt. It must return soon after ctx is done.
	Call func(ctx context.Context) (any, error)
	// Done takes the outcome, exactly once, before the next operation of the chat begins.
	// It must not block, and it may be called by Submit itself, before that returns.
	Done func(result any, err error)
}

// Errors that Done gets, where it does not get Telegram's own. Each may wrap the error of
// the last attempt.
var (
	// ErrBusy: a queue is full. Nothing was sent.
	ErrBusy = errors.New("too many operations are waiting")
	// ErrSuperseded: a newer edit of the same message took its place.
	ErrSuperseded = errors.New("superseded by a newer edit")
	// ErrUncertain: Telegram may or may not have carried out the operation, and to repeat
	// it could show a message twice.
	ErrUncertain = errors.New("the outcome of the call is not known")
	// ErrDeadline: the time of the operation ran out, or would before it may be tried again.
	ErrDeadline = errors.New("the operation could not be carried out in time")
	// ErrAttempts: every attempt failed.
	ErrAttempts = errors.New("every attempt failed")
	// ErrClosed: the sender was closed before the operation's turn came.
	ErrClosed = errors.New("the sender is closed")
	// ErrPanic: Call panicked.
	ErrPanic = errors.New("the call panicked")
)

// repeatable reports whether a call whose outcome is unknown may be made again.
func (o *Op) repeatable() bool {
	return o.Idempotent || o.Kind == Edit || o.Kind == Answer || o.Edit != 0
}

// replaces reports whether o makes the older operation pointless.
func (o *Op) replaces(older *Op) bool {
	return o.Edit != 0 && o.Edit == older.Edit && o.Part == older.Part && o.Chat == older.Chat
}

// item is an operation on its way, linked to the next one of its chat.
type item struct {
	Op
	deadline time.Duration // since the sender's start
	failures int           // attempts that failed, 429 not counted
	last     error         // of the last attempt
	next     *item
}
