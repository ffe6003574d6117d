package ui

import (
	"errors"

	"okolo/persistence/model"
)

// refusal names the sentence that tells a person why a write was refused and what to do.
func refusal(err error) string {
	var invalid *model.InvalidError
	switch {
	case errors.Is(err, model.ErrNotFound):
		return "event_gone"
	case errors.Is(err, model.ErrNotOwner):
		return "not_owner"
	case errors.Is(err, model.ErrClosed):
		return "event_closed"
	case errors.Is(err, model.ErrPast):
		return "in_the_past"
	case errors.Is(err, model.ErrBusy):
		return "busy"
	case errors.Is(err, model.ErrUnknown):
		return "outcome_unknown"
	case errors.As(err, &invalid):
		return "invalid_draft"
	}
	return "not_saved"
}
