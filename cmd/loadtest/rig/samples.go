package rig

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"okolo/actors"
	"okolo/cmd/loadtest/samples"
	"okolo/persistence"
	"okolo/persistence/model"
)

const (
	// sampleOwner is the Telegram id of whoever owns the samples: nobody of the crowd.
	sampleOwner = 900_000
	// samplesAtOnce is how many are handed to the writer before one is waited for.
	samplesAtOnce = 256
)

// AddSamples puts events into the database that are there before the people come: n at each
// place, see [samples.Events]. title names the i-th.
func (r *Rig) AddSamples(ctx context.Context, n int, seed uint64, title func(i int) string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("add events to the database: %w", err)
		}
	}()
	log := slog.New(slog.DiscardHandler)
	store, err := persistence.Open(ctx, r.url, persistence.Options{Logger: log})
	if err != nil {
		return err
	}
	defer store.Close()
	system := actors.NewSystem(log)
	defer system.Shutdown()
	w := persistence.NewWriter(system, store, persistence.WriterOptions{Logger: log})
	defer func() { err = errors.Join(err, w.Stop(context.WithoutCancel(ctx))) }()

	now := time.Now()
	all := samples.Events(n, seed, now)
	written := make(chan error, samplesAtOnce)
	wait := func() error {
		select {
		case err := <-written:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for i, d := range all {
		if i >= samplesAtOnce {
			if err := wait(); err != nil {
				return err
			}
		}
		d.Title = title(i)
		// The key must never be that of an update: samples have negative ones.
		key := model.Key{Bot: r.BotID, Update: -(now.UnixMilli()*100_000 + int64(i))}
		by := model.Person{ID: sampleOwner, Name: "Sample", Lang: "en"}
		w.Submit(key, model.CreateUserEvent{By: by, Draft: key.Update, Details: d}, func(_ model.Answer, err error) { written <- err })
	}
	for range min(len(all), samplesAtOnce) {
		if err := wait(); err != nil {
			return err
		}
	}
	return nil
}
