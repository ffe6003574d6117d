package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"okolo/actors/ops"
	"okolo/persistence/pgtest"
)

// TestWindowOfServe looks through the operators' window of the real program: metrics that keep
// the conventions and agree with the statistics, readiness that follows the database, a drain.
func TestWindowOfServe(t *testing.T) {
	t.Parallel()
	database := pgtest.Server(t)
	p := startServe(t, []string{
		"BOT_TOKEN=" + demoToken, "DATABASE_URL=" + database.URL(), "BOT_API_URL=" + localTelegram(t), "OPS_ADDR=127.0.0.1:0",
		"OPS_TOKEN=0123456789abcdef", "LOG_FORMAT=json",
	})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the log:\n%s", p.log.String())
		}
	})
	if code, body := look(t, p.url+"/stats", ""); code != http.StatusUnauthorized {
		t.Errorf("without the token: %d %s", code, body)
	}
	_, metrics := look(t, p.url+"/metrics", "0123456789abcdef")
	problems, err := promlint.New(strings.NewReader(metrics)).Lint()
	if err != nil {
		t.Fatalf("%v\n%s", err, metrics)
	}
	for _, l := range problems {
		t.Errorf("%s: %s", l.Metric, l.Text)
	}
	for _, f := range ops.Fields(reflect.TypeFor[stats]()) {
		if f.Metric != "" && !strings.Contains(metrics, "\n"+f.Metric) {
			t.Errorf("%s is no metric: %s is missing", f.Path, f.Metric)
		}
	}

	checkSchema(t, p.url, "0123456789abcdef")
	eventually(t, p.url+"/readyz", http.StatusOK, "^ready")
	// The jobs start last, and a database that goes before is a start that failed.
	schema(t, database.URL(), `DO $$ BEGIN
		WHILE (SELECT count(*) FROM river_queue) < 2 OR (SELECT count(*) FROM river_leader) = 0 LOOP
			PERFORM pg_sleep(0.01);
		END LOOP;
	END $$`)
	database.Kill()
	eventually(t, p.url+"/readyz", http.StatusServiceUnavailable, "^not ready: the database does not answer: no connection can be made\n$") // and not where it is
	if code, _ := look(t, p.url+"/healthz", ""); code != http.StatusOK {
		t.Errorf("a program without its database lives: %d", code)
	}
	database.Restart()
	eventually(t, p.url+"/readyz", http.StatusOK, "^ready")
	schema(t, database.URL(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)")
	eventually(t, p.url+"/readyz", http.StatusServiceUnavailable, "version 999, newer than")

	if code, out, errs := okolo(t, nil, "drain", "--url", p.url); code != exitFailed || !strings.Contains(errs, "needs the operators' token") {
		t.Errorf("without the token: %d %q %q", code, out, errs)
	}
	if code, out, errs := okolo(t, nil, "drain", "--url", p.url, "--ops-token", "0123456789abcdef"); code != exitOK {
		t.Errorf("drain: %d %q %q", code, out, errs)
	}
	if state := p.end(t); !state.Success() {
		t.Errorf("after the drain: %v\n%s", state, p.log.String())
	}
	for line := range strings.Lines(p.log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is not JSON: %s", line)
		}
	}
	if strings.Contains(p.log.String(), "0123456789abcdef") {
		t.Error("the log tells the token")
	}
}

// TestSchemas: a schema that is missing, or newer than the program, is told in one sentence.
func TestSchemas(t *testing.T) {
	env := []string{"BOT_TOKEN=" + demoToken, "DATABASE_URL=" + pgtest.URL(t), "BOT_API_URL=http://127.0.0.1:1", "OPS_ADDR=127.0.0.1:0"}
	schema(t, strings.TrimPrefix(env[1], "DATABASE_URL="), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)")
	for _, args := range [][]string{{"serve"}, {"serve", "--no-migrate"}, {"migrate"}} {
		code, _, errs := okolo(t, env, args...)
		if code != exitUsage || !strings.Contains(errs, "okolo: the schema of the database is version 999, newer than") || strings.Count(errs, "okolo:") != 1 {
			t.Errorf("%v on a newer schema: exit %d, %q", args, code, errs)
		}
	}
	schema(t, strings.TrimPrefix(env[1], "DATABASE_URL="), "DROP TABLE goose_db_version")
	if code, _, errs := okolo(t, env, "serve", "--no-migrate"); code != exitUsage || !strings.Contains(errs, "run okolo migrate") {
		t.Errorf("without a schema: exit %d, %q", code, errs)
	}
}

// TestDatabaseRefuses: that there is no such database or role is told in one sentence, and a new start does
// not help; neither is a database that can only be read worth more words.
func TestDatabaseRefuses(t *testing.T) {
	there := pgtest.URL(t)
	missing := func(change func(*url.URL)) string {
		u, err := url.Parse(there)
		if err != nil {
			t.Fatal(err)
		}
		change(u)
		return u.String()
	}
	readOnly := pgtest.URL(t)
	schema(t, readOnly, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$`)
	for name, c := range map[string]struct {
		database, says string
		code           int
	}{
		"no database": {missing(func(u *url.URL) { u.Path = "/nowhere" }), `okolo: the database refuses what DATABASE_URL says: database "nowhere" does not exist.`, exitUsage},
		"no role": {missing(func(u *url.URL) {
			q := u.Query()
			q.Set("user", "nobody_here")
			u.RawQuery = q.Encode()
		}), `okolo: the database refuses what DATABASE_URL says: role "nobody_here" does not exist.`, exitUsage},
		"read-only": {readOnly, "okolo: the database can only be read", exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			env := []string{"BOT_TOKEN=" + demoToken, "DATABASE_URL=" + c.database, "BOT_API_URL=http://127.0.0.1:1", "OPS_ADDR=127.0.0.1:0"}
			code, _, errs := okolo(t, env, "serve")
			if code != c.code || !strings.Contains(errs, c.says) || strings.Count(errs, "okolo:") != 1 {
				t.Errorf("exit %d, %q", code, errs)
			}
		})
	}
}

// look gets a page of the window.
func look(t *testing.T, url, token string) (code int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// eventually waits for an answer.
func eventually(t *testing.T, url string, code int, says string) {
	t.Helper()
	last := ""
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		c, body := look(t, url, "")
		if c == code && regexp.MustCompile(says).MatchString(body) {
			return
		}
		last = fmt.Sprint(c, " ", body)
	}
	t.Fatalf("%s does not say %d %q, but %s", url, code, says, last)
}

// schema changes a database.
func schema(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// checkSchema: the statistics are what their schema says, which leaves none of them out.
func checkSchema(t *testing.T, url, token string) {
	t.Helper()
	decoded := func(path string) any {
		_, body := look(t, url+path, token)
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v\n%s", path, err, body)
		}
		return v
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("stats.json", decoded("/stats/schema")); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("stats.json")
	if err != nil {
		t.Fatal(err)
	}
	stats := decoded("/stats").(map[string]any)
	if err := schema.Validate(stats); err != nil {
		t.Errorf("the statistics are not what their schema says: %v", err)
	}
	for section := range stats {
		if schema.Properties[section] == nil {
			t.Errorf("the schema does not know %s", section)
		}
	}
	delete(stats["writes"].(map[string]any), "queued")
	if schema.Validate(stats) == nil {
		t.Error("a figure that is missing is not noticed")
	}
}
