package persistence_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

func own(t *testing.T, s *persistence.Store) *persistence.Ownership {
	t.Helper()
	o, err := s.Own(t.Context(), bot)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOnlyOneOwns(t *testing.T) {
	url := pgtest.URL(t)
	s := openStore(t, url)
	first := own(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
	defer cancel()
	if _, err := s.Own(ctx, bot); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second owner: %v", err)
	}
	other, err := s.Own(t.Context(), bot+1)
	if err != nil {
		t.Errorf("another bot: %v", err)
	} else {
		other.Release()
	}
	first.Release()
	second := own(t, s)
	defer second.Release()
	if second.Epoch() <= first.Epoch() {
		t.Errorf("epoch %d after %d", second.Epoch(), first.Epoch())
	}
}

// An owner whose connection breaks stays the owner, unless another took over meanwhile.
func TestOwnerWhoseConnectionBreaks(t *testing.T) {
	url := pgtest.URL(t)
	s := openStore(t, url)
	o := own(t, s)
	defer o.Release()
	const end = `SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	holders := func() int {
		return number(t, url, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
		AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	}
	number(t, url, end)
	waitFor(t, func() bool { return holders() == 0 })
	waitFor(t, func() bool { return holders() == 1 }) // it took the lock again
	select {
	case <-o.Lost():
		t.Fatal("it gave the bot up")
	default:
	}
	if _, err := s.Epoch(t.Context(), bot); err != nil { // as another owner does
		t.Fatal(err)
	}
	number(t, url, end)
	select {
	case <-o.Lost():
	case <-time.After(20 * time.Second):
		t.Fatal("it never noticed that another took over")
	}
}

// The writer of a deposed owner changes nothing.
func TestDeposedWriter(t *testing.T) {
	url := pgtest.URL(t)
	s := openStore(t, url)
	epoch, err := s.Epoch(t.Context(), bot)
	if err != nil {
		t.Fatal(err)
	}
	w := startWriter(t, s, persistence.WriterOptions{Bot: bot, Epoch: epoch})
	create(t, w, 1, 1, 1)
	if _, err := s.Epoch(t.Context(), bot); err != nil {
		t.Fatal(err)
	}
	_, err = w.CreateUserEvent(t.Context(), key(2), model.CreateUserEvent{By: person(1), Draft: 2, Details: details()})
	if !errors.Is(err, model.ErrDeposed) {
		t.Errorf("got %v", err)
	}
	if n := number(t, url, "SELECT count(*) FROM events"); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}
