package ui

import "testing"

// Every screen has a word of its own in the statistics.
func TestScreenNames(t *testing.T) {
	seen := map[string]bool{}
	for i, name := range ScreenNames() {
		if name == "" || seen[name] {
			t.Errorf("screen %d is called %q", i, name)
		}
		seen[name] = true
	}
}
