package main

import (
	"os"
	"slices"
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
	commands, defaults, helps := map[string][]string{}, map[string][]string{}, map[string]string{}
	for _, c := range parser.Model.Children {
		for _, f := range c.Flags {
			commands[f.Name] = append(commands[f.Name], c.Name)
			defaults[f.Name] = append(defaults[f.Name], f.Default)
			helps[f.Name] = f.Help
		}
	}
	rows := map[string]string{}
	for name, help := range helps {
		list := defaults[name]
		if len(slices.Compact(slices.Sorted(slices.Values(list)))) == 1 {
			list = list[:1]
		}
		rows[name] = strings.Join(list, ", ") + " | " + help + " |"
	}
	for name, rest := range rows {
		if row := "| `--" + name + "` | " + strings.Join(commands[name], ", ") + " | " + rest; !strings.Contains(string(raw), row) {
			t.Errorf("the README lacks the row\n%s", row)
		}
	}
}
