package sandbox_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mymmrac/telego"
	"github.com/mymmrac/telego/telegoutil"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/webchat/browser"
)

// groupRig is two people's pages, and a bot in the test's own hand.
type groupRig struct {
	*rig
	boris *browser.Tab
	group telego.ChatID
}

// TestWebGroup: two people in two tabs make a group, bring a bot in, and see live what the
// others say.
func TestWebGroup(t *testing.T) {
	t.Parallel()
	_, url := start(t, sandbox.Options{})
	bot := clientOf(t, url, "4242:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1")
	if err := bot.SetMyCommands(t.Context(), &telego.SetMyCommandsParams{
		Commands: []telego.BotCommand{{Command: "start", Description: "what is on"}},
		Scope:    &telego.BotCommandScopeAllGroupChats{Type: telego.ScopeTypeAllGroupChats},
	}); err != nil {
		t.Fatal(err)
	}
	r := &groupRig{rig: &rig{Tab: browser.Open(t, url), t: t, bot: bot}}
	for _, step := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"made by hand", r.madeByHand},
		{"people talk", r.peopleTalk},
		{"the bot answers", r.botAnswers},
		{"live", r.live},
		{"inline", r.inline},
		{"members", r.members},
		{"topics", r.topics},
		{"a link adds the bot", r.linkAddsBot},
	} {
		if !t.Run(step.name, step.run) {
			t.FailNow() // what follows builds upon it
		}
	}
}

func (r *groupRig) madeByHand(t *testing.T) {
	r.See("#title", "Sandbox bot 4242")
	r.Click("#new-group", "")
	r.Click(`dialog input[aria-label="Name of the group"]`, "")
	r.Type("Lanterns")
	r.Click("dialog .choice", "Борис")
	r.Click("dialog .choice", "Sandbox bot")
	r.Screenshot("new-group")
	r.Click("dialog button", "Create group")
	r.See("#title", "Lanterns")
	r.See("#status", "3 members")
	r.See(".service", "Anna created the group")
	if u := r.update(); u.MyChatMember == nil || u.MyChatMember.Chat.Title != "Lanterns" || u.MyChatMember.From.ID != annaID {
		t.Fatalf("the bot was not told: %+v", u)
	}
	made := r.update().Message
	if made == nil || !made.GroupChatCreated {
		t.Fatalf("no message says that the group was made: %+v", made)
	}
	r.group = telegoutil.ID(made.Chat.ID)
}

func (r *groupRig) peopleTalk(t *testing.T) {
	r.boris = r.OpenTabOf("Борис")
	r.boris.Click(".chat-line", "Lanterns")
	r.boris.BecomePhone("dark")
	r.boris.ToFront()
	r.boris.See(".service", "Anna created the group")
	r.boris.Click("#text", "")
	r.boris.Type("Всем привет!\rЯ пришёл.\r")
	r.See(".message.in .bubble", "Всем привет!")
	r.See(".message.in.last .bubble", "Я пришёл.")
	r.SeeThat("one name and one picture for two messages in a row", `(() => {
		const all = [...document.querySelectorAll("#log .message.in")];
		return all.length === 2 && all.every((e) => e.querySelector(".author").textContent === "Борис")
			&& all.filter((e) => e.matches(".first")).length === 1 && all[1].querySelector(".avatar").checkVisibility() && !all[0].querySelector(".avatar").checkVisibility();
	})()`)
	r.ToFront()
	r.Click("#text", "")
	r.Type("Hello Boris\r")
	r.boris.See(".message.in .bubble", "Hello Boris")
	r.boris.See(".message.in .author", "Anna")
	r.boris.SeeThat("own messages on the other side", `document.querySelectorAll("#log .message.out").length === 2`)
	if names := browser.Ask[[]string](r.Tab, `[...document.querySelectorAll(".chat-line .name")].map((e) => e.textContent)`); !slices.Equal(names, []string{"Lanterns", "Sandbox bot 4242"}) {
		t.Errorf("the list of chats: %q", names)
	}
}

func (r *groupRig) botAnswers(t *testing.T) {
	r.Click("#commands", "")
	r.See("#menu", "what is on")
	r.Click("#menu button", "/start@sandbox4242_bot")
	m := r.update().Message // its privacy mode hid what people said to each other
	if m == nil || m.Text != "/start@sandbox4242_bot" || m.Chat.ID != r.group.ID || m.From.ID != annaID {
		t.Fatalf("the command: %+v", m)
	}
	sent, err := r.bot.SendMessage(t.Context(), &telego.SendMessageParams{
		ChatID: r.group, Text: "<b>Lanterns on the Spree</b>\ntomorrow 19:00\n\nNobody has joined yet.", ParseMode: telego.ModeHTML,
		ReplyParameters: &telego.ReplyParameters{MessageID: m.MessageID},
		ReplyMarkup: telegoutil.InlineKeyboard(telegoutil.InlineKeyboardRow(
			telegoutil.InlineKeyboardButton("🙋 Join").WithCallbackData("join"), telegoutil.InlineKeyboardButton("👋 Leave").WithCallbackData("leave"))),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Read("Nobody has joined yet.")
	r.See(".quote b", "Anna")
	r.boris.ToFront()
	r.boris.Read("Nobody has joined yet.")
	r.boris.Click(".key", "Join")
	press := r.update().CallbackQuery
	if press == nil || press.From.FirstName != "Борис" || press.Message.GetChat().ID != r.group.ID {
		t.Fatalf("the press: %+v", press)
	}
	if err := r.bot.AnswerCallbackQuery(t.Context(), &telego.AnswerCallbackQueryParams{CallbackQueryID: press.ID, Text: "Вы идёте!"}); err != nil {
		t.Fatal(err)
	}
	r.boris.See(".toast", "Вы идёте!")
	if err := r.bot.SetMessageReaction(t.Context(), &telego.SetMessageReactionParams{
		ChatID: r.group, MessageID: m.MessageID, Reaction: []telego.ReactionType{&telego.ReactionTypeEmoji{Type: telego.ReactionEmoji, Emoji: "👍"}},
	}); err != nil {
		t.Fatal(err)
	}
	r.See(".reactions", "👍")
	r.boris.See(".reactions", "👍")
	if _, err := r.bot.EditMessageText(t.Context(), &telego.EditMessageTextParams{
		ChatID: r.group, MessageID: sent.MessageID, Text: "Lanterns on the Spree\ntomorrow 19:00\n\n1 comes: Борис",
		ReplyMarkup: sent.ReplyMarkup,
	}); err != nil {
		t.Fatal(err)
	}
	r.Read("1 comes: Борис")
	r.boris.Read("1 comes: Борис")
	r.boris.Screenshot("group-phone-dark")
	r.ToFront()
	r.Screenshot("group-desktop-light")
	r.Click("#theme", "")
	r.Screenshot("group-desktop-dark")
	r.Click("#theme", "")
	r.boris.ToFront()
	r.boris.BecomePhone("light")
	r.boris.Screenshot("group-phone-light")
}

// live measures how long a message takes from the bot's call to the text on the page. How
// long it may take is only bounded roughly: the machine may be busy.
func (r *groupRig) live(t *testing.T) {
	r.ToFront()
	browser.Ask[bool](r.Tab, `(window.seen = {}, new MutationObserver(() => {
		const text = [...document.querySelectorAll("#log .text")].at(-1)?.textContent ?? "";
		window.seen[text] ??= Date.now();
	}).observe(document.querySelector("#log"), { childList: true, subtree: true }), true)`)
	var took []time.Duration
	for range 20 {
		began := time.Now()
		text := "at " + began.String()
		if _, err := r.bot.SendMessage(t.Context(), &telego.SendMessageParams{ChatID: r.group, Text: text}); err != nil {
			t.Fatal(err)
		}
		r.Read(text)
		at := browser.Ask[int64](r.Tab, `window.seen[`+quoted(text)+`]`)
		took = append(took, time.UnixMilli(at).Sub(began.Truncate(time.Millisecond)))
	}
	slices.Sort(took)
	t.Logf("from sendMessage to the page: median %v, longest %v", took[len(took)/2], took[len(took)-1])
	if took[len(took)/2] > 2*time.Second {
		t.Errorf("a message takes %v to be seen", took[len(took)/2])
	}
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

func (r *groupRig) inline(t *testing.T) {
	r.Click(".chat-line", "Sandbox bot")
	r.Click("#info", "")
	r.Click("dialog .choice", "Inline mode")
	r.Screenshot("bot-info")
	r.Click("dialog button", "Done")
	r.Click(".chat-line", "Lanterns")
	r.Click("#text", "")
	r.Type("@sandbox4242_bot lan")
	q := r.update().InlineQuery
	if q == nil || q.Query != "lan" || q.From.ID != annaID {
		t.Fatalf("the inline query: %+v", q)
	}
	result := telegoutil.ResultArticle("1", "Lanterns on the Spree", telegoutil.TextMessage("Come to the lanterns")).WithDescription("tomorrow 19:00")
	result.ReplyMarkup = telegoutil.InlineKeyboard(telegoutil.InlineKeyboardRow(telegoutil.InlineKeyboardButton("Share").WithSwitchInlineQuery("again")))
	if err := r.bot.AnswerInlineQuery(t.Context(), &telego.AnswerInlineQueryParams{InlineQueryID: q.ID, Results: []telego.InlineQueryResult{result}}); err != nil {
		t.Fatal(err)
	}
	r.See("#menu", "tomorrow 19:00")
	r.Screenshot("inline")
	r.Click("#menu button", "Lanterns on the Spree")
	r.Read("Come to the lanterns")
	r.See(".message.out .via", "via @sandbox4242_bot")
	r.boris.See(".message.in .via", "via @sandbox4242_bot")
	r.SeeThat("an empty input", `document.querySelector("#text").value === ""`)
	r.skipTo(func(u telego.Update) bool { return u.ChosenInlineResult != nil })

	r.Click(".key", "Share")
	r.Click("dialog .person", "Sandbox bot")
	r.See("#title", "Sandbox bot")
	r.SeeThat("the query begun", `document.querySelector("#text").value === "@sandbox4242_bot again"`)
	r.skipTo(func(u telego.Update) bool { return u.InlineQuery != nil && u.InlineQuery.Query == "again" })
	r.Click(".chat-line", "Lanterns")
}

// skipTo passes over updates up to the one that is waited for.
func (r *groupRig) skipTo(it func(telego.Update) bool) telego.Update {
	r.t.Helper()
	for {
		if u := r.update(); it(u) {
			return u
		}
	}
}

func (r *groupRig) members(t *testing.T) {
	r.Click("#info", "")
	r.Screenshot("members")
	r.Click(`dialog button[aria-label="Remove: Борис"]`, "")
	r.See("dialog .chip", "+ Борис")
	r.boris.SeeThat("the group gone from his list", `![...document.querySelectorAll(".chat-line .name")].some((e) => e.textContent === "Lanterns")`)
	r.Click("dialog .chip", "+ Борис")
	r.See("dialog .member", "Борис")
	r.boris.See(".chat-line", "Lanterns")
	r.Click("dialog .chip", "Make it a supergroup")
	r.See("dialog h2", "supergroup")
	r.Click("dialog button", "Done")
	r.See(".service", "The group became a supergroup")
	r.SeeThat("one line for it", `[...document.querySelectorAll(".chat-line .name")].filter((e) => e.textContent === "Lanterns").length === 1`)
}

func (r *groupRig) topics(t *testing.T) {
	r.Click("#new-group", "")
	r.Click(`dialog input[aria-label="Name of the group"]`, "")
	r.Type("Forum")
	browser.Ask[bool](r.Tab, `(document.querySelector("dialog select").value = "2", true)`)
	r.Click("dialog .choice", "Sandbox bot")
	r.Click("dialog button", "Create group")
	r.See("#title", "Forum")
	r.Click("#info", "")
	r.Click(`dialog input[placeholder="New topic"]`, "")
	r.Type("Music\r")
	r.See("#topics", "Music")
	r.Click("dialog button", "Done")
	r.Click("#topics .chip", "Music")
	r.Click("#text", "")
	r.Type("/start@sandbox4242_bot\r")
	u := r.skipTo(func(u telego.Update) bool { return u.Message != nil && u.Message.Text != "" })
	if u.Message.MessageThreadID == 0 || !u.Message.IsTopicMessage {
		t.Errorf("not in the topic: %+v", u.Message)
	}
	r.Click("#topics .chip", "All")
	if _, err := r.bot.SendMessage(t.Context(), &telego.SendMessageParams{ChatID: telegoutil.ID(u.Message.Chat.ID), Text: "in general"}); err != nil {
		t.Fatal(err)
	}
	r.Read("in general")
	r.See(".meta .topic", "# Music")
	r.Screenshot("topics")
	r.Click("#topics .chip", "Music")
	r.SeeThat("the topic's messages alone", `[...document.querySelectorAll("#log .text")].map((e) => e.textContent).join() === "/start@sandbox4242_bot"`)
}

func (r *groupRig) linkAddsBot(t *testing.T) {
	r.Click("#new-group", "")
	r.Click(`dialog input[aria-label="Name of the group"]`, "")
	r.Type("Empty\r")
	r.See("#title", "Empty")
	r.Click(".chat-line", "Sandbox bot")
	r.Click("#start", "Start")
	r.skipTo(func(u telego.Update) bool { return u.Message != nil && u.Message.Text == "/start" })
	r.send(&telego.SendMessageParams{Text: "Take me along", ReplyMarkup: telegoutil.InlineKeyboard(
		telegoutil.InlineKeyboardRow(telegoutil.InlineKeyboardButton("Add me").WithURL("https://t.me/sandbox4242_bot?startgroup=here")))})
	r.Click("a.key", "Add me")
	r.Click("dialog .person", "Empty")
	r.See(".service", "Anna added Sandbox bot 4242")
	u := r.skipTo(func(u telego.Update) bool { return u.Message != nil && u.Message.Text != "" })
	if u.Message.Text != "/start@sandbox4242_bot here" || u.Message.Chat.Title != "Empty" {
		t.Errorf("started with %+v", u.Message)
	}
}
