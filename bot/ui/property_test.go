package ui

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"okolo/persistence/model"
)

// Whatever a person does, in whatever order and however the database fares, Step does not
// panic, and each turn holds what the driver checks: the limits of Telegram, the state as it
// was given untouched, its stored form faithful, the revisions in order, every press answered.
func TestAnyConversation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newChat(t, rapid.SampledFrom(languages).Draw(t, "language"))
		c.context.Operator = rapid.Bool().Draw(t, "operator")
		c.world.stats = strings.Repeat("<&🎷", 2000)
		c.lives(rapid.IntRange(0, 12).Draw(t, "events"))
		for id := range int64(len(c.world.events)) {
			id++
			c.world.events[id] = anyEvent(t, id)
			c.world.mine = append(c.world.mine, c.world.events[id])
		}
		for i := range rapid.IntRange(0, maxAttendance).Draw(t, "attendees") {
			part := model.Going
			if i > 150 {
				part = model.Waiting
			}
			c.world.attendees = append(c.world.attendees, model.Attendee{Name: strings.Repeat("🎷&", i%33), Part: part})
		}
		c.world.reports = map[int64][]model.Complaint{}
		for id := range c.world.events {
			for range rapid.IntRange(0, 5).Draw(t, "complaints") {
				reason := rapid.SampledFrom([]string{"spam", strings.Repeat("🎷&", 250), strings.Repeat("&", 500)}).Draw(t, "reason")
				c.world.reports[id] = append(c.world.reports[id], model.Complaint{Reason: reason, Times: rapid.IntRange(1, 3).Draw(t, "times")})
			}
		}
		for i := range rapid.Int64Range(0, 25).Draw(t, "bans") {
			c.world.bans = append(c.world.bans, model.Ban{Person: 1 + i, Name: strings.Repeat("🎷&", 32), Reason: strings.Repeat("&", 500), Since: monday})
		}
		c.joins()
		join := c.world.write
		c.saves()
		save := c.world.write
		failing := error(nil)
		c.world.write = func(command model.Command) (model.Answer, error) {
			if _, create := command.(model.CreateUserEvent); failing == nil && create {
				return save(command)
			} else if failing == nil {
				return join(command)
			}
			return model.Answer{}, failing
		}
		t.Repeat(map[string]func(*rapid.T){
			"says": func(t *rapid.T) {
				c.says(rapid.OneOf(rapid.SampledFrom([]string{
					"/start", "/nearby", "/create", "/mine", "/cancel", "/stats", "/reports", "/banlist", "/event 1", "/ban 5 " + strings.Repeat("🎷", 600), "/unban 5", "/help", "/privacy", "/forget", "/language", "/start e_1", "/start e_zz", "/x",
					"Chess", "25.12 18:00", "завтра 19:30", "20", "52.52, 13.405", "25.12 18.00", "91, 181", strings.Repeat("🎷", 2100),
				}), rapid.String()).Draw(t, "text"))
			},
			"sends a location": func(t *rapid.T) {
				c.sendsVenue(rapid.SampledFrom([]model.Point{berlin, moscow, {Lat: 91}, {Lat: math.NaN()}, {}}).Draw(t, "point"),
					rapid.SampledFrom([]string{"Europe/Berlin", "Asia/Kathmandu", "No/Such"}).Draw(t, "zone"), rapid.String().Draw(t, "title"))
			},
			"presses":       func(t *rapid.T) { c.pressesAny(t, false) },
			"presses again": func(t *rapid.T) { c.pressesAny(t, true) },
			"forges": func(t *rapid.T) {
				action := rapid.SampledFrom(strings.Split("h n p r d k c a g e j l x X b m L w W P C R F E A T v z Z y q oc oh od oD os ob on ol oq G J Q s", " ")).Draw(t, "action")
				numbers := rapid.SliceOfN(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-2, 9)), 0, 3).Draw(t, "numbers")
				on := c.newest
				for c.messages[on].Map != nil { // a picture has no buttons
					on--
				}
				c.pressesData(on, c.state.encode(action, numbers...))
			},
			"moves": func(t *rapid.T) {
				c.moves(rapid.SampledFrom([]model.Point{berlin, moscow, {Lat: 52.53, Lon: 13.405}, {Lat: 91}, {Lat: math.NaN()}, {}}).Draw(t, "point"), "Europe/Berlin")
			},
			"asks inline": func(t *rapid.T) {
				c.asksInline(rapid.OneOf(rapid.SampledFrom([]string{"", "e_1", "e_zz", "e_", "e"}), rapid.String()).Draw(t, "query"))
			},
			"waits": func(t *rapid.T) {
				c.context.Now = c.context.Now.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, "hours")) * time.Hour)
			},
			"is moved": func(t *rapid.T) { c.state = stored(t, c.state.Trim(rapid.IntRange(0, 25).Draw(t, "limit"))) },
			"loses a message": func(t *rapid.T) {
				delete(c.messages, int64(rapid.IntRange(101, max(101, int(c.newest))).Draw(t, "message")))
			},
			"finds one alike": func(t *rapid.T) { c.world.alike = rapid.Int64Range(0, 3).Draw(t, "alike") },
			"the database fares": func(t *rapid.T) {
				c.world.readErr = rapid.SampledFrom([]error{nil, nil, errDown}).Draw(t, "reads")
				failing = rapid.SampledFrom([]error{nil, nil, model.ErrPast, model.ErrUnknown, model.ErrNotOwner, &model.InvalidError{}}).Draw(t, "writes")
			},
		})
	})
}

// Whatever people do in a group, in whatever order and however the database fares, likewise; and
// settings change by the hand of administrators alone.
func TestAnyGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newChat(t, rapid.SampledFrom(languages).Draw(t, "language"))
		c.founds()
		for id := range int64(rapid.IntRange(0, 12).Draw(t, "events")) {
			e := anyEvent(t, id+1)
			e.Community = club.ID
			c.world.events[id+1] = e
		}
		writes := c.world.write
		failing := error(nil)
		c.world.write = func(command model.Command) (model.Answer, error) {
			if failing != nil {
				return model.Answer{}, failing
			}
			return writes(command)
		}
		c.comes(ann, club)
		t.Repeat(map[string]func(*rapid.T){
			"": func(*rapid.T) {
				for _, w := range c.world.written {
					if set, ok := w.(model.SetCommunity); ok && (c.world.roles[set.By.ID] != Admin || set.Settings.Validate() != nil) {
						t.Fatalf("wrote %+v", set)
					}
				}
			},
			"somebody comes": func(t *rapid.T) {
				where := club
				where.Forum, where.Thread = rapid.Bool().Draw(t, "forum"), rapid.Int64Range(0, 3).Draw(t, "topic")
				where.Title = rapid.SampledFrom([]string{club.Title, "<b>", strings.Repeat("&", 255)}).Draw(t, "title")
				c.comes(rapid.SampledFrom([]model.Person{ann, bo, eve}).Draw(t, "who"), where)
			},
			"says": func(t *rapid.T) {
				c.says(rapid.SampledFrom([]string{"/start", "/events", "/help", "/settings", "/create", "/x"}).Draw(t, "command"))
			},
			"presses": func(t *rapid.T) { c.pressesAny(t, false) },
			"forges": func(t *rapid.T) {
				if c.newest == 100 {
					t.Skip("no message to press")
				}
				action := rapid.SampledFrom(strings.Split("G J Q s h X E z", " ")).Draw(t, "action")
				numbers := rapid.SliceOfN(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-2, 9)), 0, 3).Draw(t, "numbers")
				c.pressesData(c.newest, c.state.encode(action, numbers...))
			},
			"the bot comes and goes": func(t *rapid.T) {
				switch rapid.IntRange(0, 2).Draw(t, "how") {
				case 0:
					c.input(func(x Context) any { return GroupEntered{x, true} })
				case 1:
					c.input(func(x Context) any { return GroupLeft{x} })
				case 2:
					c.input(func(x Context) any { return GroupMigrated{x, -1, club.ID} })
				}
			},
			"the database fares": func(t *rapid.T) {
				c.world.readErr = rapid.SampledFrom([]error{nil, nil, errDown}).Draw(t, "reads")
				failing = rapid.SampledFrom([]error{nil, nil, model.ErrPast, model.ErrUnknown, model.ErrBanned, model.ErrNotFound}).Draw(t, "writes")
			},
		})
	})
}

// pressesAny presses any button in the chat, or one that was pressed before.
func (c *chat) pressesAny(t *rapid.T, again bool) {
	type place struct {
		message int64
		data    string
	}
	var all []place
	for id := int64(101); id <= c.newest; id++ {
		for _, b := range buttons(c.messages[id]) {
			if b.calls() && (!again || c.pressed[fmt.Sprint(id, b.Data)]) {
				all = append(all, place{id, b.Data})
			}
		}
	}
	if len(all) == 0 {
		t.Skip("no such button")
	}
	p := rapid.SampledFrom(all).Draw(t, "button")
	c.pressesData(p.message, p.data)
}

// anyEvent draws an event as the database may hold it.
func anyEvent(t *rapid.T, id int64) model.Seen {
	text := func(limit int) string {
		return rapid.OneOf(
			rapid.StringN(1, limit, 4*limit),
			rapid.SampledFrom([]string{strings.Repeat("&", limit), strings.Repeat("🎷", limit), strings.Repeat("👩‍🚀", limit/3)}),
		).Draw(t, "text")
	}
	return event(id, text(model.MaxTitle), func(e *model.Seen) {
		e.Description, e.Place = text(model.MaxDescription), text(model.MaxPlace)
		e.Status = rapid.SampledFrom([]model.Status{model.Open, model.Open, model.Cancelled}).Draw(t, "status")
		e.Owner = rapid.SampledFrom([]int64{0, 7, 99}).Draw(t, "owner")
		e.Starts = e.Starts.Add(time.Duration(rapid.IntRange(-100, 20_000).Draw(t, "hours")) * time.Hour)
		e.Ends = e.Starts.Add(time.Duration(rapid.IntRange(0, 8_000).Draw(t, "length")) * time.Hour)
		e.Capacity, e.Going = rapid.IntRange(0, model.MaxCapacity).Draw(t, "capacity"), rapid.IntRange(0, 30).Draw(t, "going")
		for range rapid.IntRange(0, 5).Draw(t, "names") {
			e.Names = append(e.Names, text(model.MaxName))
		}
	})
}

func TestLongestMine(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		for i := range maxMine {
			c.world.mine = append(c.world.mine, event(int64(i+1)<<40, strings.Repeat("🎷", model.MaxTitle), func(e *model.Seen) {
				e.Part, e.Starts = model.Waiting, e.Starts.AddDate(1, 0, 0)
			}))
		}
		c.says("/mine")
		c.sees("20. 🎷", "🎷…")
	})
}

func TestButtonData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := State{Revision: rapid.Uint32().Draw(t, "revision")}
		args := rapid.SliceOfN(rapid.Int64(), 0, 3).Draw(t, "args")
		d, err := decode(s.encode(actWizard, args...))
		if err != nil || d.action != actWizard || d.revision != s.Revision || fmt.Sprint(d.args) != fmt.Sprint(args) {
			t.Fatalf("%v is read as %+v, %v", args, d, err)
		}
	})
}

func TestClipAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, limit := rapid.StringOf(rapid.SampledFrom([]rune("aж🎷👩\u200d\u0301🇩🇪🏽\ufe0f&"))).Draw(t, "text"), rapid.IntRange(1, 40).Draw(t, "limit")
		got := clip(text, limit)
		switch body, cut := strings.CutSuffix(got, "…"); {
		case units(got) > limit || !utf8.ValidString(got):
			t.Fatalf("clip(%q, %d) = %q of %d units", text, limit, got, units(got))
		case units(text) <= limit && got != text:
			t.Fatalf("clip(%q, %d) = %q without need", text, limit, got)
		case cut && !strings.HasPrefix(text, body):
			t.Fatalf("clip(%q, %d) = %q", text, limit, got)
		}
	})
}

// talkative are chats on each screen and at each step of the wizard.
func talkative(t tester, lang string, do func(c *chat)) {
	for _, lead := range []func(c *chat){
		func(c *chat) {},
		func(c *chat) { c.says("/start") },
		func(c *chat) { c.sendsLocation(berlin, "Europe/Berlin") },
		func(c *chat) { c.sendsLocation(berlin, "Europe/Berlin"); c.presses("category_any") },
		func(c *chat) { c.says("/mine") },
		func(c *chat) { c.says("/start e_1") },
		func(c *chat) { c.says("/start e_1"); c.presses("button_call_off") },
		func(c *chat) { c.says("/start e_2"); c.presses("button_report") },
		func(c *chat) { c.says("/start e_1"); c.presses("button_edit") },
		func(c *chat) { c.says("/start e_1"); c.presses("button_edit"); c.presses("button_where") },
		func(c *chat) { c.says("/start e_1"); c.presses("button_attendance") },
		func(c *chat) { c.world.alike = 1; c.create("Chess"); c.presses("button_confirm") },
		func(c *chat) { c.says("/start e_1"); c.presses("button_tell") },
		func(c *chat) { c.context.Operator = true; c.says("/event 1") },
		func(c *chat) { c.context.Operator = true; c.says("/event 1"); c.presses("button_delete") },
		func(c *chat) { c.context.Operator = true; c.says("/reports") },
		func(c *chat) { c.context.Operator = true; c.says("/banlist") },
		func(c *chat) { c.says("/privacy") },
		func(c *chat) { c.says("/forget") },
		func(c *chat) { c.says("/forget"); c.presses("button_forget_yes") },
		func(c *chat) { c.says("/create") },
		func(c *chat) { c.says("/create"); c.says("Chess") },
		func(c *chat) { c.says("/create"); c.says("Chess"); c.presses("category_games") },
		func(c *chat) {
			c.says("/create")
			c.says("Chess")
			c.presses("category_games")
			c.sendsLocation(berlin, "Europe/Berlin")
		},
		func(c *chat) { c.create("Chess") },
		func(c *chat) { c.create("Chess"); c.presses("button_capacity") },
		func(c *chat) { c.create("Chess"); c.presses("button_description") },
	} {
		c := newChat(t, lang)
		c.lives(7)
		c.world.events[1] = event(1, "Own", func(e *model.Seen) { e.Owner, e.Going = 7, 1 })
		c.world.write = func(model.Command) (model.Answer, error) { return model.Answer{Event: 1, Part: model.Going}, nil }
		lead(c)
		do(c)
	}
}

func FuzzPress(f *testing.F) {
	for _, data := range []string{"1h~0", "1p:1:2~1", "1e:1:1~z", "1W:rs:4:6jbk~1", "1X:1~0", "1L:1~0", "", "2x", "1c:1:8~1zzzzzz"} {
		f.Add(data, true)
	}
	f.Fuzz(func(t *testing.T, data string, newest bool) {
		talkative(t, "ru", func(c *chat) {
			message := int64(50) // of a time that the chat does not remember
			if newest && c.newest > 100 {
				message = c.newest
			}
			c.pressesData(message, data)
			c.pressesData(message, data)
		})
	})
}

func FuzzText(f *testing.F) {
	for _, text := range []string{"/start e_1", "/create", "Chess", "25.12 18:00", "52.52, 13.405", "<b>&amp;", "👨‍👩‍👧\u202e\x00\xff", "100"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		talkative(t, "en", func(c *chat) {
			c.says(text)
			c.says(text)
		})
	})
}

func FuzzWhen(f *testing.F) {
	for _, text := range []string{"19:30", "25.12 18.00", "завтра в 7 вечера", "25th of dec 2027 at 6pm", "in 2 hours", "через 3 дня 10:00", "31.02 10:00", "fri 7-9pm", "завтра с семи до девяти вечера"} {
		f.Add(text, int64(1795000000))
	}
	f.Fuzz(func(t *testing.T, text string, at int64) {
		now := time.Unix(at%(1<<33), 0).In(zone("Europe/Berlin"))
		got, ends, ok := ParseWhen(text, now)
		if ok && (got.Second() != 0 || got.Nanosecond() != 0 || got.Location() != now.Location()) {
			t.Fatalf("%q is %v", text, got)
		}
		if ok && !ends.IsZero() && (ends.Second() != 0 || !ends.After(got) || ends.Sub(got) > 25*time.Hour || ends.Location() != now.Location()) {
			t.Fatalf("%q is %v to %v", text, got, ends)
		}
		if again, over, also := ParseWhen(text, now); ok != also || !again.Equal(got) || !over.Equal(ends) {
			t.Fatalf("%q is %v, %v, and then %v, %v", text, got, ok, again, also)
		}
	})
}

func FuzzPlace(f *testing.F) {
	for _, text := range []string{
		"https://www.google.com/maps/place/Caf%C3%A9/@52.5,13.4,17z/data=!3d52.51!4d13.41", "geo:52.5,13.4",
		"https://yandex.ru/maps/?ll=13.4%2C52.5&rtext=~52.5,13.4", "https://www.openstreetmap.org/#map=17/52.5/13.4", "http://google.com/maps?q=%zz",
		"maps.apple.com/place?coordinate=52.5,13.4&name=x", "2gis.ru/moscow/geo/1/13.4,52.5?m=13.4,52.5/17", "2gis.ru/directions/points/1.5,1.5|13.4,52.5",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, title, ok := ParsePlace(text)
		if math.IsNaN(p.Lat+p.Lon) || math.Abs(p.Lat) > 10_000 || math.Abs(p.Lon) > 10_000 || !ok && p != (model.Point{}) || !utf8.ValidString(title) {
			t.Fatalf("%q is %v %q, %v", text, p, title, ok)
		}
	})
}

func FuzzPoint(f *testing.F) {
	for _, text := range []string{"52.52, 13.405", "52,52 13,405", "33.87° S, 151.21° E", "−1; −2", "9999.999999999999999,0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := ParsePoint(text)
		if ok && (math.IsNaN(p.Lat+p.Lon) || math.Abs(p.Lat) > 10_000 || math.Abs(p.Lon) > 10_000) || !ok && p != (model.Point{}) {
			t.Fatalf("%q is %v, %v", text, p, ok)
		}
	})
}
