package rig

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"okolo/actors"
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
// spot, within a few kilometres and the days to come; one in four has room for few. title
// names the i-th.
func (r *Rig) AddSamples(ctx context.Context, spots []model.Point, n int, seed uint64, title func(i int) string) (err error) {
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

	lot, now := rand.New(rand.NewPCG(seed, 1)), time.Now()
	written := make(chan error, samplesAtOnce)
	wait := func() error {
		select {
		case err := <-written:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	all := n * len(spots)
	for i := range all {
		if i >= samplesAtOnce {
			if err := wait(); err != nil {
				return err
			}
		}
		d := sample(lot, spots[i/n], now, i%4 == 0)
		d.Title = title(i)
		// The key must never be that of an update: samples have negative ones.
		key := model.Key{Bot: r.BotID, Update: -(now.UnixMilli()*100_000 + int64(i))}
		by := model.Person{ID: sampleOwner, Name: "Sample", Lang: "en"}
		w.Submit(key, model.CreateUserEvent{By: by, Draft: key.Update, Details: d}, func(_ model.Answer, err error) { written <- err })
	}
	for range min(all, samplesAtOnce) {
		if err := wait(); err != nil {
			return err
		}
	}
	return nil
}

// sample makes an event near a spot.
func sample(lot *rand.Rand, at model.Point, now time.Time, small bool) model.Details {
	starts := now.Truncate(time.Hour).Add(time.Duration(2+lot.IntN(6*24)) * time.Hour)
	d := model.Details{
		Category: model.Categories[lot.IntN(len(model.Categories))], Zone: "Europe/Berlin",
		Starts: starts, Ends: starts.Add(2 * time.Hour),
		Point: model.Point{Lat: at.Lat + (lot.Float64()-0.5)*0.06, Lon: at.Lon + (lot.Float64()-0.5)*0.08},
	}
	if small {
		d.Capacity = 2 + lot.IntN(4)
	}
	return d
}
