// Package stops knows, for tests, how a person comes to every screen of the bot and every step of
// its wizard, and by which button they go on from there. It reads the screens from package ui: one
// that nobody comes to is an error. It speaks English, as the persons it leads do.
package stops

import (
	"fmt"
	"strconv"
	"strings"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/bot/ui"
)

// Stop is a screen in the way of a person.
type Stop struct {
	Name string
	// Come leads a person there, and returns the message that is the screen. event is the argument
	// of the deep link to an event of somebody else's.
	Come func(v *visit.Visitor, event string) sandbox.Message
	Next string                     // the button that they press there
	Sees func(sandbox.Message) bool // what that leads to
}

// Group reports whether the stop is in a group, where the bot has just arrived.
func (s Stop) Group() bool { return strings.HasPrefix(s.Name, "group") }

// All returns a stop for every screen, by the words of the statistics, and for every step of the
// wizard. Operators may come to all of them.
func All() ([]Stop, error) {
	var all []Stop
	for _, name := range ui.ScreenNames() {
		s, ok := screens[name]
		if !ok {
			return nil, fmt.Errorf("nobody comes to the screen %q", name)
		}
		s.Name = name
		all = append(all, s)
	}
	for step := range ui.WizardSteps {
		s, ok := steps[step]
		if !ok {
			return nil, fmt.Errorf("nobody comes to step %d of the wizard", step)
		}
		s.Name = "wizard, step " + strconv.Itoa(int(step))
		all = append(all, s)
	}
	return all, nil
}

var screens = map[string]Stop{
	"home": {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		v.Say("/start")
		return v.See("the menu", Has("Create"))
	}, Next: "Mine", Sees: Contains("Your events")},
	"nearby": {Come: lookAround, Next: "tomorrow", Sees: Has("• tomorrow •")},
	"event":  {Come: openCard, Next: "Join", Sees: Contains("You are going")},
	"mine": {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		v.Say("/mine")
		return v.See("their events", Contains("Your events"))
	}, Next: "Menu", Sees: Contains("What would you like")},
	"wizard": steps[ui.StepPreview],
	"categories": {Come: func(v *visit.Visitor, event string) sandbox.Message {
		return Press(v, lookAround(v, event), "everything", Has("music"))
	}, Next: "music", Sees: Has("• today •")},
	"call_off": {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		return Press(v, Create(v, "To be kept"), "Call it off", Has("keep it"))
	}, Next: "keep it", Sees: Has("Call it off")},
	"report": {Come: func(v *visit.Visitor, event string) sandbox.Message {
		return Press(v, openCard(v, event), "Report", Has("spam"))
	}, Next: "spam", Sees: Has("Join")},
	"attendance": {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		m := Press(v, Create(v, "With guests"), "Join", Has("Who comes"))
		return Press(v, m, "Who comes", Contains("1. "))
	}, Next: "Back", Sees: Has("Who comes")},
	"tell": {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		m := Press(v, Create(v, "With readers"), "Join", Has("Write to all"))
		return Press(v, m, "Write to all", Contains("pass on"))
	}, Next: "Back", Sees: Has("Write to all")},
	"case": {Come: openCase, Next: "Delete", Sees: Contains("for good")},
	"delete": {Come: func(v *visit.Visitor, event string) sandbox.Message {
		return Press(v, openCase(v, event), "Delete", Has("Yes, delete it"))
	}, Next: "Back", Sees: Has("Hide")},
	"bans": {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		v.Say("/banlist")
		return v.See("who is banned", Contains("Banned"))
	}, Next: "Menu", Sees: Contains("What would you like")},
	"privacy": {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		v.Say("/privacy")
		return v.See("what is kept", Has("Delete everything"))
	}, Next: "Delete everything", Sees: Has("Yes, delete it")},
	"forget": {Come: askForget, Next: "Yes, delete it", Sees: Has("Delete for ever")},
	"forget_sure": {Come: func(v *visit.Visitor, event string) sandbox.Message {
		return Press(v, askForget(v, event), "Yes", Has("for ever"))
	}, Next: "for ever", Sees: Contains("is deleted")},
	"group": {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		return v.See("the greeting", Has("Events"))
	}, Next: "Events", Sees: Contains("None so far")},
	"group_settings": {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		v.Say("/settings")
		return v.See("the settings", Has("• each their own •"))
	}, Next: "nobody", Sees: Has("• ➕ nobody •")},
}

var steps = map[ui.WizardStep]Stop{
	ui.StepTitle: {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		askTitle(v)
		return v.Last(Contains("the title"))
	}, Next: "Discard", Sees: Contains("What would you like")},
	ui.StepCategory: {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		return askCategory(v, "Half a walk")
	}, Next: "walks", Sees: Contains("Where")},
	ui.StepWhere: {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		return askWhere(v, "A walk to nowhere")
	}, Next: "Back", Sees: Contains("What kind")},
	ui.StepWhen: {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		return askWhen(v, "A walk one day")
	}, Next: "tomorrow 19:00", Sees: Contains("Is everything right")},
	ui.StepPreview: {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		return Preview(v, "A walk to be")
	}, Next: "Back", Sees: Contains("When does it begin")},
	ui.StepCapacity: {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		return Press(v, Preview(v, "A walk of some"), "How many", Has("Skip"))
	}, Next: "Skip", Sees: Contains("Is everything right")},
	ui.StepDescription: {Come: func(v *visit.Visitor, _ string) sandbox.Message {
		return Press(v, Preview(v, "A walk, told of"), "Description", Has("Skip"))
	}, Next: "Skip", Sees: Contains("Is everything right")},
}

// Berlin is where everybody is.
const (
	berlinLat = 52.52
	berlinLon = 13.405
)

func lookAround(v *visit.Visitor, _ string) sandbox.Message {
	v.Locate(berlinLat, berlinLon)
	return v.See("the list", Has("tomorrow"))
}

func openCard(v *visit.Visitor, event string) sandbox.Message {
	v.Say("/start " + event)
	return v.See("the card", Has("Join"))
}

func openCase(v *visit.Visitor, event string) sandbox.Message {
	v.Say("/event " + event)
	return v.See("the event as operators see it", Has("Hide"))
}

func askForget(v *visit.Visitor, _ string) sandbox.Message {
	v.Say("/forget")
	return v.See("the question", Has("Yes, delete it"))
}

func askTitle(v *visit.Visitor) {
	v.Say("/create")
	v.See("the question for a title", Contains("the title"))
}

func askCategory(v *visit.Visitor, title string) sandbox.Message {
	askTitle(v)
	v.Say(title)
	return v.See("the question for a category", Contains("What kind"))
}

func askWhere(v *visit.Visitor, title string) sandbox.Message {
	return Press(v, askCategory(v, title), "walks", Contains("Where"))
}

func askWhen(v *visit.Visitor, title string) sandbox.Message {
	askWhere(v, title)
	v.Locate(berlinLat, berlinLon)
	return v.See("the question when", Contains("When"))
}

// Preview takes a person through the wizard up to the preview, and returns it.
func Preview(v *visit.Visitor, title string) sandbox.Message {
	return Press(v, askWhen(v, title), "tomorrow 19:00", Contains("Is everything right"))
}

// Create takes a person through the wizard to the saved event.
func Create(v *visit.Visitor, title string) sandbox.Message {
	return Press(v, Preview(v, title), "Publish", Contains("Saved."))
}

// Press presses a button, and waits until its message shows what it leads to.
func Press(v *visit.Visitor, m sandbox.Message, label string, sees func(sandbox.Message) bool) sandbox.Message {
	v.Press(m, label)
	return v.SeeEdited(m, "what "+label+" leads to", sees)
}

// Contains tells a message by a part of its text.
func Contains(text string) func(sandbox.Message) bool {
	return func(m sandbox.Message) bool { return strings.Contains(m.Body(), text) }
}

// Has tells a message by one of its buttons.
func Has(button string) func(sandbox.Message) bool {
	return func(m sandbox.Message) bool { _, ok := m.Button(button); return ok }
}
