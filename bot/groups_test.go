package bot_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/mymmrac/telego"

	"okolo/bot"
	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/bot/sender"
	"okolo/persistence/model"
)

// words are what the bot says in groups, in both languages.
var words = map[string]struct{ hello, events, create, none, title, game, preview, publish, saved, join, going, leave, left, adminsOnly, settings, admins, nobody, listed string }{
	"en": {"I keep the events of this group", "Events", "Create", "None so far", "the title", "games", "Is everything right", "Publish", "Saved. I announce it",
		"Join", "You are going", "Leave", "no longer going", "Only the administrators", "Settings for Club", "administrators", "nobody", "Events of Club"},
	"ru": {"Я веду события этой группы", "События", "Создать", "Пока ничего нет", "название", "игры", "Всё верно", "Опубликовать", "Сохранено. Я объявляю",
		"Пойду", "Вы идёте", "Не пойду", "больше не идёте", "только администраторы", "Настройки: Club", "админы", "никто", "События: Club"},
}

// argument returns what the deep link of a button gives to /start.
func argument(t *testing.T, m sandbox.Message, label string) string {
	t.Helper()
	b, ok := m.Button(label)
	_, arg, isLink := strings.Cut(b.URL, "?start=")
	if !ok || !isLink {
		t.Fatalf("no link %q on:\n%s", label, m.Body())
	}
	return arg
}

// TestGroup: from the hello to an event of the group's own, which members join, in both languages.
func TestGroup(t *testing.T) {
	t.Parallel()
	for lang, says := range words {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{})
			anna, boris := w.visitor(1, "Anna", lang), w.visitor(2, "Boris", lang)
			id := w.group(anna, sandbox.NewGroup{}, boris)
			annaThere, borisThere := anna.In(id), boris.In(id)
			hello := annaThere.See("the greeting", contains(says.hello))
			annaThere.Press(hello, says.events)
			list := annaThere.SeeEdited(hello, "that there is nothing", contains(says.none))
			check(t, annaThere.Err())

			boris.Say("/start " + argument(t, list, says.create))
			boris.See("the question for a title", contains("Club"))
			w.draft(boris, lang)
			check(t, boris.Err())
			event := query[int64](w, `SELECT id FROM events WHERE community = $1 AND owner = 2`, id)

			announced := annaThere.See("the announcement", has(says.join))
			if toast := annaThere.Press(announced, says.join); !strings.Contains(toast, says.going) {
				t.Errorf("the press was answered %q", toast)
			}
			borisThere.Press(announced, says.join)
			annaThere.SeeEdited(announced, "who comes", contains("Anna, Boris"))
			if toast := borisThere.Press(announced, says.leave); !strings.Contains(toast, says.left) {
				t.Errorf("the press was answered %q", toast)
			}
			borisThere.SeeEdited(announced, "that one comes", func(m sandbox.Message) bool {
				return strings.Contains(m.Text, "Anna") && !strings.Contains(m.Text, "Boris")
			})
			borisThere.Say("/events@" + w.bot.Username())
			list = borisThere.See("the list", contains(says.listed))
			borisThere.Press(list, "1")
			borisThere.SeeEdited(list, "that two come", contains("👥"))
			annaThere.SeeEdited(announced, "that he comes after all", contains("Anna, Boris"))
			if n := query[int](w, `SELECT going FROM events WHERE id = $1`, event); n != 2 {
				t.Errorf("%d come", n)
			}
			borisThere.Say("/settings")
			borisThere.See("that he is no administrator", contains(says.adminsOnly))
			annaThere.Say("/settings")
			settings := annaThere.See("the settings", contains(says.settings))
			annaThere.Press(settings, says.nobody)
			annaThere.SeeEdited(settings, "that nobody may create", has("• ➕ "+says.nobody+" •"))
			if toast := borisThere.Press(settings, says.admins); !strings.Contains(toast, says.adminsOnly) {
				t.Errorf("a member who presses a setting reads %q", toast)
			}
			if got := query[string](w, `SELECT creators FROM communities WHERE id = $1`, id); got != "nobody" {
				t.Errorf("%s may create", got)
			}
			for _, v := range []*visit.Visitor{anna, boris, annaThere, borisThere} {
				check(t, v.Err())
			}
		})
	}
}

// draft takes a person who was asked for the title through the wizard to the saved event.
func (w *world) draft(v *visit.Visitor, lang string) sandbox.Message {
	says := words[lang]
	v.Say("Blitz")
	m := v.See("the question for a category", has(says.game))
	v.Press(m, says.game)
	v.SeeEdited(m, "the question where", contains(says.game))
	v.Locate(berlin.Lat, berlin.Lon)
	v.See("the question when", has("19:00"))
	v.Say("25.12 18:00")
	m = v.See("the preview", contains(says.preview))
	v.Press(m, says.publish)
	return v.SeeEdited(m, "the saved event", contains(says.saved))
}

// TestGroupComesAndGoes: after the bot was removed nothing is written there; added again, it goes
// on with the settings and the events that there were. What was said there meanwhile is none of
// its business.
func TestGroupComesAndGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	anna, boris := w.visitor(1, "Anna", "en"), w.visitor(2, "Boris", "en")
	id := w.group(anna, sandbox.NewGroup{}, boris)
	there := anna.In(id)
	hello := there.See("the greeting", has("Create"))
	w.member(anna, id, 4242, sandbox.Membership{Status: "administrator"})
	w.member(anna, id, 4242, sandbox.Membership{Status: "member"})
	w.member(anna, id, 4242, sandbox.Membership{Status: "left"})
	w.eventually("the bot has left: %v", func() (any, bool) {
		left := query[bool](w, `SELECT left_at IS NOT NULL FROM communities WHERE id = $1`, id)
		return left, left
	})
	boris.Say("/start " + argument(t, hello, "Create"))
	boris.See("that the bot is not there", contains("I am not in that group"))
	w.member(anna, id, 4242, sandbox.Membership{Status: "member"})
	there.See("the greeting again", has("Create"))
	boris.Say("/start " + argument(t, hello, "Create"))
	boris.See("the wizard", contains("for Club"))
	there.Say("hello everybody")
	there.Say("/start@another_bot")
	there.Say("/ban")
	there.Say("/events")
	there.See("the list", contains("None so far"))
	for _, v := range []*visit.Visitor{anna, boris, there} {
		check(t, v.Err())
	}
	if n := w.fromBot(there); n != 3 {
		t.Errorf("the bot wrote %d messages into the group, not two greetings and a list", n)
	}
}

// member changes what somebody is in a group.
func (w *world) member(by *visit.Visitor, group, who int64, as sandbox.Membership) {
	w.t.Helper()
	if _, err := by.Person.SetMember(w.t.Context(), group, who, as); err != nil {
		w.t.Fatal(err)
	}
}

// fromBot returns how many messages of the bot there are in a chat.
func (w *world) fromBot(v *visit.Visitor) int {
	w.t.Helper()
	chat, err := v.Person.Chat(w.t.Context())
	check(w.t, err)
	return len(sandbox.FromBot(chat, 0))
}

// TestGroupRights: every action in a group by everybody there is, by their role. Who may not is
// told so in words, and no row changes.
func TestGroupRights(t *testing.T) {
	t.Parallel()
	const creator, admin, member, outsider, banned, hidden = 1, 2, 3, 4, 5, 6
	roles := map[string]int64{"creator": creator, "admin": admin, "member": member, "outsider": outsider, "banned": banned, "anonymous": hidden}
	w := newWorld(t, worldOptions{})
	people, there := map[int64]*visit.Visitor{}, map[int64]*visit.Visitor{}
	for name, id := range roles {
		people[id] = w.visitor(id, name, "en")
	}
	id := w.group(people[creator], sandbox.NewGroup{Supergroup: true}, people[admin], people[member], people[banned], people[hidden])
	w.member(people[creator], id, admin, sandbox.Membership{Status: "administrator"})
	w.member(people[creator], id, hidden, sandbox.Membership{Status: "administrator", Anonymous: true})
	for who, v := range people {
		if who != outsider {
			there[who] = v.In(id)
		}
	}
	hello := there[creator].See("the greeting", has("Create"))
	create(people[creator], "Template")
	check(t, people[creator].Err())
	query[int64](w, `INSERT INTO users (id, name, lang, banned) VALUES ($1, 'banned', 'en', true) RETURNING id`, banned)
	event := query[int64](w, `INSERT INTO events (kind, owner, community, title, description, category, starts, ends, zone, place, latitude, longitude, capacity, cell)
		SELECT 'community', owner, $1, 'Ours', description, category, starts, ends, zone, place, latitude, longitude, capacity, cell
		FROM events WHERE title = 'Template' RETURNING id`, id)
	rows := func() string {
		return query[string](w, `SELECT md5(concat(
			(SELECT string_agg(e::text, ';' ORDER BY id) FROM events e),
			(SELECT string_agg(concat(event, person, part), ';' ORDER BY event, person) FROM participants),
			(SELECT string_agg(concat(creators, lang, quiet), ';') FROM communities)))`)
	}
	reset := func(creators string) {
		query[int](w, `WITH left_all AS (DELETE FROM participants RETURNING 1), emptied AS (UPDATE events SET going = 0, waiting = 0 RETURNING 1)
			UPDATE communities SET creators = $1, lang = '', quiet = false RETURNING 1`, creators)
	}
	refusals := []string{"Only the administrators", "no longer let you", "not a member", "only those whom its administrators let"}
	type action struct {
		do       func(who int64) string // returns what the person was told
		may      []int64                // others are refused
		creators string
	}
	press := func(data string) func(int64) string {
		return func(who int64) string { return there[who].PressData(hello.ID, data, data) }
	}
	start := "/start " + argument(t, hello, "Create")
	wizard := func(who int64) string {
		people[who].Say(start)
		return people[who].See("an answer", func(sandbox.Message) bool { return true }).Text
	}
	inside := []int64{creator, admin, member, banned, hidden}
	for name, a := range map[string]action{
		"join":               {press(fmt.Sprintf("1J:%s~0", base36(event))), []int64{creator, admin, member, hidden}, "everyone"},
		"leave":              {press(fmt.Sprintf("1Q:%s~0", base36(event))), inside, "everyone"},
		"list":               {press("1G:0~0"), inside, "everyone"},
		"see the settings":   {press("1s:0:0~0"), []int64{creator, admin, hidden}, "everyone"},
		"set who may create": {press("1s:1:1~0"), []int64{creator, admin, hidden}, "everyone"},
		"set the language":   {press("1s:2:2~0"), []int64{creator, admin, hidden}, "everyone"},
		"set quiet":          {press("1s:3:1~0"), []int64{creator, admin, hidden}, "everyone"},
		"create, all may":    {wizard, inside, "everyone"},
		"create, admins may": {wizard, []int64{creator, admin, hidden}, "admins"},
		"create, none may":   {wizard, nil, "nobody"},
	} {
		for role, who := range roles {
			if strings.HasPrefix(name, "create") || who != outsider {
				t.Run(name+" by "+role, func(t *testing.T) {
					reset(a.creators)
					before := rows()
					told := a.do(who)
					if v := there[who]; v != nil {
						check(t, v.Err())
					}
					check(t, people[who].Err())
					refused := false
					for _, r := range refusals {
						refused = refused || strings.Contains(told, r)
					}
					may := false
					for _, m := range a.may {
						may = may || m == who
					}
					if refused == may || !may && rows() != before {
						t.Errorf("may: %v; changed a row: %v; told %q", may, rows() != before, told)
					}
				})
			}
		}
	}
}

// TestAnonymousAdmin: an administrator who writes in the group's name is known as one.
func TestAnonymousAdmin(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna, boris := w.visitor(1, "Anna", "en"), w.visitor(2, "Boris", "en")
	id := w.group(anna, sandbox.NewGroup{Supergroup: true}, boris)
	w.member(anna, id, 2, sandbox.Membership{Status: "administrator", Anonymous: true})
	there := boris.In(id)
	there.Say("/settings")
	settings := there.See("the settings", has("stay quiet"))
	there.Press(settings, "stay quiet")
	there.SeeEdited(settings, "that the group is quiet", has("• 🔕 stay quiet •"))
	check(t, there.Err())
	if n := query[int](w, `SELECT count(*) FROM users WHERE id = 1087968824`); n != 0 {
		t.Error("the account of all anonymous administrators is among the people")
	}
}

// TestAdminNoMore: whoever was an administrator when the settings were sent is asked about anew: at
// once, where Telegram tells the bot; else after a while.
func TestAdminNoMore(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna, boris := w.visitor(1, "Anna", "en"), w.visitor(2, "Boris", "en")
	id := w.group(anna, sandbox.NewGroup{Supergroup: true}, boris)
	w.member(anna, id, 4242, sandbox.Membership{Status: "administrator"})
	w.member(anna, id, 2, sandbox.Membership{Status: "administrator"})
	there := boris.In(id)
	there.Say("/settings")
	settings := there.See("the settings", has("stay quiet"))
	there.Press(settings, "administrators")
	there.SeeEdited(settings, "the change", has("• ➕ administrators •"))
	check(t, there.Err())
	if s, err := w.bot.Stats(t.Context()); err != nil || s.Groups.AdminsHits == 0 || s.Groups.Admins != 1 {
		t.Errorf("the administrators are not remembered: %+v, %v", s.Groups, err)
	}
	w.member(anna, id, 2, sandbox.Membership{Status: "member"})
	if told := there.Press(settings, "stay quiet"); !strings.Contains(told, "Only the administrators") {
		t.Errorf("who is no administrator any more is told %q", told)
	}
	if query[bool](w, `SELECT quiet FROM communities WHERE id = $1`, id) {
		t.Error("and has changed a setting")
	}
}

// TestGroupMigrates: the events and settings of a group go with it when it becomes a supergroup.
func TestGroupMigrates(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	id := w.group(anna, sandbox.NewGroup{})
	there := anna.In(id)
	hello := there.See("the greeting", has("Create"))
	old := argument(t, hello, "Create")
	anna.Say("/start " + old)
	anna.See("the question for a title", contains("the title"))
	w.draft(anna, "en")
	check(t, anna.Err())
	moved, err := anna.Person.Migrate(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	there = anna.In(moved.ID)
	w.eventually("%d events have moved", func() (any, bool) {
		n := query[int](w, `SELECT count(*)::int FROM events WHERE community = $1`, moved.ID)
		return n, n == 1
	})
	there.Say("/events")
	list := there.See("the events", has("Create")) // the announcement comes again, too
	anna.Say("/start " + argument(t, list, "Create"))
	anna.See("the wizard", contains("for Club"))
	anna.Say("/cancel")
	anna.Say("/start " + old) // a button in the old chat
	anna.See("the wizard", contains("for Club"))
	check(t, anna.Err())
	check(t, there.Err())
}

// TestGroupTopic: the bot answers in the topic where it was asked.
func TestGroupTopic(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	id := w.group(anna, sandbox.NewGroup{Forum: true})
	topic, err := anna.Person.CreateTopic(t.Context(), id, "Chess")
	if err != nil {
		t.Fatal(err)
	}
	there := anna.In(id)
	there.SayIn(topic.ID, "/events")
	if list := there.See("the list", contains("None so far")); list.Thread != topic.ID {
		t.Errorf("the list is in topic %d, not %d", list.Thread, topic.ID)
	}
	there.SayIn(topic.ID, "/settings")
	settings := there.See("the settings", has("Write in this topic"))
	there.Press(settings, "Write in this topic")
	there.SeeEdited(settings, "that it is chosen", has("• 📌 Write in this topic •"))
	check(t, there.Err())
	if got := query[int64](w, `SELECT topic FROM communities WHERE id = $1`, id); got != topic.ID {
		t.Errorf("announcements go to topic %d, not %d", got, topic.ID)
	}
}

// TestMuteGroup: where the group does not let the bot write, presses are answered all the same,
// what could not be written is counted, and nothing is tried for ever.
func TestMuteGroup(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	id := w.group(anna, sandbox.NewGroup{Supergroup: true})
	there := anna.In(id)
	hello := there.See("the greeting", has("Create"))
	check(t, there.Err())
	w.member(anna, id, 4242, sandbox.Membership{Status: "restricted"})
	there.Say("/events") // who never wrote to the bot cannot be told anything
	refused := func(n uint64) {
		t.Helper()
		w.eventually("%d messages were refused", func() (any, bool) {
			s, err := w.bot.Stats(t.Context())
			return s.Groups.Refused, err == nil && s.Groups.Refused == n && s.Ingress.Blocked == 1
		})
	}
	refused(1)
	anna.Say("/start")
	anna.See("the menu", has("Create"))
	there.Say("/settings")
	anna.See("that the bot may not write there", contains("not allowed to write in Club"))
	check(t, anna.Err())
	refused(2)
	if told := there.PressData(hello.ID, "join", "1J:zz~0"); !strings.Contains(told, "no longer there") {
		t.Errorf("the press is answered %q", told)
	}
	check(t, there.Err())
	w.eventually("%+v is unsettled", func() (any, bool) {
		s, err := w.bot.Stats(t.Context())
		return s.Ingress, err == nil && s.Ingress.Unsettled == 0 && s.Outbox.Waiting == 0
	})
	w.member(anna, id, 4242, sandbox.Membership{Status: "member"})
	there.Say("/events")
	there.See("the list", contains("None so far"))
	check(t, there.Err())
}

// TestJammedGroup: a group where Telegram has the bot wait gets what was asked for first when the wait
// is over, and nothing of what was asked for meanwhile.
func TestJammedGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{sending: sender.Options{MaxAttempts: 1}})
	anna := w.visitor(1, "Anna", "en")
	id := w.group(anna, sandbox.NewGroup{})
	there := anna.In(id)
	there.See("the greeting", has("Create"))
	check(t, w.sandbox.SetFaults(sandbox.Faults{Calls: always(
		sandbox.CallFaults{TooManyRequests: sandbox.Chance{Share: 1}, RetryAfter: 60}, "sendMessage")}))
	there.Say("/settings")
	eventually(t, "the settings wait", func() bool { return w.waiting() == 1 })
	const meanwhile = 3
	for range meanwhile {
		there.Say("/events")
	}
	w.eventually("%d messages were dropped", func() (any, bool) {
		s, err := w.bot.Stats(t.Context())
		return s.Groups.Dropped, err == nil && s.Groups.Dropped == meanwhile && s.Ingress.Unsettled == 0
	})
	check(t, w.stop()) // the next process does not know that it has to wait
	check(t, w.sandbox.SetFaults(sandbox.Faults{}))
	w.startBot(w.options)
	there.See("the settings", has("stay quiet"))
	eventually(t, "nothing waits", func() bool { return w.waiting() == 0 })
	there.Say("/events")
	there.See("the list", contains("None so far"))
	check(t, there.Err())
	if n := w.fromBot(there); n != 3 {
		t.Errorf("%d messages in place of the greeting, the settings and a list", n)
	}
}

// TestGroupMigratedUnheard: where the bot never heard that a group became a supergroup, the call that
// Telegram refuses for that tells it, and the group's events move.
func TestGroupMigratedUnheard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	anna := w.visitor(1, "Anna", "en")
	id := w.group(anna, sandbox.NewGroup{})
	there := anna.In(id)
	there.See("the greeting", has("Create"))
	event, _ := w.announced(anna, there, id, "Ours")
	check(t, w.stop())
	moved, err := anna.Person.Migrate(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	api, err := bot.NewAPI(token, w.api)
	check(t, err)
	check(t, api.DeleteWebhook(t.Context(), &telego.DeleteWebhookParams{DropPendingUpdates: true}))
	w.startBot(w.options)
	anna.Say("/start " + deepLink(event))
	press(anna, anna.See("the card", has("Join")), "Join", contains("You are going"))
	w.eventually("the event is in chat %d", func() (any, bool) {
		chat := query[int64](w, `SELECT community FROM events WHERE id = $1`, event)
		return chat, chat == moved.ID
	})
	there = anna.In(moved.ID)
	there.See("the announcement, with who comes", contains("Anna"))
	check(t, there.Err())
	check(t, anna.Err())
}

// TestGroupStranger: whoever never opened the bot joins from the group, and is known from then on.
func TestGroupStranger(t *testing.T) {
	w := newWorld(t, worldOptions{})
	anna, boris := w.visitor(1, "Anna", "en"), w.visitor(2, "Борис", "ru")
	id := w.group(anna, sandbox.NewGroup{}, boris)
	hello := anna.In(id).See("the greeting", has("Create"))
	anna.Say("/start " + argument(t, hello, "Create"))
	anna.See("the question for a title", contains("the title"))
	w.draft(anna, "en")
	check(t, anna.Err())
	event := query[int64](w, `SELECT id FROM events`)
	press := func(data string) string {
		return boris.In(id).PressData(hello.ID, data, fmt.Sprintf("1%s:%s~0", data, base36(event)))
	}
	if told := press("J"); !strings.Contains(told, "Вы идёте") {
		t.Errorf("told %q", told)
	}
	if got := query[string](w, `SELECT name || lang FROM users WHERE id = 2`); got != "Борисru" {
		t.Errorf("known as %q", got)
	}
	query[int](w, `UPDATE users SET lang = 'en', banned = true WHERE id = 2 RETURNING 1`) // speaks English with the bot
	if told := press("Q"); !strings.Contains(told, "no longer going") {
		t.Errorf("told %q", told)
	}
	if told := press("J"); !strings.Contains(told, "no longer let you") {
		t.Errorf("told %q", told)
	}
	query[string](w, `UPDATE events SET status = $1 RETURNING status`, model.Hidden)
	if told := press("J"); !strings.Contains(told, "no longer") && !strings.Contains(told, "called off") {
		t.Errorf("told %q", told)
	}
}

func base36(n int64) string { return strconv.FormatInt(n, 36) }
