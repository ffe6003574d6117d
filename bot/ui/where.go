package ui

import (
	"regexp"
	"strconv"
	"strings"

	"okolo/persistence/model"
)

// The forms of a pair of coordinates. Whole degrees need more than a bare comma between
// them, or every "2,5" were a place.
var (
	pointDecimal = pair(`\d{1,4}\.\d{1,15}|\d{1,4}`, `\s*[,;]\s*|\s+`)
	pointComma   = pair(`\d{1,4},\d{1,15}`, `\s*[,;]\s*|\s+`)
	pointWhole   = pair(`\d{1,4}`, `\s*;\s*|\s*,\s+`)
)

func pair(number, between string) *regexp.Regexp {
	half := func(sides string) string { return `([+-]?)(` + number + `)°?\s*([` + sides + `]?)` }
	return regexp.MustCompile(`^` + half("NSns") + `(?:` + between + `)` + half("EWew") + `$`)
}

// ParsePoint reads coordinates, latitude first: "52.52, 13.405", "52,52 13,405",
// "33.87° S, 151.21° E". It reports whether the text has that form; the point may still lie
// off the globe.
func ParsePoint(text string) (model.Point, bool) {
	text = strings.ReplaceAll(strings.TrimSpace(text), "−", "-")
	if len(text) > 100 {
		return model.Point{}, false
	}
	m := pointWhole.FindStringSubmatch(text)
	if m == nil {
		m = pointComma.FindStringSubmatch(text)
	}
	if m == nil && strings.Contains(text, ".") {
		m = pointDecimal.FindStringSubmatch(text)
	}
	if m == nil {
		return model.Point{}, false
	}
	return model.Point{Lat: degrees(m[1:4]), Lon: degrees(m[4:7])}, true
}

// degrees reads a sign, a number and a side of the globe.
func degrees(m []string) float64 {
	f, _ := strconv.ParseFloat(strings.Replace(m[1], ",", ".", 1), 64) // a number by the pattern
	if (m[0] == "-") != strings.ContainsAny(m[2], "SsWw") {
		f = -f
	}
	return f
}
