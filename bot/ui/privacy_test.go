package ui

import (
	"reflect"
	"testing"

	"okolo/persistence/model"
)

func TestForget(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.create("Chess")
		c.says("/privacy")
		message := c.newest
		c.sees("privacy", "button_mute_all", "button_forget", "button_menu")
		c.presses("button_forget")
		c.did(0, message)
		c.sees("ask_forget")
		c.presses("button_forget_no")
		c.sees("home")
		c.says("/forget")
		message = c.newest
		c.presses("button_forget_yes")
		c.did(0, message)
		c.sees("ask_forget_sure")
		c.world.readErr = errDown
		c.presses("button_forget_sure")
		c.isTold("not_forgotten")
		c.world.readErr = nil
		yes := c.data(message, "button_forget_sure")
		c.presses("button_forget_sure")
		c.did(0, message)
		c.sees("forgotten")
		if asked[Forget](c).From.ID != 7 || !c.state.Blank() || !reflect.DeepEqual(c.state, stored(t, Fresh())) {
			t.Fatalf("left is %+v", c.state)
		}
		c.pressesData(message, yes) // the second tap of a double tap
		c.hears("done_before")
		c.says("/start")
		c.sees("button_create")
		if c.state.Blank() {
			t.Fatal("a state with a screen would not be stored")
		}
	})
}

// All reminders are switched off and on where the person reads what is kept of them.
func TestMuteAll(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.says("/privacy")
		message := c.newest
		for _, b := range []struct {
			button, toast, next string
			muted               bool
		}{
			{"button_mute_all", "muted_all", "button_unmute_all", true},
			{"button_unmute_all", "unmuted_all", "button_mute_all", false},
		} {
			c.world.readErr = errDown
			c.presses(b.button)
			c.isTold("not_done")
			c.world.readErr = nil
			c.presses(b.button)
			c.hears(b.toast)
			c.did(0, message)
			c.sees("privacy", b.next)
			if asked := asked[MuteAll](c); c.world.mutedAll != b.muted || asked.Person.ID != 7 || asked.Person.Lang != c.lang {
				t.Fatalf("muted: %v; asked for %+v", c.world.mutedAll, asked)
			}
		}
		c.world.readErr = errDown // what is kept is to be read also while the switch is not known
		c.says("/privacy")
		c.sees("privacy", "button_forget")
	})
}

// A button of the last question deletes nothing, unless it is what the person looks at.
func TestForgetByOldButton(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.says("/forget")
		c.presses("button_forget_yes")
		old := c.newest
		yes := c.data(old, "button_forget_sure")
		c.says("/start")
		c.pressesData(old, yes)
		c.seesOn(old, "ask_forget", "button_forget_yes")
		c.says("/forget")
		c.presses("button_forget_yes")
		c.pressesData(c.newest, State{Revision: 1}.encode(actForgetYes))
		c.sees("ask_forget")
		c.pressesData(c.newest, c.state.encode(actForgetYes)) // forged, at the first question
		c.sees("ask_forget")
		for _, e := range c.world.asked {
			if _, ok := e.(Forget); ok {
				t.Fatal("forgot")
			}
		}
	})
}

func TestLanguageByCommand(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.says("/language")
		c.sees("ask_language", "English", "Русский")
		other := map[string]string{"en": "Русский", "ru": "English"}[c.lang]
		c.presses(other)
		c.lang = map[string]string{"en": "ru", "ru": "en"}[c.lang]
		c.sees("language_chosen")
		c.says("/help")
		c.sees("help")
	})
}

// What is no conversation yet leaves nothing to be stored.
func TestBlank(t *testing.T) {
	c := newChat(t, "en")
	c.world.mine = []model.Seen{event(1, "Chess")}
	c.asksInline("")
	c.moves(berlin, "Europe/Berlin")
	if !c.state.Blank() {
		t.Errorf("stored would be %+v", c.state)
	}
}
