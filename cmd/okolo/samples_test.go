package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/actors"
	"okolo/persistence"
	"okolo/persistence/pgtest"
)

// TestSamplesOnceADay: whoever starts the demo again, an hour later or the next day, finds the
// samples of the day once.
func TestSamplesOnceADay(t *testing.T) {
	ctx, url := context.Background(), pgtest.URL(t)
	store, err := persistence.Open(ctx, url, persistence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	system := actors.NewSystem(slog.New(slog.DiscardHandler))
	defer system.Shutdown()
	w := persistence.NewWriter(system, store, persistence.WriterOptions{})
	defer func() {
		if err := w.Stop(ctx); err != nil {
			t.Error(err)
		}
	}()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	count := func(now time.Time) (n int) {
		t.Helper()
		if err := addSamples(ctx, w, 0, now); err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(ctx, `SELECT count(*) FROM events`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	// Tomorrow at six by the clocks of Berlin: all of that day is still to come.
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	d := time.Now().In(berlin)
	morning := time.Date(d.Year(), d.Month(), d.Day()+1, 6, 0, 0, 0, berlin)
	first := count(morning)
	if want := len(cities) * samplesPerCity; first != want {
		t.Errorf("%d samples, not %d", first, want)
	}
	for _, later := range []time.Duration{10 * time.Minute, 3 * time.Hour, 10 * time.Hour} {
		if n := count(morning.Add(later)); n != first {
			t.Errorf("%d samples %v later, and %d before", n, later, first)
		}
	}
	if n := count(morning.Add(24 * time.Hour)); n != 2*first {
		t.Errorf("%d samples after two days of %d", n, first)
	}
}
