package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Bounds of what is fetched from an address.
const (
	downloadTime      = 2 * time.Minute
	downloadSize      = 32 << 20
	downloadRedirects = 5
)

// isRemote reports whether a calendar is at an address.
func isRemote(calendar string) bool {
	return isWebAddress(calendar) || strings.HasPrefix(calendar, "webcal://")
}

// download fetches a calendar; its errors do not repeat the address, in which there may be a key.
func download(ctx context.Context, address string) (io.ReadCloser, error) {
	if rest, ok := strings.CutPrefix(address, "webcal://"); ok {
		address = "https://" + rest
	}
	client := &http.Client{Timeout: downloadTime, Transport: new(trail).transport(), CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if len(via) > downloadRedirects {
			return fmt.Errorf("it leads on more than %d times", downloadRedirects)
		}
		return nil
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, usageError{"that is not the address of a calendar."}
	}
	request.Header.Set("Accept", "text/calendar, */*;q=0.1")
	request.Header.Set("User-Agent", "okolo")
	response, err := client.Do(request)
	var failed *url.Error
	switch {
	case errors.As(err, &failed):
		return nil, fmt.Errorf("fetch the calendar: %w", failed.Err)
	case err != nil:
		return nil, fmt.Errorf("fetch the calendar: %w", err)
	case response.StatusCode != http.StatusOK:
		return nil, errors.Join(fmt.Errorf("fetch the calendar: the server answers %s", response.Status), response.Body.Close())
	}
	return limited(response.Body, response.Body), nil
}

// limited reads at most downloadSize bytes, and fails where there are more.
func limited(r io.Reader, c io.Closer) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{&bounded{r: r, left: downloadSize}, c}
}

// bounded fails beyond its bound, where a [io.LimitReader] would end as if that were all.
type bounded struct {
	r    io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, fmt.Errorf("the calendar has more than %d MB", downloadSize>>20)
	}
	return n, err
}
