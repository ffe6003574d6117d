package persistence_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

// A deposed process neither reads nor changes the inbox and the outbox, the one that deposed it does
// both.
func TestFencedBoxes(t *testing.T) {
	url := pgtest.URL(t)
	s := openStore(t, url)
	epoch := func() uint64 {
		e, err := s.Epoch(t.Context(), bot)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	ctx, aside := t.Context(), time.Now()
	attempts := func(e uint64) map[string]error {
		in, out := s.Inbox(bot, e), s.Outbox(bot, e)
		errs := map[string]error{}
		for name, do := range map[string]func() error{
			"in put": func() error {
				_, err := in.Put(ctx, []persistence.Letter{{Update: 3, Payload: []byte("{}")}})
				return err
			},
			"in set aside": func() error { return in.SetAside(ctx, 1) },
			"in begin":     func() error { return in.Begin(ctx, []int64{1}) },
			"in delete":    func() error { return in.Delete(ctx, []int64{1}) },
			"in drop":      func() error { _, err := in.Drop(ctx, []int64{2}); return err },
			"in replay":    func() error { _, err := in.Replay(ctx, []int64{2}); return err },
			"in waiting":   func() error { _, err := in.Waiting(ctx, 0, 9); return err },
			"in tidy":      func() error { _, err := in.Tidy(ctx); return err },
			"out put": func() error {
				_, err := out.Put(ctx, []persistence.Reply{{Chat: 5, Edits: 7, Payload: []byte("{}")}})
				return err
			},
			"out chats":     func() error { _, err := out.Chats(ctx); return err },
			"out first":     func() error { _, _, err := out.First(ctx, 5); return err },
			"out own":       func() error { return out.Own(ctx) },
			"out delivered": func() error { return out.Delivered(ctx, persistence.Reply{Chat: 5, ID: 1}, 9) },
			"out delete":    func() error { _, err := out.Delete(ctx, persistence.Reply{Chat: 5, ID: 1}); return err },
			"out expire":    func() error { _, err := out.Expire(ctx, -time.Hour); return err },
		} {
			errs[name] = do()
		}
		return errs
	}
	old := epoch()
	if _, err := s.Inbox(bot, old).Put(ctx, []persistence.Letter{{Update: 1, Payload: []byte("{}"), Attempts: 1}, {Update: 2, Payload: []byte("{}"), SetAside: &aside}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Outbox(bot, old).Put(ctx, []persistence.Reply{{Chat: 5, Edits: 7, Payload: []byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	now := epoch()
	for name, err := range attempts(old) {
		if !errors.Is(err, model.ErrDeposed) {
			t.Errorf("%s by a deposed process: %v", name, err)
		}
	}
	if n := number(t, url, `SELECT (SELECT count(*) FROM inbox WHERE (update_id, attempts, set_aside IS NULL) IN ((1, 1, true), (2, 0, false)))
		+ (SELECT 10 * count(*) FROM outbox WHERE message = 0) + (SELECT 100 * (count(*) - 2) FROM inbox)`); n != 12 {
		t.Errorf("a deposed process left %d of 2 letters and 1 reply as they were", n)
	}
	for name, err := range attempts(now) {
		if err != nil {
			t.Errorf("%s by the owner: %v", name, err)
		}
	}
}

// While another process takes over, the old owner's statements wait: none of them is carried out after.
func TestFenceIsALock(t *testing.T) {
	url := pgtest.URL(t)
	s := openStore(t, url)
	epoch, err := s.Epoch(t.Context(), bot)
	if err != nil {
		t.Fatal(err)
	}
	connect(t, url, func(conn *pgx.Conn) error {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			return err
		}
		if _, err := tx.Exec(t.Context(), `UPDATE owners SET epoch = epoch + 1`); err != nil {
			return err
		}
		if _, err := s.Outbox(bot, epoch).Put(t.Context(), []persistence.Reply{{Chat: 1, Payload: []byte("{}")}}); err == nil {
			t.Error("the old owner wrote beside the new one")
		}
		return tx.Commit(t.Context())
	})
}

// What has waited for too long is deleted, unless its person only has yet to be told of it.
func TestRepliesExpire(t *testing.T) {
	url := pgtest.URL(t)
	out := openStore(t, url).Outbox(bot, 0)
	var all []persistence.Reply
	for _, chat := range []int64{1, 1, 2, 3} {
		all = append(all, persistence.Reply{Chat: chat, Payload: []byte("{}")})
	}
	if _, err := out.Put(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	number(t, url, `WITH old AS (UPDATE outbox SET queued_at = now() - interval '25 hours', message = CASE chat WHEN 2 THEN 9 ELSE 0 END
		WHERE chat < 3 RETURNING 1) SELECT count(*) FROM old`)
	gone, err := out.Expire(t.Context(), 24*time.Hour)
	if err != nil || len(gone) != 1 || gone[1] != 2 {
		t.Errorf("expired are %v, %v", gone, err)
	}
	if n := number(t, url, "SELECT count(*) FROM outbox WHERE chat IN (2, 3)"); n != 2 {
		t.Errorf("%d of 2 are left", n)
	}
}
