package sender

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"time"

	"github.com/mymmrac/telego/telegoapi"
)

// maxAnswer is the most bytes of an answer of the Bot API that are read. The longest,
// a hundred updates, stay well below.
const maxAnswer = 16 << 20

// Caller makes telego's calls over net/http. It differs from telego's own callers in
// its errors, which a [Sender] can tell apart ([CallError]) and which never hold the bot's
// token, and in reading bounded answers.
type Caller struct {
	Client *http.Client
}

// CallError is a request that failed below the Bot API: there is no answer of Telegram's.
type CallError struct {
	// Method is the Bot API's, such as "sendMessage".
	Method string
	// Status is the HTTP status, 0 if there was no answer at all or one that broke off.
	Status int
	// RetryAfter is the pause that the HTTP header asks for; 0: none.
	RetryAfter time.Duration
	// Err is what happened; nil if Status says it.
	Err error
}

func (e *CallError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: HTTP status %d", e.Method, e.Status)
	}
	return fmt.Sprintf("%s: %v", e.Method, e.Err)
}

// Unwrap returns what happened.
func (e *CallError) Unwrap() error { return e.Err }

// Call implements [telegoapi.Caller].
func (c *Caller) Call(ctx context.Context, address string, data *telegoapi.RequestData) (*telegoapi.Response, error) {
	method := path.Base(address)
	body := data.BodyStream
	if data.BodyRaw != nil {
		body = bytes.NewReader(data.BodyRaw)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, withoutAddress(err))
	}
	request.Header.Set(telegoapi.ContentTypeHeader, data.ContentType)

	response, err := c.Client.Do(request)
	if err != nil {
		return nil, &CallError{Method: method, Err: withoutAddress(err)}
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	if err != nil {
		return nil, &CallError{Method: method, Err: fmt.Errorf("read answer: %w", err)}
	}
	return decode(method, response, text)
}

// noError stands for no error in answers: telego words every answer for its log, whether or not
// there is one, and words a nil error by way of a panic, which takes longer than to read the answer.
var noError = &telegoapi.Error{}

// decode reads an answer in Telegram's form. Proxies answer in other forms, and with an
// HTTP status that says what happened.
func decode(method string, response *http.Response, text []byte) (*telegoapi.Response, error) {
	answer := &telegoapi.Response{}
	err := json.Unmarshal(text, answer)
	if err == nil && (answer.Ok || answer.Error != nil && answer.ErrorCode != 0) {
		if answer.Error == nil {
			answer.Error = noError
		}
		return answer, nil
	}
	if response.StatusCode >= http.StatusBadRequest {
		failed := &CallError{Method: method, Status: response.StatusCode}
		if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
			failed.RetryAfter = time.Duration(max(seconds, 0)) * time.Second
		}
		return nil, failed
	}
	if err == nil {
		err = errors.New("neither a result nor an error")
	}
	return nil, &CallError{Method: method, Err: fmt.Errorf("decode answer: %w", err)}
}

// withoutAddress strips the address, which holds the bot's token, from an error of net/http.
func withoutAddress(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
