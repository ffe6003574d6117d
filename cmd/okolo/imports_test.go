package main

import (
	"os/exec"
	"strings"
	"testing"
)

// allowed says which packages of this module a package, or all below it ("/..."), may
// import. Arrows run one way: cmd -> bot -> {actors, persistence}.
var allowed = []struct {
	from string
	to   []string
}{
	{"okolo/actors", []string{"okolo/actors/histogram", "okolo/actors/trace"}},
	{"okolo/actors/histogram", nil},
	{"okolo/actors/trace", nil},
	{"okolo/actors/ops", []string{"okolo/actors", "okolo/actors/histogram", "okolo/actors/trace"}},
	{"okolo/persistence/model", nil},
	{"okolo/persistence/migrations", nil},
	{"okolo/persistence/embedded", nil},
	{"okolo/persistence/...", []string{"okolo/persistence/...", "okolo/actors", "okolo/actors/histogram", "okolo/actors/trace"}},
	{"okolo/bot/sandbox/...", []string{"okolo/bot/sandbox/..."}},
	{"okolo/bot/ui", []string{"okolo/persistence/model"}},
	{"okolo/bot/sender", nil},
	{"okolo/bot/staticmap", []string{"okolo/persistence/model"}},
	{"okolo/bot/timezone", []string{"okolo/persistence/model"}},
	{"okolo/bot/...", []string{"okolo/bot/...", "okolo/actors/...", "okolo/persistence/..."}},
	{"okolo/cmd/...", []string{"okolo/bot/...", "okolo/actors/...", "okolo/persistence/...", "okolo/cmd/..."}},
}

func TestImportsRunOneWay(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "okolo/...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	packages := 0
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		packages++
		rule := -1
		for i, r := range allowed {
			if covers(r.from, fields[0]) {
				rule = i
				break
			}
		}
		if rule < 0 {
			t.Errorf("%s has no rule: say above what it may import", fields[0])
			continue
		}
		for _, to := range fields[1:] {
			if strings.HasPrefix(to, "okolo/") && !coversAny(allowed[rule].to, to) {
				t.Errorf("%s must not import %s", fields[0], to)
			}
		}
	}
	if packages < len(allowed)/2 {
		t.Errorf("go list named only %d packages:\n%s", packages, out)
	}
}

func coversAny(patterns []string, pkg string) bool {
	for _, p := range patterns {
		if covers(p, pkg) {
			return true
		}
	}
	return false
}

func covers(pattern, pkg string) bool {
	if root, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == root || strings.HasPrefix(pkg, root+"/")
	}
	return pattern == pkg
}
