package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// writeFile writes a file of the test and returns its path.
func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "okolo.env")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestConfig: the command line goes before the environment, that before the file, and no secret
// is shown. What is shown is a file of settings again.
func TestConfig(t *testing.T) {
	file := writeFile(t, `# a comment
BOT_TOKEN=`+demoToken+`
DATABASE_URL=postgres://okolo:hunter2@db/okolo
REDIS_URL=redis://:hunter2@redis:6379/0
OPS_TOKEN="hunter2hunter2hunter2"
TILES=https://tiles.example/hunter2/{z}/{x}/{y}.png?key=hunter2
OTEL_EXPORTER_OTLP_ENDPOINT=https://hunter2@collector.example/hunter2/v2/#hunter2
OTEL_EXPORTER_OTLP_HEADERS=authorization=hunter2
USER_STATE_MAX_SIZE = 100
MEMORY_THRESHOLD_MB=100
MAX_PREPARED_EVENTS=10
OPERATOR_IDS=1,2
`)
	code, out, errs := okolo(t, []string{"MEMORY_THRESHOLD_MB=200", "MAX_PREPARED_EVENTS=20"}, "config", "--config", file, "--max-prepared-events", "30")
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d, %s", code, errs)
	}
	for _, line := range []string{
		"BOT_TOKEN=***", "DATABASE_URL=postgres://okolo:***@db/okolo", "REDIS_URL=redis://:***@redis:6379/0", "OPS_TOKEN=***",
		"TILES=https://tiles.example/***/{z}/{x}/{y}.png?***", "OTEL_EXPORTER_OTLP_HEADERS=***",
		"OTEL_EXPORTER_OTLP_ENDPOINT=https://***@collector.example/***/***/#***", "OPERATOR_IDS=1,2", "SWEEP_INTERVAL=15m0s",
		"USER_STATE_MAX_SIZE=100", "MEMORY_THRESHOLD_MB=200", "MAX_PREPARED_EVENTS=30", "MIGRATE=true",
	} {
		if !strings.Contains("\n"+out, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, out)
		}
	}
	if strings.Contains(out, "hunter2") || strings.Contains(out, demoToken) {
		t.Errorf("a secret is shown:\n%s", out)
	}
	again := writeFile(t, strings.NewReplacer("BOT_TOKEN=***", "BOT_TOKEN="+demoToken, "HEADERS=***", "HEADERS=a=b").Replace(out)+"OPS_TOKEN=hunter2hunter2hunter2\n")
	if code, second, errs := okolo(t, nil, "config", "--config", again); code != exitOK || second != out {
		t.Errorf("what was shown, read again: exit %d, %s\n%s", code, errs, second)
	}
}

// TestMasks: of an address only is shown what cannot be a secret.
func TestMasks(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://okolo:hunter2@db:5432/okolo?sslpassword=hunter2": "postgres://okolo:***@db:5432/okolo?***",
		"postgres://hunter2@db/okolo":                                "postgres://***@db/okolo",
		"host=db password=hunter2":                                   "***",
		"host=db password=hunter2:":                                  "***",
		"redis:hunter2":                                              "***",
		"unix:///run/redis.sock":                                     "unix:///run/redis.sock",
		"hunter2":                                                    "***",
		"://hunter2":                                                 "***",
	} {
		if got := masked(address, false); got != want {
			t.Errorf("%s is shown as %s, not %s", address, got, want)
		}
	}
	for address, want := range map[string]string{
		"https://tile.openstreetmap.org/{z}/{x}/{y}.png":        "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
		"https://t.example/a/hunter2/{z}/{x}/{y}@2x.png?k={z}1": "https://t.example/***/***/{z}/{x}/{y}@2x.png?***",
		"https://t.example/hunter2%2F1/{z}-{x}-{y}":             "https://t.example/***/***/{z}-{x}-{y}",
		"https://{hunter2}.example/{z}":                         "***",
	} {
		if got := masked(address, true); got != want {
			t.Errorf("%s is shown as %s, not %s", address, got, want)
		}
	}
}

func TestConfigRefusals(t *testing.T) {
	for says, text := range map[string]string{
		"NONSENSE, which is no setting":      "NONSENSE=1",
		"line 2":                             "# fine\nfree text",
		"memory-threshold-mb: expected a":    "MEMORY_THRESHOLD_MB=much",
		"SEND_RATE is NaN, which is out of":  "SEND_RATE=NaN",
		"CHAT_RATE is -1, which is out of":   "CHAT_RATE=-1",
		"USER_STATE_TTL_SECONDS is 0, which": "USER_STATE_TTL_SECONDS=0",
		"BOT_TOKEN is not set":               "BOT_TOKEN=",
	} {
		if !strings.Contains(text, "BOT_TOKEN") {
			text += "\nBOT_TOKEN=" + demoToken
		}
		code, _, errs := okolo(t, nil, "config", "--config", writeFile(t, text+"\nDATABASE_URL=postgres://localhost/okolo\n"))
		if code != exitUsage || !strings.Contains(errs, says) {
			t.Errorf("%q: exit %d, %q", text, code, errs)
		}
	}
	if code, _, errs := okolo(t, nil, "config", "--config", "/none"); code != exitUsage || !strings.Contains(errs, "/none") {
		t.Errorf("no file: exit %d, %q", code, errs)
	}
}

// TestConfigNoSuchValue: also what cannot be read as a value at all is refused with the setting's
// name, the value and what is allowed.
func TestConfigNoSuchValue(t *testing.T) {
	for text, allowed := range map[string]string{
		"USER_STATE_TTL_SECONDS=soon":  "(1 to 2,592,000)",
		"MEMORY_THRESHOLD_MB=1e99":     "64 to 1,048,576",
		"SWEEP_INTERVAL=often":         "(1s to 24h)",
		"SEND_RATE=fast":               "(0 to 100,000",
		"OTEL_TRACES_SAMPLER_ARG=many": "(0 to 1)",
		"LOG_LEVEL=LOUD":               "DEBUG, INFO, WARN or ERROR",
		"LOG_FORMAT=xml":               "text or json",
		"OPERATOR_IDS=anna":            "Telegram ids",
	} {
		name, value, _ := strings.Cut(text, "=")
		code, _, errs := okolo(t, nil, "config", "--config", writeFile(t, text))
		if code != exitUsage || !strings.Contains(errs, name+": ") || !strings.Contains(errs, value) || !strings.Contains(errs, allowed) {
			t.Errorf("%s: exit %d, %q", text, code, errs)
		}
	}
}

// TestCompletion has a real shell complete.
func TestCompletion(t *testing.T) {
	_, script, _ := okolo(t, nil, "completion", "bash")
	for line, want := range map[string]string{
		"okolo d":               "demo drain",
		"okolo stats --w":       "--watch",
		"okolo serve --memory-": "--memory-threshold-mb --memory-log-interval",
		"okolo nonsense --":     "",
	} {
		words := strings.Fields(line)
		cmd := exec.CommandContext(t.Context(), "bash", "-c", script+"\nCOMP_WORDS=($1); COMP_CWORD=$2; _okolo; echo \"${COMPREPLY[*]}\"", "bash", line, string(rune('0'+len(words)-1)))
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%q: %q, not %q (%v)", line, got, want, err)
		}
	}
	for _, shell := range []string{"zsh", "fish"} {
		if code, out, _ := okolo(t, nil, "completion", shell); code != exitOK || !strings.Contains(out, "complete ") || !strings.Contains(out, "memory-threshold-mb") {
			t.Errorf("%s: exit %d, %s", shell, code, out)
		}
	}
	if code, _, errs := okolo(t, nil, "completion", "tcsh"); code != exitUsage || !strings.Contains(errs, "bash") {
		t.Errorf("tcsh: exit %d, %q", code, errs)
	}
}
