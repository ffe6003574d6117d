package ui

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"okolo/persistence/model"
)

// Links to a place on the maps of Google, Yandex, OpenStreetMap, Apple and 2GIS are read as they are
// written, and never fetched: a server that a stranger names is none of the bot's business.
var (
	mapHosts = regexp.MustCompile(`^(?:www\.|maps\.)?(?:(google|yandex)(?:\.[a-z]{2,3}){1,2}|(openstreetmap|osm)\.org)$|^maps\.(apple)\.com$|^(?:www\.|m\.|maps\.)?(2gis)(?:\.[a-z]{2,3}){1,2}$|^(maps\.app\.goo\.gl|goo\.gl|maps\.apple|go\.2gis\.com)$`)

	// What a link's parts hold, in the order of preference: the place that is meant before the
	// centre of the map.
	latLon      = regexp.MustCompile(`^(?:loc:)?\s*(-?\d{1,3}(?:\.\d+)?)\s*,[\s+]*(-?\d{1,3}(?:\.\d+)?)`)
	googlePin   = regexp.MustCompile(`!3d(-?\d{1,3}\.\d+)!4d(-?\d{1,3}\.\d+)`)
	googleView  = regexp.MustCompile(`/(?:@|place/|search/)(-?\d{1,3}\.\d+),\+?(-?\d{1,3}\.\d+)`)
	googleRoute = regexp.MustCompile(`/maps/dir/(?:[^/]*/)*?([^/@]+)/*(?:@.*|data=.*)?$`)
	googleName  = regexp.MustCompile(`/place/([^/@]+)/`)
	gisPoint    = regexp.MustCompile(`/(-?\d{1,3}\.\d+),(-?\d{1,3}\.\d+)(?:/|$)`)
	gisRoute    = regexp.MustCompile(`/points/[^/]*\|([^/|]*)`)
	osmView     = regexp.MustCompile(`map=\d+/(-?\d{1,3}(?:\.\d+)?)/(-?\d{1,3}(?:\.\d+)?)`)
)

// maxLink is the longest text, in bytes, in which a link is looked for.
const maxLink = 4096

// ParsePlace reads where a person means in words: coordinates (see [ParsePoint]), a geo: URI
// (RFC 5870), or a link to a map. The title is that of the link's place, if it has one. The
// point may lie off the globe.
func ParsePlace(text string) (p model.Point, title string, ok bool) {
	if p, ok = ParsePoint(text); ok {
		return p, "", true
	}
	if geo, isGeo := strings.CutPrefix(strings.TrimSpace(text), "geo:"); isGeo {
		p, ok = pointIn(latLon.FindStringSubmatch(geo))
		return p, "", ok
	}
	u, kind := mapLink(text)
	if u == nil {
		return model.Point{}, "", false
	}
	switch kind {
	case "google":
		p, ok = googlePoint(u)
		title = googleTitle(u)
	case "yandex":
		p, ok = yandexPoint(u)
	case "apple":
		p, ok = applePoint(u)
		title = appleTitle(u)
	case "2gis":
		p, ok = gisPointOf(u)
	case "openstreetmap", "osm":
		p, ok = osmPoint(u)
	}
	if !ok {
		return model.Point{}, "", false
	}
	return p, title, true
}

// mapLink returns the first link to a map in a text, and whose map it is: one of the names in
// mapHosts.
func mapLink(text string) (u *url.URL, kind string) {
	if len(text) > maxLink {
		return nil, ""
	}
	for _, word := range strings.Fields(text) {
		u := linkIn(word)
		if u == nil {
			continue
		}
		if m := mapHosts.FindStringSubmatch(strings.ToLower(u.Hostname())); m != nil {
			return u, strings.Join(m[1:], "")
		}
	}
	return nil, ""
}

// linkIn reads a link, also one without "https://"; nil: it is none. A host alone is no link, or every
// mention of a company were one, nor is an address of e-mail.
func linkIn(word string) *url.URL {
	word = strings.TrimLeft(word, "(<«\"")
	bare := !strings.Contains(word, "://")
	if bare {
		word = "https://" + word
	}
	u, err := url.Parse(word)
	if err != nil || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil
	}
	if bare && strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment == "" {
		return nil
	}
	return u
}

// isMapLink reports whether a text holds a link to a map.
func isMapLink(text string) bool {
	u, _ := mapLink(text)
	return u != nil
}

// googlePoint reads a link of Google. Of a route it is the destination that is meant, never the
// centre of the map that shows the whole of it.
func googlePoint(u *url.URL) (model.Point, bool) {
	if m := googleRoute.FindStringSubmatch(u.Path); m != nil {
		return pointIn(latLon.FindStringSubmatch(m[1]))
	}
	if p, ok := pointIn(googlePin.FindStringSubmatch(u.Path)); ok {
		return p, true
	}
	if p, ok := pointOf(u, "q", "query", "destination", "daddr", "ll", "center"); ok {
		return p, true
	}
	return pointIn(googleView.FindStringSubmatch(u.Path))
}

func googleTitle(u *url.URL) string {
	m := googleName.FindStringSubmatch(u.Path)
	if m == nil {
		return ""
	}
	return nameIn(strings.ReplaceAll(m[1], "+", " "))
}

// nameIn returns what may be the name of a place, and "" for what repeats where it is.
func nameIn(text string) string {
	title := line(text)
	if _, isPoint := ParsePoint(title); isPoint || strings.Contains(title, "°") || !visible(title) {
		return ""
	}
	return title
}

// yandexPoint reads a link of Yandex, which writes the longitude first, except in routes and in
// what was typed.
func yandexPoint(u *url.URL) (model.Point, bool) {
	swapped := func(p model.Point) model.Point { return model.Point{Lat: p.Lon, Lon: p.Lat} }
	if p, ok := pointOf(u, "whatshere[point]", "poi[point]", "pt"); ok {
		return swapped(p), true
	}
	route := u.Query().Get("rtext")
	if p, ok := pointIn(latLon.FindStringSubmatch(route[strings.LastIndex(route, "~")+1:])); ok {
		return p, true
	}
	if p, ok := pointOf(u, "text"); ok {
		return p, true
	}
	p, ok := pointOf(u, "ll")
	return swapped(p), ok
}

// applePoint reads a link of Apple: the destination of a route, a pin, and last the centre of the map.
func applePoint(u *url.URL) (model.Point, bool) {
	return pointOf(u, "daddr", "destination", "coordinate", "q", "ll", "center")
}

// appleTitle returns the name of the pin. Beside no pin, q is what was searched for.
func appleTitle(u *url.URL) string {
	q := u.Query()
	if name := q.Get("name"); name != "" || q.Get("ll") == "" {
		return nameIn(name)
	}
	return nameIn(q.Get("q"))
}

// gisPointOf reads a link of 2GIS, which writes the longitude first.
func gisPointOf(u *url.URL) (model.Point, bool) {
	at := gisPoint.FindStringSubmatch(u.Path)
	if m := gisRoute.FindStringSubmatch(u.Path); m != nil {
		at = latLon.FindStringSubmatch(m[1])
	} else if at == nil {
		at = latLon.FindStringSubmatch(u.Query().Get("m"))
	}
	p, ok := pointIn(at)
	return model.Point{Lat: p.Lon, Lon: p.Lat}, ok
}

func osmPoint(u *url.URL) (model.Point, bool) {
	q := u.Query()
	for _, at := range []string{q.Get("mlat") + "," + q.Get("mlon"), q.Get("to"), q.Get("lat") + "," + q.Get("lon")} {
		if p, ok := pointIn(latLon.FindStringSubmatch(at)); ok {
			return p, true
		}
	}
	return pointIn(osmView.FindStringSubmatch(u.Fragment))
}

// pointOf reads the first of a link's values that holds a point.
func pointOf(u *url.URL, names ...string) (model.Point, bool) {
	q := u.Query()
	for _, name := range names {
		if p, ok := pointIn(latLon.FindStringSubmatch(q.Get(name))); ok {
			return p, true
		}
	}
	return model.Point{}, false
}

// pointIn reads the two numbers that a pattern found.
func pointIn(m []string) (model.Point, bool) {
	if m == nil {
		return model.Point{}, false
	}
	lat, _ := strconv.ParseFloat(m[1], 64) // numbers by the patterns
	lon, _ := strconv.ParseFloat(m[2], 64)
	return model.Point{Lat: lat, Lon: lon}, true
}
