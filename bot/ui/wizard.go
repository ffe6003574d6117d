package ui

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"okolo/persistence/model"
)

// Draft is an event that is being made. It lives in the session only: until it is
// confirmed, nothing of it is promised.
type Draft struct {
	ID          int64          `cbor:"1,keyasint,omitempty"` // minted when the wizard opened
	Step        WizardStep     `cbor:"2,keyasint,omitempty"`
	Title       string         `cbor:"3,keyasint,omitempty"`
	Category    model.Category `cbor:"4,keyasint,omitempty"`
	Place       string         `cbor:"5,keyasint,omitempty"`
	Point       model.Point    `cbor:"6,keyasint,omitempty"`
	Zone        string         `cbor:"7,keyasint,omitempty"` // empty: no place yet
	Starts      int64          `cbor:"8,keyasint,omitempty"` // Unix seconds; 0: not yet
	Capacity    int32          `cbor:"9,keyasint,omitempty"`
	Description string         `cbor:"10,keyasint,omitempty"`
}

// defaultLength is how long an event lasts.
const defaultLength = 2 * time.Hour

// WizardStep is a question of the wizard.
type WizardStep uint8

// The steps, in order. Where comes before when, so that an hour is understood in the time
// zone of the place. The last two are offered on the preview and not asked.
const (
	StepTitle WizardStep = iota
	StepCategory
	StepWhere
	StepWhen
	StepPreview
	StepCapacity
	StepDescription
	wizardSteps // how many there are
)

var wizardQuestions = [wizardSteps]string{
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
	s.Draft = nil
	c.Toast = s.tongue(c).say("draft_discarded")
	return s.showHome(c)
}

// with returns s with a copy of the draft that change has changed, at the given step.
func (s State) with(step WizardStep, change func(*Draft)) State {
	d := *s.Draft
	d.Step = step
	change(&d)
	s.Draft, s.Screen = &d, ScreenWizard
	return s
}

// showWizard asks the current question, below what is known so far; trouble, if any, is the
// sentence that says why the last answer would not do.
func (s State) showWizard(c Context, trouble string, args ...any) Turn {
	t, d := s.tongue(c), s.Draft
	var b strings.Builder
	b.WriteString(t.html("wizard_title") + "\n")
	b.WriteString(s.summary(t, c))
	if trouble != "" {
		b.WriteString("\n⚠️ " + t.html(trouble, args...) + "\n")
	}
	b.WriteString("\n" + t.html(wizardQuestions[d.Step]))
	return s.present(c, Message{Text: b.String(), Buttons: s.wizardButtons(t, c)})
}

func (s State) summary(t *tongue, c Context) string {
	var b strings.Builder
	d := s.Draft
	line := func(sign, text string) {
		if text != "" {
			fmt.Fprintf(&b, "\n%s %s", sign, escape(text))
		}
	}
	line("📝", d.Title)
	if d.Category != "" {
		line("🏷", t.category(d.Category))
	}
	if d.Zone != "" {
		line("📍", s.place(t, model.Event{Details: model.Details{Place: d.Place, Point: d.Point}}))
	} else {
		line("📍", d.Place)
	}
	if d.Starts != 0 {
		line("🕒", t.period(d.details(), c.Now))
	}
	if d.Capacity > 0 {
		line("👥", t.say("capacity", "N", d.Capacity))
	}
	line("💬", d.Description)
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}

func (s State) wizardButtons(t *tongue, c Context) [][]Button {
	d := s.Draft
	button := func(label string, choice int64, args ...int64) Button {
		return Button{Text: label, Data: s.encode(actWizard, append([]int64{d.ID, choice}, args...)...)}
	}
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
		rows = [][]Button{
			{button(t.say("button_confirm"), wizConfirm)},
			{button(t.say("button_capacity"), wizCapacity), button(t.say("button_description"), wizDescription)},
		}
	}
	last := []Button{button(t.say("button_discard"), wizDiscard)}
	if d.Step != StepTitle {
		last = append([]Button{button(t.say("button_step_back"), wizBack)}, last...)
	}
	return append(rows, last)
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
		return s.with(s.Draft.Step.before(), func(*Draft) {}).showWizard(c, "")
	case wizCategory:
		if i := d.arg(2); i >= 0 && i < int64(len(model.Categories)) {
			s = s.with(StepWhere, func(d *Draft) { d.Category = model.Categories[i] })
		}
	case wizHere:
		if s.Zone == "" {
			return s.tell(c, "need_location")
		}
		return s.wizardPlace(c, s.Here, s.Zone, "")
	case wizWhen:
		return s.wizardStarts(c, time.Unix(d.arg(2), 0))
	case wizCapacity:
		s = s.with(StepCapacity, func(*Draft) {})
	case wizDescription:
		s = s.with(StepDescription, func(*Draft) {})
	case wizConfirm:
		return s.confirm(c)
	}
	s.Screen = ScreenWizard
	return s.showWizard(c, "")
}

// before is where "back" leads.
func (w WizardStep) before() WizardStep {
	if w > StepPreview {
		return StepPreview
	}
	return max(w, 1) - 1
}

// wizardText takes an answer in words; one that will not do leaves the step as it is.
func (s State) wizardText(c Context, text string) Turn {
	text = strings.TrimSpace(text)
	switch s.Draft.Step {
	case StepTitle:
		title := strings.Join(strings.Fields(text), " ")
		if n := utf8.RuneCountInString(title); n > model.MaxTitle {
			return s.showWizard(c, "title_too_long", "N", n, "Max", model.MaxTitle)
		}
		return s.with(StepCategory, func(d *Draft) { d.Title = title }).showWizard(c, "")
	case StepCategory:
		return s.showWizard(c, "choose_by_button")
	case StepWhere:
		if n := utf8.RuneCountInString(text); n > model.MaxPlace {
			return s.showWizard(c, "place_too_long", "N", n, "Max", model.MaxPlace)
		}
		return s.with(StepWhere, func(d *Draft) { d.Place = strings.Join(strings.Fields(text), " ") }).showWizard(c, "place_needs_point")
	case StepWhen:
		at, ok := ParseWhen(text, c.Now.In(zone(s.Draft.Zone)))
		if !ok {
			return s.showWizard(c, "when_not_understood")
		}
		return s.wizardStarts(c, at)
	case StepCapacity:
		n, ok := parseCount(text, model.MaxCapacity)
		if !ok {
			return s.showWizard(c, "capacity_not_understood", "Max", model.MaxCapacity)
		}
		return s.with(StepPreview, func(d *Draft) { d.Capacity = int32(n) }).showWizard(c, "")
	case StepDescription:
		if n := utf8.RuneCountInString(text); n > model.MaxDescription {
			return s.showWizard(c, "description_too_long", "N", n, "Max", model.MaxDescription)
		}
		return s.with(StepPreview, func(d *Draft) { d.Description = text }).showWizard(c, "")
	}
	return s.showWizard(c, "choose_by_button")
}

// wizardPlace takes the answer to where.
func (s State) wizardPlace(c Context, p model.Point, zone, title string) Turn {
	if utf8.RuneCountInString(title) > model.MaxPlace {
		title = string([]rune(title)[:model.MaxPlace])
	}
	return s.with(StepWhen, func(d *Draft) {
		d.Point, d.Zone = p, zone
		if title != "" {
			d.Place = title
		}
	}).showWizard(c, "")
}

// wizardStarts takes the answer to when.
func (s State) wizardStarts(c Context, at time.Time) Turn {
	switch {
	case s.Draft.Zone == "":
		return s.with(StepWhere, func(*Draft) {}).showWizard(c, "")
	case !at.After(c.Now):
		return s.with(StepWhen, func(*Draft) {}).showWizard(c, "in_the_past")
	case at.Sub(c.Now) > model.MaxAhead:
		return s.with(StepWhen, func(*Draft) {}).showWizard(c, "too_far_ahead")
	}
	return s.with(StepPreview, func(d *Draft) { d.Starts = at.Unix() }).showWizard(c, "")
}

// confirm writes the draft, if nothing is missing.
func (s State) confirm(c Context) Turn {
	d := s.Draft
	missing := StepPreview
	switch {
	case d.Title == "":
		missing = StepTitle
	case d.Category == "":
		missing = StepCategory
	case d.Zone == "":
		missing = StepWhere
	case d.Starts == 0:
		missing = StepWhen
	}
	if missing != StepPreview {
		return s.with(missing, func(*Draft) {}).showWizard(c, "")
	}
	return s.write(c, model.CreateUserEvent{By: c.From, Draft: d.ID, Details: d.details()})
}

// created opens the event that a draft has become.
func (s State) created(c Context, a model.Answer) Turn {
	if s.Draft != nil {
		s.LastDraft = s.Draft.ID
	}
	s.Draft, s.LastEvent = nil, a.Event
	s.Headline = "saved"
	if a.Changed {
		s.Headline = "saved_before"
	}
	s.Back = ScreenHome
	if s.Zone != "" {
		s.Back = ScreenNearby
	}
	return s.openEvent(c, a.Event)
}

func (d *Draft) details() model.Details {
	starts := time.Unix(d.Starts, 0)
	return model.Details{
		Title: d.Title, Description: d.Description, Category: d.Category, Place: d.Place, Point: d.Point,
		Zone: d.Zone, Starts: starts, Ends: starts.Add(defaultLength), Capacity: int(d.Capacity),
	}
}
