package ui

import (
	"flag"
	"testing"

	"okolo/persistence/model"
)

var update = flag.Bool("update", false, "write the transcripts in testdata anew")

// A whole visit, word for word: what each language really says. After a change of words, read
// the difference that -update makes.
func TestJourney(t *testing.T) {
	both(t, func(t *testing.T, c *chat) {
		c.lives(7)
		full := event(7, "Шахматы <3 & чай", func(e *model.Seen) {
			e.Description, e.Capacity, e.Going, e.Names = "Blitz.", 2, 2, []string{"Bo", "Cy"}
		})
		c.world.events[7] = full
		c.joins()
		c.says("/start")
		c.sendsLocation(berlin, "Europe/Berlin")
		c.presses("▶")
		c.presses("7")
		c.presses("button_join")
		c.presses("button_back")
		c.presses("category_any")
		c.presses("category_music")
		c.saves()
		c.presses("button_create")
		c.says("Go")
		c.presses("category_games")
		c.says("The old mill")
		c.presses("button_here")
		c.says("31.02 10:00")
		c.says(map[string]string{"en": "fri 7-9pm", "ru": "в пятницу с 19 до 21"}[c.lang])
		c.presses("button_capacity")
		c.says("21")
		c.presses("button_confirm")
		c.world.mine = []model.Seen{c.world.events[7], c.world.events[500]}
		c.says("/mine")
		c.presses("2")
		c.joins()
		c.presses("button_edit")
		c.presses("button_when")
		c.says("25.12 18:00")
		c.presses("button_save")
		c.presses("button_call_off")
		c.presses("button_call_off_yes")
		c.says("/help")
		c.transcript(t, "journey")
	})
}
