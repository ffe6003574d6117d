package ui

import (
	"regexp"
	"strconv"
	"strings"

	"okolo/persistence/model"
)

var coordinates = regexp.MustCompile(`^([+-]?\d{1,4}(?:[.,]\d{1,12})?)°?\s*[,;\s]\s*([+-]?\d{1,4}(?:[.,]\d{1,12})?)°?$`)

// ParsePoint reads coordinates, latitude first: "52.52, 13.405", "52,52 13,405". It reports
// whether the text has that form; the point may still lie off the globe.
func ParsePoint(text string) (model.Point, bool) {
	m := coordinates.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil || !strings.ContainsAny(m[1]+m[2], ".,") && !strings.ContainsAny(text, ",;") {
		return model.Point{}, false // "2 3" is no place
	}
	lat, err1 := strconv.ParseFloat(strings.ReplaceAll(m[1], ",", "."), 64)
	lon, err2 := strconv.ParseFloat(strings.ReplaceAll(m[2], ",", "."), 64)
	return model.Point{Lat: lat, Lon: lon}, err1 == nil && err2 == nil
}
