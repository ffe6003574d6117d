package ui

import (
	"slices"

	"okolo/persistence/model"
)

// The fields of a group's settings, the first number of their buttons: never reuse one. 0 is
// none: to show them.
const (
	setCreators int64 = 1 + iota // index in groupCreators
	setLanguage                  // index in languages, from 1; 0: each person's own
	setQuiet                     // 1: the bot writes nothing that nobody asked for
	setTopic                     // the topic for announcements; 0: none
)

var (
	groupCreators = [...]model.Creators{model.Everyone, model.Admins, model.Nobody}
	creatorsNames = [...]string{"button_creators_everyone", "button_creators_admins", "button_creators_nobody"}
	quietNames    = [...]string{"button_announce", "button_quiet"}
)

// settle shows an administrator the settings, or changes one of them first. The role was loaded
// for this very press.
func (s State) settle(c Context, in CommunityLoaded, to settling) Turn {
	switch {
	case in.Role != Admin:
		return s.tell(c, "group_admins_only")
	case to.field == 0:
		return s.showSettings(c, in.Chat)
	case to.field == setTopic && to.value == 0:
		return s.enter(c, model.NoTopic)
	case to.field == setTopic:
		return s.enter(c, to.value)
	}
	set := in.Chat.Settings
	switch i := to.value; to.field {
	case setCreators:
		set.Creators = groupCreators[min(max(i, 0), int64(len(groupCreators)-1))]
	case setLanguage:
		set.Lang = ""
		if i > 0 && i <= int64(len(languages)) {
			set.Lang = languages[i-1]
		}
	case setQuiet:
		set.Quiet = i == 1
	default:
		return s.tell(c, "old_button")
	}
	return s.write(c, model.SetCommunity{By: s.by(c), Community: c.Group.ID, Title: c.Group.Title, Settings: set})
}

// showSettings shows the settings, in place where one was changed.
func (s State) showSettings(c Context, g model.Chat) Turn {
	s.Screen = ScreenGroupSettings
	t := s.groupTongue(c, g)
	choice := func(field int64, value int, label string, chosen bool) Button {
		if chosen {
			label = "• " + label + " •"
		}
		return Button{Text: label, Data: s.encode(actGroupSet, field, int64(value))}
	}
	creators := make([]Button, len(groupCreators))
	for i, k := range groupCreators {
		creators[i] = choice(setCreators, i, t.say(creatorsNames[i]), g.Creators == k)
	}
	speak := []Button{choice(setLanguage, 0, t.say("button_language_each"), g.Lang == "")}
	for i, lang := range languages {
		speak = append(speak, choice(setLanguage, i+1, tongues[lang].say("language"), g.Lang == lang))
	}
	rows := [][]Button{creators, speak, {
		choice(setQuiet, 0, t.say(quietNames[0]), !g.Quiet), choice(setQuiet, 1, t.say(quietNames[1]), g.Quiet),
	}}
	if c.Group.Forum {
		here := t.say("button_topic_here")
		rows = append(rows, []Button{choice(setTopic, int(c.Group.Thread), here, g.Topic == c.Group.Thread)})
	}
	return s.present(c, Message{Text: t.html("group_settings", "Title", g.Title), Buttons: slices.Clip(rows)})
}
