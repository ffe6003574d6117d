package ui

import (
	"time"

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
	Named       bool           `cbor:"11,keyasint,omitempty"` // Place is a name whose point is yet to come
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

// before is where "back" leads.
func (w WizardStep) before() WizardStep {
	if w > StepPreview {
		return StepPreview
	}
	return max(w, 1) - 1
}

// missing returns the first question without an answer, the preview where there is none.
func (d *Draft) missing() WizardStep {
	switch {
	case d.Title == "":
		return StepTitle
	case d.Category == "":
		return StepCategory
	case d.Zone == "" || d.Named:
		return StepWhere
	case d.Starts == 0:
		return StepWhen
	}
	return StepPreview
}

// answered reports whether the current question has an answer already.
func (d *Draft) answered() bool { return d.Step < d.missing() && d.Step < StepPreview }

// place puts the event at a point, with the name that came with it or was noted for it. The
// hour stays what it was, now on the clocks there.
func (d *Draft) place(p model.Point, zoneName, title string) {
	if d.Starts != 0 && d.Zone != zoneName {
		at := time.Unix(d.Starts, 0).In(zone(d.Zone))
		d.Starts = time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), 0, 0, zone(zoneName)).Unix()
	}
	if title != "" || !d.Named {
		d.Place = title
	}
	d.Point, d.Zone, d.Named = p, zoneName, false
}

// details returns what the draft tells of the event.
func (d *Draft) details() model.Details {
	starts := time.Unix(d.Starts, 0)
	return model.Details{
		Title: d.Title, Description: d.Description, Category: d.Category, Place: d.Place, Point: d.Point,
		Zone: d.Zone, Starts: starts, Ends: starts.Add(defaultLength), Capacity: int(d.Capacity),
	}
}
