package ui

import (
	"fmt"
	"strings"

	"okolo/persistence/model"
)

// routes are the services that find a way to a point, with the addresses that they document
// for that. Links of the scheme geo: are not among them, as Telegram shows none: whoever wants
// another program opens the pin.
var routes = [...]struct{ name, url string }{
	{"Google", "https://www.google.com/maps/dir/?api=1&destination=%.6f,%.6f"},
	{"Yandex", "https://yandex.com/maps/?rtext=~%.6f,%.6f"},
	{"OSM", "https://www.openstreetmap.org/directions?to=%.6f,%.6f"},
}

// routeLinks are links to a way to the point, as HTML.
func routeLinks(p model.Point) string {
	links := make([]string, len(routes))
	for i, r := range routes {
		links[i] = link(fmt.Sprintf(r.url, p.Lat, p.Lon), r.name)
	}
	return strings.Join(links, " · ")
}

func link(url, text string) string {
	return `<a href="` + escape(url) + `">` + escape(text) + `</a>`
}

// pin shows where an event takes place, on the person's own map.
func (s State) pin(e model.Seen) Message {
	return Message{
		Venue: &Venue{Point: e.Point, Title: e.Title, Address: placeName(e.Event)},
		Text:  "📍 <b>" + escape(e.Title) + "</b>\n" + escape(placeName(e.Event)) + "\n🧭 " + routeLinks(e.Point),
	}
}

func coordinates(p model.Point) string { return fmt.Sprintf("%.5f, %.5f", p.Lat, p.Lon) }
