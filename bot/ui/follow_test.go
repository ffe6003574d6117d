package ui

import (
	"testing"

	"okolo/persistence/model"
)

// north is so many metres north of Berlin's centre.
func north(metres float64) model.Point {
	return model.Point{Lat: berlin.Lat + metres/111_195, Lon: berlin.Lon}
}

func TestFollow(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(12)
		c.moves(berlin, "Europe/Berlin") // before there was a search
		c.did(0)
		c.sendsLocation(berlin, "Europe/Berlin")
		picture, list := c.newest-1, c.newest
		c.moves(north(240), "Europe/Berlin") // a twentieth of the radius is 250 m
		c.did(0)
		c.moves(north(260), "Europe/Berlin")
		c.did(0, picture, list)
		if q := asked[FindNearby](c).Search; q.Point != north(260) || q.Radius != 5000 {
			t.Fatalf("looks for %+v", q)
		}
		c.moves(north(490), "Europe/Berlin") // counted from where the list is
		c.did(0)
		c.presses("▶")
		c.sees("6. Event 6")
		c.moves(north(521), "Europe/Berlin")
		c.did(0, picture, list)
		c.sees("1 / 3")

		c.presses("➖ 2")
		c.presses("➖ 1")
		c.moves(north(521+90), "Europe/Berlin") // never less than 100 m
		c.did(0)
		c.moves(north(521+110), "Europe/Berlin")
		c.did(0, picture, list)

		// A database that is down is nothing to tell a person who only walks; the next step tries again.
		c.world.readErr = errDown
		before := c.state
		c.moves(north(2000), "Europe/Berlin")
		c.did(0)
		if c.state.Here != before.Here || c.state.Revision != before.Revision {
			t.Fatalf("the list is at %v", c.state.Here)
		}
		c.world.readErr = nil
		c.moves(north(2001), "Europe/Berlin")
		c.did(0, picture, list)
		c.moves(model.Point{Lat: 91}, "Europe/Berlin")
		c.did(0)
	})
}

// Who looks at something else keeps it, and finds the new place on the way back.
func TestFollowElsewhere(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(12)
		c.sendsLocation(berlin, "Europe/Berlin")
		picture, list := c.newest-1, c.newest
		c.presses("2")
		c.sees("Club · 200")
		c.moves(moscow, "Europe/Moscow")
		c.did(0)
		c.presses("button_back")
		c.did(0, picture, list)
		if q := asked[FindNearby](c).Search; q.Point != moscow || q.To.Location().String() != "Europe/Moscow" {
			t.Fatalf("looks for %+v", q)
		}
		c.says("/create")
		c.moves(berlin, "Europe/Berlin")
		c.did(0)
		c.says("Chess")
		c.presses("category_games")
		c.presses("button_here")
		if d := c.state.Draft; d.Point != berlin || d.Zone != "Europe/Berlin" {
			t.Fatalf("the event is at %v", d.Point)
		}
		c.pressesOn(list, "▶") // of a list that is no longer where the person is
		if q := asked[FindNearby](c).Search; q.Point != berlin {
			t.Fatalf("looks for %+v", q)
		}
	})
}

func TestAgain(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(12)
		c.sendsLocation(berlin, "Europe/Berlin")
		picture, list := c.newest-1, c.newest
		c.presses("▶")
		c.context.Now = c.context.Now.Add(3 * 3600e9)
		c.presses("button_again")
		c.did(0, picture, list)
		if q := asked[FindNearby](c).Search; !q.From.Equal(c.context.Now) || q.Point != berlin {
			t.Fatalf("looks for %+v", q)
		}
		c.sees("1 / 3")
	})
}

func TestMetres(t *testing.T) {
	// Berlin and Moscow are 1,608 km apart.
	if got := metres(berlin, moscow); got < 1_600_000 || got > 1_616_000 {
		t.Errorf("%.0f m", got)
	}
	if got := metres(berlin, berlin); got != 0 {
		t.Errorf("%.0f m from itself", got)
	}
}
