package ops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// errEndpoint does not repeat the address, which may hold a password.
var errEndpoint = errors.New("it should look like http://127.0.0.1:4318")

// errHeaders does not repeat the headers, which hold secrets.
var errHeaders = errors.New("they should look like key=value,key2=value2")

// CheckOTLP says whether traces can be sent to endpoint, with headers.
func CheckOTLP(endpoint, headers string) error {
	_, err := newOTLP(endpoint, headers)
	return err
}

// otlpClient sends spans by OTLP over HTTP. It is an [otlptrace.Client]: OpenTelemetry's own
// carries a gRPC client along, 2.5 MB of program that is not used.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
type otlpClient struct {
	url    string
	header http.Header
	http   http.Client
}

func newOTLP(endpoint, headers string) (*otlpClient, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, errEndpoint
	}
	c := &otlpClient{url: u.JoinPath("v1", "traces").String(), header: http.Header{"Content-Type": {"application/x-protobuf"}}}
	for pair := range strings.SplitSeq(headers, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if key = strings.TrimSpace(key); !ok || key == "" || err != nil {
			return nil, errHeaders
		}
		c.header.Set(key, value)
	}
	c.http.Timeout = readTimeout
	return c, nil
}

// Start implements [otlptrace.Client].
func (c *otlpClient) Start(context.Context) error { return nil }

// Stop implements [otlptrace.Client].
func (c *otlpClient) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces implements [otlptrace.Client]. A TracesData is encoded as the request for them is.
func (c *otlpClient) UploadTraces(ctx context.Context, spans []*otlp.ResourceSpans) error {
	body, err := proto.Marshal(&otlp.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("encode traces: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = c.header.Clone()
	resp, err := c.http.Do(req)
	if err != nil {
		var failed *url.Error // which repeats the address
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return fmt.Errorf("send traces: %w", err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // so that the connection is used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("send traces: the collector answered %s", resp.Status)
	}
	return nil
}
