package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxAnswer is the most bytes of an answer that are read from a program.
const maxAnswer = 1 << 20

// Client asks the program whose window is at URL, such as "http://127.0.0.1:8090".
type Client struct{ URL, Token string }

// RefusedError says that a program answered, and why it did not do what it was asked for.
type RefusedError struct{ Status, Why string }

func (e *RefusedError) Error() string { return e.Status + ": " + e.Why }

// purged is the answer to an order to purge.
type purged struct {
	Removed int `json:"removed"`
}

// Stats returns the statistics, as JSON.
func (c Client) Stats(ctx context.Context) (json.RawMessage, error) {
	return c.ask(ctx, http.MethodGet, "/stats")
}

// Purge has the program purge, and returns how many sessions left.
func (c Client) Purge(ctx context.Context) (removed int, err error) {
	body, err := c.ask(ctx, http.MethodPost, "/purge")
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
	_, err := c.ask(ctx, http.MethodPost, "/drain")
	return err
}

// ask returns the body of an answer. Its error is a [*RefusedError] where the program answered.
func (c Client) ask(ctx context.Context, method, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, nil)
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
	if resp.StatusCode != http.StatusOK {
		return nil, &RefusedError{Status: resp.Status, Why: strings.TrimSpace(string(body[:min(len(body), 200)]))}
	}
	return body, nil
}
