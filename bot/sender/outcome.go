package sender

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/mymmrac/telego/telegoapi"
)

// outcome says what an attempt did.
type outcome uint8

const (
	// accepted: carried out.
	accepted outcome = iota
	// refused: not carried out, and never will be.
	refused
	// flooded: not carried out; to be tried again after a pause.
	flooded
	// unreached: not carried out; it may be tried again.
	unreached
	// lost: nobody knows.
	lost
)

// judge tells the outcome of an attempt by its error, and the pause that Telegram asks for.
func judge(err error) (outcome, time.Duration) {
	if err == nil {
		return accepted, 0
	}
	if api, ok := errors.AsType[*telegoapi.Error](err); ok {
		var pause time.Duration
		if api.Parameters != nil {
			pause = time.Duration(max(api.Parameters.RetryAfter, 0)) * time.Second
		}
		return judgeStatus(api.ErrorCode), pause
	}
	if call, ok := errors.AsType[*CallError](err); ok && call.Status != 0 {
		return judgeStatus(call.Status), call.RetryAfter
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return unreached, 0
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return lost, 0
	}
	if _, ok := errors.AsType[*CallError](err); ok {
		return lost, 0
	}
	if _, ok := errors.AsType[net.Error](err); ok { // also context.DeadlineExceeded
		return lost, 0
	}
	return refused, 0
}

// judgeStatus tells the outcome by Telegram's error code or the HTTP status. A gateway that
// gave up waiting (504) does not know what became of the request.
func judgeStatus(code int) outcome {
	switch {
	case code == http.StatusTooManyRequests:
		return flooded
	case code == http.StatusGatewayTimeout:
		return lost
	case code >= http.StatusInternalServerError:
		return unreached
	}
	return refused
}
