package ui

import (
	"errors"
	"strings"
	"testing"

	"okolo/persistence/model"
)

var errDown = errors.New("the database is away")

func TestStart(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.says("/start")
		c.did(2)
		c.seesOn(c.newest-1, "greeting", "Ann")
		if k := c.messages[c.newest-1].Keyboard; k == nil || k.Location != c.words("button_location") || k.Hint == "" {
			t.Fatalf("the greeting has the keyboard %+v", k)
		}
		c.sees("home", "button_create", "button_mine")
		c.seesNot("button_nearby") // nowhere to look around yet
		if c.state.Message != c.newest {
			t.Fatalf("the menu is message %d, the state says %d", c.newest, c.state.Message)
		}
	})
}

func TestGreetingEscapesName(t *testing.T) {
	c := newChat(t, "en")
	c.context.From.Name = "<b>A&\u202eB"
	c.says("/start")
	c.seesOn(c.newest-1, "<b>A&B")
}

// TestNobodysName: a name without anything to see has a word in its place.
func TestNobodysName(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.context.From.Name = "\u200e\u202e"
		c.says("/start")
		c.seesOn(c.newest-1, "guest")
		c.world.events[1] = event(1, "Chess", func(e *model.Seen) { e.Going, e.Names = 3, []string{"", "Anna", "\u3164"} })
		c.says("/start e_1")
		c.sees(c.words("guest") + ", Anna, " + c.words("guest"))
	})
}

// TestDraftWaits: whoever leaves the wizard and answers it all the same hears how to come back.
func TestDraftWaits(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.says("/create")
		c.says("/start")
		c.says("My title")
		c.sees("draft_waits", "/create")
		c.says("/cancel")
		c.says("My title")
		c.seesNot("draft_waits")
	})
}

func TestLanguage(t *testing.T) {
	c := newChat(t, "en-GB")
	c.lang = "en"
	c.lives(7)
	c.sendsLocation(berlin, "Europe/Berlin")
	c.says("/start")
	menu := c.newest
	c.presses("Русский")
	c.lang = "ru"
	c.did(1, menu)
	c.seesOn(menu, "home", "button_create", "English")
	c.sees("language_chosen")
	if k := c.messages[c.newest].Keyboard; k == nil || k.Location != c.words("button_location") {
		t.Fatalf("the keyboard stays in the old language: %+v", k)
	}
	// Every screen from now on, also the old list and the picture above it.
	c.pressesOn(c.state.ListMessageID, "▶")
	c.did(0, c.state.MapMessageID, c.state.ListMessageID)
	c.seesOn(c.state.ListMessageID, "nearby_title", "category_any", "button_mine")
	c.seesOn(c.state.MapMessageID, "map_caption")
	if m := c.messages[c.state.MapMessageID].Map; m.Lang != "ru" {
		t.Fatalf("the map speaks %q", m.Lang)
	}
	c.says("/bogus")
	c.sees("unknown_command")
	if c.pressesOn(menu, "English"); c.state.Lang != "en" {
		t.Fatalf("chose %q", c.state.Lang)
	}
}

func TestLanguageOfTelegram(t *testing.T) {
	for lang, want := range map[string]string{"": "en", "de": "en", "ru": "ru", "RU": "ru", "ru-RU": "ru", "en-US": "en"} {
		if got := (State{}).tongue(Context{From: model.Person{Lang: lang}}).lang; got != want {
			t.Errorf("speaks %q to Telegram's %q, want %q", got, lang, want)
		}
	}
}

func TestDeepLink(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.world.events[123456] = event(123456, "Jazz & Wine")
		c.says("/start e_2n9c") // 123456 in base 36
		c.did(1)
		c.sees("Jazz & Wine", "button_join", "button_back")
		c.presses("button_back")
		c.did(0, c.newest)
		c.sees("home")

		before := c.state
		c.says("/start e_zzz")
		c.sees("event_gone")
		if c.state.Screen != before.Screen || c.state.Event != before.Event {
			t.Fatalf("an event that is gone changed the screen to %+v", c.state)
		}
		for _, arg := range []string{"e_", "e_-", "e_1~2", "e_1:2", "e_99999999999999999999", "x", "e_ё"} {
			c.says("/start " + arg)
			c.sees("home")
		}
	})
}

func TestCommands(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		for _, info := range Commands(c.lang) {
			if info.About == "" || info.About == "command_"+info.Name {
				t.Errorf("/%s has no description", info.Name)
			}
			c.says("/" + info.Name)
			c.seesNot("unknown_command")
		}
		for _, text := range []string{"/bogus", "/", "/stats", "/START_x"} {
			c.says(text)
			c.did(1)
			c.sees("unknown_command")
		}
		c.says("/help")
		c.sees("help")
		c.says("/settings")
		c.sees("ask_settings", "English", "Русский")
		for _, nearby := range []string{"/nearby", "/events"} {
			c.says(nearby)
			c.sees("ask_location")
		}
		c.says("hello")
		c.sees("ask_location")
		c.input(func(x Context) any { return Unsupported{x} })
		c.sees("unsupported")
	})
}

func TestStats(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.world.stats = "sessions <1>\n" + strings.Repeat("🎷", 5000)
		c.says("/stats")
		c.sees("unknown_command")
		c.context.Operator = true
		c.says("/stats")
		c.sees("sessions <1>", "🎷…")
		c.world.readErr = errDown
		c.says("/stats")
		c.sees("cannot_read")
	})
}

func TestMine(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.says("/mine")
		c.sees("mine_title", "mine_empty", "button_menu")
		c.world.mine = []model.Seen{
			event(1, "Own", func(e *model.Seen) { e.Owner = 7; e.Part = model.Going }),
			event(2, "Other", func(e *model.Seen) { e.Part = model.Going }),
			event(3, "Full", func(e *model.Seen) { e.Part = model.Waiting }),
			event(4, "Off", func(e *model.Seen) { e.Part = model.Going; e.Status = model.Cancelled }),
		}
		for _, e := range c.world.mine {
			c.world.events[e.ID] = e
		}
		c.says("/mine")
		c.sees("1. Own", "mine_organiser", "2. Other", "mine_going", "3. Full", "mine_waiting", "4. Off", "card_cancelled")
		list := c.newest
		c.pressesOn(list, "2")
		c.did(0, list)
		c.sees("Other", "card_you_go")
		c.presses("button_back")
		c.did(0, list)
		c.sees("mine_title")
		c.presses("button_menu")
		c.sees("home")

		c.world.readErr = errDown
		before := c.state
		c.pressesOn(list, "button_mine")
		c.isTold("cannot_read")
		if c.state.Screen != before.Screen {
			t.Fatalf("a failed read changed the screen to %v", c.state.Screen)
		}
	})
}

func TestBadButtons(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.says("/start")
		before := c.state
		for _, data := range []string{
			"", "1", "x", "2h~0", "1h", "1h~", "1h~-1", "1h~zzzzzzzzzz", "1e:~0", "1e:!~0", "1?~0", "1ee:1~0", "1~0",
			"1p:1:2~0", "1W:5:0~0", "1W~0", "1d:0:1~0", "1k:0~0", "1c:0:1~0", "1r:0:5~0", "1n~0", strings.Repeat("1", 65), "1\x00~0", "1e:1~0",
		} {
			c.pressesData(c.newest, data)
			if !c.answer.Alert {
				t.Errorf("%q was answered %+v", data, c.answer)
			}
			if c.sent > 0 || len(c.edited) > 0 {
				t.Errorf("%q changed the chat", data)
			}
			if s := stored(t, before); c.state.Screen != s.Screen || c.state.Revision != s.Revision {
				t.Errorf("%q changed the state to %+v", data, c.state)
			}
		}
	})
}
