package ui

import (
	"testing"

	"okolo/persistence/model"
)

func TestParsePlace(t *testing.T) {
	spree := model.Point{Lat: 52.5163, Lon: 13.3777}
	for text, want := range map[string]struct {
		p     model.Point
		title string
	}{
		// Google: what is meant comes before the centre of the map.
		"https://www.google.com/maps/place/Brandenburger+Tor/@52.5,13.3,17z/data=!3m1!4b1!4m6!3m5!8m2!3d52.5163!4d13.3777!16zL20v?entry=ttu": {spree, "Brandenburger Tor"},
		"https://www.google.de/maps/place/Caf%C3%A9+%C3%96/@52.5163,13.3777,17z":                                                             {spree, "Café Ö"},
		"https://www.google.com/maps/place/52.5163,13.3777/@52.5,13.3,17z":                                                                   {spree, ""},
		"https://www.google.com/maps/place/52%C2%B030'58.7%22N+13%C2%B022'39.7%22E/@52.5163,13.3777,17z":                                     {spree, ""},
		"https://www.google.com/maps/@52.5163,13.3777,15z":                                                                                   {spree, ""},
		"https://www.google.com/maps/search/52.5163,+13.3777?entry=tts":                                                                      {spree, ""},
		"https://maps.google.com/?q=52.5163,13.3777":                                                                                         {spree, ""},
		"https://maps.google.com/maps?q=loc:52.5163,13.3777":                                                                                 {spree, ""},
		"https://www.google.com/maps/search/?api=1&query=52.5163%2C13.3777":                                                                  {spree, ""},
		"https://www.google.com/maps/dir/52.4,13.3/52.5163,13.3777/@52.45,13.35,12z/data=!3m1!4b1":                                           {spree, ""},
		"https://www.google.com/maps/dir//52.5163,13.3777/@52.45,13.35,12z":                                                                  {spree, ""},
		"https://www.google.com/maps/dir/52.4,13.3/52.5163,+13.3777":                                                                         {spree, ""},
		"https://www.google.com/maps/dir/?api=1&destination=52.5163,13.3777&origin=1,1":                                                      {spree, ""},
		"Meet me here:\nhttps://maps.google.co.uk/?q=52.5163,13.3777 at seven":                                                               {spree, ""},
		// Yandex writes the longitude first, but for routes and what was typed.
		"https://yandex.ru/maps/?ll=13.3777%2C52.5163&z=16":                                   {spree, ""},
		"https://yandex.ru/maps/177/berlin/?ll=1,1&pt=13.3777,52.5163,pm2rdm~2,2":             {spree, ""},
		"https://yandex.com/maps/?whatshere[point]=13.3777,52.5163&whatshere[zoom]=17&ll=1,1": {spree, ""},
		"https://yandex.com.tr/maps/org/kremlin/1/?poi%5Bpoint%5D=13.3777%2C52.5163":          {spree, ""},
		"https://yandex.ru/maps/?rtext=1,1~52.5163,13.3777&rtt=auto":                          {spree, ""},
		"https://maps.yandex.ru/?text=52.5163,13.3777&ll=1,1":                                 {spree, ""},
		// OpenStreetMap.
		"https://www.openstreetmap.org/?mlat=52.5163&mlon=13.3777#map=17/1/1":        {spree, ""},
		"https://www.openstreetmap.org/#map=17/52.5163/13.3777":                      {spree, ""},
		"https://www.openstreetmap.org/directions?to=52.5163%2C13.3777":              {spree, ""},
		"https://osm.org/?lat=52.5163&lon=13.3777":                                   {spree, ""},
		"HTTPS is not needed: http://openstreetmap.org/node/1#map=5/52.5163/13.3777": {spree, ""},
		// Apple.
		"https://maps.apple.com/?ll=52.5163,13.3777&q=Brandenburger%20Tor&t=m":                                       {spree, "Brandenburger Tor"},
		"https://maps.apple.com/?q=52.5163,13.3777":                                                                  {spree, ""},
		"https://maps.apple.com/?q=52.5163,13.3777&ll=1,1":                                                           {spree, ""},
		"https://maps.apple.com/place?address=Pariser+Platz&coordinate=52.5163,13.3777&name=Caf%C3%A9+%C3%96&ll=1,1": {spree, "Café Ö"},
		"https://maps.apple.com/?saddr=1,1&daddr=52.5163,13.3777&dirflg=w":                                           {spree, ""},
		"https://maps.apple.com/directions?source=1,1&destination=52.5163%2C13.3777&mode=walking":                    {spree, ""},
		"https://maps.apple.com/frame?center=52.5163,13.3777&span=0.1,0.1":                                           {spree, ""},
		// 2GIS writes the longitude first.
		"https://2gis.ru/moscow/geo/4504235282708213/13.3777,52.5163?m=1.5,1.5%2F17":                   {spree, ""},
		"https://2gis.ru/moscow/geo/13.3777%2C52.5163":                                                 {spree, ""},
		"https://2gis.kz/almaty/firm/70000001018079713/13.3777,52.5163/tab/reviews":                    {spree, ""},
		"https://m.2gis.ru/spb?m=13.3777%2C52.5163%2F16.4":                                             {spree, ""},
		"https://2gis.com.cy/directions/points/1.5%2C1.5%3B1%7C13.3777%2C52.5163%3B70030076?m=1.5,1.5": {spree, ""},
		// Without the scheme.
		"maps.apple.com/?ll=52.5163,13.3777":                   {spree, ""},
		"2gis.ru/moscow/geo/1/13.3777,52.5163":                 {spree, ""},
		"We meet at (google.com/maps/@52.5163,13.3777,15z) :)": {spree, ""},
		"Maps.Google.com/?q=52.5163,13.3777":                   {spree, ""},
		"yandex.ru/maps/?ll=13.3777%2C52.5163&z=16":            {spree, ""},
		"www.openstreetmap.org/#map=17/52.5163/13.3777":        {spree, ""},
		"HTTPS://osm.org/?lat=52.5163&lon=13.3777":             {spree, ""},
		// And what is no link.
		"geo:52.5163,13.3777?z=17": {spree, ""},
		"52.5163, 13.3777":         {spree, ""},
		"geo:-33.5,151":            {model.Point{Lat: -33.5, Lon: 151}, ""},
	} {
		if p, title, ok := ParsePlace(text); !ok || p != want.p || title != want.title {
			t.Errorf("%q is %v %q, %v", text, p, title, ok)
		}
	}
	for text, link := range map[string]bool{
		"https://maps.app.goo.gl/AbCdEf": true, "https://goo.gl/maps/xyz": true, "https://yandex.ru/maps/-/CDabc": true,
		"https://www.google.com/maps/place/Caf%C3%A9/": true, "https://www.openstreetmap.org/node/1": true,
		"https://www.google.com/maps/dir/52.4,13.3/Old+Mill/@52.45,13.35,12z": true, "https://www.google.com/maps/dir/Here/There/": true,
		"https://www.google.com/maps?q=somewhere": true, "https://yandex.ru/maps/?ll=13": true,
		"https://maps.apple.com/?q=Pizza": true, "https://maps.apple.com/place?name=Here": true, "https://maps.apple/p/AbC": true, "maps.apple/p/AbC": true,
		"https://go.2gis.com/abc": true, "2gis.ru/moscow": true, "https://2gis.ru/moscow/firm/70000001018079713": true, "2gis.ru/directions/points/1.5,1.5|?m=2.5,2.5/9": true,
		"google.com": false, "yandex.ru/": false, "anna@yandex.ru": false, "mailto:anna@google.com": false, "https://a@google.com/?q=52.5,13.4": false, "2gis.ru.evil.example/geo/1.5,2.5": false, "maps.apple.com.evil.example/?ll=1.5,2.5": false,
		"https://example.org/?q=52.5163,13.3777": false, "https://google.com.evil.example/maps?q=1,2": false,
		"https://evil.example/google.com?q=52.5,13.4": false, "https://maps.google.com:%zz/?q=1,2": false,
		"geo:north": false, "": false, "Chess": false, "ftp://maps.google.com/?q=1,2": false,
	} {
		if p, _, ok := ParsePlace(text); ok {
			t.Errorf("%q is %v", text, p)
		}
		if got := isMapLink(text); got != link {
			t.Errorf("%q is a link to a map: %v", text, got)
		}
	}
}

func TestPlaceByLink(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(2)
		c.says("https://maps.app.goo.gl/AbCdEf")
		c.sees("link_hides_place")
		c.says("https://www.openstreetmap.org/#map=17/52.52/13.405")
		c.did(2)
		if q := asked[FindNearby](c).Search; q.Point != berlin {
			t.Fatalf("looks for %+v", q)
		}
		c.says("/create")
		c.says("Chess")
		c.presses("category_games")
		c.says("See https://yandex.ru/maps/-/CDabc")
		c.sees("link_hides_place", "ask_where")
		c.says("https://www.google.com/maps/place/Old+Mill/@52.52,13.405,17z")
		c.sees("📍 Old Mill", "ask_when")
		if d := c.state.Draft; d.Point != berlin {
			t.Fatalf("the event is at %v", d.Point)
		}
	})
}
