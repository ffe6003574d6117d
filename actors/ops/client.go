package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// maxAnswer is the most bytes of an answer that are read from a program.
	maxAnswer = 1 << 20
	// askTimeout is how much longer an answer may take than a program needs at most.
	askTimeout = readTimeout
)

// Client asks the program whose window is at URL, such as "http://127.0.0.1:8090". The address
// of its statistics, or of its dashboard, is understood as well.
type Client struct {
	URL, Token string
	Timeout    time.Duration // of a question; 0: what the program needs at most, and 5 s
}

// ErrStranger says that something answered that is not okolo.
var ErrStranger = errors.New("something answered, but not okolo")

// RefusedError says that a program answered, and why it did not do what it was asked for.
type RefusedError struct{ Status, Why string }

func (e *RefusedError) Error() string { return e.Status + ": " + e.Why }

// purged is the answer to an order to purge.
type purged struct {
	Removed int `json:"removed"`
}

// Stats returns the statistics, as JSON.
func (c Client) Stats(ctx context.Context) (json.RawMessage, error) {
	return c.ask(ctx, readTimeout, http.MethodGet, "/stats")
}

// Purge has the program purge, and returns how many sessions left.
func (c Client) Purge(ctx context.Context) (removed int, err error) {
	body, err := c.ask(ctx, orderTimeout, http.MethodPost, "/purge")
	if err != nil {
		return 0, err
	}
	var answer purged
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, fmt.Errorf("read the answer of %s: %w", c.URL, err)
	}
	return answer.Removed, nil
}

// Drain has the program end, in order. It returns when the program has begun to.
func (c Client) Drain(ctx context.Context) error {
	_, err := c.ask(ctx, orderTimeout, http.MethodPost, "/drain")
	return err
}

// ask returns the body of an answer for which the program may need so much time. Its error is
// a [*RefusedError] where the program answered, and [ErrStranger] where another one did.
func (c Client) ask(ctx context.Context, needs time.Duration, method, path string) ([]byte, error) {
	limit := needs + askTimeout
	if c.Timeout > 0 {
		limit = c.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	window := strings.TrimRight(strings.TrimSuffix(strings.TrimRight(c.URL, "/"), "/stats"), "/")
	req, err := http.NewRequestWithContext(ctx, method, window+path, nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", c.URL, err)
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", c.URL, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", c.URL, err)
	}
	switch {
	case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusOK && !json.Valid(body):
		return nil, fmt.Errorf("ask %s: %w (%s)", c.URL, ErrStranger, resp.Status)
	case resp.StatusCode != http.StatusOK:
		return nil, &RefusedError{Status: resp.Status, Why: strings.TrimSpace(string(body[:min(len(body), 200)]))}
	}
	return body, nil
}
