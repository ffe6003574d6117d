package main

import (
	"testing"

	"okolo/bot/sandbox/webchat/browser"
)

// TestWebGroup does with the mouse alone what a group is for: the bot is added, an event is made
// by the button in the group, announced there, and joined by two people in two tabs, who both see
// the counts change. Its screenshots go to $OKOLO_SCREENSHOTS, where that is set.
func TestWebGroup(t *testing.T) {
	t.Parallel()
	const group = "Evening walkers"
	anna := browser.Open(t, startDemo(t))
	anna.Click("#new-group", "")
	anna.Click(`dialog input[aria-label="Name of the group"]`, "")
	anna.Type(group)
	anna.Click("dialog .choice", "Борис")
	anna.Click("dialog .choice", "Sandbox bot")
	anna.Click("dialog button", "Create group")
	anna.See("#title", group)
	anna.Read("I keep the events of this group")
	anna.Click(".key", "Events")
	anna.Read("None so far")

	anna.Click("a.key", "Create")
	anna.Read("for " + group)
	anna.Click("#text", "")
	anna.Type(tourTitle)
	anna.Click("#send", "")
	anna.Click(".key", "walks")
	anna.Read("Where does it take place")
	anna.Click("#text", "")
	anna.Type("52.52, 13.405")
	anna.Click("#send", "")
	anna.Click(".key", "tomorrow 19:00")
	anna.Read("Is everything right?")
	anna.Click(".key", "Publish")
	anna.Read("Saved. I announce it in the group.")
	anna.Click(".chat-line", group)
	anna.Read(tourTitle)

	boris := anna.OpenTabOf("Борис")
	boris.Click(".chat-line", group) // before there is only room for one chat
	boris.BecomePhone("light")
	boris.Read(tourTitle)
	boris.Click(".key", "Join")
	boris.See(".toast", "Вы идёте!")
	boris.Read("1 comes: Борис")
	anna.ToFront()
	anna.Read("1 comes: Борис")
	anna.Click(".key", "Join")
	anna.See(".toast", "You are going!")
	anna.Read("2 come: Борис, Anna")
	anna.Screenshot("group-desktop-light")
	boris.ToFront()
	boris.Read("2 come: Борис, Anna")
	boris.SeeThat("the notice gone", `!document.querySelector(".toast")`)
	boris.Screenshot("group-light")
	boris.Click(".key", "Leave")
	boris.See(".toast", "Вы больше не идёте.")
	anna.ToFront()
	anna.Read("1 comes: Anna")
}
