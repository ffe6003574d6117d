package ui

import (
	"bytes"
	"strings"
	"testing"

	ics "github.com/arran4/golang-ical"

	"okolo/persistence/model"
)

func TestPinAndCalendar(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(1)
		c.says("/start e_1")
		card := c.newest
		before := c.state
		c.presses("button_pin")
		c.did(1)
		pin := c.messages[c.newest].Venue
		if pin == nil || *pin != (Venue{c.world.events[1].Point, "Event 1", "Club"}) {
			t.Fatalf("the pin is %+v", pin)
		}
		c.pressesOn(card, "button_calendar")
		c.did(1)
		if d := c.messages[c.newest].Document; d == nil || d.Name != "event-1.ics" {
			t.Fatalf("the file is %+v", d)
		}
		c.pressesOn(card, "button_calendar") // the second tap of a double tap
		c.did(0)
		if c.state.Screen != ScreenEvent || c.state.Revision != before.Revision || c.state.Message != card {
			t.Fatalf("the screen was left: %+v", c.state)
		}
		delete(c.world.events, 1)
		c.pressesOn(card, "button_pin")
		c.isTold("event_gone")
		c.world.readErr = errDown
		c.pressesOn(card, "button_pin")
		c.isTold("cannot_read")
	})
}

// A place without a name is its coordinates, also to Telegram, which wants an address.
func TestPinWithoutName(t *testing.T) {
	e := event(1, "Chess", func(e *model.Seen) { e.Place = "" })
	if m := (State{}).pin(e); m.Venue.Address != "52.50100, 13.40000" {
		t.Errorf("the address is %q", m.Venue.Address)
	}
}

func TestRouteLinks(t *testing.T) {
	html := routeLinks(model.Point{Lat: -33.87, Lon: 151.21})
	checkHTML(t, html)
	for _, want := range []string{
		`"https://www.google.com/maps/dir/?api=1&amp;destination=-33.870000,151.210000"`,
		`"https://yandex.com/maps/?rtext=~-33.870000,151.210000"`,
		`"https://www.openstreetmap.org/directions?to=-33.870000,151.210000"`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("%s lacks %s", html, want)
		}
	}
}

// A calendar program reads from the file what the event is, whatever characters its words have.
func TestCalendarFile(t *testing.T) {
	e := event(35, "Шахматы; \"blitz\", \\o/ "+strings.Repeat("🎷", 80), func(e *model.Seen) {
		e.Description = "Line 1\nLine 2; a, b\\n\n<b>"
	})
	file := calendarFile(Self{Username: "okolo_bot"}, e.Event, monday)
	for n, row := range bytes.Split(file.Content, []byte("\r\n")) {
		if len(row) > 75 || bytes.ContainsAny(row, "\n\r") {
			t.Errorf("line %d has %d bytes: %q", n, len(row), row)
		}
	}
	cal, err := ics.ParseCalendar(bytes.NewReader(file.Content))
	if err != nil || len(cal.Events()) != 1 {
		t.Fatalf("%v in\n%s", err, file.Content)
	}
	v := cal.Events()[0]
	starts, err1 := v.GetStartAt()
	ends, err2 := v.GetEndAt()
	if err1 != nil || err2 != nil || !starts.Equal(e.Starts) || !ends.Equal(e.Ends) {
		t.Errorf("from %v to %v, %v, %v", starts, ends, err1, err2)
	}
	for property, want := range map[ics.ComponentProperty]string{
		ics.ComponentPropertySummary: e.Title, ics.ComponentPropertyDescription: e.Description,
		ics.ComponentPropertyLocation: "Club", ics.ComponentPropertyStatus: "CONFIRMED", ics.ComponentPropertyUniqueId: "event-35@okolo_bot.okolo",
		ics.ComponentPropertyUrl: "https://t.me/okolo_bot?start=e_z", ics.ComponentPropertyGeo: "52.535;13.4", ics.ComponentPropertyDtStart: "20261123T180000Z",
	} {
		p := v.GetProperty(property)
		if p == nil || p.Value != want {
			t.Errorf("%s is %+v, not %q", property, p, want)
		}
	}
	e.Status = model.Cancelled
	if file := calendarFile(Self{}, e.Event, monday); !bytes.Contains(file.Content, []byte("STATUS:CANCELLED\r\n")) {
		t.Errorf("called off, and the file says\n%s", file.Content)
	}
}

func TestShare(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.world.events[35] = event(35, "Tea & more")
		c.says("/start e_z")
		button := func() Button {
			for _, b := range buttons(c.messages[c.newest]) {
				if b.Text == c.words("button_share") {
					return b
				}
			}
			t.Fatal("there is no button to share")
			return Button{}
		}
		if b := button(); b.URL != "https://t.me/share/url?text=Tea+%26+more&url=https%3A%2F%2Ft.me%2Fokolo_bot%3Fstart%3De_z" {
			t.Errorf("shares %+v", b)
		}
		c.context.Self.Inline = true
		c.says("/start e_z")
		if b := button(); b.Inline != "e_z" || b.URL != "" {
			t.Errorf("shares %+v", b)
		}
	})
}

func TestInlineQuery(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(3)
		c.sendsLocation(berlin, "Europe/Berlin")
		before := c.state
		c.world.mine = []model.Seen{
			event(1, "Chess <3"), event(2, "Tea"), event(3, "Chess", func(e *model.Seen) { e.Status = model.Cancelled }),
		}
		titles := func(query string) string {
			var all []string
			for _, r := range c.asksInline(query) {
				all = append(all, r.Title)
			}
			return strings.Join(all, ", ")
		}
		for query, want := range map[string]string{
			"": "Chess <3, Tea", "  CHESS": "Chess <3", "nothing like it": "", "e_2": "Event 2", "E_2": "Event 2", "e_zz": "", "e_!": "",
		} {
			if got := titles(query); got != want {
				t.Errorf("%q offers %q, not %q", query, got, want)
			}
		}
		r := c.asksInline("e_1")[0]
		if r.ID != "e_1" || !strings.Contains(r.Description, "19:00 · Club") || !strings.Contains(r.Message.Text, "<b>Event 1</b>") ||
			r.Message.Buttons[0][0].URL != "https://t.me/okolo_bot?start=e_1" {
			t.Errorf("offers %+v", r)
		}
		if !strings.Contains(r.Message.Text, " 23 ") {
			t.Errorf("is of no use tomorrow: %s", r.Message.Text)
		}
		if strings.Contains(r.Message.Text, "Club ·") {
			t.Errorf("tells others how far the person is: %s", r.Message.Text)
		}
		c.world.readErr = errDown
		c.world.mine = nil
		if got := titles("") + titles("e_1"); got != "" {
			t.Errorf("offers %q without a database", got)
		}
		if c.state.Screen != before.Screen || c.state.Revision != before.Revision || c.sent > 0 {
			t.Errorf("an inline query touched the screen: %+v", c.state)
		}
	})
}

func TestReport(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(2)
		c.world.write = func(command model.Command) (model.Answer, error) {
			return model.Answer{Event: command.(model.ReportEvent).Event}, nil
		}
		c.says("/start e_1")
		card := c.newest
		c.presses("button_report")
		c.did(0, card)
		c.sees("ask_report", "Event 1", "report_spam", "report_false", "report_danger")
		c.presses("button_back")
		c.sees("button_report")
		c.presses("button_report")
		c.presses("report_false")
		c.hears("reported")
		c.sees("button_join")
		if r := last[model.ReportEvent](c); r.Event != 1 || r.Reason != "It is not true" || r.By.ID != 7 {
			t.Errorf("reported %+v", r)
		}
		c.presses("button_report")
		c.says("They <b>lie</b>\n" + strings.Repeat("я", 600))
		c.did(1)
		c.sees("reported", "Event 1")
		if r := last[model.ReportEvent](c); !strings.HasPrefix(r.Reason, "They <b>lie</b> я") || len([]rune(r.Reason)) != model.MaxReason {
			t.Errorf("reported %+v", r)
		}
		c.says("Another word") // is no report any more
		c.sees("ask_location")
		c.pressesData(card, c.state.encode(actReportFor, 1, 9))
		c.isTold("old_button")
		for err, told := range map[error]string{model.ErrBanned: "banned", model.ErrNotFound: "event_gone", errDown: "not_done"} {
			c.world.write = func(model.Command) (model.Answer, error) { return model.Answer{}, err }
			c.pressesData(card, c.state.encode(actReportFor, 1, 0))
			c.isTold(told)
		}
		if n := len(c.world.written); n != 5 {
			t.Errorf("%d writes", n)
		}
		c.world.events[2] = event(2, "Own", func(e *model.Seen) { e.Owner = 7 })
		c.says("/start e_2")
		c.seesNot("button_report")
	})
}
