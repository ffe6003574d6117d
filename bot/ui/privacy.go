package ui

// showPrivacy says what is kept of the person, once it is known whether they want reminders.
func (s State) showPrivacy(c Context) Turn {
	return Turn{Next: s, Await: []any{LoadMutedAll{Context: c}}}
}

// presentPrivacy says what is kept of the person, with what there is to be done about it.
func (s State) presentPrivacy(c Context, reminders ...Button) Turn {
	s.Screen = ScreenPrivacy
	t := s.tongue(c)
	m := Message{Text: t.html("privacy")}
	if len(reminders) > 0 {
		m.Buttons = append(m.Buttons, reminders)
	}
	m.Buttons = append(m.Buttons,
		[]Button{{Text: t.say("button_forget"), Data: s.encode(actForget)}},
		[]Button{{Text: t.say("button_menu"), Data: s.encode(actHome)}})
	return s.present(c, m)
}

// askForget asks whether everything is to be deleted, and askForgetSure asks once more.
func (s State) askForget(c Context) Turn {
	s.Screen = ScreenForget
	return s.presentForget(c, "ask_forget", "button_forget_yes", actForgetSure)
}

func (s State) askForgetSure(c Context) Turn {
	s.Screen = ScreenForgetSure
	return s.presentForget(c, "ask_forget_sure", "button_forget_sure", actForgetYes)
}

func (s State) presentForget(c Context, question, yes, action string) Turn {
	t := s.tongue(c)
	return s.present(c, Message{Text: t.html(question), Buttons: [][]Button{
		{{Text: t.say("button_forget_no"), Data: s.encode(actHome)}},
		{{Text: t.say(yes), Data: s.encode(action)}},
	}})
}

// forget deletes what is stored of the person, if the button is on the screen that they look at:
// one that was left behind long ago asks again.
func (s State) forget(c Context, d data) Turn {
	if was := c.before; was.Screen != ScreenForgetSure || d.revision != was.Revision {
		return s.askForget(c)
	}
	return Turn{Next: s, Await: []any{Forget{Context: c}}}
}

// forgotten begins anew, with a state of which nothing is stored.
func (s State) forgotten(in Forgotten) Turn {
	c := in.Context
	if in.Err != nil {
		return s.tell(c, "not_forgotten")
	}
	m := Message{Text: s.tongue(c).html("forgotten")}
	return Turn{Next: Fresh(), Emit: append([]any{Edit{Slot: SlotNone, ID: c.Message, Message: m}}, c.answer()...)}
}

// Blank reports whether nothing has come of the conversation yet, or anything any more: there is
// nothing in it to be stored.
func (s *State) Blank() bool { return s.Revision == 0 }
