package bot_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"okolo/bot/sandbox"
)

// TestRights: every action by everybody, on an event of their own and on somebody else's, by a
// button that their screen does not have. Who may not is told so in words, and no row changes. Every action
// that buttons have is in it; by role in a group they are in TestGroupRights.
func TestRights(t *testing.T) {
	t.Parallel()
	const owner, guest, stranger, banned, operator = 1, 2, 3, 4, 5
	everybody := []int64{owner, guest, stranger, banned, operator}
	but := func(who int64) map[int64]bool {
		m := map[int64]bool{}
		for _, id := range everybody {
			m[id] = id != who
		}
		return m
	}
	only := func(who ...int64) map[int64]bool {
		m := map[int64]bool{}
		for _, id := range who {
			m[id] = true
		}
		return m
	}
	w := newWorld(t, worldOptions{operators: []int64{operator}})
	anna := w.visitor(owner, "Anna", "en")
	create(anna, "Template")
	check(t, anna.Err())
	query[int](w, `WITH known AS (INSERT INTO users (id, name, lang, banned) SELECT i, 'P' || i, 'en', i = $1 FROM generate_series(2, 5) i RETURNING 1)
		SELECT count(*)::int FROM known`, banned)
	query[int](w, `INSERT INTO users (id, name, lang) VALUES (1000, 'Who reports', 'en') RETURNING 1`)
	rows := func() string {
		return query[string](w, `SELECT md5(concat(
			(SELECT string_agg(e::text, ';' ORDER BY id) FROM events e),
			(SELECT string_agg(p::text, ';' ORDER BY event, person) FROM participants p),
			(SELECT string_agg(concat(id, banned, muted_at), ';' ORDER BY id) FROM users),
			(SELECT string_agg(r::text, ';' ORDER BY event, person) FROM reports r)))`)
	}
	type right struct {
		data    string // with the event's number in place of %s
		may     map[int64]bool
		changes map[int64]bool // who changes a row by it
	}
	rights := map[string]right{
		"join":            {"1j:%s~0", but(banned), only(owner, stranger, operator)},
		"leave":           {"1l:%s~0", but(0), only(guest)},
		"call off":        {"1X:%s~0", only(owner), only(owner)},
		"ask to call off": {"1x:%s~0", only(owner), nil},
		"edit":            {"1E:%s~0", only(owner), nil},
		"see who comes":   {"1A:%s~0", only(owner), nil},
		"write to all":    {"1T:%s~0", only(owner), nil},
		"report":          {"1F:%s:0~0", but(banned), only(owner, guest, stranger, operator)},
		"mute":            {"1M:%s:1~0", only(guest), only(guest)},
		"mute all":        {"1O:1:%s~0", but(0), but(0)},
		"pin":             {"1P:%s~0", but(0), nil},
		"calendar":        {"1C:%s~0", but(0), nil},
		"look":            {"1e:%s:0~0", but(0), nil},
		"inspect":         {"1oc:%s~0", only(operator), nil},
		"next report":     {"1on:%s~0", only(operator), nil},
		"hide":            {"1oh:%s:1~0", only(operator), only(operator)},
		"ask to delete":   {"1od:%s~0", only(operator), nil},
		"delete":          {"1oD:%s~0", only(operator), only(operator)},
		"dismiss":         {"1os:%s:zzzzzzzzzz~0", only(operator), only(operator)},
		"ban":             {"1ob:%s:rs:1~0", only(operator), only(operator)},
		"who is banned":   {"1ol:%s~0", only(operator), nil},
		"ask to report":   {"1R:%s~0", but(0), nil},

		// A group's buttons are on messages that the bot sent to the group.
		"events of a group": {"1G:%s~0", only(), nil},
		"join in a group":   {"1J:%s:0~0", only(), nil},
		"leave in a group":  {"1Q:%s:0~0", only(), nil},
		"set for a group":   {"1s:1:1~0", only(), nil},
	}
	own := map[string]bool{} // what is the same for everybody, so that two people will do
	for name, action := range map[string]string{
		"menu": "h", "nearby": "n", "page": "p", "radius": "r", "days": "d", "categories": "k", "category": "c", "again": "a",
		"wider": "g", "back": "b", "mine": "m", "language": "L", "wizard": "w", "wizard's step": "W", "privacy": "v",
		"forget": "z", "forget, sure": "Z", "forget, unasked": "y",
	} {
		rights[name] = right{"1" + action + ":%s~0", but(0), nil} // in their own chat
		own[name] = true
	}
	for _, action := range actions(t) {
		if !slices.ContainsFunc(slices.Collect(maps.Values(rights)), func(r right) bool { return strings.HasPrefix(r.data, "1"+action+":") }) {
			t.Errorf("nothing is said here of who may %q", action)
		}
	}
	for name, c := range rights {
		people := everybody
		if own[name] {
			people = []int64{stranger, banned}
		}
		for _, who := range people {
			t.Run(fmt.Sprint(name, " by ", who), func(t *testing.T) {
				event := query[int64](w, `
					WITH made AS (
						INSERT INTO events (kind, owner, title, description, category, starts, ends, zone, place, latitude, longitude, capacity, cell, going)
						SELECT kind, owner, title, description, category, starts, ends, zone, place, latitude, longitude, capacity, cell, 1
						FROM events WHERE title = 'Template' ORDER BY id LIMIT 1 RETURNING id)
					SELECT id FROM made`)
				query[int64](w, `INSERT INTO reports (event, person, reason) VALUES ($1, 1000, 'spam') RETURNING event`, event)
				query[bool](w, `UPDATE users SET banned = false WHERE id = 1000 RETURNING banned`)
				query[int64](w, `INSERT INTO participants (event, person, part) VALUES ($1, $2, 'going') RETURNING event`, event, guest)
				v := w.visitor(who, fmt.Sprint("P", who), "en")
				v.Say("/help")
				m := v.See("the help", func(m sandbox.Message) bool { // "language" may have been pressed before
					return strings.Contains(m.Text, "What I can do") || strings.Contains(m.Text, "Что я умею")
				})
				before := rows()
				told := v.PressData(m.ID, name, fmt.Sprintf(c.data, strconv.FormatInt(event, 36)))
				check(t, v.Err())
				changed := rows() != before
				refused := false
				for _, words := range []string{"Only the organiser", "no longer let you", "haven't joined it", "no longer works",
					"только организатор", "больше не разрешают", "не записаны", "больше не работает"} {
					refused = refused || strings.Contains(told, words)
				}
				if refused == c.may[who] || changed != c.changes[who] {
					t.Errorf("may: %v; changed a row: %v, told %q", c.may[who], changed, told)
				}
			})
		}
	}
}

// actions reads the actions of buttons from where they are declared.
func actions(t *testing.T) (all []string) {
	t.Helper()
	file, err := parser.ParseFile(gotoken.NewFileSet(), "ui/callback.go", nil, 0)
	check(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "act") {
			action, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			check(t, err)
			all = append(all, action)
		}
		return true
	})
	if len(all) < 40 {
		t.Fatalf("only %d actions are known: %v", len(all), all)
	}
	return all
}

// TestOperatorsCommands: nobody but operators is answered by what there is for them.
func TestOperatorsCommands(t *testing.T) {
	w := newWorld(t, worldOptions{operators: []int64{5}})
	anna, olga := w.visitor(1, "Anna", "en"), w.visitor(5, "Olga", "en")
	create(anna, "Template")
	for i, c := range []struct{ said, seen string }{
		{"/event 1", "Template"}, {"/reports", "No reports"}, {"/ban 1 spam", "is banned"}, {"/unban 1", "not banned any more"},
		{"/banlist", "Banned"}, {"/stats", "SESSIONS"},
	} {
		const bans = `SELECT count(*) FROM users WHERE banned`
		before := query[int](w, bans)
		anna.Say(c.said)
		anna.See("that there is no such command", contains("I don't know that command"))
		if query[int](w, bans) != before {
			t.Errorf("%s changed a row", c.said)
		}
		olga.Say(c.said)
		olga.See("what it shows", contains(c.seen))
		if s, err := w.bot.Stats(t.Context()); err != nil || s.Ingress.Refused != uint64(i+1) {
			t.Errorf("%d refusals are counted after %d, %v", s.Ingress.Refused, i+1, err)
		}
	}
	check(t, anna.Err())
	check(t, olga.Err())
}

// TestForgedPresses: data that no version of the bot has made is refused, in words, and counted.
func TestForgedPresses(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "ru")
	anna.Say("/help")
	m := anna.See("the help", contains("Что я умею"))
	for _, data := range []string{"x", "1j:1", "2j:1~0", "1j:1~-1", "1j:%~0"} {
		if told := anna.PressData(m.ID, data, data); !strings.Contains(told, "больше не работает") {
			t.Errorf("%q is answered %q", data, told)
		}
	}
	check(t, anna.Err())
	if s, err := w.bot.Stats(t.Context()); err != nil || s.Ingress.Forged != 5 {
		t.Errorf("%d forged presses were counted, %v", s.Ingress.Forged, err)
	}
}
