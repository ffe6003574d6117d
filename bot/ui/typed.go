package ui

import (
	"strings"
	"unicode"
)

// lines returns what a person typed as it may be kept and shown: valid, without control
// characters other than line ends, and without those that turn the direction of writing,
// by which a title could disguise what follows it.
func lines(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\r', r == unicode.ReplacementChar, unicode.Is(unicode.Bidi_Control, r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text))
}

// line is lines in one line, with single spaces.
func line(text string) string { return strings.Join(strings.Fields(lines(text)), " ") }

// visible reports whether there is anything to see in a text.
func visible(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S)
	})
}
