package ui

import (
	"errors"

	"okolo/persistence/model"
)

// refused says why a write was refused, and what to do. A draft is kept.
func (s State) refused(c Context, command model.Command, err error) Turn {
	switch command.(type) {
	case model.CreateUserEvent, model.CreateCommunityEvent:
		if errors.Is(err, model.ErrPast) && s.Draft != nil {
			return s.with(StepWhen, unchanged).showWizard(c, "in_the_past")
		}
		return s.tell(c, refusal(err, "not_saved"))
	case model.EditEvent:
		switch {
		case s.Draft == nil:
		case errors.Is(err, model.ErrOverCapacity):
			return s.with(StepCapacity, unchanged).showWizard(c, "over_capacity")
		case errors.Is(err, model.ErrPast) && s.Draft.Changed&changedTime != 0 && s.Draft.Starts <= c.Now.Unix():
			return s.with(StepWhen, unchanged).showWizard(c, "in_the_past")
		}
	}
	return s.tell(c, refusal(err, "not_done"))
}

// refusals are the sentences to a person who has no right to what they asked for.
var refusals = []string{"not_owner", "banned", "not_allowed", "group_admins_only", "group_not_member"}

// refusal names the sentence for an error of a write: otherwise, where it has none.
func refusal(err error, otherwise string) string {
	var invalid *model.InvalidError
	switch {
	case errors.Is(err, model.ErrNotFound):
		return "event_gone"
	case errors.Is(err, model.ErrNotOwner):
		return "not_owner"
	case errors.Is(err, model.ErrClosed):
		return "event_closed"
	case errors.Is(err, model.ErrPast):
		return "event_over"
	case errors.Is(err, model.ErrOverCapacity):
		return "over_capacity"
	case errors.Is(err, model.ErrBanned):
		return "banned"
	case errors.Is(err, model.ErrTooOften):
		return "too_many_messages"
	case errors.Is(err, model.ErrNotAllowed):
		return "not_allowed"
	case errors.Is(err, model.ErrBusy):
		return "busy"
	case errors.Is(err, model.ErrUnknown):
		return "outcome_unknown"
	case errors.As(err, &invalid):
		return "invalid_draft"
	}
	return otherwise
}
