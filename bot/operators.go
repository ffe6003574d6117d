package bot

import (
	"context"
	"log/slog"
	"slices"

	"okolo/bot/ui"
	"okolo/persistence/model"
)

// Operators implements [persistence.Messenger].
func (m messenger) Operators() []int64 { return slices.Clone(m.Bot.Operators) }

// Reported implements [persistence.Messenger].
func (m messenger) Reported(ctx context.Context, digests []model.Digest) []error {
	return m.deliverAll(ctx, len(digests), func(i int) (int64, ui.Message, bool) {
		d := digests[i]
		return d.Operator, ui.Digest(d), true
	})
}

// noteDeed logs what an operator has done, once and without names.
func (b *Bot) noteDeed(command model.Command, a model.Answer, err error) {
	if err != nil || a.Replayed {
		return
	}
	var deed slog.Attr
	switch c := command.(type) {
	case model.HideEvent:
		deed = slog.Int64("showed_event", c.Event)
		if c.Hidden {
			deed = slog.Int64("hid_event", c.Event)
		}
	case model.DeleteEvent:
		deed = slog.Int64("deleted_event", c.Event)
	case model.DismissReports:
		deed = slog.Int64("dismissed_reports_of_event", c.Event)
	case model.BanPerson:
		deed = slog.Int64("let_in_person", c.Person)
		if c.Banned {
			deed = slog.Int64("banned_person", c.Person)
		}
	default:
		return
	}
	b.Logger.Info("an operator acted", slog.Int64("operator", command.Actor().ID), deed)
}
