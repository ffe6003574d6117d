package sandbox_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

// offer has a person ask the bot inline, which offers results.
func offer(t *testing.T, base string, p *sandbox.Person, query string, results ...fields) (string, sandbox.InlineAnswer) {
	t.Helper()
	var answering sync.WaitGroup
	answering.Go(func() {
		us := get(t, base, fields{"timeout": 20})
		if len(us) != 1 || us[0].InlineQuery == nil || us[0].InlineQuery.Query != query || us[0].InlineQuery.From.ID != p.ID {
			t.Errorf("updates: %+v", us)
			return
		}
		must[bool](t, call(t, base, "answerInlineQuery", fields{"inline_query_id": us[0].InlineQuery.ID, "results": results, "next_offset": "2"}))
		get(t, base, fields{"offset": us[0].UpdateID + 1})
	})
	id, a, err := p.AskInline(within(t, 20*time.Second), sandbox.InlineAsk{Query: query})
	if err != nil {
		t.Fatal(err)
	}
	answering.Wait()
	return id, a
}

func article(id string, more fields) fields {
	return fields{"type": "article", "id": id, "title": "Title " + id, "input_message_content": fields{"message_text": "<b>" + id + "</b>", "parse_mode": "HTML"}}.with(more)
}

func TestInlineMode(t *testing.T) {
	base, id, a, b := club(t, sandbox.NewGroup{})
	news(t, base)
	if _, _, err := a.AskInline(t.Context(), sandbox.InlineAsk{Query: "x"}); err == nil {
		t.Error("asked a bot whose inline mode is off")
	}
	if err := a.SetBot(t.Context(), "7001", sandbox.BotSettings{Privacy: true, Inline: true}); err != nil {
		t.Fatal(err)
	}
	if me := must[telego.User](t, call(t, base, "getMe", nil)); !me.SupportsInlineQueries {
		t.Errorf("getMe: %+v", me)
	}
	get(t, base, fields{"allowed_updates": []string{"message", "inline_query", "chosen_inline_result", "callback_query"}})
	query, offered := offer(t, base, a, "jazz", article("one", fields{"reply_markup": buttons("Join", "join")}),
		fields{"type": "venue", "id": "two", "title": "Club", "address": "Street 1", "latitude": 1, "longitude": 2})
	if len(offered.Results) != 2 || offered.Results[0].Title != "Title one" || offered.NextOffset != "2" {
		t.Fatalf("offered: %+v", offered)
	}
	if _, err := a.Choose(t.Context(), query, "three", id); err == nil {
		t.Error("chose what was not offered")
	}
	if _, err := b.Choose(t.Context(), query, "one", id); err == nil {
		t.Error("chose from another's query")
	}
	shared, err := a.Choose(t.Context(), query, "one", id)
	if err != nil || shared.HTML != "<b>one</b>" || shared.FromBot {
		t.Fatalf("chosen: %+v, %v", shared, err)
	}
	us := get(t, base, nil)
	if len(us) != 2 || us[0].Message.ViaBot == nil || us[0].Message.ViaBot.ID != botID || us[0].Message.From.ID != ann.ID ||
		us[1].ChosenInlineResult.ResultID != "one" || us[1].ChosenInlineResult.InlineMessageID == "" {
		t.Fatalf("updates: %+v", us)
	}
	inline := us[1].ChosenInlineResult.InlineMessageID
	get(t, base, fields{"offset": us[1].UpdateID + 1})

	press, err := b.In(id).Press(t.Context(), shared.ID, "join")
	if err != nil {
		t.Fatal(err)
	}
	us = get(t, base, nil)
	if len(us) != 1 || us[0].CallbackQuery.InlineMessageID != inline || us[0].CallbackQuery.Message != nil || us[0].CallbackQuery.From.ID != bob.ID {
		t.Fatalf("updates: %+v", us)
	}
	must[bool](t, call(t, base, "answerCallbackQuery", fields{"callback_query_id": press}))
	edit := fields{"inline_message_id": inline, "text": "Bob comes", "reply_markup": buttons("Leave", "leave")}
	must[bool](t, call(t, base, "editMessageText", edit))
	refuses(t, call(t, base, "editMessageText", edit), 400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	chat, err := b.In(id).Chat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := sandbox.ByID(chat, shared.ID); m.Text != "Bob comes" || m.Edited != 1 {
		t.Errorf("edited: %+v", m)
	}
	if m, err := a.Choose(t.Context(), query, "two", botID); err != nil || m.Venue == nil || m.Venue.Title != "Club" {
		t.Errorf("a venue: %+v, %v", m, err)
	}
}

func TestInlineRefusals(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	text := fields{"message_text": "x"}
	for _, c := range []struct {
		results any
		want    string
	}{
		{"{", "Bad Request: can't parse JSON encoded inline query results: Unexpected string end"},
		{fields{}, "Bad Request: expected an Array of inline query results"},
		{[]int{1}, "Bad Request: can't parse inline query result: Inline query result must be an object"},
		{make([]fields, 51), "Bad Request: too many inline query results specified"},
		{[]fields{article("", fields{"input_message_content": text})}, "Bad Request: RESULT_ID_INVALID"},
		{[]fields{article(strings.Repeat("x", 65), nil)}, "Bad Request: RESULT_ID_INVALID"},
		{[]fields{article("a", nil), article("a", nil)}, "Bad Request: RESULT_ID_DUPLICATE"},
		{[]fields{{"type": "article", "id": "a"}}, `Bad Request: can't parse inline query result: Can't find field "message_text"`},
		{[]fields{article("a", fields{"input_message_content": fields{"message_text": ""}})}, "Bad Request: text must be non-empty"},
		{[]fields{article("a", fields{"input_message_content": fields{"message_text": strings.Repeat("x", 4097)}})}, "Bad Request: MESSAGE_TOO_LONG"},
		{[]fields{article("a", fields{"input_message_content": fields{"message_text": "<b>", "parse_mode": "HTML"}})}, `Bad Request: can't parse inline query result: Can't parse entities: Can't find end tag corresponding to start tag "b"`},
		{[]fields{article("a", fields{"input_message_content": text, "reply_markup": buttons("A", "")})}, "Bad Request: can't parse inline query result: Can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"},
		{[]fields{{"type": "photo", "id": "a", "photo_file_id": "x"}}, "Bad Request: wrong remote file identifier specified: can't unserialize it"},
		{[]fields{{"type": "game", "id": "a"}}, `Bad Request: can't parse inline query result: type "game" is unsupported for the inline query result`},
		{[]fields{article("a", nil)}, "Bad Request: query is too old and response timeout expired or query ID is invalid"},
	} {
		refuses(t, call(t, base, "answerInlineQuery", fields{"inline_query_id": "1", "results": c.results}), 400, c.want)
	}
}

func TestForwardAndCopy(t *testing.T) {
	base, id, a, _ := club(t, sandbox.NewGroup{})
	news(t, base)
	theirs, err := a.Say(t.Context(), "/start")
	if err != nil {
		t.Fatal(err)
	}
	from := func(chat any, m int64) fields { return fields{"chat_id": id, "from_chat_id": chat, "message_id": m} }
	m := must[message](t, call(t, base, "forwardMessage", from(ann.ID, theirs.ID)))
	origin, ok := m.ForwardOrigin.(*telego.MessageOriginUser)
	if !ok || origin.SenderUser.ID != ann.ID || m.Text != "/start" || m.From.ID != botID {
		t.Errorf("forwarded: %+v of %+v", m, origin)
	}
	again := must[message](t, call(t, base, "forwardMessage", from(id, int64(m.MessageID))))
	if origin, ok := again.ForwardOrigin.(*telego.MessageOriginUser); !ok || origin.SenderUser.ID != ann.ID {
		t.Errorf("forwarded again: %+v", again)
	}
	photo := must[message](t, uploads(t, base, "sendPhoto", map[string]string{"chat_id": "501", "caption": "old"}, map[string][]byte{"photo": picture(t, 9, 9)}))
	must[telego.MessageID](t, call(t, base, "copyMessage", from(ann.ID, int64(photo.MessageID)).with(fields{"caption": "<i>new</i>", "parse_mode": "HTML"})))
	chat, err := a.In(id).Chat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := chat[len(chat)-1]; got.Photo == nil || got.HTML != "<i>new</i>" {
		t.Errorf("copied: %+v", got)
	}
	refuses(t, call(t, base, "forwardMessage", from(ann.ID, 1)), 400, "Bad Request: message to forward not found")
	refuses(t, call(t, base, "copyMessage", from(id, chat[0].ID)), 400, "Bad Request: the message can't be copied")
	refuses(t, call(t, base, "copyMessage", fields{"chat_id": id}), 400, "Bad Request: from_chat_id is empty")
}

func TestMediaGroup(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	said(t, person(t, base, ann), "/start")
	media := `[{"type":"photo","media":"attach://a","caption":"two"},{"type":"photo","media":"attach://b"}]`
	list := must[[]message](t, uploads(t, base, "sendMediaGroup", map[string]string{"chat_id": "501", "media": media},
		map[string][]byte{"a": picture(t, 9, 9), "b": picture(t, 8, 8)}))
	if len(list) != 2 || list[0].MediaGroupID == "" || list[0].MediaGroupID != list[1].MediaGroupID || list[0].Caption != "two" || list[1].Photo[0].Width != 8 {
		t.Errorf("sent: %+v", list)
	}
	photo := fields{"type": "photo", "media": list[0].Photo[0].FileID}
	doc := must[message](t, uploads(t, base, "sendDocument", map[string]string{"chat_id": "501"}, map[string][]byte{"document": {1}}))
	for _, c := range []struct {
		media any
		want  string
	}{
		{[]fields{}, "Bad Request: there are no messages to send"},
		{make([]fields, 11), "Bad Request: too many messages to send as an album"},
		{"{", "Bad Request: can't parse media JSON object"},
		{[]fields{photo, {"type": "photo", "media": "attach://none"}}, "Bad Request: can't parse InputMedia: media not found"},
		{[]fields{photo, {"type": "document", "media": doc.Document.FileID}}, "Bad Request: document can't be mixed with other media types"},
	} {
		refuses(t, call(t, base, "sendMediaGroup", fields{"chat_id": ann.ID, "media": c.media}), 400, c.want)
	}
}
