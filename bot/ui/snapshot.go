package ui

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"okolo/persistence/model"
)

// UnmarshalCBOR reads a state from a snapshot. What this program does not know, such as a
// screen that only a newer one has, becomes what is closest; so every state that Step gets is
// one that it can show.
func (s *State) UnmarshalCBOR(data []byte) error {
	type plain State // without this method
	var read struct {
		plain
		Before preparedBefore `cbor:"15,keyasint"`
	}
	if err := cbor.Unmarshal(data, &read); err != nil {
		return fmt.Errorf("decode a conversation: %w", err)
	}
	*s = State(read.plain)
	if len(read.Before) > 0 {
		s.Prepared = read.Before.packed()
	}
	*s = s.known()
	return nil
}

// known returns s with only values that this program knows.
func (s State) known() State {
	if s.Screen >= screens {
		s.Screen = ScreenHome
	}
	if s.Back >= screens {
		s.Back = ScreenHome
	}
	if s.Days >= spans {
		s.Days = Today
	}
	if s.Radius < 1000*radii[0] || s.Radius > 1000*radii[len(radii)-1] {
		s.Radius = Fresh().Radius
	}
	if !s.Here.Valid() {
		s.Here, s.Zone = model.Point{}, ""
	}
	if tongues[languages[0]].sentences[s.Headline] == nil {
		s.Headline = ""
	}
	if !s.Category.Valid() {
		s.Category = ""
	}
	if !s.Prepared.whole() {
		s.Prepared = nil
	}
	s.Page = min(max(s.Page, 0), s.lastPage())
	s.BansPage = max(s.BansPage, 0)
	s.Counts.People = max(s.Counts.People, 0)
	s.Counts.Community = max(s.Counts.Community, 0)
	s.Counts.Imported = max(s.Counts.Imported, 0)
	if s.Draft != nil {
		s.Draft.know()
	}
	return s
}

// know leaves in d only values that this program knows. It goes on with the first question
// that has no answer, where it does not know the one that was asked.
func (d *Draft) know() {
	if !d.Category.Valid() {
		d.Category = ""
	}
	if !d.Point.Valid() {
		d.Point, d.Zone = model.Point{}, ""
	}
	if d.Step >= WizardSteps {
		d.Step = d.missing()
	}
	d.Length = max(d.Length, 0)
	switch {
	case d.Event == 0 || d.Parked != nil && d.Parked.Event != 0:
		d.Parked = nil
	case d.Parked != nil:
		d.Parked.know()
	}
}
