package sandbox

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/mymmrac/telego"
)

// Bounds of live locations, by the Bot API's sendLocation; foreverLive lasts until it is
// stopped.
const (
	minLivePeriod  = 60 // seconds
	maxLivePeriod  = 86_400
	foreverLive    = math.MaxInt32
	maxHeading     = 360     // degrees
	maxAlertRadius = 100_000 // metres
	maxAccuracy    = 1500    // metres
)

func (c *call) sendLocation() (any, error) {
	at, err := c.location()
	if err != nil {
		return nil, err
	}
	at.LivePeriod = int(c.integer("live_period", 0))
	if err := c.course(at); err != nil {
		return nil, err
	}
	if p := at.LivePeriod; p != 0 && p != foreverLive && (p < minLivePeriod || p > maxLivePeriod) {
		return nil, badRequest("wrong live location period specified")
	}
	if outside(at) {
		return nil, badRequest("wrong location specified")
	}
	if at.LivePeriod == 0 {
		at.Heading, at.ProximityAlertRadius = 0, 0
	}
	return c.send(&content{location: at})
}

// location reads latitude, longitude and how exact they are. What is no number is 0, as in
// Telegram.
func (c *call) location() (*telego.Location, error) {
	lat, lon := strings.TrimSpace(c.text("latitude")), strings.TrimSpace(c.text("longitude"))
	switch {
	case lat == "":
		return nil, badRequest("latitude is empty")
	case lon == "":
		return nil, badRequest("longitude is empty")
	}
	return &telego.Location{
		Latitude: number(lat), Longitude: number(lon),
		HorizontalAccuracy: min(max(number(c.text("horizontal_accuracy")), 0), maxAccuracy),
	}, nil
}

// course reads where a live location moves, and who is to be told when it comes near.
func (c *call) course(at *telego.Location) error {
	at.Heading, at.ProximityAlertRadius = int(c.integer("heading", 0)), int(c.integer("proximity_alert_radius", 0))
	switch {
	case at.Heading < 0 || at.Heading > maxHeading:
		return badRequest("wrong live location heading specified")
	case at.ProximityAlertRadius < 0 || at.ProximityAlertRadius > maxAlertRadius:
		return badRequest("wrong live location proximity alert radius specified")
	}
	return nil
}

func outside(at *telego.Location) bool {
	return math.Abs(at.Latitude) > 90 || math.Abs(at.Longitude) > 180
}

func number(s string) float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

func (c *call) sendVenue() (any, error) {
	at, err := c.location()
	if err != nil {
		return nil, err
	}
	title, err := c.required("title")
	if err != nil {
		return nil, err
	}
	address, err := c.required("address")
	if err != nil {
		return nil, err
	}
	if outside(at) {
		return nil, badRequest("wrong venue location specified")
	}
	return c.send(&content{location: at, venue: &telego.Venue{
		Location: *at, Title: title, Address: address,
		FoursquareID: c.text("foursquare_id"), FoursquareType: c.text("foursquare_type"),
		GooglePlaceID: c.text("google_place_id"), GooglePlaceType: c.text("google_place_type"),
	}})
}

// live reports whether the message is a location that still moves.
func (m *message) live(now time.Time) bool {
	l := m.content.location
	return l != nil && l.LivePeriod != 0 &&
		(l.LivePeriod == foreverLive || now.Before(time.Unix(m.date, 0).Add(time.Duration(l.LivePeriod)*time.Second)))
}

// editMessageLiveLocation moves a live location, by which its end may be put off.
func (c *call) editMessageLiveLocation() (any, error) {
	at, err := c.location()
	if err != nil {
		return nil, err
	}
	return c.edit(func(m *message) (*content, error) {
		if !m.live(c.now()) {
			return nil, errNotLive
		}
		if outside(at) {
			return nil, badRequest("invalid location specified")
		}
		if err := c.course(at); err != nil {
			return nil, err
		}
		at.LivePeriod = int(c.integer("live_period", int64(m.content.location.LivePeriod)))
		return &content{location: at}, nil
	})
}

var errNotLive = badRequest("there is no live location in the message to edit")

func (c *call) stopMessageLiveLocation() (any, error) {
	return c.edit(func(m *message) (*content, error) {
		if !m.live(c.now()) {
			return nil, errNotLive
		}
		return stopped(m.content), nil
	})
}

// stopped is where a live location came to rest.
func stopped(live *content) *content {
	return &content{location: &telego.Location{Latitude: live.location.Latitude, Longitude: live.location.Longitude}}
}
