package model

import "time"

// Edit is what changes of an event; what is nil stays as it is.
type Edit struct {
	Title       *string
	Description *string
	Category    *Category
	Time        *Time
	Place       *Place
	Capacity    *int
}

// Time is when an event takes place.
type Time struct {
	Starts time.Time
	Ends   time.Time // never before Starts
	Zone   string    // IANA name
}

// Place is where an event takes place.
type Place struct {
	Name string
	Point
}

// Apply returns the details as they are after the edit.
func (e *Edit) Apply(d Details) Details {
	set(&d.Title, e.Title)
	set(&d.Description, e.Description)
	set(&d.Category, e.Category)
	set(&d.Capacity, e.Capacity)
	if t := e.Time; t != nil {
		d.Starts, d.Ends, d.Zone = t.Starts, t.Ends, t.Zone
	}
	if p := e.Place; p != nil {
		d.Place, d.Point = p.Name, p.Point
	}
	return d
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// Validate checks the limits that need no clock.
func (e *Edit) Validate() error {
	if *e == (Edit{}) {
		return &InvalidError{"edit", "nothing changes"}
	}
	// No field's limits depend on another's that can be edited apart from it.
	d := e.Apply(Details{Title: "-", Category: Categories[0], Zone: "UTC"})
	return d.Validate()
}
