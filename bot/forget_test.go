package bot_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okolo/bot/sandbox"
	"okolo/bot/sender"
)

// TestForget: who asks to be forgotten, twice, is nowhere in the database any more. Others learn
// that events are called off, and move up from waiting lists.
func TestForget(t *testing.T) {
	t.Parallel()
	for lang, words := range map[string]struct{ join, forget, sure, forgotten, off string }{
		"en": {"Join", "Yes, delete it", "Delete for ever", "is deleted", "called off"},
		"ru": {"Пойду", "Да, удалить", "Удалить навсегда", "удалено", "отменено"},
	} {
		t.Run(lang, func(t *testing.T) {
			const anna, boris, carl = 777000777, 2, 3
			w := newWorld(t, worldOptions{})
			a, b, c := w.visitor(anna, "Anna", "en"), w.visitor(boris, "Boris", "en"), w.visitor(carl, "Carl", "en")
			create(a, "Hers, joined")
			create(a, "Hers, alone")
			create(b, "His, full")
			for _, v := range []interface{ Err() error }{a, b, c} {
				check(t, v.Err())
			}
			id := func(title string) int64 { return query[int64](w, `SELECT id FROM events WHERE title = $1`, title) }
			hers, full := id("Hers, joined"), id("His, full")
			query[int64](w, `UPDATE events SET capacity = 1 WHERE id = $1 RETURNING id`, full)
			a = w.visitor(anna, "Anna", lang)
			b.Say("/start " + deepLink(hers))
			b.Press(b.See("the card", has("Join")), "Join")
			a.Say("/start " + deepLink(full))
			card := a.See("the card", has(words.join))
			a.Press(card, words.join)
			a.PressData(card.ID, "report", "1F:"+strconv.FormatInt(full, 36)+":0~0")
			check(t, a.Err())
			c.Say("/start " + deepLink(full))
			c.Press(c.See("the card", has("Join")), "Join")
			check(t, c.Err())
			for update, from := range map[int]int64{1: anna, 2: boris} {
				query[int64](w, `INSERT INTO inbox (bot, update_id, payload, attempts, set_aside)
					VALUES (4242, $1, convert_to('{"message":{"from":{"id":' || $2::bigint || ',"first_name":"A"}}}', 'UTF8'), 3, now()) RETURNING bot`, update, from)
			}
			if traces := w.traces(anna); !slices.Contains(traces, "users") || !slices.Contains(traces, "participants") ||
				!slices.Contains(traces, "reports") || !slices.Contains(traces, "snapshots") || !slices.Contains(traces, "events") {
				t.Fatalf("before, she is in %v", traces)
			}

			a.Say("/forget")
			m := a.See("the question", has(words.forget))
			a.Press(m, words.forget)
			m = a.SeeEdited(m, "the second question", has(words.sure))
			if n := query[int](w, `SELECT count(*) FROM events WHERE owner = $1 AND status = 'open'`, anna); n != 2 {
				t.Errorf("%d events of hers, before she is sure", n)
			}
			a.Press(m, words.sure)
			a.SeeEdited(m, "that it is done", contains(words.forgotten))
			check(t, a.Err())
			w.eventually("she is in %v", func() (any, bool) { left := w.traces(anna); return left, len(left) == 0 })
			if n := query[int](w, `SELECT count(*) FROM events WHERE title = 'Hers, alone' OR owner = 0 AND id <> $1`, hers); n != 0 {
				t.Errorf("%d events are left that nobody else is a part of", n)
			}
			if n := query[int](w, `SELECT count(*) FROM inbox WHERE set_aside IS NOT NULL`); n != 1 {
				t.Errorf("%d updates that were set aside are left, not that of somebody else alone", n)
			}
			if part := query[string](w, `SELECT part FROM participants WHERE person = $1`, carl); part != "going" {
				t.Errorf("Carl is %s", part)
			}
			b.Say("/start " + deepLink(hers))
			b.See("that it is called off", contains("called off"))
			check(t, b.Err())

			// Also not after a restart, and she can begin anew.
			check(t, w.stop())
			if left := w.traces(anna); len(left) > 0 {
				t.Errorf("after a restart she is in %v", left)
			}
			w.startBot(worldOptions{})
			a.Say("/start")
			a.See("the greeting", contains("Anna!"))
			check(t, a.Err())
		})
	}
}

// TestForgetOutbox: what waits to be delivered to a person who is forgotten is forgotten, too.
func TestForgetOutbox(t *testing.T) {
	const anna = 777000777
	w := newWorld(t, worldOptions{sending: sender.Options{MaxAttempts: 1}})
	a := w.visitor(anna, "Anna", "en")
	a.Say("/start")
	menu := a.See("the menu", has("Create"))
	check(t, w.sandbox.SetFaults(sandbox.Faults{Calls: always(
		sandbox.CallFaults{ServerError: sandbox.Chance{Share: 1}}, "sendMessage", "editMessageText")}))
	a.Say("/forget")
	eventually(t, "the question waits", func() bool { return w.waiting() == 1 })
	a.PressData(menu.ID, "yes", "1Z~2")
	a.PressData(menu.ID, "for ever", "1y~3")
	w.eventually("%s waits, not that all is deleted alone", func() (any, bool) {
		all := query[string](w, `SELECT coalesce(string_agg(convert_from(payload, 'UTF8'), ' '), '') FROM outbox`)
		return all, strings.Contains(all, "is deleted") && !strings.Contains(all, "for ever")
	})
	check(t, w.sandbox.SetFaults(sandbox.Faults{}))
	a.SeeEdited(menu, "that it is done", contains("is deleted"))
	check(t, a.Err())
	w.eventually("she is in %v", func() (any, bool) { left := w.traces(anna); return left, len(left) == 0 })
	if n := w.fromBot(a); n != 2 {
		t.Errorf("%d messages of the bot in place of the greeting and the menu", n)
	}
	a.Say("/help")
	a.See("the help", contains("What I can do"))
	check(t, a.Err())
}

// TestForgetBanned: a ban outlives that the person is forgotten, and nothing else does.
func TestForgetBanned(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(777000777, "Anna", "en")
	create(anna, "Spam")
	check(t, anna.Err())
	query[int64](w, `UPDATE users SET banned = true RETURNING id`)
	check(t, w.store.Erase(t.Context(), 777000777))
	if got := query[string](w, `SELECT concat(name, lang, banned) FROM users WHERE id = 777000777`); got != "ent" {
		t.Errorf("left is %q", got)
	}
	check(t, w.store.Erase(t.Context(), 777000777))
	if err := w.store.Erase(t.Context(), 0); err == nil {
		t.Error("nobody can be erased")
	}
}

// traces returns the tables that hold a person's id in whatever column.
func (w *world) traces(person int64) (tables []string) {
	w.t.Helper()
	conn, err := pgx.Connect(context.Background(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { check(w.t, conn.Close(context.Background())) }()
	rows, _ := conn.Query(context.Background(), `SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'`)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.t.Fatal(err)
	}
	id := strconv.FormatInt(person, 10)
	for _, table := range all {
		sql := fmt.Sprintf(`SELECT count(*) FROM %s AS t WHERE t::text LIKE '%%' || $1 || '%%' OR t::text LIKE '%%' || $2 || '%%'`,
			pgx.Identifier{table}.Sanitize())
		var n int
		if err := conn.QueryRow(context.Background(), sql, id, hex.EncodeToString([]byte(id))).Scan(&n); err != nil {
			w.t.Fatalf("%s: %v", sql, err)
		}
		if n > 0 {
			tables = append(tables, table)
		}
	}
	slices.Sort(tables)
	return tables
}

// eventually waits until something holds, and fails with what is seen in its place.
func (w *world) eventually(otherwise string, holds func() (seen any, ok bool)) {
	w.t.Helper()
	var seen any
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var ok bool
		if seen, ok = holds(); ok {
			return
		}
	}
	w.t.Fatalf(otherwise, seen)
}
