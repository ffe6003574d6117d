package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"okolo/persistence/pgtest"
)

// TestSettingsRefused: a setting that cannot work is refused before anything is started or asked.
func TestSettingsRefused(t *testing.T) {
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for line, says := range map[string]string{
		"demo --listen foo":                                       "--listen is not an address",
		"demo --listen 0.0.0.0:8099":                              "--listen is not a loopback address",
		"demo --data /dev/null/x":                                 "OKOLO_DATA is no folder",
		"demo --data " + file:                                     "OKOLO_DATA is no folder",
		"demo --ops-addr 127.0.0.1:99999":                         "OPS_ADDR is not an address",
		"sandbox --listen 127.0.0.1:99999":                        "--listen is not an address",
		"sandbox --public --listen foo":                           "--listen is not an address",
		"sandbox --listen [::]:0":                                 "--listen is not a loopback address",
		"stats --url 127.0.0.1:1":                                 "OPS_URL is not the address",
		"purge --url ::bad":                                       "OPS_URL is not the address",
		"drain --url ftp://127.0.0.1":                             "OPS_URL is not the address",
		"serve --bot-token nonsense":                              "BOT_TOKEN or BOT_API_URL cannot be used",
		"serve --bot-token 4242:any-text":                         "BOT_TOKEN or BOT_API_URL cannot be used",
		"serve --bot-api-url http:///bot":                         "BOT_API_URL is not the address",
		"serve --ops-addr=127.0.0.1:http-or-not":                  "OPS_ADDR is not an address",
		"serve --webhook-url bot.example.org":                     "WEBHOOK_URL is not an address that updates",
		"serve --webhook-url https://a.b/?key=x":                  "WEBHOOK_URL is not an address that updates",
		"serve --webhook-url http://a.b/bot":                      "WEBHOOK_URL is not an address that Telegram",
		"serve --webhook-url https://a.b:8080/":                   "WEBHOOK_URL is not an address that Telegram",
		"serve --webhook-url https://a.b --webhook-secret short":  "WEBHOOK_SECRET cannot be used",
		"serve --webhook-url https://a.b --webhook-listen foo":    "WEBHOOK_LISTEN is not an address",
		"serve --webhook-url https://a.b --webhook-connections 0": "WEBHOOK_CONNECTIONS is 0",
		"serve --webhook-secret short":                            "WEBHOOK_SECRET cannot be used",
		"serve --webhook-connections 0":                           "WEBHOOK_CONNECTIONS is 0",
		"serve --webhook-listen foo":                              "WEBHOOK_LISTEN is not an address",
		"serve --otlp-headers nonsense":                           "OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_HEADERS cannot be used",
	} {
		t.Run(line, func(t *testing.T) {
			t.Setenv("BOT_TOKEN", demoToken)
			t.Setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
			var out, errs bytes.Buffer
			code := run(t.Context(), strings.Fields(line), &out, &errs)
			if code != exitUsage || !strings.HasPrefix(errs.String(), "okolo: "+says) || strings.Count(errs.String(), "\n") != 1 {
				t.Errorf("exit %d, %q", code, errs.String())
			}
		})
	}
}

// TestBotAddress: a slash at the end of BOT_API_URL is none of its matter, and a server that is
// not a Bot API is not blamed on the token alone.
func TestBotAddress(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"ok":false,"error_code":404,"description":"Not Found"}`)
	}))
	defer other.Close()
	c := serveCmd{BotToken: demoToken, BotAPIURL: other.URL + "//", Ops: opsSettings{OpsAddr: "127.0.0.1:0"}}
	c.Webhook = webhookSettings{WebhookListen: "127.0.0.1:0", WebhookConnections: 1}
	c.Database.DatabaseURL = "postgres://nobody@127.0.0.1:1/none"
	c.Sessions = sessionSettings{UserStateMaxSize: 1, UserStateTTLSeconds: 1, MaxPreparedEvents: 2,
		SweepInterval: 1e9, MemoryLogInterval: 1e9, SnapshotDeadline: 1e9}
	p, err := c.plan(slog.New(slog.DiscardHandler))
	if err != nil || p.apiURL != other.URL {
		t.Errorf("the server is %q, %v", p.apiURL, err)
	}
	var errs bytes.Buffer
	code := run(t.Context(), []string{"serve", "--bot-token", demoToken, "--bot-api-url", other.URL,
		"--database-url", pgtest.URL(t), "--ops-addr", "127.0.0.1:0"}, io.Discard, &errs)
	if code != exitUsage || !strings.Contains(errs.String(), "BOT_TOKEN or BOT_API_URL is wrong") {
		t.Errorf("exit %d, %s", code, errs.String())
	}
}

// TestProgramAddress: the addresses that okolo prints are understood; what answers there and is
// not okolo is told from nobody; and who stops waiting hears no complaint.
func TestProgramAddress(t *testing.T) {
	entered := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"live":1}`) })
	mux.HandleFunc("GET /page/stats", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `<html>`) })
	mux.HandleFunc("GET /slow/stats", func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	for path, want := range map[string]struct {
		code int
		says string
	}{
		"": {exitOK, ""}, "/": {exitOK, ""}, "/stats": {exitOK, ""}, "/stats/": {exitOK, ""},
		"/elsewhere": {exitNoAnswer, "something answered, but not okolo"},
		"/page":      {exitNoAnswer, "something answered, but not okolo"},
	} {
		var errs bytes.Buffer
		if code := run(t.Context(), []string{"stats", "--url", server.URL + path}, io.Discard, &errs); code != want.code || !strings.Contains(errs.String(), want.says) {
			t.Errorf("%q: exit %d, %q", path, code, errs.String())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-entered
		cancel()
	}()
	var errs bytes.Buffer
	if code := run(ctx, []string{"stats", "--url", server.URL + "/slow"}, io.Discard, &errs); code != exitOK || errs.Len() > 0 {
		t.Errorf("stopped: exit %d, %q", code, errs.String())
	}
}

// TestSandboxKeepsIDs: without --ids they are kept all the same, a file for each port, or where
// that cannot be, not kept.
func TestSandboxKeepsIDs(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	for listen, file := range map[string]string{"127.0.0.1:8081": cache + "/okolo/sandbox-8081.ids", "127.0.0.1:0": ""} {
		c := sandboxCmd{Listen: listen}
		if got, err := c.idsFile(); got != file || err != nil {
			t.Errorf("%s: %q, %v", listen, got, err)
		}
		openAndClose(t, c)
		if _, err := os.Stat(file); file != "" && err != nil {
			t.Error(err)
		}
	}
	t.Setenv("XDG_CACHE_HOME", "/dev/null")
	openAndClose(t, sandboxCmd{Listen: "127.0.0.1:8081"})
	c := sandboxCmd{Listen: "127.0.0.1:8081", IDs: "/dev/null/ids"}
	if _, err := c.open(slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a file that was asked for is not kept, and nobody says so")
	}
}

func openAndClose(t *testing.T, c sandboxCmd) {
	t.Helper()
	s, err := c.open(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
