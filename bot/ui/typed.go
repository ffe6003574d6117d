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

// visible reports whether there is anything to see in a text. Some letters are blank: the
// fillers of Hangul, and the braille pattern without a dot.
func visible(text string) bool {
	const brailleBlank = 0x2800
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) &&
			r != brailleBlank && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
	})
}

// name returns a person's name, or a word in its place where there is nothing to see in it.
func (t *tongue) name(name string) string {
	if name = line(name); visible(name) {
		return name
	}
	return t.say("guest")
}
