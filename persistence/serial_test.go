package persistence_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"okolo/persistence"
	"okolo/persistence/model"
	"okolo/persistence/pgtest"
)

// Whatever commands a batch holds, it leaves the rows and gives the answers that the same
// commands do one by one.
func TestBatchIsAsOneByOne(t *testing.T) {
	serial, batched := openTwin(t), openTwin(t)
	rapid.Check(t, func(t *rapid.T) {
		serial.clear()
		batched.clear()
		base := time.Now().Truncate(time.Second).UTC()
		for range rapid.IntRange(1, 2).Draw(t, "batches") {
			var keys []model.Key
			var commands []model.Command
			for i := range 2 { // so that there is something to join
				d := drawDetails(t, base.Add(24*time.Hour))
				keys = append(keys, key(int64(1000+i)))
				commands = append(commands, model.CreateUserEvent{By: person(int64(i + 1)), Draft: 9, Details: d})
			}
			keys = append(keys, key(1002))
			commands = append(commands, model.CreateCommunityEvent{By: person(3), Community: -1, Draft: 9, Details: drawDetails(t, base.Add(24*time.Hour))})
			for range rapid.IntRange(1, 30).Draw(t, "commands") {
				keys = append(keys, key(rapid.Int64Range(1, 200).Draw(t, "update")))
				commands = append(commands, drawCommand(t, base))
			}
			want := serial.commit(context.Background(), 1, keys, commands)
			got := batched.commit(context.Background(), len(commands), keys, commands)
			for i := range commands {
				if got[i].Answer != want[i].Answer || fmt.Sprint(got[i].Err) != fmt.Sprint(want[i].Err) {
					t.Fatalf("command %d, %T %+v:\n  in a batch %+v\n  one by one %+v", i, commands[i], commands[i], got[i], want[i])
				}
				if err := want[i].Err; err != nil && strings.Contains(err.Error(), "SQLSTATE") {
					t.Fatalf("%T %+v: %v", commands[i], commands[i], err)
				}
			}
			if got, want := batched.rows(), serial.rows(); got != want {
				t.Fatalf("rows after a batch:\n%s\none by one:\n%s", got, want)
			}
		}
	})
}

// Two writers at once, of random commands on the same few events: nobody deadlocks, nothing is
// oversold, and what is counted is what is there.
func TestTwoWritersOfAnything(t *testing.T) {
	twin := openTwin(t)
	other := persistence.Committer(openStore(t, twin.url))
	rapid.Check(t, func(t *rapid.T) {
		twin.clear()
		base := time.Now().Truncate(time.Second).UTC()
		commands := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) model.Command { return drawCommand(t, base) }), 20, 60).Draw(t, "commands")
		var keys []model.Key
		for i := range commands {
			keys = append(keys, key(int64(i/2)))
		}
		var results [2][]persistence.Outcome
		var both sync.WaitGroup
		for i, commit := range []func(context.Context, int, []model.Key, []model.Command) []persistence.Outcome{twin.commit, other} {
			both.Go(func() { results[i] = commit(context.Background(), 15, keys, commands) })
		}
		both.Wait()
		for i := range commands {
			for _, r := range results {
				if err := r[i].Err; err != nil && strings.Contains(err.Error(), "SQLSTATE") && !errors.Is(err, model.ErrBusy) {
					t.Errorf("%T %+v: %v", commands[i], commands[i], err)
				}
			}
		}
		const wrong = `SELECT count(*) FROM events e WHERE
			going <> (SELECT count(*) FROM participants p WHERE p.event = e.id AND part = 'going') OR
			waiting <> (SELECT count(*) FROM participants p WHERE p.event = e.id AND part = 'waiting') OR
			capacity > 0 AND going > capacity`
		if n := twin.number(wrong); n != 0 {
			t.Errorf("%d events are not as their lists", n)
		}
	})
	if n := twin.number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); n != 0 {
		t.Errorf("%d deadlocks", n)
	}
}

// twin is a database with a committer of its own, used again and again.
type twin struct {
	tb     testing.TB
	url    string
	store  *persistence.Store
	conn   *pgx.Conn
	commit func(context.Context, int, []model.Key, []model.Command) []persistence.Outcome
}

func openTwin(t *testing.T) *twin {
	t.Helper()
	w := &twin{tb: t, url: pgtest.URL(t)}
	w.store = openStore(t, w.url)
	conn, err := pgx.Connect(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	w.conn = conn
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return w
}

// clear empties the tables, and has ids begin at 1 again.
func (w *twin) clear() {
	w.tb.Helper()
	w.empty()
	execute(w.tb, w.url, "SELECT setval(pg_get_serial_sequence('events', 'id'), 1, false)")
	w.commit = persistence.Committer(w.store)
}

func (w *twin) empty() {
	w.tb.Helper()
	if _, err := w.conn.Exec(context.Background(), `
		DELETE FROM participants; DELETE FROM reports; DELETE FROM events; DELETE FROM users;
		DELETE FROM communities; DELETE FROM writes`); err != nil {
		w.tb.Fatal(err)
	}
}

// names are the ids of events by which they can be told in another database, where they may have
// got others: made of the owner and the draft, which are small numbers here.
type names map[int64]int64

func (w *twin) names() names {
	w.tb.Helper()
	n := names{}
	rows, _ := w.conn.Query(context.Background(), "SELECT id, 100000 + 100 * owner + draft FROM events WHERE owner IS NOT NULL")
	var id, name int64
	if _, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error { n[id] = name; return nil }); err != nil {
		w.tb.Fatal(err)
	}
	return n
}

func (n names) of(event int64) int64 { return cmp.Or(n[event], event) }

var eventOfRow = regexp.MustCompile(`"(id|event)": [0-9]+`)

// in returns rows with the events' names, in an order that does not depend on their ids.
func (n names) in(rows string) string {
	rows = eventOfRow.ReplaceAllStringFunc(rows, func(field string) string {
		name, number, _ := strings.Cut(field, ": ")
		id, _ := strconv.ParseInt(number, 10, 64) // it is one
		return fmt.Sprint(name, ": ", n.of(id))
	})
	lines := strings.Split(rows, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (w *twin) number(sql string) (n int) {
	w.tb.Helper()
	if err := w.conn.QueryRow(context.Background(), sql).Scan(&n); err != nil {
		w.tb.Fatal(err)
	}
	return n
}

// rows returns all that is stored, times of writing and gaps in numbers aside.
func (w *twin) rows() string {
	w.tb.Helper()
	var all strings.Builder
	for _, query := range []string{
		"SELECT * FROM (SELECT * FROM events ORDER BY id) t",
		"SELECT event, person, part, row_number() OVER (PARTITION BY event, part ORDER BY number) AS place FROM participants ORDER BY event, person",
		"SELECT event, person, reason FROM reports ORDER BY event, person",
		"SELECT id, name, lang, banned, ban_reason, banned_at IS NOT NULL AS since FROM users ORDER BY id",
		"SELECT event, count(*) FROM organiser_messages GROUP BY event ORDER BY event",
		"SELECT id, title, creators, lang, quiet, topic, left_at IS NOT NULL AS gone, moved_to FROM communities ORDER BY id",
		"SELECT event, bot, chat, message, version, shown, due_at IS NOT NULL AS due FROM announcements ORDER BY event",
		"SELECT bot, update_id, ordinal, hash, outcome, event, part, promoted, changed FROM writes ORDER BY bot, update_id, ordinal",
	} {
		rows, _ := w.conn.Query(context.Background(), "SELECT (to_jsonb(t) - '{created_at,updated_at}'::text[])::text FROM ("+query+") t")
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			w.tb.Fatal(err)
		}
		all.WriteString(strings.Join(lines, "\n") + "\n")
	}
	return all.String()
}

// drawCommand draws a command by one of few people, of few drafts and events, so that they get
// in each other's way.
func drawCommand(t *rapid.T, base time.Time) model.Command {
	by := model.Person{ID: rapid.Int64Range(1, 6).Draw(t, "person"), Name: rapid.SampledFrom([]string{"Anna", "Ben"}).Draw(t, "name"), Lang: "en"}
	event := rapid.SampledFrom([]int64{1, 1, 1, 2, 2, 3, 3, 4, 5}).Draw(t, "event")
	chat := rapid.SampledFrom([]int64{-1, -1, -2, -3}).Draw(t, "chat")
	switch rapid.SampledFrom([]string{"create", "create", "community", "join", "join", "join", "join", "leave", "leave",
		"community", "edit", "edit", "cancel", "report", "report", "hide", "delete", "dismiss", "ban", "forget", "tell", "tell", "settings",
		"enter", "quit", "move"}).Draw(t, "command") {
	case "create":
		return model.CreateUserEvent{By: by, Draft: rapid.Int64Range(1, 2).Draw(t, "draft"), Details: drawDetails(t, base)}
	case "community":
		return model.CreateCommunityEvent{By: by, Community: chat, CommunityTitle: by.Name, Draft: rapid.Int64Range(1, 2).Draw(t, "draft"),
			Admin: rapid.Bool().Draw(t, "admin"), Details: drawDetails(t, base)}
	case "join":
		return model.JoinEvent{By: by, Event: event}
	case "leave":
		return model.LeaveEvent{By: by, Event: event}
	case "edit":
		d := drawDetails(t, base)
		by.ID = rapid.Int64Range(1, 3).Draw(t, "owner")
		edit := model.Edit{Capacity: &d.Capacity}
		if rapid.Bool().Draw(t, "title too") {
			edit.Title = &d.Title
		}
		if rapid.Bool().Draw(t, "time too") {
			edit.Time = &model.Time{Starts: d.Starts, Ends: d.Ends, Zone: d.Zone}
		}
		return model.EditEvent{By: by, Event: event, Edit: edit}
	case "cancel":
		return model.CancelEvent{By: by, Event: event}
	case "report":
		return model.ReportEvent{By: by, Event: event, Reason: by.Name}
	case "hide":
		return model.HideEvent{By: by, Event: event, Hidden: rapid.Bool().Draw(t, "hidden")}
	case "delete":
		return model.DeleteEvent{By: by, Event: rapid.Int64Range(2, 4).Draw(t, "deleted")}
	case "dismiss":
		return model.DismissReports{By: by, Event: event, Until: base.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "until in hours")) * time.Hour)}
	case "tell":
		return model.TellJoined{By: by, Event: event, Text: by.Name}
	case "forget":
		return model.ForgetPerson{By: by, Events: rapid.SliceOfN(rapid.Int64Range(1, 4), 0, 3).Draw(t, "events")}
	case "ban":
		return model.BanPerson{By: by, Person: rapid.Int64Range(5, 7).Draw(t, "banned"), Banned: rapid.Bool().Draw(t, "ban"), Reason: by.Name}
	case "enter":
		return model.EnterCommunity{By: by, Community: chat, Title: "Club", Topic: rapid.Int64Range(-1, 2).Draw(t, "topic")}
	case "quit":
		return model.LeaveCommunity{By: by, Community: chat}
	case "move":
		to := rapid.SampledFrom([]int64{-2, -3, -4}).Draw(t, "to")
		if chat == to {
			chat = -1
		}
		return model.MoveCommunity{By: by, From: chat, To: to, Title: by.Name}
	default:
		return model.SetCommunity{By: by, Community: chat, Title: "Club", Settings: model.Settings{Quiet: rapid.Bool().Draw(t, "quiet"),
			Creators: rapid.SampledFrom([]model.Creators{model.Everyone, model.Admins, model.Nobody}).Draw(t, "creators")}}
	}
}

func drawDetails(t *rapid.T, base time.Time) model.Details {
	d := details()
	d.Title = rapid.SampledFrom([]string{"Chess", "Go"}).Draw(t, "title")
	d.Starts = base.Add(time.Duration(rapid.SampledFrom([]int{-1, 1, 24, 24}).Draw(t, "in hours")) * time.Hour)
	d.Ends = d.Starts.Add(2 * time.Hour)
	d.Capacity = rapid.IntRange(0, 3).Draw(t, "capacity")
	return d
}

// Who waited and left in a batch is not let in by the same batch.
func TestLeftBeforeTheirTurn(t *testing.T) {
	twin := openTwin(t)
	twin.clear()
	d := details()
	d.Capacity = 1
	commands := []model.Command{model.CreateUserEvent{By: person(1), Draft: 1, Details: d}}
	for _, p := range []int64{2, 3, 4} {
		commands = append(commands, model.JoinEvent{By: person(p), Event: 1})
	}
	for _, p := range []int64{3, 2} {
		commands = append(commands, model.LeaveEvent{By: person(p), Event: 1})
	}
	var keys []model.Key
	for i := range commands {
		keys = append(keys, key(int64(i)))
	}
	outcomes := twin.commit(t.Context(), len(commands), keys, commands)
	if last := outcomes[len(outcomes)-1]; last.Err != nil || last.Answer.Promoted != 4 {
		t.Errorf("the last gave %+v, want 4 promoted", last)
	}
	if n := twin.number("SELECT person FROM participants WHERE part = 'going'"); n != 4 {
		t.Errorf("%d comes, want 4", n)
	}
}
