package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// purgeTimeout bounds the answer to an order to purge. The purge itself goes on.
const purgeTimeout = time.Minute

// Purge makes the oldest half of the sessions leave memory and returns how many did.
type Purge func(context.Context) (removed int, err error)

// purged is the answer to an order to purge.
type purged struct {
	Removed int `json:"removed"`
}

// orders serves POST /purge, to programs on this machine alone: what changes something must
// not be had by whoever can reach the port, nor by a page in an operator's browser.
func orders(purge Purge, log *slog.Logger) http.Handler {
	serve := func(w http.ResponseWriter, r *http.Request) {
		if !local(r) {
			http.Error(w, "orders are taken from this machine only", http.StatusForbidden)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), purgeTimeout)
		defer cancel()
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(purgeTimeout + readTimeout)) // as for all where it cannot be set
		n, err := purge(ctx)
		if err != nil {
			log.Warn("a purge was ordered and failed", "error", err)
			http.Error(w, "no purge: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(purged{n}); err != nil {
			log.Debug("the answer to a purge was not delivered", "error", err)
		}
	}
	return http.NewCrossOriginProtection().Handler(http.HandlerFunc(serve))
}

// local reports whether a request comes from this machine and was meant for it: a page whose
// own name was pointed here is of the same origin, but its requests carry that name.
func local(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && loopback(from) && (strings.EqualFold(host, "localhost") || loopback(host))
}

func loopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// OrderPurge has the program whose window is at url purge, and returns how many sessions left.
func OrderPurge(ctx context.Context, url string) (removed int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/purge", nil)
	if err != nil {
		return 0, fmt.Errorf("ask %s: %w", url, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("ask %s: %w", url, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxStats))
	if err != nil {
		return 0, fmt.Errorf("read the answer of %s: %w", url, err)
	}
	if resp.StatusCode != http.StatusOK {
		return 0, &RefusedError{Status: resp.Status, Why: strings.TrimSpace(string(body[:min(len(body), 200)]))}
	}
	var answer purged
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, fmt.Errorf("read the answer of %s: %w", url, err)
	}
	return answer.Removed, nil
}

// RefusedError says that a program answered, and why it did not do what it was asked for.
type RefusedError struct{ Status, Why string }

func (e *RefusedError) Error() string { return e.Status + ": " + e.Why }
