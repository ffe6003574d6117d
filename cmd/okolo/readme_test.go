package main

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestReadmeNamesEverySetting: the table of settings in the README has a row for every flag,
// with its variable of the environment and its default.
func TestReadmeNamesEverySetting(t *testing.T) {
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(raw)
	rows := 0
	for _, row := range settingRows(reflect.TypeFor[cli]()) {
		rows++
		if !strings.Contains(readme, row) {
			t.Errorf("the README lacks the row\n%s", row)
		}
	}
	if rows < 20 {
		t.Errorf("only %d settings were found", rows)
	}
}

// TestReadmeToken: the token of the README's bot is one that okolo serve takes, too.
func TestReadmeToken(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, token, found := strings.Cut(string(readme), "$SANDBOX/bot")
	token, _, _ = strings.Cut(token, "\n")
	if _, err := (plan{token: token}).api(); !found || err != nil {
		t.Errorf("%q: %v", token, err)
	}
}

// settingRows returns the rows of the table, by the tags that the command line is read by.
func settingRows(t reflect.Type) []string {
	var rows []string
	seen := map[string]bool{}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type.Kind() == reflect.Struct && f.Tag.Get("help") == "" || f.Tag.Get("cmd") != "" || hasTag(f, "cmd") {
			for _, r := range settingRows(f.Type) {
				if !seen[r] {
					seen[r] = true
					rows = append(rows, r)
				}
			}
			continue
		}
		if hasTag(f, "arg") {
			continue // it stands in the command's own help
		}
		name := f.Tag.Get("name")
		if name == "" {
			name = dashed(f.Name)
		}
		r := "| `--" + name + "` | " + code(f.Tag.Get("env")) + " | " + code(f.Tag.Get("default")) + " | " + f.Tag.Get("help") + " |"
		if !seen[r] {
			seen[r] = true
			rows = append(rows, r)
		}
	}
	return rows
}

func hasTag(f reflect.StructField, name string) bool {
	_, ok := f.Tag.Lookup(name)
	return ok
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

// dashed is how kong names a flag: UserStateMaxSize is --user-state-max-size.
func dashed(name string) string {
	var b strings.Builder
	for i, r := range name {
		upper := r >= 'A' && r <= 'Z'
		afterLower := i > 0 && name[i-1] >= 'a'
		beforeLower := i > 0 && i+1 < len(name) && name[i+1] >= 'a'
		if upper && (afterLower || beforeLower) {
			b.WriteByte('-')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return b.String()
}
