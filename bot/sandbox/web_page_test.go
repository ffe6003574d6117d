package sandbox_test

import (
	"strings"
	"testing"

	"github.com/mymmrac/telego"
	"github.com/mymmrac/telego/telegoutil"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/webchat/browser"
)

// rig is a page in a real browser that talks to a bot in the test's own hand.
type rig struct {
	*browser.Tab
	t      *testing.T
	bot    *telego.Bot
	offset int
}

const annaID = 100001 // who the page is at first

func (r *rig) send(p *telego.SendMessageParams) int {
	r.t.Helper()
	p.ChatID = telegoutil.ID(annaID)
	m, err := r.bot.SendMessage(r.t.Context(), p)
	if err != nil {
		r.t.Fatal(err)
	}
	return m.MessageID
}

// update waits for the next update.
func (r *rig) update() telego.Update {
	r.t.Helper()
	us, err := r.bot.GetUpdates(r.t.Context(), &telego.GetUpdatesParams{Offset: r.offset, Limit: 1, Timeout: 20})
	if err != nil || len(us) != 1 {
		r.t.Fatalf("no update: %v", err)
	}
	r.offset = us[0].UpdateID + 1
	return us[0]
}

// said waits for the next update, which must be a message, and returns its text.
func (r *rig) said() string {
	r.t.Helper()
	u := r.update()
	if u.Message == nil {
		r.t.Fatalf("not a message: %+v", u)
	}
	return u.Message.Text
}

// TestWebPage: the page shows what bots send, and hands on what a person does to it.
func TestWebPage(t *testing.T) {
	t.Parallel()
	_, url := start(t, sandbox.Options{})
	r := &rig{Tab: browser.Open(t, url), t: t, bot: client(t, url)}

	r.See("#welcome", "No bot is here yet")
	r.Screenshot("welcome")
	if err := r.bot.SetMyCommands(t.Context(), &telego.SetMyCommandsParams{Commands: []telego.BotCommand{
		{Command: "help", Description: "what I can do"}, {Command: "hello", Description: "say hello"},
	}}); err != nil {
		t.Fatal(err)
	}
	r.Click("#start", "Start")
	if got := r.said(); got != "/start" {
		t.Fatalf("Start said %q", got)
	}

	t.Run("text is text", r.textIsText)
	t.Run("edits and deletions", r.editsAndDeletions)
	t.Run("presses", r.presses)
	t.Run("focus stays", r.focusStays)
	t.Run("the keyboard alone", r.keyboardAlone)
	t.Run("reply keyboards", r.replyKeyboards)
	t.Run("commands", r.commands)
	t.Run("files", r.files)
	t.Run("typing", r.typing)
	t.Run("block", r.blocking)
	t.Run("somebody else", r.somebodyElse)
	t.Run("light and dark", r.lightAndDark)
	t.Run("a phone", r.phone)
}

func (r *rig) textIsText(t *testing.T) {
	r.send(&telego.SendMessageParams{ParseMode: telego.ModeHTML, Text: `<b>bold <i>both</i></b> 🏟 <code>1 &lt; 2</code> <a href="https://example.com/">a link</a>` +
		` <tg-spoiler>hidden</tg-spoiler> <pre><code class="language-go">x := 1</code></pre><blockquote>said</blockquote> &lt;img src=x onerror="document.title='broken'"&gt;`})
	r.Read(`<img src=x onerror="document.title='broken'">`)
	r.SeeThat("entities as elements", `(() => {
		const text = [...document.querySelectorAll("#log .text")].at(-1), is = (q, t) => text.querySelector(q)?.textContent === t;
		return is("b", "bold both") && is("b > i", "both") && is("code", "1 < 2") && is("pre > code", "x := 1") && is("blockquote", "said")
			&& is("a[href='https://example.com/'][rel~=noopener]", "a link") && is(".spoiler", "hidden") && !text.querySelector("img");
	})()`)
	r.Screenshot("entities")
}

func (r *rig) editsAndDeletions(t *testing.T) {
	id := r.send(&telego.SendMessageParams{Text: "before"})
	r.Read("before")
	if _, err := r.bot.EditMessageText(t.Context(), &telego.EditMessageTextParams{ChatID: telegoutil.ID(annaID), MessageID: id, Text: "after"}); err != nil {
		t.Fatal(err)
	}
	r.Read("after")
	r.See(".meta", "edited")
	if err := r.bot.DeleteMessage(t.Context(), &telego.DeleteMessageParams{ChatID: telegoutil.ID(annaID), MessageID: id}); err != nil {
		t.Fatal(err)
	}
	r.SeeThat("it gone", `![...document.querySelectorAll("#log .text")].some((e) => e.textContent === "after")`)
}

func (r *rig) presses(t *testing.T) {
	r.send(&telego.SendMessageParams{Text: "press", ReplyMarkup: telegoutil.InlineKeyboard(
		telegoutil.InlineKeyboardRow(telegoutil.InlineKeyboardButton("notice").WithCallbackData("n"), telegoutil.InlineKeyboardButton("alert").WithCallbackData("a")),
		telegoutil.InlineKeyboardRow(telegoutil.InlineKeyboardButton("open").WithURL("https://example.com/x"), telegoutil.InlineKeyboardButton("link").WithCallbackData("l")),
	)})
	answer := func(button, data string, p telego.AnswerCallbackQueryParams) {
		t.Helper()
		r.Click(".key", button)
		u := r.update()
		if u.CallbackQuery == nil || u.CallbackQuery.Data != data {
			t.Fatalf("pressing %s: %+v", button, u)
		}
		r.SeeThat("the spinner", `document.querySelectorAll(".key[aria-busy]").length === 1`)
		p.CallbackQueryID = u.CallbackQuery.ID
		if err := r.bot.AnswerCallbackQuery(t.Context(), &p); err != nil {
			t.Fatal(err)
		}
		r.SeeThat("no spinner", `!document.querySelector(".key[aria-busy]")`)
	}
	answer("notice", "n", telego.AnswerCallbackQueryParams{Text: "noted <b>"})
	r.See(".toast", "noted <b>")
	answer("alert", "a", telego.AnswerCallbackQueryParams{Text: "look out", ShowAlert: true})
	r.See("dialog", "look out")
	r.Click("dialog button", "OK")
	r.SeeThat("the alert gone", `!document.querySelector("dialog")`)
	answer("link", "l", telego.AnswerCallbackQueryParams{URL: "https://example.com/y"})
	r.SeeThat("a link to open", `document.querySelector("dialog a")?.href === "https://example.com/y"`)
	r.Type("\x1b")
	r.SeeThat("Esc closing it", `!document.querySelector("dialog")`)
	r.SeeThat("the URL button", `document.querySelector("a.key")?.href === "https://example.com/x" && document.querySelector("a.key").target === "_blank"`)
}

func (r *rig) focusStays(t *testing.T) {
	row := func(last string) *telego.InlineKeyboardMarkup {
		return telegoutil.InlineKeyboard(telegoutil.InlineKeyboardRow(
			telegoutil.InlineKeyboardButton("stay").WithCallbackData("s"), telegoutil.InlineKeyboardButton(last).WithCallbackData("x")))
	}
	id := r.send(&telego.SendMessageParams{Text: "one", ReplyMarkup: row("old")})
	r.Read("one")
	browser.Ask[bool](r.Tab, `([...document.querySelectorAll(".key")].findLast((e) => e.textContent === "stay").focus(), true)`)
	if _, err := r.bot.EditMessageText(t.Context(), &telego.EditMessageTextParams{
		ChatID: telegoutil.ID(annaID), MessageID: id, Text: "two", ReplyMarkup: row("new"),
	}); err != nil {
		t.Fatal(err)
	}
	r.Read("two")
	r.SeeThat("the focus where it was", `document.activeElement.textContent === "stay" && document.activeElement.isConnected`)
}

func (r *rig) keyboardAlone(t *testing.T) {
	r.Click("#text", "")
	r.Type("typed\r")
	if got := r.said(); got != "typed" {
		t.Errorf("Enter sent %q", got)
	}
	r.SeeThat("an empty input with the focus", `document.querySelector("#text").value === "" && document.activeElement.id === "text"`)
	r.TypeShifted("two\rlines")
	r.Type("\r")
	if got := r.said(); got != "two\nlines" {
		t.Errorf("Shift and Enter made %q", got)
	}
	r.SeeThat("an empty input again", `document.querySelector("#text").value === ""`)
	r.Type("\t")
	r.SeeThat("Tab going on to the location", `document.activeElement.id === "locate"`)
	r.Type("\r")
	r.See("dialog", "Send a location")
	r.Type("\r")
	if at := r.update().Message.Location; at == nil || at.Latitude != 52.52 || at.Longitude != 13.405 {
		t.Errorf("the location: %+v", at)
	}
	r.Click("#locate", "")
	r.Click("dialog .chip", "Belgrade")
	r.Click(`dialog input[placeholder^="Name"]`, "")
	r.Type("Fortress\r")
	if v := r.update().Message.Venue; v == nil || v.Title != "Fortress" || v.Location.Latitude != 44.8125 {
		t.Errorf("the venue: %+v", v)
	}
	r.See(".place", "Fortress")
}

func (r *rig) replyKeyboards(t *testing.T) {
	r.send(&telego.SendMessageParams{Text: "choose", ReplyMarkup: telegoutil.Keyboard(telegoutil.KeyboardRow(telegoutil.KeyboardButton("red"), telegoutil.KeyboardButton("blue")))})
	r.Click("#keyboard .key", "blue")
	if got := r.said(); got != "blue" {
		t.Errorf("the key said %q", got)
	}
	r.send(&telego.SendMessageParams{Text: "no more", ReplyMarkup: telegoutil.ReplyKeyboardRemove()})
	r.SeeThat("no keyboard", `document.querySelector("#keyboard").hidden`)
	id := r.send(&telego.SendMessageParams{Text: "your name?", ReplyMarkup: telegoutil.ForceReply()})
	r.See("#replying", "your name?")
	r.Type("Anna\r")
	if m := r.update().Message; m.ReplyToMessage == nil || m.ReplyToMessage.MessageID != id {
		t.Errorf("not a reply to %d: %+v", id, m)
	}
	r.See(".quote", "your name?")
}

func (r *rig) commands(t *testing.T) {
	r.Click("#commands", "")
	r.See("#menu", "what I can do")
	r.Screenshot("commands")
	r.Click("#menu button", "/hello")
	if got := r.said(); got != "/hello" {
		t.Errorf("the menu said %q", got)
	}
	r.send(&telego.SendMessageParams{Text: "go on", ReplyMarkup: telegoutil.InlineKeyboard(
		telegoutil.InlineKeyboardRow(telegoutil.InlineKeyboardButton("deeper").WithURL("https://t.me/sandbox7001_bot?start=deep")))})
	r.Click("a.key", "deeper")
	if got := r.said(); got != "/start deep" {
		t.Errorf("the deep link said %q", got)
	}
	r.send(&telego.SendMessageParams{Text: "or see https://t.me/sandbox7001_bot?start=text"})
	r.Click(".text a", "start=text")
	if got := r.said(); got != "/start text" {
		t.Errorf("the deep link in a text said %q", got)
	}
	r.Click("#text", "")
	r.Type("/he")
	r.See("#menu", "/help")
	r.Type("\x1b")
	r.SeeThat("the menu closed by Esc", `document.querySelector("#menu").hidden`)
	r.Type("lp\r")
	if got := r.said(); got != "/help" {
		t.Errorf("said %q", got)
	}
}

func (r *rig) files(t *testing.T) {
	ics := telego.InputFile{File: telegoutil.NameReader(strings.NewReader("BEGIN:VCALENDAR"), "event.ics")}
	if _, err := r.bot.SendDocument(t.Context(), &telego.SendDocumentParams{ChatID: telegoutil.ID(annaID), Document: ics, Caption: "for you"}); err != nil {
		t.Fatal(err)
	}
	r.See(".file", "event.ics")
	r.See(".file", "15 B")
	r.SeeThat("a download", `document.querySelector(".file").download === "event.ics"`)
	browser.Ask[bool](r.Tab, `fetch(document.querySelector(".file").href).then((f) => f.text()).then((b) => { window.downloaded = b; }) && true`)
	r.SeeThat("its bytes", `window.downloaded === "BEGIN:VCALENDAR"`)
}

func (r *rig) typing(t *testing.T) {
	if err := r.bot.SendChatAction(t.Context(), &telego.SendChatActionParams{ChatID: telegoutil.ID(annaID), Action: telego.ChatActionTyping}); err != nil {
		t.Fatal(err)
	}
	r.See("#status", "typing…")
	r.SeeThat("its end", `document.querySelector("#status").textContent === "bot · @sandbox7001_bot"`)
}

func (r *rig) blocking(t *testing.T) {
	r.Click("#block", "Block")
	if u := r.update(); u.MyChatMember == nil || u.MyChatMember.NewChatMember.MemberStatus() != telego.MemberStatusBanned {
		t.Errorf("the block: %+v", u)
	}
	r.Click("#start", "Restart")
	if u := r.update(); u.MyChatMember == nil || u.MyChatMember.NewChatMember.MemberStatus() != telego.MemberStatusMember {
		t.Errorf("the unblock: %+v", u)
	}
	if got := r.said(); got != "/start" {
		t.Errorf("Restart said %q", got)
	}
}

func (r *rig) somebodyElse(t *testing.T) {
	r.Click("#me", "")
	r.Click(".new-person input", "")
	r.Type("Carl\r")
	r.See("#me", "Carl")
	r.Click("#start", "Start")
	u := r.update()
	if u.Message == nil || u.Message.From.FirstName != "Carl" || u.Message.From.ID == annaID {
		t.Errorf("Carl: %+v", u.Message)
	}
	r.Click("#me", "")
	r.Click(".person", "Anna")
	r.See("#me", "Anna")
	r.See("#log", "your name?")
}

func (r *rig) lightAndDark(t *testing.T) {
	colour := func() string {
		return browser.Ask[string](r.Tab, `getComputedStyle(document.body).backgroundColor`)
	}
	before := colour()
	r.Click("#theme", "")
	r.SeeThat("other colours", `getComputedStyle(document.body).backgroundColor !== "`+before+`"`)
	r.Screenshot("desktop-dark")
	r.Click("#theme", "")
	r.SeeThat("the same colours again", `getComputedStyle(document.body).backgroundColor === "`+before+`"`)
}

func (r *rig) phone(t *testing.T) {
	r.BecomePhone("light")
	r.Click("#back", "")
	r.See(".chat-line", "Sandbox bot 7001")
	r.send(&telego.SendMessageParams{Text: "are you there?"})
	r.SeeThat("one unread", `document.querySelector(".badge")?.textContent === "1"`)
	r.Screenshot("phone-chats")
	r.Click(".chat-line", "are you there?")
	r.Read("are you there?")
	r.SeeThat("none unread", `!document.querySelector(".badge")`)
	if wide := browser.Ask[int](r.Tab, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("the page is %d pixels wide on a phone of 390", wide)
	}
}
