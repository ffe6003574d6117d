package ui

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"okolo/persistence/model"
)

// values returns the names of the values that the pieces take.
func values(pieces []piece) []string {
	var names []string
	for _, p := range pieces {
		if p.value != "" {
			names = append(names, p.value)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isPlural reports whether a sentence has forms.
func (s *sentence) isPlural() bool { return s[plural.One] != nil }

func TestLocalesAgree(t *testing.T) {
	en := tongues["en"].sentences
	for _, lang := range languages[1:] {
		other := tongues[lang].sentences
		for id := range en {
			if other[id] == nil {
				t.Errorf("%s lacks %q", lang, id)
			}
		}
		for id, s := range other {
			switch {
			case en[id] == nil:
				t.Errorf("%s has %q, which English lacks", lang, id)
				continue
			case s.isPlural() != en[id].isPlural():
				t.Errorf("%q has plural forms in one language only", id)
			}
			for form, pieces := range s {
				if pieces != nil && !slices.Equal(values(pieces), values(en[id][plural.Other])) {
					t.Errorf("%s: form %d of %q takes %v, English %v", lang, form, id, values(pieces), values(en[id][plural.Other]))
				}
			}
		}
	}
	for id, s := range tongues["ru"].sentences {
		if s.isPlural() && (s[plural.Few] == nil || s[plural.Many] == nil || s[plural.Other] == nil) {
			t.Errorf("ru: %q lacks a plural form", id)
		}
	}
	for _, lang := range languages {
		tongue := tongues[lang]
		for id, s := range tongue.sentences {
			if len(s[plural.Other]) == 0 {
				t.Errorf("%s: %q is empty", lang, id)
			}
		}
		if len(tongue.weekdays) != 7 || len(tongue.months) != 12 {
			t.Errorf("%s has %d days and %d months", lang, len(tongue.weekdays), len(tongue.months))
		}
	}
}

// The plural rules are those that go-i18n has, and every sentence reads as it renders it.
func TestSentencesAsTemplates(t *testing.T) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, lang := range languages {
		if _, err := bundle.LoadMessageFileFS(locales, "locales/"+lang+".toml"); err != nil {
			t.Fatal(err)
		}
	}
	for _, lang := range languages {
		tongue, localizer := tongues[lang], i18n.NewLocalizer(bundle, lang)
		for id, s := range tongue.sentences {
			counts := []int{5}
			if s.isPlural() {
				counts = nil
				for n := range 250 {
					counts = append(counts, n)
				}
				counts = append(counts, 1000, 1001, 1011, 1_000_000, 10_000_001, 21_000_021)
			}
			for _, n := range counts {
				var args []any
				data := map[string]any{}
				for _, name := range values(s[plural.Other]) {
					data[name] = fmt.Sprint("some ", name)
					args = append(args, name, data[name])
				}
				config := &i18n.LocalizeConfig{MessageID: id, TemplateData: data}
				got := ""
				if s.isPlural() {
					data["N"], config.PluralCount = n, n
					args = slices.DeleteFunc(args, func(v any) bool { return v == "N" || v == "some N" })
					got = tongue.count(id, n, args...)
				} else {
					got = tongue.html(id, args...)
				}
				if want := localizer.MustLocalize(config); got != want {
					t.Fatalf("%s: %q of %d reads %q, want %q", lang, id, n, got, want)
				}
			}
		}
	}
}

func TestRussianPlurals(t *testing.T) {
	for n, want := range map[int]string{
		1: "1 событие:", 2: "2 события:", 5: "5 событий:", 11: "11 событий:", 12: "12 событий:", 21: "21 событие:",
		22: "22 события:", 25: "25 событий:", 101: "101 событие:", 111: "111 событий:", 0: "0 событий:",
	} {
		if got := tongues["ru"].count("nearby_found", n); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for n, want := range map[int]string{1: "до 1 человека", 2: "до 2 человек", 21: "до 21 человека", 11: "до 11 человек"} {
		if got := tongues["ru"].count("capacity", n); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// composed are the names of sentences that the code puts together, and those that it says
// of the tongue itself.
func composed() []string {
	var names []string
	for _, k := range model.Categories {
		names = append(names, "category_"+string(k))
	}
	return names
}

// Every sentence that the code names exists, with the values that it is given, and the code
// names every sentence.
func TestSentencesUsed(t *testing.T) {
	en := tongues["en"].sentences
	used := make(map[string]bool)
	for _, name := range composed() {
		used[name] = true
	}
	sources := os.DirFS(".")
	files, err := fs.Glob(sources, "*.go")
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := fs.ReadFile(sources, name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(set, name, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit: // named somewhere, perhaps to be said elsewhere
				if text, err := strconv.Unquote(n.Value); err == nil && en[text] != nil {
					used[text] = true
				}
			case *ast.CallExpr:
				checkSaid(t, set, n)
			}
			return true
		})
	}
	for _, id := range slices.Sorted(maps.Keys(en)) {
		if !used[id] {
			t.Errorf("%q is never said", id)
		}
	}
}

// saying are the methods that say a sentence, with the positions of its name and of its first
// value.
var saying = map[string]struct{ id, values int }{
	"say": {0, 1}, "html": {0, 1}, "count": {0, 2}, "tell": {1, 2}, "showWizard": {1, 2}, "tellHTML": {1, 2},
}

// checkSaid checks a call that says a sentence by its name.
func checkSaid(t *testing.T, set *token.FileSet, call *ast.CallExpr) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	at, ok := saying[method.Sel.Name]
	if !ok || len(call.Args) <= at.id {
		return
	}
	literal := func(e ast.Expr) string {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, _ := strconv.Unquote(lit.Value)
			return text
		}
		return ""
	}
	id := literal(call.Args[at.id])
	if id == "" {
		return // a name from elsewhere; the literal there is found by itself
	}
	where := set.Position(call.Pos())
	s := tongues["en"].sentences[id]
	if s == nil {
		t.Errorf("%v: there is no sentence %q", where, id)
		return
	}
	if s.isPlural() != (method.Sel.Name == "count") {
		t.Errorf("%v: %q has plural forms: %v", where, id, s.isPlural())
	}
	var given []string
	if method.Sel.Name == "count" {
		given = append(given, "N")
	}
	for i := at.values; i < len(call.Args) && call.Ellipsis == token.NoPos; i += 2 {
		given = append(given, literal(call.Args[i]))
	}
	slices.Sort(given)
	if want := values(s[plural.Other]); !slices.Equal(given, want) {
		t.Errorf("%v: %q takes %v and is given %v", where, id, want, given)
	}
}

// Names of sentences that are said through a variable.
func TestNamesFromElsewhere(t *testing.T) {
	names := slices.Concat(wizardQuestions[:], dayNames[:], composed(), []string{string(Busy), string(Broken), "saved", "saved_before", "draft_discarded"})
	for _, e := range []error{
		model.ErrNotFound, model.ErrNotOwner, model.ErrClosed, model.ErrPast, model.ErrKeyReused, model.ErrBusy,
		model.ErrUnavailable, model.ErrUnknown, &model.InvalidError{}, errDown,
	} {
		names = append(names, refusal(e, "not_done"), refusal(e, "not_saved"))
	}
	for _, part := range []model.Part{model.Absent, model.Going, model.Waiting} {
		for _, status := range []model.Status{model.Open, model.Cancelled} {
			names = append(names, mineRole(event(1, "", func(e *model.Seen) { e.Part, e.Status = part, status }), 7))
		}
	}
	for _, name := range names {
		if s := tongues["en"].sentences[name]; s == nil || len(values(s[plural.Other])) > 0 || s.isPlural() {
			t.Errorf("%q is said without values", name)
		}
	}
	for _, lang := range []string{"en", "ru-RU", "xx", ""} {
		if Busy.In(lang) == "busy" || Broken.In(lang) == "apology" || units(Broken.In(lang)) > maxAnswer {
			t.Errorf("the excuses in %q: %q, %q", lang, Busy.In(lang), Broken.In(lang))
		}
	}
}

// Sentences that are said as plain text hold no HTML, those that are HTML are valid.
func TestSentencesAsHTML(t *testing.T) {
	for _, lang := range languages {
		for id, s := range tongues[lang].sentences {
			for _, pieces := range s {
				var b strings.Builder
				for _, p := range pieces {
					b.WriteString(p.text + p.value)
				}
				checkHTML(t, b.String())
				if isPlain(id) && b.Len() > 0 && b.String() != shown(b.String()) {
					t.Errorf("%s: %q is said as plain text: %q", lang, id, b.String())
				}
			}
		}
	}
}

func isPlain(id string) bool {
	for _, prefix := range []string{"button_", "command_", "hint_", "category_"} {
		if strings.HasPrefix(id, prefix) {
			return true
		}
	}
	return slices.Contains([]string{
		"cannot_read", "not_saved", "not_done", "busy", "apology", "event_gone", "event_closed", "event_over", "not_owner",
		"outcome_unknown", "invalid_draft", "old_button", "old_list", "draft_gone", "need_location", "joined", "joined_waiting",
		"left", "called_off", "draft_discarded", "done_but_cannot_read", "saved", "saved_before", "off_globe",
	}, id)
}

func TestDamagedSentences(t *testing.T) {
	for _, text := range []string{"{{.N", "{{N}}", "{{}}", "{{.}}", "{{ .N }}", "a {{if .N}}b{{end}}"} {
		if s, err := newSentence(&i18n.Message{ID: "x", Other: text}); err == nil {
			t.Errorf("%q is taken for %v", text, s)
		}
	}
	if got := tongues["en"].say("no_such_sentence"); got != "no_such_sentence" {
		t.Errorf("says %q", got)
	}
	if got := tongues["en"].say("kilometres", "N", 2500*time.Millisecond); got != "2.5s km" {
		t.Errorf("says %q", got)
	}
}
