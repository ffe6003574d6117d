package ui

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"okolo/persistence/model"
)

var wizardQuestions = [WizardSteps]string{
	"ask_title", "ask_category", "ask_where", "ask_when", "ask_confirm", "ask_capacity", "ask_description",
}

// The choices of the wizard's buttons, the second number of their data: never reuse one.
const (
	wizBack int64 = iota
	wizDiscard
	wizCategory    // index
	wizHere        // where the person is
	wizWhen        // Unix seconds
	wizConfirm     //
	wizCapacity    //
	wizDescription //
	wizKeep        // the answer that there is
	wizField       // step: to answer it anew
	wizNone        // no limit, no description
)

// openWizard goes on with the draft there is, or begins one.
func (s State) openWizard(c Context) Turn {
	s.Screen = ScreenWizard
	if s.Draft == nil {
		s.Draft = &Draft{ID: c.Update}
	}
	return s.showWizard(c, "")
}

// closeWizard throws the draft away.
func (s State) closeWizard(c Context) Turn {
	if s.Draft == nil {
		return s.tell(c, "nothing_to_cancel")
	}
	d, said := s.Draft, "draft_discarded"
	if d.Event != 0 {
		said = "edit_discarded"
	}
	s.Draft = d.Parked
	if c.Callback == "" {
		s.Headline = said
	} else {
		c.Toast = s.tongue(c).say(said)
	}
	if d.Event != 0 {
		return s.openEvent(c, d.Event)
	}
	return s.showHome(c)
}

// answering reports whether what the person sends answers a question of the wizard.
func (s State) answering() bool { return s.Screen == ScreenWizard && s.Draft != nil }

// with returns s with a copy of the draft that change has changed, at the given step.
func (s State) with(step WizardStep, change func(*Draft)) State {
	d := *s.Draft
	d.Step = step
	change(&d)
	if changed := d.since(s.Draft); changed != 0 {
		d.Revision = s.Revision
		if d.Event != 0 {
			d.Changed |= changed
		}
	}
	s.Draft, s.Screen = &d, ScreenWizard
	return s
}

// answered goes on with an answer to the first question that has none.
func (s State) answered(c Context, change func(*Draft)) Turn {
	return s.with(StepPreview, func(d *Draft) {
		change(d)
		d.Step = d.missing()
	}).showWizard(c, "")
}

// showWizard asks the current question, below what is known so far; trouble, if any, is the
// sentence that says why the last answer would not do.
func (s State) showWizard(c Context, trouble string, args ...any) Turn {
	t := s.tongue(c)
	return s.present(c, Message{Text: s.wizardScreen(t, c, trouble, args...), Buttons: s.wizardButtons(t, c)})
}

// wizardScreen is the text of the wizard.
func (s State) wizardScreen(t *tongue, c Context, trouble string, args ...any) string {
	d := s.Draft
	var b strings.Builder
	title, question := "wizard_title", wizardQuestions[d.Step]
	if d.Event != 0 {
		title = "edit_title"
		if d.Step == StepPreview {
			question = "ask_edit"
		}
	}
	b.WriteString(t.html(title) + "\n")
	b.WriteString(s.summary(t, c))
	if trouble != "" {
		b.WriteString("\n⚠️ " + t.html(trouble, args...) + "\n")
	}
	b.WriteString("\n" + t.html(question))
	return b.String()
}

// summary tells what is known of the draft so far.
func (s State) summary(t *tongue, c Context) string {
	var b strings.Builder
	d := s.Draft
	add := func(sign, html string) {
		if html != "" {
			fmt.Fprintf(&b, "\n%s %s", sign, html)
		}
	}
	if d.Community != 0 {
		add("👪", t.html("draft_for", "Title", d.CommunityTitle))
	}
	add("📝", escape(d.Title))
	if d.Category != "" {
		add("🏷", escape(t.category(d.Category)))
	}
	if d.Zone == "" || d.Named {
		add("📍", escape(d.Place))
	} else {
		add("📍", escape(s.place(t, model.Event{Details: d.details()})))
	}
	if d.Starts != 0 {
		add("🕒", escape(t.period(d.details(), c.Now)))
	}
	if d.Capacity > 0 {
		add("👥", t.count("capacity", int(d.Capacity)))
	}
	add("💬", escape(clip(d.Description, descriptionShown)))
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}

// wizardButton is a button of the wizard.
func (s State) wizardButton(label string, choice int64, args ...int64) Button {
	return Button{Text: label, Data: s.encode(actWizard, append([]int64{s.Draft.ID, choice}, args...)...)}
}

func (s State) wizardButtons(t *tongue, c Context) [][]Button {
	return append(s.wizardChoices(t, c), s.wizardWays(t))
}

// wizardChoices are the answers that need no typing.
func (s State) wizardChoices(t *tongue, c Context) [][]Button {
	d, button := s.Draft, s.wizardButton
	var rows [][]Button
	switch d.Step {
	case StepCategory:
		var choices []Button
		for i, k := range model.Categories {
			choices = append(choices, button(t.category(k), wizCategory, int64(i)))
		}
		rows = grid(choices, 2)
	case StepWhere:
		if s.Zone != "" {
			rows = [][]Button{{button(t.say("button_here"), wizHere)}}
		}
	case StepWhen:
		var choices []Button
		for _, at := range suggestions(c.Now.In(zone(d.Zone))) {
			choices = append(choices, button(t.moment(at, c.Now), wizWhen, at.Unix()))
		}
		rows = grid(choices, 2)
	case StepPreview:
		return s.previewButtons(t)
	case StepCapacity:
		if d.Capacity > 0 {
			rows = [][]Button{{button(t.say("button_no_limit"), wizNone)}}
		}
	case StepDescription:
		if d.Description != "" {
			rows = [][]Button{{button(t.say("button_no_description"), wizNone)}}
		}
	}
	return rows
}

// previewButtons end the wizard, or lead to the fields: of a new event to those that were not
// asked for.
func (s State) previewButtons(t *tongue) [][]Button {
	d, button := s.Draft, s.wizardButton
	if d.Event == 0 {
		return [][]Button{
			{button(t.say("button_confirm"), wizConfirm)},
			{button(t.say("button_capacity"), wizCapacity), button(t.say("button_description"), wizDescription)},
		}
	}
	var rows [][]Button
	if d.Changed != 0 {
		rows = append(rows, []Button{button(t.say("button_save"), wizConfirm)})
	}
	var fields []Button
	for _, f := range [...]struct {
		name string
		step WizardStep
	}{
		{"button_title", StepTitle}, {"button_category", StepCategory}, {"button_where", StepWhere},
		{"button_when", StepWhen}, {"button_capacity", StepCapacity}, {"button_description", StepDescription},
	} {
		fields = append(fields, button(t.say(f.name), wizField, int64(f.step)))
	}
	return append(rows, grid(fields, 2)...)
}

// wizardWays lead out of the question: back, away, and on where it need not be answered.
func (s State) wizardWays(t *tongue) []Button {
	d, button := s.Draft, s.wizardButton
	var ways []Button
	if d.Step != d.before() {
		ways = append(ways, button(t.say("button_step_back"), wizBack))
	}
	ways = append(ways, button(t.say("button_discard"), wizDiscard))
	switch {
	case d.Event != 0:
	case d.answered():
		ways = append(ways, button(t.say("button_keep"), wizKeep))
	case d.Step == StepCapacity && d.Capacity == 0, d.Step == StepDescription && d.Description == "":
		ways = append(ways, button(t.say("button_skip"), wizKeep))
	}
	return ways
}

// wizardPress handles the wizard's buttons.
func (s State) wizardPress(c Context, d data) Turn {
	if s.Draft == nil || s.Draft.ID != d.arg(0) {
		if d.arg(0) == s.LastDraft && s.LastEvent != 0 {
			return s.openEvent(c, s.LastEvent)
		}
		return s.tell(c, "draft_gone")
	}
	switch d.arg(1) {
	case wizDiscard:
		return s.closeWizard(c)
	case wizBack:
		return s.with(s.Draft.before(), unchanged).showWizard(c, "")
	case wizKeep:
		return s.answered(c, unchanged)
	case wizCategory:
		if i := d.arg(2); i >= 0 && i < int64(len(model.Categories)) {
			return s.answered(c, func(d *Draft) { d.Category = model.Categories[i] })
		}
	case wizHere:
		if s.Zone == "" {
			return s.tell(c, "need_location")
		}
		return s.wizardPlace(c, s.Here, s.Zone, "")
	case wizWhen:
		return s.wizardStarts(c, time.Unix(d.arg(2), 0), time.Time{})
	case wizCapacity:
		return s.with(StepCapacity, unchanged).showWizard(c, "")
	case wizDescription:
		return s.with(StepDescription, unchanged).showWizard(c, "")
	case wizField:
		if step := d.arg(2); step >= 0 && step < int64(WizardSteps) && s.Draft.Event != 0 {
			return s.with(WizardStep(step), unchanged).showWizard(c, "")
		}
	case wizNone:
		switch s.Draft.Step {
		case StepCapacity:
			return s.answered(c, func(d *Draft) { d.Capacity = 0 })
		case StepDescription:
			return s.answered(c, func(d *Draft) { d.Description = "" })
		}
	case wizConfirm:
		if d.revision < s.Draft.Revision {
			return s.with(s.Draft.missing(), unchanged).showWizard(c, "draft_changed")
		}
		return s.confirm(c, d.arg(2) != 0)
	}
	return s.tell(c, "old_button")
}

func unchanged(*Draft) {}

// wizardText takes an answer in words; one that will not do leaves the step as it is.
func (s State) wizardText(c Context, text string) Turn {
	switch s.Draft.Step {
	case StepTitle:
		title := line(text)
		if n := utf8.RuneCountInString(title); n > model.MaxTitle {
			return s.showWizard(c, "title_too_long", "N", n, "Max", model.MaxTitle)
		}
		if !visible(title) {
			return s.showWizard(c, "title_missing")
		}
		return s.answered(c, func(d *Draft) { d.Title = title })
	case StepCategory:
		if k, ok := s.tongue(c).categoryCalled(line(text)); ok {
			return s.answered(c, func(d *Draft) { d.Category = k })
		}
	case StepWhere:
		if isMapLink(text) {
			return s.showWizard(c, "link_hides_place")
		}
		place := line(text)
		if n := utf8.RuneCountInString(place); n > model.MaxPlace {
			return s.showWizard(c, "place_too_long", "N", n, "Max", model.MaxPlace)
		}
		return s.with(StepWhere, func(d *Draft) { d.Place, d.Named = place, true }).showWizard(c, "place_needs_point")
	case StepWhen:
		starts, ends, trouble := readWhen(text, c.Now.In(zone(s.Draft.Zone)))
		if trouble != "" {
			return s.showWizard(c, trouble)
		}
		return s.wizardStarts(c, starts, ends)
	case StepCapacity:
		n, ok := parseCount(strings.TrimSpace(text), model.MaxCapacity)
		if !ok {
			return s.showWizard(c, "capacity_not_understood", "Max", model.MaxCapacity)
		}
		return s.answered(c, func(d *Draft) { d.Capacity = int32(n) })
	case StepDescription:
		description := lines(text)
		if n := utf8.RuneCountInString(description); n > model.MaxDescription {
			return s.showWizard(c, "description_too_long", "N", n, "Max", model.MaxDescription)
		}
		return s.answered(c, func(d *Draft) { d.Description = description })
	}
	return s.showWizard(c, "choose_by_button")
}

// wizardPlace takes the answer to where.
func (s State) wizardPlace(c Context, p model.Point, zone, title string) Turn {
	title = line(title)
	if utf8.RuneCountInString(title) > model.MaxPlace {
		title = string([]rune(title)[:model.MaxPlace])
	}
	return s.answered(c, func(d *Draft) { d.place(p, zone, title) })
}

// wizardStarts takes the answer to when, and to until when, unless that is zero.
func (s State) wizardStarts(c Context, at, ends time.Time) Turn {
	switch {
	case s.Draft.Zone == "":
		return s.with(StepWhere, unchanged).showWizard(c, "")
	case !at.After(c.Now):
		return s.with(StepWhen, unchanged).showWizard(c, "in_the_past")
	case at.Sub(c.Now) > model.MaxAhead:
		return s.with(StepWhen, unchanged).showWizard(c, "too_far_ahead")
	}
	return s.answered(c, func(d *Draft) {
		d.Starts = at.Unix()
		if !ends.IsZero() {
			d.Length = int32(ends.Sub(at) / time.Second)
		}
	})
}

// confirm writes the draft, if nothing is missing. A new event it compares with the person's
// others first, unless they are sure.
func (s State) confirm(c Context, sure bool) Turn {
	if missing := s.Draft.missing(); missing != StepPreview {
		return s.with(missing, unchanged).showWizard(c, "")
	}
	if d := s.Draft; d.Event != 0 {
		if d.Changed == 0 {
			return s.closeWizard(c)
		}
		return s.write(c, model.EditEvent{By: s.by(c), Event: d.Event, Edit: d.edit()})
	}
	if !sure {
		return Turn{Next: s, Await: []any{FindAlike{Context: c, Draft: s.Draft.ID, Details: s.Draft.details()}}}
	}
	return s.publish(c)
}

func (s State) publish(c Context) Turn {
	if group := s.Draft.Community; group != 0 {
		c.next = publishing{}
		return Turn{Next: s, Await: []any{LoadCommunity{Context: c, Chat: group, Role: true}}}
	}
	return s.write(c, model.CreateUserEvent{By: s.by(c), Draft: s.Draft.ID, Details: s.Draft.details()})
}

// alikeFound asks about an event that this one may repeat. Where that cannot be looked up, the
// event is worth more than the question.
func (s State) alikeFound(in AlikeFound) Turn {
	c := in.Context
	switch {
	case s.Draft == nil:
		return s.tell(c, "draft_gone")
	case in.Err != nil || in.Event == 0:
		return s.publish(c)
	}
	t := s.tongue(c)
	return s.present(c, Message{Text: s.wizardScreen(t, c, "made_alike"), Buttons: [][]Button{
		{s.wizardButton(t.say("button_confirm_alike"), wizConfirm, 1)},
		{{Text: t.say("button_show_alike"), Data: s.encode(actEvent, in.Event)}},
		s.wizardWays(t),
	}})
}

// created ends the wizard with the event that a draft has become, and the sentence that says so.
func (s State) created(draft int64, a model.Answer, said string) State {
	if s.Draft != nil && s.Draft.ID == draft {
		s.Draft = nil
	}
	s.LastDraft, s.LastEvent = draft, a.Event
	s.Headline = said
	if a.Changed {
		s.Headline = "saved_before"
	}
	s.Screen = ScreenHome
	if s.Zone != "" {
		s.Screen = ScreenNearby
	}
	s.Back = s.Screen
	return s
}
