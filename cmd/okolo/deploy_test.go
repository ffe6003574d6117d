package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"okolo/actors/ops"
	"okolo/persistence/pgtest"
)

// deployed reads a file of the folder deploy.
func deployed(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("../../deploy/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestEnvironmentExample: the example has every setting of okolo serve, with its default.
func TestEnvironmentExample(t *testing.T) {
	var want strings.Builder
	want.WriteString("# Every setting of okolo serve, with its default where it has one.\n")
	for _, settings := range []reflect.Type{reflect.TypeFor[serveCmd](), reflect.TypeFor[logSettings]()} {
		examples(&want, settings)
	}
	if got := deployed(t, "okolo.env.example"); got != want.String() {
		t.Errorf("deploy/okolo.env.example should be:\n%s", want.String())
	}
}

func examples(w *strings.Builder, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if _, ok := f.Tag.Lookup("embed"); ok {
			examples(w, f.Type)
		} else if name := f.Tag.Get("env"); name != "" {
			fmt.Fprintf(w, "\n# %s\n#%s=%s\n", f.Tag.Get("help"), name, f.Tag.Get("default"))
		}
	}
}

// TestAlertsAndBoards name only metrics that there are, and each alert has its paragraph.
func TestAlertsAndBoards(t *testing.T) {
	known := map[string]bool{"okolo_stats_readable": true}
	for _, f := range ops.Fields(reflect.TypeFor[stats]()) {
		known[f.Metric], known[f.Metric+"_bucket"] = true, true
	}
	rules, board := deployed(t, "prometheus/okolo.rules.yml"), deployed(t, "grafana/okolo.json")
	if !json.Valid([]byte(board)) {
		t.Error("the board is no JSON")
	}
	names := regexp.MustCompile(`okolo_\w+`).FindAllString(rules+board, -1)
	for _, name := range names {
		if !known[name] {
			t.Errorf("%s is no metric", name)
		}
	}
	alerts := regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(rules, -1)
	for _, a := range alerts {
		if !strings.Contains(deployed(t, "runbook.md"), "\n## "+a[1]+"\n") {
			t.Errorf("the runbook has no paragraph %s", a[1])
		}
	}
	if len(names) < 40 || len(alerts) < 10 {
		t.Errorf("only %d metrics and %d alerts were found", len(names), len(alerts))
	}
}

// TestRestore dumps a database, restores it elsewhere, and serves from there.
func TestRestore(t *testing.T) {
	t.Parallel()
	env := []string{"BOT_TOKEN=" + demoToken, "BOT_API_URL=" + localTelegram(t), "OPS_ADDR=127.0.0.1:0"}
	old, restored := pgtest.URL(t), pgtest.URL(t)
	startServe(t, append(env, "DATABASE_URL="+old)).terminate(t)
	schema(t, old, "UPDATE owners SET epoch = 77")
	schema(t, restored, "DROP SCHEMA public CASCADE")
	schema(t, restored, "CREATE SCHEMA public")
	dump := filepath.Join(t.TempDir(), "okolo.dump")
	for _, command := range [][]string{
		{"pg_dump", "--format=custom", "--file=" + dump, old},
		{"pg_restore", "--no-owner", "--exit-on-error", "--dbname=" + restored, dump},
	} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
	}
	schema(t, restored, "DO $$ BEGIN ASSERT (SELECT epoch FROM owners) = 77; END $$")
	p := startServe(t, append(env, "DATABASE_URL="+restored))
	eventually(t, p.url+"/readyz", 200, "^ready")
	p.terminate(t)
}
