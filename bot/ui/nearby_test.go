package ui

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"okolo/persistence/model"
)

func TestNearby(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(12)
		c.world.events[2] = event(2, "<i>Jazz & 🎷</i>", func(e *model.Seen) { e.Going = 21 })
		c.world.events[3] = event(3, "Gone", func(e *model.Seen) { e.Status = model.Cancelled; e.Going = 3 })
		c.sendsLocation(berlin, "Europe/Berlin")
		c.did(2)
		picture, list := c.newest-1, c.newest
		if c.state.MapMessageID != picture || c.state.ListMessageID != list {
			t.Fatalf("the state says %d and %d", c.state.MapMessageID, c.state.ListMessageID)
		}
		q := asked[FindNearby](c).Search
		if q.Point != berlin || q.Radius != 5000 || !q.From.Equal(monday) || q.To.Sub(q.From) != 12*time.Hour || q.Category != "" {
			t.Fatalf("looks for %+v", q)
		}
		m := c.messages[picture]
		if m.Map == nil || m.Map.Radius != 5000 || len(m.Map.Pins) != PageSize || m.Map.Pins[4].Number != 5 || m.Map.Lang != c.lang {
			t.Fatalf("the map is %+v", m.Map)
		}
		c.seesOn(picture, "map_caption", "5", "today")
		c.sees("nearby_title", "12", "1. Event 1", "2. <i>Jazz & 🎷</i>", "card_cancelled", "today_at", "19:00",
			"category_music", "1 / 3", "button_radius_smaller", "button_radius_wider", "• ", "button_create", "button_mine")
		c.seesNot("Event 6")

		c.presses("▶")
		c.did(0, picture, list)
		c.sees("6. Event 6", "10. Event 10", "2 / 3")
		if n := c.messages[picture].Map.Pins[0].Number; n != 6 {
			t.Fatalf("the first pin of the second page has number %d", n)
		}
		c.presses("▶")
		c.sees("12. Event 12", "3 / 3")
		c.presses("▶") // there is no fourth
		c.did(0, list) // and the map shows the same
		c.sees("3 / 3")
		c.presses("◀")
		c.sees("2 / 3")

		c.presses("➕ 10")
		c.did(0, picture, list)
		if q := asked[FindNearby](c).Search; q.Radius != 10000 {
			t.Fatalf("the wider radius is %d", q.Radius)
		}
		c.sees("1 / 3", "➖ 5", "➕ 25")

		c.presses("tomorrow")
		c.did(0, picture, list)
		if q := asked[FindNearby](c).Search; !q.From.Equal(monday.Add(12*time.Hour)) || q.To.Sub(q.From) != 24*time.Hour {
			t.Fatalf("tomorrow is %v to %v", q.From, q.To)
		}
		c.presses("week")
		if q := asked[FindNearby](c).Search; !q.From.Equal(monday) || q.To.Sub(q.From) != 6*24*time.Hour+12*time.Hour {
			t.Fatalf("the week is %v to %v", q.From, q.To)
		}

		c.presses("category_any")
		c.did(0, list)
		c.sees("choose_category", "category_kids")
		c.presses("category_kids")
		c.did(0, list) // the map shows the same
		if q := asked[FindNearby](c).Search; q.Category != "kids" || q.Radius != 10000 {
			t.Fatalf("looks for %+v", q)
		}
		c.sees("category_kids", "week", "10")

		// What was chosen is kept for the next place.
		c.sendsLocation(moscow, "Europe/Moscow")
		c.did(2)
		if q := asked[FindNearby](c).Search; q.Category != "kids" || q.Radius != 10000 || q.Point != moscow {
			t.Fatalf("looks for %+v", q)
		}
		if q := asked[FindNearby](c).Search; q.To.Hour() != 0 || q.To.Location().String() != "Europe/Moscow" {
			t.Fatalf("the days end at %v", q.To)
		}
	})
}

func TestNothingNearby(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.says("52.52, 13.405")
		c.did(2)
		c.sees("nearby_empty", "button_radius_wider")
		c.seesNot("▶")
		c.presses("button_wider")
		c.did(0, c.newest-1, c.newest)
		if q := asked[FindNearby](c).Search; q.Radius != 10_000 || q.To.Sub(q.From) < 6*24*time.Hour || q.Category != "" {
			t.Fatalf("looks for %+v", q)
		}
		c.presses("category_any")
		c.presses("category_kids")
		for range 3 {
			c.presses("button_wider")
		}
		c.seesNot("button_wider") // there is nothing wider
		if q := asked[FindNearby](c).Search; q.Radius != 100_000 || q.Category != "" {
			t.Fatalf("looks for %+v", q)
		}
		c.pressesData(c.newest, c.state.encode(actWider, 1)) // of an earlier search
		c.hears("old_list")
		for range 4 {
			c.presses("➖")
		}
		for _, want := range []int{10, 25, 50, 100} {
			c.presses(fmt.Sprint("➕ ", want))
			if q := asked[FindNearby](c).Search; q.Radius != want*1000 {
				t.Fatalf("the radius is %d, want %d km", q.Radius, want)
			}
		}
		c.seesNot("➕ 1")
		for range 6 {
			c.presses("➖")
		}
		if q := asked[FindNearby](c).Search; q.Radius != 1000 {
			t.Fatalf("the smallest radius is %d", q.Radius)
		}
		c.seesNot("➖")
	})
}

func TestOldList(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(12)
		c.sendsLocation(berlin, "Europe/Berlin")
		old := c.newest
		c.sendsLocation(moscow, "Europe/Moscow")
		c.presses("▶")
		newest := c.newest
		for _, button := range []string{"▶", "button_radius_wider", "tomorrow", "category_any"} {
			c.pressesOn(old, button)
			c.did(2)
			c.hears("old_list")
			c.sees("6. Event 6", "2 / 3")
		}
		if c.seesOn(newest, "2 / 3"); c.state.Here != moscow || c.state.Radius != 5000 {
			t.Fatalf("an old button changed the search to %+v", c.state)
		}
		// Its events still open, in place.
		c.pressesOn(old, "3")
		c.did(0, old)
		c.seesOn(old, "Event 3", "button_join")
		c.pressesOn(old, "button_back")
		c.did(2)
		c.sees("6. Event 6")
	})
}

func TestOldListDuringWizard(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(12)
		c.sendsLocation(berlin, "Europe/Berlin")
		picture, list := c.newest-1, c.newest
		c.says("/create")
		c.says("Chess")
		c.pressesOn(list, "▶")
		c.did(0, picture, list)
		c.seesOn(list, "2 / 3", "button_resume")
		c.pressesOn(list, "7")
		c.seesOn(list, "Event 7")
		c.pressesOn(list, "button_back")
		c.seesOn(list, "2 / 3", "6. Event 6")
		c.pressesOn(list, "button_resume")
		c.seesOn(list, "Chess", "ask_category")
	})
}

func TestSearchFails(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(12)
		c.sendsLocation(berlin, "Europe/Berlin")
		c.presses("▶")
		before := c.state
		same := func() {
			t.Helper()
			if c.state.Here != before.Here || c.state.Radius != before.Radius || c.state.Days != before.Days ||
				c.state.Page != before.Page || c.state.Category != before.Category || c.state.Prepared.Len() != 12 {
				t.Fatalf("a search that failed changed %+v to %+v", before, c.state)
			}
		}
		c.world.readErr = errDown
		for _, button := range []string{"▶", "➕ 10", "tomorrow", "1"} {
			c.pressesOn(before.ListMessageID, button)
			c.isTold("cannot_read")
			same()
		}
		c.sendsLocation(moscow, "Europe/Moscow")
		c.sees("cannot_read")
		same()
		// The same buttons act once the database is back.
		c.world.readErr = nil
		c.pressesOn(before.ListMessageID, "➕ 10")
		c.did(0, before.MapMessageID, before.ListMessageID)
		c.seesOn(before.ListMessageID, "10")
	})
}

func TestMessagesLost(t *testing.T) {
	t.Run("the list is gone: the pair comes anew", func(t *testing.T) {
		c := newChat(t, "en")
		c.lives(12)
		c.sendsLocation(berlin, "Europe/Berlin")
		picture, list := c.newest-1, c.newest
		data := c.data(list, "▶")
		delete(c.messages, list)
		c.pressesData(list, data)
		c.did(2, picture)
		c.sees("2 / 3")
		if c.state.MapMessageID != c.newest-1 || c.state.ListMessageID != c.newest {
			t.Fatalf("the pair is now %d and %d", c.state.MapMessageID, c.state.ListMessageID)
		}
		c.presses("▶")
		c.did(0, c.newest-1, c.newest)
	})
	t.Run("both are gone: the pair comes anew, once", func(t *testing.T) {
		c := newChat(t, "en")
		c.lives(12)
		c.sendsLocation(berlin, "Europe/Berlin")
		picture, list := c.newest-1, c.newest
		data := c.data(list, "▶")
		delete(c.messages, picture)
		delete(c.messages, list)
		c.pressesData(list, data)
		c.did(2)
		c.sees("2 / 3")
		c.presses("▶")
		c.did(0, c.newest-1, c.newest)
	})
	t.Run("the map is gone while the person walks: no messages come unasked", func(t *testing.T) {
		c := newChat(t, "en")
		c.lives(12)
		c.sendsLocation(berlin, "Europe/Berlin")
		delete(c.messages, c.newest-1)
		c.moves(model.Point{Lat: berlin.Lat + 0.01, Lon: berlin.Lon}, "Europe/Berlin")
		c.did(0, c.newest)
		c.presses("▶")
		c.did(2)
	})
	t.Run("the map is gone: the pair comes anew, the map above the list", func(t *testing.T) {
		c := newChat(t, "en")
		c.lives(12)
		c.sendsLocation(berlin, "Europe/Berlin")
		picture, list := c.newest-1, c.newest
		delete(c.messages, picture)
		c.presses("▶")
		c.did(2, list)
		if c.state.MapMessageID != c.newest-1 || c.state.ListMessageID != c.newest || c.messages[c.newest-1].Map == nil {
			t.Fatalf("the pair is now %d and %d", c.state.MapMessageID, c.state.ListMessageID)
		}
		c.sees("2 / 3")
		c.presses("▶")
		c.did(0, c.newest-1, c.newest)
		c.pressesOn(list, "◀") // the old list still works
		c.did(2)
	})
	t.Run("the map is gone, and the person is elsewhere", func(t *testing.T) {
		c := newChat(t, "en")
		c.lives(12)
		c.sendsLocation(berlin, "Europe/Berlin")
		picture, list := c.state.MapMessageID, c.newest
		c.says("/create")
		c.run(c.step(Gone{Context: c.context, ID: picture + 1000})) // long replaced
		if c.state.MapMessageID != picture {
			t.Fatal("another map was taken for the one that is gone")
		}
		c.run(c.step(Gone{Context: c.context, ID: picture}))
		c.sees("ask_title")
		c.pressesOn(list, "▶")
		c.did(2)
	})
	t.Run("what comes late does not take the place of something newer", func(t *testing.T) {
		c := newChat(t, "en")
		c.lives(1)
		c.sendsLocation(berlin, "Europe/Berlin")
		list := c.state.ListMessageID
		c.sendsLocation(moscow, "Europe/Moscow")
		want := c.state
		c.step(Sent{Slot: SlotList, ID: 999, Gone: list})
		c.step(Sent{Slot: SlotScreen, ID: 999, Gone: list})
		if c.state.ListMessageID != want.ListMessageID || c.state.Message != want.Message {
			t.Fatalf("the screen is now %+v", c.state)
		}
	})
	t.Run("the map could not be sent", func(t *testing.T) {
		c := newChat(t, "en")
		c.lives(12)
		c.lose[SlotMap] = true
		c.sendsLocation(berlin, "Europe/Berlin")
		c.did(1)
		c.lose[SlotMap] = false
		c.presses("▶")
		c.did(2)
		c.presses("▶")
		c.did(0, c.newest-1, c.newest)
	})
}

// TestVanishedEvents: a page that has lost events since the search is searched anew.
func TestVanishedEvents(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(12)
		c.sendsLocation(berlin, "Europe/Berlin")
		c.presses("▶")
		c.world.found = c.world.found[:10]
		delete(c.world.events, 11)
		delete(c.world.events, 12)
		c.presses("▶")
		c.sees("2 / 2", "10. Event 10")
		c.seesNot("12")
		// Where the search finds what cannot be shown, nothing goes round in circles.
		clear(c.world.events)
		c.presses("◀")
		c.sees("nearby_empty", "button_radius_wider")
	})
}

func TestBeyondTheMap(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.sendsLocation(model.Point{Lat: -89, Lon: 3}, "Etc/GMT")
		c.seesOn(c.state.MapMessageID, "map_ends")
		c.sendsLocation(model.Point{Lat: 85, Lon: 3}, "Etc/GMT")
		if m := c.messages[c.state.MapMessageID]; strings.Contains(m.Text, c.words("map_ends")) {
			t.Fatalf("at 85°: %s", m.Text)
		}
	})
}

func TestTrim(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(50)
		c.sendsLocation(berlin, "Europe/Berlin")
		for range 9 {
			c.presses("▶")
		}
		c.sees("10 / 10")
		full := c.state
		c.state = c.state.Trim(25)
		if n := cap(c.state.Prepared); n > 5*30 {
			t.Fatalf("what was cut off is still held: room for %d", n)
		}
		if full.Prepared.Len() != 50 || full.Page != 9 {
			t.Fatal("Trim changed what it was given")
		}
		c.presses("▶")
		c.sees("5 / 5", "25. Event 25", "50") // fifty were found
		if s := c.state.Trim(30); s.Prepared.Len() != 25 {
			t.Fatal("Trim added something")
		}
	})
}

func TestNearbyAgain(t *testing.T) {
	c := newChat(t, "en")
	c.lives(3)
	c.sendsLocation(berlin, "Europe/Berlin")
	c.lives(4)
	c.says("/start")
	c.presses("button_nearby")
	c.did(2)
	c.sees("4. Event 4")
	c.lives(2)
	c.says("/nearby")
	c.did(2)
	c.sees("2. Event 2")
	c.seesNot("3. Event 3")
}

// A button that new messages answer stays where it is, and acts again; but the second tap of
// a double tap, which comes before the answer or close behind it, sends nothing more.
func TestButtonsThatStay(t *testing.T) {
	for name, lead := range map[string]func(c *chat) (message int64, label string){
		"nearby, on the menu": func(c *chat) (int64, string) {
			c.says("/start")
			return c.newest, "button_nearby"
		},
		"days, on an older list": func(c *chat) (int64, string) {
			old := c.newest
			c.sendsLocation(moscow, "Europe/Moscow")
			return old, "tomorrow"
		},
		"back, on a card with another list below": func(c *chat) (int64, string) {
			card := c.newest
			c.presses("1")
			c.sendsLocation(moscow, "Europe/Moscow")
			return card, "button_back"
		},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, c *chat) {
				c.lives(3)
				c.sendsLocation(berlin, "Europe/Berlin")
				message, label := lead(c)
				for range 3 {
					c.context.Now = c.context.Now.Add(time.Minute)
					c.pressesOn(message, label)
					c.did(2)
					c.sees("3. Event 3")
					before := c.state
					for _, passed := range []time.Duration{-30 * time.Second, 0, doubleTap - time.Millisecond} {
						at := c.context.Now
						c.context.Now = at.Add(passed)
						c.pressesOn(message, label)
						c.did(0)
						c.context.Now = at
					}
					if !reflect.DeepEqual(c.state, before) {
						t.Fatalf("the second tap changed %+v to %+v", before, c.state)
					}
				}
				c.context.Now = c.context.Now.Add(doubleTap)
				c.pressesOn(message, label)
				c.did(2)
			})
		})
	}
}

// Another button, or the same one of another message, is no second tap.
func TestQuickPresses(t *testing.T) {
	c := newChat(t, "en")
	c.lives(3)
	c.sendsLocation(berlin, "Europe/Berlin")
	c.says("/start")
	first := c.newest
	c.says("/start")
	c.pressesOn(first, "button_nearby")
	c.did(2)
	c.pressesData(first+2, c.data(first, "button_nearby"))
	c.did(2)
	c.pressesOn(first, "button_mine")
	c.did(0, first)
}

// Where the answer could not be sent there is nothing to see, so the next tap acts at once.
func TestTapAfterLostAnswer(t *testing.T) {
	c := newChat(t, "en")
	c.lives(3)
	c.sendsLocation(berlin, "Europe/Berlin")
	c.says("/start")
	menu := c.newest
	c.lose[SlotMap], c.lose[SlotList] = true, true
	c.pressesOn(menu, "button_nearby")
	c.did(0)
	c.lose[SlotMap], c.lose[SlotList] = false, false
	c.pressesOn(menu, "button_nearby")
	c.did(2)
}

// A message that cannot be edited keeps its buttons. Each has acted once, and says so.
func TestPressOnMessageThatStays(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(3)
		c.says("/start")
		menu, data := c.newest, c.data(c.newest, "button_mine")
		delete(c.messages, menu) // as far as editing goes
		c.pressesData(menu, data)
		c.did(1)
		c.pressesData(menu, data)
		c.did(0)
		c.hears("done_before")
	})
}

func TestOffTheGlobe(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		for _, text := range []string{"91, 0.5", "-90.5, 1.5", "12.5, 181", "999.9, 999.9"} {
			c.says(text)
			c.did(1)
			c.sees("off_globe")
		}
		if c.state.Zone != "" {
			t.Fatalf("searches at %+v", c.state.Here)
		}
	})
}

func TestDistances(t *testing.T) {
	for metres, want := range map[int][2]string{
		0: {"0 m", "0 м"}, 349: {"340 m", "340 м"}, 999: {"990 m", "990 м"}, 1000: {"1.0 km", "1,0 км"},
		1290: {"1.2 km", "1,2 км"}, 9999: {"9.9 km", "9,9 км"}, 10_000: {"10 km", "10 км"}, 99_999: {"99 km", "99 км"},
	} {
		for i, lang := range languages {
			if got := tongues[lang].distance(metres); got != want[i] {
				t.Errorf("%d metres are %q, want %q", metres, got, want[i])
			}
		}
	}
}

func TestMoments(t *testing.T) {
	now := monday.In(zone("Europe/Berlin"))
	for _, c := range []struct {
		after  time.Duration
		en, ru string
	}{
		{-13 * time.Hour, "Sun 22 Nov 23:00", "вс 22 ноя 23:00"},
		{0, "today 12:00", "сегодня 12:00"},
		{12 * time.Hour, "tomorrow 00:00", "завтра 00:00"},
		{36 * time.Hour, "Wed 25 Nov 00:00", "ср 25 ноя 00:00"},
		{60 * 24 * time.Hour, "Fri 22 Jan 2027 12:00", "пт 22 янв 2027 12:00"},
	} {
		if got := tongues["en"].moment(now.Add(c.after), monday); got != c.en {
			t.Errorf("got %q, want %q", got, c.en)
		}
		if got := tongues["ru"].moment(now.Add(c.after), monday); got != c.ru {
			t.Errorf("got %q, want %q", got, c.ru)
		}
	}
}

func TestLongestList(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(50)
		for id := range c.world.events {
			c.world.events[id] = event(id, strings.Repeat("🎷", model.MaxTitle), func(e *model.Seen) {
				e.Starts, e.Ends = e.Starts.AddDate(1, 0, 0), e.Ends.AddDate(1, 0, 0)
				e.Going, e.Category = 100_000, "walks"
			})
		}
		c.sendsLocation(berlin, "Europe/Berlin")
		c.sees(strings.Repeat("🎷", model.MaxTitle))
	})
}
