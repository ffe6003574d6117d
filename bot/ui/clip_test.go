package ui

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClip(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		want  string
	}{
		{"", 5, ""}, {"short", 5, "short"}, {"longer", 5, "long…"}, {"длинный", 5, "длин…"}, {"длинн", 5, "длинн"},
		{"🎷🎷🎷", 6, "🎷🎷🎷"}, {"🎷🎷🎷", 5, "🎷🎷…"}, {"🎷🎷🎷", 4, "🎷…"}, {"a🎷", 2, "a…"},
		{"ab👨‍👩‍👧", 9, "ab…"}, {"ab👨‍👩‍👧", 10, "ab👨‍👩‍👧"}, {"👨‍👩‍👧ab", 9, "👨‍👩‍👧…"},
		{"a👍🏽b", 5, "a…"}, {"e\u0301e\u0301e\u0301", 4, "e\u0301…"},
		{"🇩🇪🇫🇷🇮🇹", 9, "🇩🇪🇫🇷…"}, {"🇩🇪🇫🇷🇮🇹", 8, "🇩🇪…"}, {"a🇩🇪🇫🇷", 7, "a🇩🇪…"},
		{"🏴\U000E0067\U000E0062\U000E0065\U000E007Fxy", 11, "🏴\U000E0067\U000E0062\U000E0065\U000E007F…"},
		{"❤️❤️", 3, "❤️…"}, {"abc", 1, "…"}, {"\u0301\u0301\u0301", 2, "…"},
	} {
		if got := clip(c.text, c.limit); got != c.want || units(got) > c.limit {
			t.Errorf("clip(%q, %d) = %q of %d units, want %q", c.text, c.limit, got, units(got), c.want)
		}
	}
}

func TestTyped(t *testing.T) {
	for text, want := range map[string]string{
		"  a\t b \n c ": "a b c", "a\x00b\u202ec\u200fd": "abcd", "👨‍👩‍👧": "👨‍👩‍👧", "\xffa\xfe": "a", "a\u00a0b\u2003c": "a b c", "": "",
	} {
		if got := line(text); got != want || !utf8.ValidString(got) {
			t.Errorf("line(%q) = %q, want %q", text, got, want)
		}
	}
	if got := lines(" a \r\nb\x00\n\n" + strings.Repeat(" ", 9)); got != "a \nb" {
		t.Errorf("lines gives %q", got)
	}
	for text, want := range map[string]bool{"a": true, "1": true, "?": true, "🎷": true, "": false, " ": false, "\u200d": false, "\u0301": false,
		"\u3164": false, "\u115f\u1160\uffa0": false, "\u2800": false, "\u2801": true, "한": true,
	} {
		if visible(text) != want {
			t.Errorf("visible(%q) = %v", text, !want)
		}
	}
}
