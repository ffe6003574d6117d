package ui

// command handles a message that begins with a slash.
func (s State) command(in Command) Turn {
	c := in.Context
	switch in.Name {
	case "start":
		return s.start(c, in.Arg)
	case "help":
		return s.help(c)
	case "nearby", "events": // as people know it from groups
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
	case "language":
		return s.askLanguage(c, "ask_language")
	case "settings": // which Telegram asks every bot to know
		return s.askLanguage(c, "ask_settings")
	case "privacy":
		return s.showPrivacy(c)
	case "forget":
		return s.askForget(c)
	}
	if t, ok := s.operate(in); ok {
		return t
	}
	return s.tell(c, "unknown_command")
}

// text handles words: the answer to a question that the screen asks, or else a hint at what
// would have been expected.
func (s State) text(in Text) Turn {
	switch {
	case s.answering():
		return s.wizardText(in.Context, in.Text)
	case s.Screen == ScreenTell && visible(in.Text):
		return s.tellJoined(in.Context, in.Text)
	case isMapLink(in.Text):
		return s.tell(in.Context, "link_hides_place")
	case s.Screen == ScreenReport && visible(in.Text):
		return s.report(in.Context, s.Event, in.Text)
	}
	return s.askLocation(in.Context)
}

// start greets, or opens what a deep link names.
func (s State) start(c Context, arg string) Turn {
	if id, ok := parseDeepLink(arg); ok {
		s.Back = ScreenHome
		return s.openEvent(c, id)
	}
	if group, ok := parseCreateLink(arg); ok {
		return s.draftFor(c, group)
	}
	t := s.tongue(c)
	home := s.showHome(c)
	home.Await = append([]any{t.withKeyboard(t.html("greeting", "Name", t.name(c.From.Name)))}, home.Await...)
	return home
}

// speak changes the language: of the menu that was pressed, and of the keyboard below the
// input field, which only a new message can change.
func (s State) speak(c Context, language int64) Turn {
	s.Lang = languages[min(max(language, 0), int64(len(languages)-1))]
	t := s.tongue(c)
	home := s.showHome(c)
	home.Await = append(home.Await, t.withKeyboard(t.html("language_chosen")))
	return home
}

// withKeyboard sends a text and puts the keyboard below the input field.
func (t *tongue) withKeyboard(text string) Send {
	return Send{Message: Message{
		Text:     text,
		Keyboard: &Keyboard{Location: t.say("button_location"), Hint: t.say("hint_location")},
	}}
}

// showHome shows the menu.
func (s State) showHome(c Context) Turn {
	s.Screen = ScreenHome
	t := s.tongue(c)
	text := t.html("home")
	if s.Headline != "" {
		text = t.html(s.Headline) + "\n\n" + text
	}
	var rows [][]Button
	if s.Zone != "" {
		rows = append(rows, []Button{{Text: t.say("button_nearby"), Data: s.encode(actNearby)}})
	}
	rows = append(rows,
		[]Button{s.createButton(t), {Text: t.say("button_mine"), Data: s.encode(actMine)}},
		append(s.languageButtons(t), Button{Text: t.say("button_add_to_group"), URL: c.Self.addLink()}))
	return s.present(c, Message{Text: text, Buttons: rows})
}

// createButton opens the wizard, with the draft that there is.
func (s State) createButton(t *tongue) Button {
	text := t.say("button_create")
	switch {
	case s.Draft == nil:
	case s.Draft.Event != 0:
		text = t.say("button_resume_edit")
	default:
		text = t.say("button_resume")
	}
	return Button{Text: text, Data: s.encode(actCreate)}
}

// askLanguage asks a question, and offers all languages, each by its own name.
func (s State) askLanguage(c Context, question string) Turn {
	s.Screen = ScreenHome
	var row []Button
	for i, lang := range languages {
		row = append(row, Button{Text: tongues[lang].say("language"), Data: s.encode(actLanguage, int64(i))})
	}
	return s.present(c, Message{Text: s.tongue(c).html(question), Buttons: [][]Button{row}})
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

// askLocation asks for the one thing that the search cannot do without. Whoever typed an
// answer to the wizard, and had left it, reads how to come back.
func (s State) askLocation(c Context) Turn {
	t := s.tongue(c)
	text := t.html("ask_location")
	if s.Draft != nil {
		text += "\n\n" + t.html("draft_waits")
	}
	return Turn{Next: s, Await: []any{t.withKeyboard(text)}}
}

// statsLoaded shows an operator the statistics.
func (s State) statsLoaded(in StatsLoaded) Turn {
	if in.Err != nil {
		return s.tell(in.Context, "cannot_read")
	}
	return Turn{Next: s, Await: []any{Send{Message: Message{
		Text: "<pre>" + escape(clip(in.Lines, statsShown)) + "</pre>",
	}}}}
}

// help says what there is, to operators also what is for them alone. It is not a screen.
func (s State) help(c Context) Turn {
	text := s.tongue(c).html("help")
	if c.Operator {
		text += "\n\n" + s.tongue(c).html("help_operators")
	}
	return Turn{Next: s, Await: []any{Send{Message: Message{Text: text}}}}
}

// CommandInfo is a command as the menu of commands shows it.
type CommandInfo struct{ Name, About string }

// GroupCommands returns the commands offered in groups, in a language; to their administrators
// some more.
func GroupCommands(lang string, admins bool) []CommandInfo {
	t := State{Lang: lang}.tongue(Context{})
	all := []CommandInfo{{"events", t.say("command_events")}, {"help", t.say("command_help")}}
	if admins {
		all = append(all, CommandInfo{"settings", t.say("command_settings")})
	}
	return all
}

// Commands returns the commands offered to everybody, in a language.
func Commands(lang string) []CommandInfo {
	t := State{Lang: lang}.tongue(Context{})
	return []CommandInfo{
		{"nearby", t.say("command_nearby")},
		{"create", t.say("command_create")},
		{"mine", t.say("command_mine")},
		{"cancel", t.say("command_cancel")},
		{"language", t.say("command_language")},
		{"privacy", t.say("command_privacy")},
		{"forget", t.say("command_forget")},
		{"help", t.say("command_help")},
		{"start", t.say("command_start")},
	}
}
