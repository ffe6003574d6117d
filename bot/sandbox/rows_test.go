package sandbox_test

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// ownWords are files of the people's side, the control API and the web chat: what they refuse
// is worded by the sandbox itself, and no bot sees it.
var ownWords = map[string]bool{
	"peoplehttp.go": true, "grouphttp.go": true, "inlinehttp.go": true, "person.go": true, "faults.go": true,
	"limits.go": true, "control.go": true, "web.go": true, "webevents.go": true, "webroster.go": true,
}

// unprovoked is the sandbox's own failure, such as of the file of ids, which no test provokes
// through a call.
const unprovoked = "Internal Server Error"

// refusers are the functions that make a refusal of a wording, and what they put before it.
var refusers = map[string]string{"badRequest": "Bad Request: ", "forbidden": "Forbidden: ", "conflict": "Conflict: ", "cantParse": ""}

// Every refusal that a bot may get is expected by a test, in its full wording.
func TestEveryRefusalHasARow(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var expected []string
	type wording struct{ where, text string }
	var wordings []wording
	for _, name := range sources {
		files := gotoken.NewFileSet()
		f, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		isTest := strings.HasSuffix(name, "_test.go")
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if isTest && n.Kind == gotoken.STRING {
					expected = append(expected, unquoted(t, n))
				}
			case *ast.CallExpr:
				who, _ := n.Fun.(*ast.Ident)
				if isTest || ownWords[name] || who == nil || len(n.Args) == 0 {
					break
				}
				prefix, refuses := refusers[who.Name]
				if lit, ok := n.Args[0].(*ast.BasicLit); ok && refuses {
					wordings = append(wordings, wording{files.Position(n.Pos()).String(), prefix + unquoted(t, lit)})
				}
			case *ast.CompositeLit:
				if who, ok := n.Type.(*ast.Ident); ok && who.Name == "Error" && !isTest && !ownWords[name] && len(n.Elts) == 2 {
					if lit, ok := n.Elts[1].(*ast.BasicLit); ok {
						wordings = append(wordings, wording{files.Position(n.Pos()).String(), unquoted(t, lit)})
					}
				}
			}
			return true
		})
	}
	if len(wordings) < 100 {
		t.Errorf("only %d wordings found", len(wordings))
	}
	all := strings.Join(expected, "\n")
	for _, w := range wordings {
		if w.text == unprovoked {
			continue
		}
		if !matches(w.text).MatchString(all) {
			t.Errorf("%s: no test expects %q", w.where, w.text)
		}
	}
}

func unquoted(t *testing.T, lit *ast.BasicLit) string {
	if lit.Kind != gotoken.STRING {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var verb = regexp.MustCompile(`%[dsvc]`)

// matches finds a line that a format may make.
func matches(format string) *regexp.Regexp {
	parts := verb.Split(format, -1)
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	return regexp.MustCompile("(?m)^" + strings.Join(parts, ".+") + "$")
}
