package ui

import (
	"strings"
)

// command handles a message that begins with a slash.
func (s State) command(in Command) Turn {
	c := in.Context
	s = s.begin()
	switch in.Name {
	case "start":
		return s.start(c, in.Arg)
	case "help":
		return s.tellHTML(c, "help")
	case "nearby":
		if s.Zone == "" {
			return s.askLocation(c)
		}
		return s.search(c)
	case "create":
		return s.openWizard(c)
	case "mine":
		return s.openMine(c)
	case "cancel":
		return s.closeWizard(c)
	case "stats":
		if c.Operator {
			return Turn{Next: s, Await: []any{LoadStats{Context: c}}}
		}
	}
	return s.tell(c, "unknown_command")
}

// text handles words: the answer to a question of the wizard, or else a hint at what would
// have been expected.
func (s State) text(in Text) Turn {
	s = s.begin()
	if s.Screen == ScreenWizard && s.Draft != nil {
		return s.wizardText(in.Context, in.Text)
	}
	return s.askLocation(in.Context)
}

// start greets, or opens what a deep link names.
func (s State) start(c Context, arg string) Turn {
	if id, ok := strings.CutPrefix(arg, "e_"); ok {
		if d, err := decode(string(dataVersion) + actEvent + ":" + id + "~0"); err == nil {
			s.Back = ScreenHome
			return s.openEvent(c, d.arg(0))
		}
	}
	t := s.tongue(c)
	home := s.showHome(c)
	home.Await = append([]any{Send{Context: c, Message: Message{
		Text:     t.html("greeting", "Name", c.From.Name),
		Keyboard: &Keyboard{Location: t.say("button_location"), Hint: t.say("hint_location")},
	}}}, home.Await...)
	return home
}

// showHome shows the menu.
func (s State) showHome(c Context) Turn {
	s.Screen = ScreenHome
	t := s.tongue(c)
	var rows [][]Button
	if s.Zone != "" {
		rows = append(rows, []Button{{Text: t.say("button_nearby"), Data: s.encode(actNearby)}})
	}
	create := t.say("button_create")
	if s.Draft != nil {
		create = t.say("button_resume")
	}
	rows = append(rows,
		[]Button{{Text: create, Data: s.encode(actCreate)}, {Text: t.say("button_mine"), Data: s.encode(actMine)}},
		s.languageButtons(t))
	return s.present(c, Message{Text: t.html("home"), Buttons: rows})
}

func (s State) languageButtons(t *tongue) []Button {
	var row []Button
	for i, lang := range languages {
		if lang != t.lang {
			row = append(row, Button{Text: tongues[lang].say("language"), Data: s.encode(actLanguage, int64(i))})
		}
	}
	return row
}

// askLocation asks for the one thing that the search cannot do without.
func (s State) askLocation(c Context) Turn {
	t := s.tongue(c)
	return Turn{Next: s, Await: []any{Send{Context: c, Message: Message{
		Text:     t.html("ask_location"),
		Keyboard: &Keyboard{Location: t.say("button_location"), Hint: t.say("hint_location")},
	}}}}
}

// statsLoaded shows an operator the statistics.
func (s State) statsLoaded(in StatsLoaded) Turn {
	if in.Err != nil {
		return s.tell(in.Context, "cannot_read")
	}
	lines := []rune(in.Lines)
	lines = lines[:min(len(lines), maxStatsText)]
	return Turn{Next: s, Await: []any{Send{Context: in.Context, Message: Message{
		Text: "<pre>" + escape(string(lines)) + "</pre>",
	}}}}
}

// maxStatsText keeps the statistics below the 4096 characters of a message.
const maxStatsText = 4000

// tellHTML says something that is not a screen.
func (s State) tellHTML(c Context, id string) Turn {
	return Turn{Next: s, Await: []any{Send{Context: c, Message: Message{Text: s.tongue(c).html(id)}}}}
}

// CommandInfo is a command as the menu of commands shows it.
type CommandInfo struct{ Name, About string }

// Commands returns the commands offered to everybody, in a language.
func Commands(lang string) []CommandInfo {
	t := State{Lang: lang}.tongue(Context{})
	return []CommandInfo{
		{"nearby", t.say("command_nearby")},
		{"create", t.say("command_create")},
		{"mine", t.say("command_mine")},
		{"cancel", t.say("command_cancel")},
		{"help", t.say("command_help")},
		{"start", t.say("command_start")},
	}
}
