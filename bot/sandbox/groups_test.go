package sandbox_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

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
