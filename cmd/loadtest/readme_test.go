package main

import (
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestReadmeNamesEveryFlag: the table in the README has a row for every flag of loadtest, with
// the commands that have it and its default.
func TestReadmeNamesEveryFlag(t *testing.T) {
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	parser, err := kong.New(&cli{})
	if err != nil {
		t.Fatal(err)
	}
	commands := map[string][]string{}
	rows := map[string]string{}
	for _, c := range parser.Model.Children {
		for _, f := range c.Flags {
			commands[f.Name] = append(commands[f.Name], c.Name)
			rows[f.Name] = f.Default + " | " + f.Help + " |"
		}
	}
	for name, rest := range rows {
		if row := "| `--" + name + "` | " + strings.Join(commands[name], ", ") + " | " + rest; !strings.Contains(string(raw), row) {
			t.Errorf("the README lacks the row\n%s", row)
		}
	}
}
