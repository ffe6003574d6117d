package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/persistence/pgtest"
	"okolo/persistence/redistest"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "okolo")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(folder, "okolo")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		panic(string(out))
	}
	if err := os.Chmod(folder, 0o755); err != nil { // for tests that run it under another account
		panic(err)
	}
	code := pgtest.Main(m)
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// patience is how long a run of the program that ends by itself may take.
const patience = 2 * time.Minute

// okolo runs the program to its end, which is forced where it does not come.
func okolo(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // so that it ends what it began
	cmd.WaitDelay = time.Minute
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Fatalf("okolo %s did not end within %v: %s%s", strings.Join(args, " "), patience, &out, &errs)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// TestRefusals: what cannot work is refused in one sentence, with the exit code for it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	db := "DATABASE_URL=" + pgtest.URL(t)
	good := "BOT_TOKEN=" + demoToken
	stern := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"ok":false,"error_code":401,"description":"Unauthorized"}`)
	}))
	defer stern.Close()
	for name, c := range map[string]struct {
		env  []string
		args []string
		code int
		says string
	}{
		"no token":      {[]string{db}, []string{"serve"}, exitUsage, "BOT_TOKEN is not set"},
		"no database":   {[]string{good}, []string{"serve"}, exitUsage, "DATABASE_URL is not set"},
		"bad token":     {[]string{db, "BOT_TOKEN=nonsense"}, []string{"serve", "--bot-api-url", "http://127.0.0.1:1"}, exitUsage, "BOT_TOKEN"},
		"wrong token":   {[]string{db, good, "BOT_API_URL=" + stern.URL}, []string{"serve"}, exitUsage, "BOT_TOKEN is not accepted"},
		"no server":     {[]string{db, good, "BOT_API_URL=foo"}, []string{"serve"}, exitUsage, "BOT_API_URL is not the address"},
		"no scheme":     {[]string{db, good, "BOT_API_URL=hunter2.example:80/x"}, []string{"serve"}, exitUsage, "BOT_API_URL is not the address"},
		"no host":       {[]string{db, good, "BOT_API_URL=http://:8081"}, []string{"serve"}, exitUsage, "BOT_API_URL is not the address"},
		"bad database":  {[]string{good, "DATABASE_URL=mysql://x:hunter2@y"}, []string{"serve"}, exitUsage, "DATABASE_URL is not the address"},
		"out of range":  {[]string{good, db, "USER_STATE_MAX_SIZE=0"}, []string{"serve"}, exitUsage, "USER_STATE_MAX_SIZE is 0, which is out of range: it goes from 1 to"},
		"not a number":  {[]string{good, db, "MEMORY_THRESHOLD_MB=much"}, []string{"serve"}, exitUsage, "MEMORY_THRESHOLD_MB"},
		"too low":       {[]string{good, db, "MEMORY_THRESHOLD_MB=63"}, []string{"serve"}, exitUsage, "MEMORY_THRESHOLD_MB is 63, which is out of range: it goes from 64 to"},
		"bad tiles":     {[]string{good, db, "TILES=http://tiles/none.png?key=hunter2"}, []string{"serve"}, exitUsage, "TILES cannot be used: the template of the tiles has no {z}"},
		"bad log level": {[]string{"LOG_LEVEL=loud"}, []string{"version"}, exitUsage, "LOG_LEVEL"},
		"bad flag":      {nil, []string{"serve", "--nonsense"}, exitUsage, "--nonsense"},
		"bad command":   {nil, []string{"nonsense"}, exitUsage, "nonsense"},
		"bad Redis":     {[]string{good, db, "REDIS_URL=mysql://x:hunter2@y"}, []string{"serve"}, exitUsage, "REDIS_URL is not the address"},
		"Redis away":    {[]string{good, db, "REDIS_URL=redis://127.0.0.1:1", "BOT_API_URL=http://127.0.0.1:1"}, []string{"serve"}, exitFailed, "REDIS_URL"},
		"no purge":      {nil, []string{"purge", "--url", "http://127.0.0.1:1"}, exitNoAnswer, "no running program answered"},
		"nobody there":  {nil, []string{"stats", "--url", "http://127.0.0.1:1"}, exitNoAnswer, "no running program answered"},
		"database away": {[]string{good, "DATABASE_URL=postgres://x:hunter2@127.0.0.1:1/none"}, []string{"serve"}, exitFailed, "the database does not answer (127.0.0.1"},
		"open window":   {[]string{good, db, "OPS_ADDR=0.0.0.0:8090"}, []string{"serve"}, exitUsage, "OPS_ADDR goes beyond this machine"},
		"short token":   {[]string{good, db, "OPS_TOKEN=hunter2"}, []string{"serve"}, exitUsage, "OPS_TOKEN is too short"},
		"odd format":    {[]string{"LOG_FORMAT=xml"}, []string{"version"}, exitUsage, "must be one of"},
		"no drain":      {nil, []string{"drain", "--url", "http://127.0.0.1:1"}, exitNoAnswer, "no running program answered"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := okolo(t, c.env, c.args...)
			if code != c.code || !strings.Contains(errs, c.says) {
				t.Errorf("exit %d, in place of %d; said %q, in place of %q", code, c.code, errs, c.says)
			}
			if strings.Contains(errs+out, "hunter2") || strings.Contains(errs, "goroutine ") {
				t.Errorf("says too much: %s", errs)
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"demo", "--help"}, {"serve", "--help"}, {"sandbox", "--help"}, {"migrate", "--help"}, {"stats", "--help"}, {"purge", "--help"}, {"version", "--help"}} {
		if code, out, _ := okolo(t, nil, args...); code != exitOK || !strings.Contains(out, "Usage: okolo") {
			t.Errorf("%v: exit %d, %q", args, code, out)
		}
	}
	if code, out, _ := okolo(t, nil, "version"); code != exitOK || !strings.HasPrefix(out, "okolo devel") {
		t.Errorf("version: exit %d, %q", code, out)
	}
}

func TestMigrate(t *testing.T) {
	env := []string{"DATABASE_URL=" + pgtest.URL(t)}
	for range 2 {
		code, out, errs := okolo(t, env, "migrate")
		if code != exitOK || !regexp.MustCompile(`up to date, version \d+`).MatchString(out) {
			t.Errorf("exit %d, %q, %q", code, out, errs)
		}
	}
}

// TestServe runs the real program against a sandbox: it serves, tells its statistics, purges,
// drains on SIGTERM, and goes on where the person was, with either store of sessions.
func TestServe(t *testing.T) {
	t.Parallel()
	t.Run("PostgreSQL", func(t *testing.T) { testServe(t) })
	t.Run("Redis", func(t *testing.T) { testServe(t, "REDIS_URL="+redistest.Start(t).URL()) })
}

func testServe(t *testing.T, settings ...string) {
	api := localTelegram(t)
	env := append(settings, "BOT_TOKEN="+demoToken, "DATABASE_URL="+pgtest.URL(t), "BOT_API_URL="+api, "OPS_ADDR=127.0.0.1:0", "SEND_RATE=0")

	first := startServe(t, env)
	anna, err := visit.Join(t.Context(), sandbox.NewPeople(api, nil), sandbox.Profile{ID: 5, FirstName: "Anna", LanguageCode: "en"}, visit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	anna.Say("/create")
	anna.See("the question for a title", contains("the title"))
	anna.Say("Through a restart")
	m := anna.See("the question for a category", contains("What kind"))
	code, out, _ := okolo(t, nil, "stats", "--json", "--url", first.url)
	var stats struct {
		Sessions struct {
			Sessions int `json:"sessions"`
		} `json:"sessions"`
	}
	if err := json.Unmarshal([]byte(out), &stats); code != exitOK || err != nil || stats.Sessions.Sessions != 1 {
		t.Errorf("stats --json: exit %d, %v, %s", code, err, out)
	}
	if code, out, _ := okolo(t, nil, "stats", "--url", first.url); code != exitOK || !strings.Contains(out, "SESSIONS") {
		t.Errorf("stats: exit %d, %s", code, out)
	}
	if code, out, _ := okolo(t, nil, "purge", "--url", first.url); code != exitOK || out != "1 sessions left memory\n" {
		t.Errorf("purge: exit %d, %q", code, out)
	}
	first.terminate(t)

	second := startServe(t, env)
	anna.Press(m, "walks")
	anna.SeeEdited(m, "the next question, with what was said before", func(m sandbox.Message) bool {
		return contains("Where does it")(m) && contains("Through a restart")(m)
	})
	second.terminate(t)
	if err := anna.Err(); err != nil {
		t.Error(err)
	}
	for _, p := range []*process{first, second} {
		log := p.log.String()
		if strings.Contains(log, demoToken) || !strings.Contains(log, "MEMORY STATS: user_state=0, prepared_events=0, memory=") {
			t.Errorf("the log:\n%s", log)
		}
	}
}

// localTelegram starts a sandbox for the test and returns its address.
func localTelegram(t *testing.T) string {
	t.Helper()
	local, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := local.Close(); err != nil {
			t.Error(err)
		}
	})
	api, err := local.Listen(context.Background(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return api
}
