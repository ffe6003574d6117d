package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/mymmrac/telego/telegoapi"
)

// Error is a refusal in Telegram's own code and words.
type Error struct {
	Code        int    // as in HTTP
	Description string // such as "Bad Request: chat not found"
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Description) }

// advice is a refusal that tells the program what to do about it.
type advice struct {
	refusal    Error
	parameters telegoapi.ResponseParameters
}

func (a *advice) Error() string { return a.refusal.Error() }

func (a *advice) Unwrap() error { return &a.refusal }

func badRequest(format string, args ...any) error {
	return &Error{http.StatusBadRequest, "Bad Request: " + fmt.Sprintf(format, args...)}
}

func forbidden(why string) error { return &Error{http.StatusForbidden, "Forbidden: " + why} }

func conflict(why string) error { return &Error{http.StatusConflict, "Conflict: " + why} }

var (
	errNotFound = &Error{http.StatusNotFound, "Not Found"}
	errTooLarge = &Error{http.StatusRequestEntityTooLarge, "Request Entity Too Large"}
)

// rawJSON is a result that is JSON already.
type rawJSON []byte

// described is a result with a sentence, as setWebhook gives it.
type described struct {
	result      any
	description string
}

type success struct {
	OK          bool   `json:"ok"`
	Result      any    `json:"result"`
	Description string `json:"description,omitempty"`
}

type failure struct {
	OK          bool   `json:"ok"`
	ErrorCode   int    `json:"error_code"`
	Description string `json:"description"`

	Parameters *telegoapi.ResponseParameters `json:"parameters,omitempty"`
}

// answer writes the outcome of a call.
func answer(w http.ResponseWriter, result any, err error) {
	buf := buffers.Get().(*bytes.Buffer)
	defer recycle(buf)
	send(w, render(buf, result, err), buf.Bytes())
}

// render encodes the outcome of a call and returns its HTTP status. An error that is no [Error]
// is the sandbox's own failure, and is logged by the caller.
func render(buf *bytes.Buffer, result any, err error) (code int) {
	if err == nil {
		if err = renderResult(buf, result); err == nil {
			return http.StatusOK
		}
		buf.Reset()
	}
	refusal := &Error{http.StatusInternalServerError, "Internal Server Error"}
	errors.As(err, &refusal)
	told := failure{ErrorCode: refusal.Code, Description: refusal.Description}
	if a := (*advice)(nil); errors.As(err, &a) {
		told.Parameters = &a.parameters
	}
	_ = encode(buf, told) // plain data
	return refusal.Code
}

func renderResult(buf *bytes.Buffer, result any) error {
	switch r := result.(type) {
	case rawJSON:
		wrap(buf, r)
		return nil
	case sentMessage:
		wrap(buf, r.body)
		return nil
	case bool:
		wrap(buf, strconv.AppendBool(nil, r))
		return nil
	case described:
		return encode(buf, success{true, r.result, r.description})
	default:
		return encode(buf, success{true, r, ""})
	}
}

func wrap(buf *bytes.Buffer, result rawJSON) {
	buf.WriteString(`{"ok":true,"result":`)
	buf.Write(result)
	buf.WriteByte('}')
}

// buffers are reused between answers; recycle drops those that grew large.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func recycle(b *bytes.Buffer) {
	if b.Cap() <= 64<<10 {
		b.Reset()
		buffers.Put(b)
	}
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	buf := buffers.Get().(*bytes.Buffer)
	defer recycle(buf)
	if err := encode(buf, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	send(w, code, buf.Bytes())
}

func send(w http.ResponseWriter, code int, body []byte) {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(code)
	_, _ = w.Write(body) // the caller has gone where this fails
}

var jsonType = []string{"application/json"}

// encode writes v as JSON, with <, > and & as they are.
func encode(buf *bytes.Buffer, v any) error {
	e := json.NewEncoder(buf)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
