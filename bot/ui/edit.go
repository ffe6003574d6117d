package ui

import (
	"okolo/persistence/model"
)

// openEdit loads the event that is to be changed; edit opens the wizard on it.
func (s State) openEdit(c Context, id int64) Turn {
	if s.Draft != nil && s.Draft.Event == id {
		s.Screen = ScreenWizard
		return s.showWizard(c, "")
	}
	c.want = wantEdit
	return Turn{Next: s, Await: []any{LoadEvents{Context: c, IDs: []int64{id}}}}
}

func (s State) edit(c Context, e model.Seen) Turn {
	switch {
	case e.Owner != c.From.ID:
		return s.tell(c, "not_owner")
	case e.Status != model.Open:
		return s.tell(c, "event_closed")
	case !e.Ends.After(c.Now):
		return s.tell(c, "event_over")
	}
	s.Screen, s.Event, s.Draft = ScreenWizard, e.ID, draftOf(e.Event, c.Update, s.Draft)
	return s.showWizard(c, "")
}

// edited ends the wizard with the event as it is now.
func (s State) edited(event int64) State {
	if s.Draft != nil && s.Draft.Event == event {
		s.LastDraft, s.LastEvent = s.Draft.ID, event
		s.Draft = s.Draft.Parked
	}
	s.Headline = "edit_saved"
	return s
}
