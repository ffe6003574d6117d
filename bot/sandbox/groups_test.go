package sandbox_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

var bob = sandbox.Profile{ID: 502, FirstName: "Bob"}

const botID = 7001

// club is a group that ann made, with bob and the bot.
func club(t *testing.T, n sandbox.NewGroup) (base string, id int64, a, b *sandbox.Person) {
	t.Helper()
	_, base = start(t, sandbox.Options{})
	a, b = person(t, base, ann), person(t, base, bob)
	n.Title, n.Members, n.Bots = "Club", []int64{bob.ID}, []string{"7001"}
	g, err := a.CreateGroup(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return base, g.ID, a, b
}

// set changes what someone is in a group.
func set(t testing.TB, by *sandbox.Person, group, who int64, as sandbox.Membership) {
	t.Helper()
	if _, err := by.SetMember(t.Context(), group, who, as); err != nil {
		t.Fatal(err)
	}
}

// news takes the updates that wait, all kinds, and confirms them.
func news(t testing.TB, base string) []update {
	t.Helper()
	us := get(t, base, fields{"allowed_updates": []string{"message", "my_chat_member", "chat_member", "callback_query"}})
	if len(us) > 0 {
		get(t, base, fields{"offset": us[len(us)-1].UpdateID + 1})
	}
	return us
}

func itoa(id int64) string { return strconv.FormatInt(id, 10) }

func fetch(t testing.TB, to string) *http.Response {
	t.Helper()
	resp, err := plain.Get(to)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func refuses(t testing.TB, o outcome, code int, want string) {
	t.Helper()
	if o.ErrorCode != code || o.Description != want {
		t.Errorf("got %d %s, want %d %s", o.ErrorCode, o.Description, code, want)
	}
}

func TestAGroup(t *testing.T) {
	base, id, a, b := club(t, sandbox.NewGroup{})
	us := get(t, base, nil)
	if len(us) != 2 || us[0].MyChatMember == nil || us[0].MyChatMember.NewChatMember.MemberStatus() != "member" ||
		us[0].MyChatMember.Chat.Type != "group" || us[0].MyChatMember.From.ID != ann.ID || !us[1].Message.GroupChatCreated {
		t.Fatalf("updates: %+v", us)
	}
	news(t, base)
	said(t, a.In(id), "/start")
	said(t, b.In(id), "chatter", "/start@sandbox7001_bot", "/start@other_bot")
	want(t, news(t, base), "/start", "/start@sandbox7001_bot")

	sent := must[message](t, call(t, base, "sendMessage", fields{"chat_id": id, "text": "hi all", "reply_markup": buttons("A", "a")}))
	if sent.Chat.Title != "Club" || sent.Chat.Type != "group" || sent.Chat.ID != id {
		t.Errorf("sent: %+v", sent.Chat)
	}
	for _, p := range []*sandbox.Person{a.In(id), b.In(id)} { // several people see one message and press it
		chat, err := p.Wait(t.Context(), func(chat []sandbox.Message) bool { return len(sandbox.FromBot(chat, 0)) == 1 })
		if err != nil {
			t.Fatal(err)
		}
		if m := chat[1]; m.From.Name != "Ann Lee" || m.FromBot || chat[2].From.ID != bob.ID || chat[0].Service != "Ann Lee created the group" {
			t.Errorf("seen: %+v", chat)
		}
		press, err := p.Press(t.Context(), int64(sent.MessageID), "a")
		if err != nil {
			t.Fatal(err)
		}
		us := news(t, base)
		if len(us) != 1 || us[0].CallbackQuery.From.ID != p.ID || us[0].CallbackQuery.Message.GetChat().ID != id {
			t.Fatalf("updates: %+v", us)
		}
		must[bool](t, call(t, base, "answerCallbackQuery", fields{"callback_query_id": press, "text": p.FirstName}))
		if got, err := p.Answer(t.Context(), press); err != nil || got.Text != p.FirstName {
			t.Errorf("answer: %+v, %v", got, err)
		}
	}
	if _, err := b.In(id).Send(t.Context(), sandbox.Saying{Text: "a reply", ReplyTo: int64(sent.MessageID)}); err != nil {
		t.Fatal(err)
	}
	want(t, news(t, base), "a reply")
	if n := must[int](t, call(t, base, "getChatMemberCount", fields{"chat_id": id})); n != 3 {
		t.Errorf("%d members", n)
	}
	if full := must[telego.ChatFullInfo](t, call(t, base, "getChat", fields{"chat_id": id})); full.Title != "Club" {
		t.Errorf("getChat: %+v", full)
	}
}

// A bot sees all that is said where it is an administrator, or its privacy mode is off.
func TestPrivacyMode(t *testing.T) {
	base, id, a, b := club(t, sandbox.NewGroup{Supergroup: true})
	news(t, base)
	said(t, b.In(id), "unseen")
	set(t, a, id, botID, sandbox.Membership{Status: "administrator"})
	said(t, b.In(id), "seen by the admin")
	want(t, news(t, base), "administrator", "seen by the admin")
	set(t, a, id, botID, sandbox.Membership{Status: "member"})
	said(t, b.In(id), "unseen")
	want(t, news(t, base), "member")
	if err := a.SetBot(t.Context(), "7001", sandbox.BotSettings{Privacy: false}); err != nil {
		t.Fatal(err)
	}
	said(t, b.In(id), "seen")
	want(t, news(t, base), "seen")
	if me := must[telego.User](t, call(t, base, "getMe", nil)); !me.CanReadAllGroupMessages {
		t.Errorf("getMe: %+v", me)
	}

	// Of two bots under privacy mode only the one that wrote last gets a command for nobody.
	if err := a.SetBot(t.Context(), "7001", sandbox.BotSettings{Privacy: true}); err != nil {
		t.Fatal(err)
	}
	set(t, a, id, 7002, sandbox.Membership{Status: "member"})
	other := base + "/bot7002:x/"
	if us := must[[]update](t, read(t, fetch(t, other+"getUpdates"))); len(us) != 2 || len(us[1].Message.NewChatMembers) != 1 {
		t.Fatalf("the new bot's updates: %+v", us)
	}
	must[message](t, call(t, base, "sendMessage", fields{"chat_id": id, "text": "from the first"}))
	news(t, base)
	said(t, b.In(id), "/go")
	want(t, news(t, base), "/go")
	if us := must[[]update](t, read(t, fetch(t, other+"getUpdates"))); len(us) != 2 {
		t.Errorf("the other bot got the command too: %+v", us[2:])
	}
}

func TestAdministrators(t *testing.T) {
	base, id, a, b := club(t, sandbox.NewGroup{Supergroup: true})
	news(t, base)
	theirs, err := b.In(id).Say(t.Context(), "/spam")
	if err != nil {
		t.Fatal(err)
	}
	ours := must[message](t, call(t, base, "sendMessage", fields{"chat_id": id, "text": "hi"}))
	at := func(m int64) fields { return fields{"chat_id": id, "message_id": m, "user_id": bob.ID} }
	refuses(t, call(t, base, "deleteMessage", at(theirs.ID)), 400, "Bad Request: message can't be deleted")
	own := must[message](t, call(t, base, "sendMessage", fields{"chat_id": id, "text": "hi"}))
	must[bool](t, call(t, base, "deleteMessage", at(int64(own.MessageID)))) // needs no right
	refuses(t, call(t, base, "pinChatMessage", at(theirs.ID)), 400, "Bad Request: not enough rights to manage pinned messages in the chat")
	refuses(t, call(t, base, "banChatMember", at(0)), 400, "Bad Request: not enough rights to restrict/unrestrict chat member")
	if _, err := b.SetMember(t.Context(), id, botID, sandbox.Membership{Status: "administrator"}); err == nil {
		t.Error("a plain member promoted the bot")
	}
	rights := sandbox.Rights{DeleteMessages: true, PinMessages: true, RestrictMembers: true}
	set(t, a, id, botID, sandbox.Membership{Status: "administrator", Rights: rights})
	admins := must[[]map[string]any](t, call(t, base, "getChatAdministrators", fields{"chat_id": id}))
	if len(admins) != 2 || admins[0]["status"] != "creator" || admins[1]["can_pin_messages"] != true {
		t.Errorf("administrators: %v", admins)
	}
	must[bool](t, call(t, base, "pinChatMessage", at(int64(ours.MessageID))))
	if full := must[telego.ChatFullInfo](t, call(t, base, "getChat", fields{"chat_id": id})); full.PinnedMessage == nil || full.PinnedMessage.Text != "hi" {
		t.Errorf("pinned: %+v", full.PinnedMessage)
	}
	must[bool](t, call(t, base, "unpinChatMessage", fields{"chat_id": id}))
	must[bool](t, call(t, base, "deleteMessage", at(theirs.ID)))

	news(t, base)
	set(t, a, id, bob.ID, sandbox.Membership{Status: "administrator", Anonymous: true})
	said(t, b.In(id), "who am I")
	us := news(t, base)
	want(t, us[1:], "who am I")
	if us[0].ChatMember == nil || us[0].ChatMember.NewChatMember.MemberUser().ID != bob.ID {
		t.Errorf("updates: %+v", us[0])
	}
	if m := us[1].Message; m.From.Username != "GroupAnonymousBot" || m.SenderChat == nil || m.SenderChat.ID != id {
		t.Errorf("an anonymous administrator: %+v", m)
	}
	refuses(t, call(t, base, "banChatMember", at(0)), 400, "Bad Request: user is an administrator of the chat")
	set(t, a, id, bob.ID, sandbox.Membership{Status: "member"})
	must[bool](t, call(t, base, "banChatMember", at(0)))
	if m := must[map[string]any](t, call(t, base, "getChatMember", fields{"chat_id": id, "user_id": bob.ID})); m["status"] != "kicked" {
		t.Errorf("removed: %v", m)
	}
	if _, err := b.In(id).Say(t.Context(), "still here?"); err == nil {
		t.Error("who was removed wrote")
	}
	refuses(t, call(t, base, "getChatMember", fields{"chat_id": id, "user_id": 9}), 400, "Bad Request: PARTICIPANT_ID_INVALID")
}

func TestABotThatIsNotThere(t *testing.T) {
	base, id, a, _ := club(t, sandbox.NewGroup{})
	write := func() outcome { return call(t, base, "sendMessage", fields{"chat_id": id, "text": "hi"}) }
	refuses(t, call(t, base, "sendMessage", fields{"chat_id": -5, "text": "hi"}), 400, "Bad Request: chat not found")
	refuses(t, read(t, fetch(t, base+"/bot7003:x/getChat?chat_id="+itoa(id))), 400, "Bad Request: chat not found")
	set(t, a, id, botID, sandbox.Membership{Status: "restricted"})
	refuses(t, write(), 400, "Bad Request: not enough rights to send text messages to the chat")
	set(t, a, id, botID, sandbox.Membership{Status: "kicked"})
	refuses(t, write(), 403, "Forbidden: bot was kicked from the group chat")
	if us := news(t, base); us[len(us)-1].MyChatMember.NewChatMember.MemberStatus() != "kicked" {
		t.Errorf("updates: %+v", us)
	}
	said(t, a.In(id), "/alone")
	want(t, news(t, base))
	set(t, a, id, botID, sandbox.Membership{Status: "member"})
	must[message](t, write())
	must[bool](t, call(t, base, "leaveChat", fields{"chat_id": id}))
	refuses(t, write(), 403, "Forbidden: bot is not a member of the group chat")
}

func TestMigration(t *testing.T) {
	base, id, a, b := club(t, sandbox.NewGroup{})
	news(t, base)
	set(t, a, id, botID, sandbox.Membership{Status: "administrator", Rights: allRights})
	must[bool](t, call(t, base, "setChatDescription", fields{"chat_id": id, "description": "About"}))
	set(t, a, id, botID, sandbox.Membership{Status: "member"})
	news(t, base)
	g, err := a.Migrate(t.Context(), id)
	if err != nil || g.Type != "supergroup" || len(g.Members) != 3 {
		t.Fatalf("migrated: %+v, %v", g, err)
	}
	us := news(t, base)
	if len(us) != 2 || us[0].Message.MigrateToChatID != g.ID || us[1].Message.MigrateFromChatID != id || us[1].Message.Chat.ID != g.ID {
		t.Fatalf("updates: %+v", us)
	}
	o := call(t, base, "sendMessage", fields{"chat_id": id, "text": "hi"})
	refuses(t, o, 400, "Bad Request: group chat was upgraded to a supergroup chat")
	if o.Parameters.MigrateTo != g.ID {
		t.Errorf("parameters: %+v", o.Parameters)
	}
	must[message](t, call(t, base, "sendMessage", fields{"chat_id": g.ID, "text": "hi"}))
	if full := must[telego.ChatFullInfo](t, call(t, base, "getChat", fields{"chat_id": g.ID})); full.Description != "About" {
		t.Errorf("getChat: %+v", full)
	}
	said(t, b.In(g.ID), "/here")
	want(t, news(t, base), "/here")
	if _, err := a.Migrate(t.Context(), g.ID); err == nil || !strings.Contains(err.Error(), "the group is a supergroup already") {
		t.Errorf("migrated a supergroup: %v", err)
	}
	if _, err := b.In(id).Say(t.Context(), "/there"); err == nil {
		t.Error("wrote to the old group")
	}
}

func TestTopics(t *testing.T) {
	base, id, a, b := club(t, sandbox.NewGroup{Forum: true})
	refuses(t, call(t, base, "createForumTopic", fields{"chat_id": id, "name": "Plans"}), 400, "Bad Request: not enough rights to create a topic")
	set(t, a, id, botID, sandbox.Membership{Status: "administrator", Rights: sandbox.Rights{ManageTopics: true}})
	made := must[telego.ForumTopic](t, call(t, base, "createForumTopic", fields{"chat_id": id, "name": "Plans"}))
	theirs, err := a.CreateTopic(t.Context(), id, "News")
	if err != nil {
		t.Fatal(err)
	}
	m := must[message](t, call(t, base, "sendMessage", fields{"chat_id": id, "message_thread_id": made.MessageThreadID, "text": "hi"}))
	if !m.IsTopicMessage || m.MessageThreadID != made.MessageThreadID || !m.Chat.IsForum {
		t.Errorf("sent: %+v", m)
	}
	refuses(t, call(t, base, "sendMessage", fields{"chat_id": id, "message_thread_id": 1, "text": "hi"}), 400, "Bad Request: message thread not found")
	news(t, base)
	if _, err := b.In(id).Send(t.Context(), sandbox.Saying{Text: "hello", Thread: theirs.ID}); err != nil {
		t.Fatal(err)
	}
	if us := news(t, base); len(us) != 1 || us[0].Message.MessageThreadID != int(theirs.ID) {
		t.Errorf("updates: %+v", us)
	}
	g, err := b.Group(t.Context(), id)
	if err != nil || len(g.Topics) != 2 || g.Topics[1].Name != "News" {
		t.Errorf("group: %+v, %v", g, err)
	}
}

func TestGroupsAreBounded(t *testing.T) {
	base, id, a, _ := club(t, sandbox.NewGroup{})
	for name, n := range map[string]sandbox.NewGroup{
		"no title":    {},
		"blank":       {Title: " \t"},
		"many":        {Title: "x", Members: make([]int64, 1000)},
		"unknown":     {Title: "x", Members: []int64{12345}},
		"unknown bot": {Title: "x", Bots: []string{"nobody_bot"}},
	} {
		if g, err := a.CreateGroup(t.Context(), n); err == nil {
			t.Errorf("%s: made %+v", name, g)
		}
	}
	if _, err := a.SetMember(t.Context(), id, botID, sandbox.Membership{Status: "creator"}); err == nil {
		t.Error("made a second creator")
	}
	for _, path := range []string{"/people/503/groups", "/people/501/groups/-1", "/people/501/chats/-1", "/people/501/chats/" + itoa(id) + "/block"} {
		if o := read(t, fetch(t, base+path)); o.ErrorCode != 404 {
			t.Errorf("%s: %+v", path, o)
		}
	}
	if code, body := ask(t, "GET", base+"/people/502/groups", ""); code != 200 || !strings.Contains(body, `"title":"Club"`) {
		t.Errorf("groups: %d %s", code, body)
	}
}

func TestGroupLimit(t *testing.T) {
	s, base := start(t, sandbox.Options{Limits: sandbox.Limits{GroupPerMinute: 20}})
	a := person(t, base, ann)
	said(t, a, "/start")
	g, err := a.CreateGroup(t.Context(), sandbox.NewGroup{Title: "Club", Bots: []string{"7001"}})
	if err != nil {
		t.Fatal(err)
	}
	var refused []int
	for i := range 25 {
		if o := call(t, base, "sendMessage", fields{"chat_id": g.ID, "text": "hi"}); o.ErrorCode == 429 {
			refused = append(refused, i)
		}
		sendText(t, base, "in private")
	}
	if !slices.Equal(refused, []int{20, 21, 22, 23, 24}) || s.Stats().Groups != 1 {
		t.Errorf("refused: %v; %+v", refused, s.Stats())
	}
}

// Under privacy mode a bot gets what is meant for it: commands to it, mentions, replies to it
// and to what was meant for it; a command for nobody where it wrote last, or no bot did.
func TestWhatIsMeantForABot(t *testing.T) {
	base, id, a, b := club(t, sandbox.NewGroup{Supergroup: true})
	news(t, base)
	set(t, a, id, 7002, sandbox.Membership{Status: "member"})
	if us := news(t, base); len(us) != 1 || us[0].Message == nil || len(us[0].Message.NewChatMembers) != 1 {
		t.Errorf("no administrator, and told of changes: %+v", us)
	}
	other := func() []string {
		t.Helper()
		us := must[[]update](t, read(t, fetch(t, base+"/bot7002:x/getUpdates")))
		for _, u := range us {
			read(t, fetch(t, base+"/bot7002:x/getUpdates?offset="+itoa(int64(u.UpdateID+1))))
		}
		return texts(us)
	}
	reply := func(p *sandbox.Person, text string, to int64) int64 {
		t.Helper()
		m, err := p.In(id).Send(t.Context(), sandbox.Saying{Text: text, ReplyTo: to})
		if err != nil {
			t.Fatal(err)
		}
		return m.ID
	}
	sees := func(first, second []string) {
		t.Helper()
		want(t, news(t, base), first...)
		if got := other(); !slices.Equal(got, second) {
			t.Errorf("the other bot got %q, want %q", got, second)
		}
	}
	news(t, base)
	other()

	reply(b, "/start", 0)
	sees([]string{"/start"}, []string{"/start"}) // no bot wrote yet: both
	ours := int64(must[message](t, call(t, base, "sendMessage", fields{"chat_id": id, "text": "hello"})).MessageID)
	reply(b, "/list", 0)
	sees([]string{"/list"}, nil)
	to := reply(b, "/list@sandbox7002_bot", 0)
	sees(nil, []string{"/list@sandbox7002_bot"})
	reply(a, "a reply to what was meant for the other", to)
	sees(nil, []string{"a reply to what was meant for the other"})
	mine := reply(b, "to you", ours)
	sees([]string{"to you"}, nil)
	reply(a, "and to that", mine)
	sees([]string{"and to that"}, nil)
	reply(b, "hey @Sandbox7001_bot, listen", 0)
	sees([]string{"hey @Sandbox7001_bot, listen"}, nil)
	chatter := reply(b, "chatter", 0)
	reply(a, "a reply to chatter", chatter)
	reply(a, "see /list", 0) // no command: it does not begin with one
	sees(nil, nil)
	// Bots do not see each other, whatever they write.
	bots := must[message](t, read(t, fetch(t, base+"/bot7002:x/sendMessage?text=/list@sandbox7001_bot&chat_id="+itoa(id))))
	sees(nil, nil)
	reply(b, "to the other", int64(bots.MessageID))
	sees(nil, []string{"to the other"})
	reply(b, "/list", 0)
	sees(nil, []string{"/list"})
}

// A reply keyboard in a group is for all who are there, or where it is selective, for who is
// mentioned or replied to; who used one for once has it no more.
func TestKeyboardsInGroups(t *testing.T) {
	base, id, a, b := club(t, sandbox.NewGroup{})
	anns, bobs := a.In(id), b.In(id)
	shown := func(p *sandbox.Person) string {
		t.Helper()
		if _, err := p.Chat(t.Context()); err != nil {
			t.Fatal(err)
		}
		if k := p.Keyboard(); k != nil && len(k.Rows) > 0 {
			return k.Rows[0][0].Text
		}
		return ""
	}
	show := func(text, key string, more, options fields) {
		t.Helper()
		markup := fields{"keyboard": []any{[]string{key}}}.with(options)
		must[message](t, call(t, base, "sendMessage", fields{"chat_id": id, "text": text, "reply_markup": markup}.with(more)))
	}
	is := func(forAnn, forBob string) {
		t.Helper()
		if a, b := shown(anns), shown(bobs); a != forAnn || b != forBob {
			t.Errorf("keyboards %q and %q, want %q and %q", a, b, forAnn, forBob)
		}
	}
	selective := fields{"selective": true}
	show("for all", "All", nil, fields{"one_time_keyboard": true})
	is("All", "All")
	said(t, anns, "All")
	is("", "All")
	show("@annlee", "Ann", nil, selective)
	is("Ann", "All")
	show(`<a href="tg://user?id=502">you</a>`, "Bob", fields{"parse_mode": "HTML"}, selective)
	is("Ann", "Bob")
	theirs, err := anns.Say(t.Context(), "hm")
	if err != nil {
		t.Fatal(err)
	}
	show("so?", "Reply", fields{"reply_parameters": fields{"message_id": theirs.ID}}, selective)
	is("Reply", "Bob")
	show("@annlee", "Ann", nil, selective)
	set(t, b, id, bob.ID, sandbox.Membership{Status: "left"})
	set(t, a, id, bob.ID, sandbox.Membership{Status: "member"})
	is("Ann", "") // who left has none
	show("for all", "Bob", nil, nil)
	show("so?", "Reply", fields{"reply_parameters": fields{"message_id": theirs.ID}}, selective)
	show("nobody", "None", nil, selective)
	is("Reply", "Bob")
	gone := fields{"remove_keyboard": true, "selective": true}
	must[message](t, call(t, base, "sendMessage", fields{"chat_id": id, "text": "@annlee", "reply_markup": gone}))
	is("", "Bob")
	must[message](t, call(t, base, "sendMessage", fields{"chat_id": id, "text": "x", "reply_markup": fields{"remove_keyboard": true}}))
	is("", "")
}

// Restricting, promoting and removing change what people may, and tell the bots.
func TestABotRulesAGroup(t *testing.T) {
	f := newForum(t)
	news(t, f.base)
	changed := func(status string) {
		t.Helper()
		us := news(t, f.base)
		if len(us) == 0 || us[0].ChatMember == nil || us[0].ChatMember.NewChatMember.MemberStatus() != status || us[0].ChatMember.From.ID != botID {
			t.Errorf("want a change to %s, got %+v", status, us)
		}
	}
	do := func(method string, params fields) {
		t.Helper()
		must[bool](t, f.call(t, method, fields{"user_id": bob.ID}.with(params)))
	}
	write := func(allowed bool) {
		t.Helper()
		if _, err := f.bob.In(f.id).Say(t.Context(), "hm"); (err == nil) != allowed {
			t.Errorf("wrote: %v", err)
		}
		news(t, f.base)
	}
	do("restrictChatMember", fields{"permissions": fields{}})
	changed("restricted")
	write(false)
	do("restrictChatMember", fields{"permissions": fields{"can_send_polls": true}}) // implies messages
	changed("restricted")
	write(true)
	do("restrictChatMember", fields{"permissions": fields{"can_send_polls": true}, "use_independent_chat_permissions": true})
	changed("restricted")
	write(false)
	do("restrictChatMember", fields{"permissions": fields{"can_send_other_messages": true, "can_send_polls": true}})
	changed("member")
	write(true)

	do("promoteChatMember", fields{"can_pin_messages": true, "is_anonymous": true})
	changed("administrator")
	said(t, f.bob.In(f.id), "as the group")
	hidden := news(t, f.base)[0].Message
	if hidden.SenderChat == nil || hidden.From.Username != "GroupAnonymousBot" {
		t.Errorf("anonymous: %+v", hidden)
	}
	relayed := must[message](t, f.call(t, "forwardMessage", fields{"from_chat_id": f.id, "message_id": hidden.MessageID}))
	if o, ok := relayed.ForwardOrigin.(*telego.MessageOriginChat); !ok || o.SenderChat.ID != f.id {
		t.Errorf("forwarded: %+v", relayed.ForwardOrigin)
	}
	m := must[telego.ChatMemberAdministrator](t, f.call(t, "getChatMember", fields{"user_id": bob.ID}))
	if !m.CanPinMessages || !m.IsAnonymous || !m.CanBeEdited || m.CanDeleteMessages {
		t.Errorf("promoted: %+v", m)
	}
	set(t, f.ann, f.id, 7002, sandbox.Membership{Status: "administrator"})
	if list := must[[]map[string]any](t, f.call(t, "getChatAdministrators", nil)); len(list) != 3 {
		t.Errorf("of bots only the one that asks is listed: %v", list)
	}
	set(t, f.ann, f.id, bob.ID, sandbox.Membership{Status: "administrator"})
	refuses(t, f.call(t, "promoteChatMember", fields{"user_id": bob.ID}), 400, "Bad Request: CHAT_ADMIN_REQUIRED") // a person's now
	set(t, f.ann, f.id, bob.ID, sandbox.Membership{Status: "member"})
	news(t, f.base)
	do("unbanChatMember", fields{"only_if_banned": true})
	if us := news(t, f.base); len(us) != 0 {
		t.Errorf("was not banned: %+v", us)
	}
	do("unbanChatMember", nil) // removes who is there
	changed("left")
	set(t, f.ann, f.id, bob.ID, sandbox.Membership{Status: "member"})
	news(t, f.base)
	do("banChatMember", nil)
	us := news(t, f.base)
	if len(us) != 2 || us[0].ChatMember.NewChatMember.MemberStatus() != "kicked" || us[1].Message.LeftChatMember.ID != bob.ID || us[1].Message.From.ID != botID {
		t.Errorf("banned: %+v", us)
	}
	do("banChatMember", nil) // again: nothing
	if us := news(t, f.base); len(us) != 0 {
		t.Errorf("banned twice: %+v", us)
	}
	do("unbanChatMember", nil)
	changed("left")
}

// Titles, topics and pins: what the bot changes all see, itself among them.
func TestABotShapesAGroup(t *testing.T) {
	f := newForum(t)
	news(t, f.base)
	service := func() *message {
		t.Helper()
		us := news(t, f.base)
		if len(us) != 1 || us[0].Message == nil || us[0].Message.From.ID != botID {
			t.Fatalf("want a service message of the bot, got %+v", us)
		}
		return us[0].Message
	}
	must[bool](t, f.call(t, "setChatTitle", fields{"title": "  A   " + strings.Repeat("🏟", 64)}))
	if m := service(); m.NewChatTitle != "A "+strings.Repeat("🏟", 63) { // 128 units, never half a character
		t.Errorf("title: %q", m.NewChatTitle)
	}
	must[bool](t, f.call(t, "setChatTitle", fields{"title": "Club"}))
	service()
	must[bool](t, f.call(t, "setChatTitle", fields{"title": "Club"}))
	if us := news(t, f.base); len(us) != 0 {
		t.Errorf("the same title: %+v", us)
	}
	must[bool](t, f.call(t, "setChatDescription", fields{"description": "About"}))

	opened := must[telego.ForumTopic](t, f.call(t, "createForumTopic", fields{"name": "More"}))
	if m := service(); m.ForumTopicCreated == nil || m.MessageThreadID != opened.MessageThreadID || !m.IsTopicMessage {
		t.Errorf("opened: %+v", m)
	}
	moving, err := f.bob.In(f.id).ShareLocation(t.Context(), 1, 2, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	get(t, f.base, fields{"offset": -1, "allowed_updates": []string{"edited_message"}})
	if err := f.bob.In(f.id).Move(t.Context(), moving.ID, 3, 4); err != nil {
		t.Fatal(err)
	}
	if us := get(t, f.base, fields{"offset": -1}); us[0].EditedMessage == nil || us[0].EditedMessage.Location.Latitude != 3 {
		t.Errorf("moved: %+v", us)
	}
	news(t, f.base)
	in := fields{"message_thread_id": f.topic}
	must[bool](t, f.call(t, "editForumTopic", in.with(fields{"name": "Ideas"})))
	if m := service(); m.ForumTopicEdited == nil || m.ForumTopicEdited.Name != "Ideas" || m.MessageThreadID != f.topic {
		t.Errorf("edited: %+v", m)
	}
	must[bool](t, f.call(t, "closeForumTopic", in))
	if m := service(); m.ForumTopicClosed == nil {
		t.Errorf("closed: %+v", m)
	}
	if _, err := f.bob.In(f.id).Send(t.Context(), sandbox.Saying{Text: "hi", Thread: int64(f.topic)}); err == nil {
		t.Error("wrote into a closed topic")
	}
	must[bool](t, f.call(t, "reopenForumTopic", in))
	if m := service(); m.ForumTopicReopened == nil {
		t.Errorf("reopened: %+v", m)
	}

	pin := func(m int) { t.Helper(); must[bool](t, f.call(t, "pinChatMessage", fields{"message_id": m})) }
	pinned := func() int {
		t.Helper()
		full := must[telego.ChatFullInfo](t, f.call(t, "getChat", nil))
		if full.Description != "About" || full.Title != "Club" {
			t.Errorf("getChat: %+v", full)
		}
		if full.PinnedMessage == nil {
			return 0
		}
		return full.PinnedMessage.MessageID
	}
	pin(f.media)
	if m := service(); m.PinnedMessage == nil {
		t.Errorf("pinned: %+v", m)
	}
	pin(f.media) // again: nothing
	if us := news(t, f.base); len(us) != 0 {
		t.Errorf("pinned twice: %+v", us)
	}
	inTopic := must[message](t, f.call(t, "sendMessage", in.with(fields{"text": "in the topic"}))).MessageID
	pin(f.text)
	pin(inTopic)
	if got := pinned(); got != inTopic {
		t.Errorf("the newest is shown: %d", got)
	}
	must[bool](t, f.call(t, "unpinAllForumTopicMessages", in))
	if got := pinned(); got != f.media {
		t.Errorf("outside the topic: %d", got)
	}
	must[bool](t, f.call(t, "unpinChatMessage", nil)) // the newest
	if got := pinned(); got != f.text {
		t.Errorf("the one before: %d", got)
	}
	must[bool](t, f.call(t, "unpinAllChatMessages", nil))
	if got := pinned(); got != 0 {
		t.Errorf("none: %d", got)
	}

	must[bool](t, f.call(t, "deleteForumTopic", in))
	refuses(t, f.call(t, "sendMessage", in.with(fields{"text": "x"})), 400, "Bad Request: message thread not found")
	refuses(t, f.call(t, "editMessageText", fields{"message_id": inTopic, "text": "x"}), 400, "Bad Request: message to edit not found")
	must[message](t, f.call(t, "editMessageText", fields{"message_id": f.text, "text": "x"}))
}

// What is pinned, reacted to and relayed, as people see it.
func TestPeopleSeeWhatABotDoes(t *testing.T) {
	f := newForum(t)
	react := func(list ...fields) {
		t.Helper()
		must[bool](t, f.call(t, "setMessageReaction", fields{"message_id": f.text, "reaction": list}))
	}
	seen := func(id int) sandbox.Message {
		t.Helper()
		chat, err := f.ann.In(f.id).Chat(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		m, there := sandbox.ByID(chat, int64(id))
		if !there {
			t.Fatalf("%d is not in %+v", id, chat)
		}
		return m
	}
	react(fields{"type": "emoji", "emoji": "❤️"})
	if m := seen(f.text); !slices.Equal(m.Reactions, []string{"❤"}) {
		t.Errorf("reactions: %q", m.Reactions)
	}
	react()
	if m := seen(f.text); len(m.Reactions) != 0 {
		t.Errorf("reactions: %q", m.Reactions)
	}
	photo := fields{"type": "photo", "media": photoOf(t, f.base), "caption": "one"}
	album := must[[]message](t, f.call(t, "sendMediaGroup", fields{"media": []fields{photo, photo}}))
	ids := []int{1, album[0].MessageID, album[1].MessageID, f.text}
	copies := must[[]telego.MessageID](t, f.call(t, "copyMessages", fields{"from_chat_id": f.id, "message_ids": ids, "remove_caption": true}))
	if len(copies) != 3 || seen(copies[0].MessageID).Caption != "" || seen(copies[2].MessageID).Text != "hi" {
		t.Errorf("copies: %+v", copies)
	}
	again := must[[]telego.MessageID](t, f.call(t, "forwardMessages", fields{"from_chat_id": f.id, "message_ids": ids}))
	first := must[message](t, f.call(t, "editMessageCaption", fields{"message_id": copies[0].MessageID, "caption": "x"}))
	second := must[message](t, f.call(t, "editMessageCaption", fields{"message_id": copies[1].MessageID, "caption": "x"}))
	if first.MediaGroupID == "" || first.MediaGroupID != second.MediaGroupID || first.MediaGroupID == album[0].MediaGroupID {
		t.Errorf("albums: %q %q of %q", first.MediaGroupID, second.MediaGroupID, album[0].MediaGroupID)
	}
	if m := seen(again[0].MessageID); m.Caption != "one" {
		t.Errorf("forwarded: %+v", m)
	}
	alone := must[[]message](t, f.call(t, "sendMediaGroup", fields{"media": []fields{photo}}))
	if alone[0].MediaGroupID != "" {
		t.Errorf("an album of one: %+v", alone[0])
	}
	for method, c := range map[string]struct {
		params fields
		text   string
	}{
		"sendContact": {fields{"phone_number": "+1555", "first_name": "Ann", "last_name": "Lee"}, "Ann Lee\n+1555"},
		"sendPoll":    {fields{"question": "Lunch?", "options": []string{"Soup", "Cake"}}, "Lunch?\n○ Soup\n○ Cake"},
	} {
		if m := seen(must[message](t, f.call(t, method, c.params)).MessageID); m.Text != c.text {
			t.Errorf("%s: %q", method, m.Text)
		}
	}
}
