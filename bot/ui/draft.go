package ui

import (
	"time"

	"okolo/persistence/model"
)

// Draft is an event that is being made, or one that is being changed. It lives in the session
// only: until it is confirmed, nothing of it is promised.
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

	Event   int64   `cbor:"12,keyasint,omitempty"` // that is being changed; 0: a new one
	Changed changes `cbor:"13,keyasint,omitempty"` // of that event
	Length  int32   `cbor:"14,keyasint,omitempty"` // seconds; 0 of a new event: defaultLength
	Parked  *Draft  `cbor:"15,keyasint,omitempty"` // the new event that waits until this one is changed

	Revision uint32 `cbor:"16,keyasint,omitempty"` // of the first screen that shows it as it is

	Community      int64  `cbor:"17,keyasint,omitempty"` // the group that a new event is for; 0: none
	CommunityTitle string `cbor:"18,keyasint,omitempty"`
}

// defaultLength is how long an event lasts.
const defaultLength = 2 * time.Hour

// changes are the fields that a person has changed.
type changes uint8

const (
	changedTitle changes = 1 << iota
	changedCategory
	changedPlace
	changedTime
	changedCapacity
	changedDescription
)

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
	WizardSteps // how many there are
)

// before is where "back" leads.
func (d *Draft) before() WizardStep {
	if d.Event != 0 || d.Step > StepPreview {
		return StepPreview
	}
	return max(d.Step, 1) - 1
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
	starts, length := time.Unix(d.Starts, 0), defaultLength
	if d.Event != 0 || d.Length != 0 {
		length = time.Duration(d.Length) * time.Second
	}
	return model.Details{
		Title: d.Title, Description: d.Description, Category: d.Category, Place: d.Place, Point: d.Point,
		Zone: d.Zone, Starts: starts, Ends: starts.Add(length), Capacity: int(d.Capacity),
	}
}

// draftOf is a draft that changes an event, in place of the one there is, which waits.
func draftOf(e model.Event, id int64, parked *Draft) *Draft {
	if parked != nil && parked.Event != 0 {
		parked = parked.Parked
	}
	return &Draft{
		ID: id, Step: StepPreview, Title: e.Title, Category: e.Category, Place: e.Place, Point: e.Point, Zone: e.Zone,
		Starts: e.Starts.Unix(), Capacity: int32(e.Capacity), Description: e.Description,
		Event: e.ID, Length: int32(e.Ends.Sub(e.Starts) / time.Second), Parked: parked,
	}
}

// since returns what differs from an earlier draft.
func (d *Draft) since(old *Draft) changes {
	var c changes
	add := func(field changes, differs bool) {
		if differs {
			c |= field
		}
	}
	add(changedTitle, d.Title != old.Title)
	add(changedCategory, d.Category != old.Category)
	add(changedPlace, d.Place != old.Place || d.Point != old.Point)
	add(changedTime, d.Starts != old.Starts || d.Length != old.Length || d.Zone != old.Zone)
	add(changedCapacity, d.Capacity != old.Capacity)
	add(changedDescription, d.Description != old.Description)
	return c
}

// edit returns the fields that were changed, and leaves the others to whoever changes them
// meanwhile.
func (d *Draft) edit() model.Edit {
	var e model.Edit
	now := d.details()
	if d.Changed&changedTitle != 0 {
		e.Title = &now.Title
	}
	if d.Changed&changedCategory != 0 {
		e.Category = &now.Category
	}
	if d.Changed&changedPlace != 0 {
		e.Place = &model.Place{Name: now.Place, Point: now.Point}
	}
	if d.Changed&changedTime != 0 {
		e.Time = &model.Time{Starts: now.Starts, Ends: now.Ends, Zone: now.Zone}
	}
	if d.Changed&changedCapacity != 0 {
		e.Capacity = &now.Capacity
	}
	if d.Changed&changedDescription != 0 {
		e.Description = &now.Description
	}
	return e
}
