package ui

import (
	"unicode"
	"unicode/utf16"
)

// Telegram's limits, in UTF-16 units after its HTML was read. A test holds every screen
// against them.
const (
	maxMessage = 4096
	maxCaption = 1024
	maxAnswer  = 200

	// How much of a text is shown, so that a screen with the longest of everything fits.
	descriptionShown = 2400
	mineTitleShown   = 120
	statsShown       = 4000
	attendanceShown  = 3500
	complaintShown   = 120
)

// clip returns text with at most limit UTF-16 units, the last an ellipsis where it was cut.
// It does not cut within what is seen as one character: an emoji of several, a letter with
// its accents, a flag.
func clip(text string, limit int) string {
	if len(text) <= limit { // no code point has more units than bytes
		return text
	}
	units, cut, flags := 0, 0, 0
	var last rune
	for i, r := range text {
		if r < 0x1F1E6 || r > 0x1F1FF {
			flags = 0
		}
		if !joined(last, r) && flags%2 == 0 && units < limit {
			cut = i
		}
		if units += utf16.RuneLen(r); units > limit {
			return text[:cut] + "…"
		}
		if r >= 0x1F1E6 && r <= 0x1F1FF { // two letters of this alphabet are a flag
			flags++
		}
		last = r
	}
	return text
}

// joined reports whether r belongs to the character that last began (UAX 29, of which this
// is the part that people type).
func joined(last, r rune) bool {
	const zeroWidthJoiner = 0x200D
	return last == zeroWidthJoiner || r == zeroWidthJoiner ||
		unicode.In(r, unicode.M, unicode.Variation_Selector) ||
		r >= 0x1F3FB && r <= 0x1F3FF || // tones of skin
		r >= 0xE0020 && r <= 0xE007F // tags, of the flags of regions
}
