package bot

import (
	"context"

	"okolo/persistence"
)

// jobs delivers the notices and reminders that the database owes, as soon as that lets it.
type jobs struct {
	quit    context.CancelFunc
	started chan *persistence.Jobs // gets one, or nil
}

// startJobs begins in the background: where the database does not answer, it is tried again, and
// updates are handled meanwhile.
func (b *Bot) startJobs() *jobs {
	ctx, quit := context.WithCancel(context.Background())
	j := &jobs{quit: quit, started: make(chan *persistence.Jobs, 1)}
	go func() { j.started <- b.beginJobs(ctx) }()
	return j
}

// beginJobs returns nil where ctx ended first.
func (b *Bot) beginJobs(ctx context.Context) *persistence.Jobs {
	for said := false; ; {
		begun, err := b.Store.StartJobs(ctx, b.id, b.Epoch, messenger{b})
		switch {
		case err == nil:
			return begun
		case ctx.Err() != nil:
			return nil
		case !said:
			b.Logger.Warn("notices and reminders cannot be delivered yet, will try again", "error", err)
			said = true
		}
		sleep(ctx, inboxPause)
	}
}

// stop has the deliveries come to a pause.
func (j *jobs) stop(ctx context.Context) error {
	j.quit()
	if begun := <-j.started; begun != nil {
		return begun.Stop(ctx)
	}
	return nil
}
