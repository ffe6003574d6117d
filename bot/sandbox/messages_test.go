package sandbox_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mymmrac/telego"
	tu "github.com/mymmrac/telego/telegoutil"

	"okolo/bot/sandbox"
)

// picture is a PNG of a size.
func picture(t testing.TB, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// uploads makes a multipart call with files.
func uploads(t testing.TB, base, method string, params map[string]string, files map[string][]byte) outcome {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, v := range params {
		if err := w.WriteField(name, v); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range files {
		f, err := w.CreateFormFile(name, name+".bin")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return post(t, base+"/bot"+token+"/"+method, w.FormDataContentType(), &body)
}

func buttons(pairs ...string) fields {
	var row []fields
	for i := 0; i+1 < len(pairs); i += 2 {
		row = append(row, fields{"text": pairs[i], "callback_data": pairs[i+1]})
	}
	return fields{"inline_keyboard": []any{row}}
}

func TestEdits(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	bot, p := client(t, base), person(t, base, ann)
	said(t, p, "/start")
	ctx := within(t, 10*time.Second)

	sent := must[telego.Message](t, call(t, base, "sendMessage", fields{"chat_id": ann.ID, "text": "one", "reply_markup": buttons("A", "a")}))
	edited, err := bot.EditMessageText(ctx, &telego.EditMessageTextParams{ChatID: tu.ID(ann.ID), MessageID: sent.MessageID, Text: "two"})
	if err != nil || edited.Text != "two" || edited.EditDate == 0 || edited.ReplyMarkup != nil {
		t.Fatalf("edited to %+v, %v", edited, err)
	}
	keyed := must[telego.Message](t, call(t, base, "editMessageReplyMarkup", fields{"chat_id": ann.ID, "message_id": sent.MessageID, "reply_markup": buttons("B", "b")}))
	if keyed.Text != "two" || keyed.ReplyMarkup.InlineKeyboard[0][0].Text != "B" {
		t.Fatalf("edited to %+v", keyed)
	}
	chat, err := p.Wait(ctx, func(chat []sandbox.Message) bool { return chat[len(chat)-1].Edited == 2 })
	if err != nil {
		t.Fatal(err)
	}
	if m := chat[len(chat)-1]; m.Text != "two" || m.Buttons[0][0] != (sandbox.Button{Text: "B", Data: "b"}) {
		t.Fatalf("seen: %+v", m)
	}

	photo, err := bot.SendPhoto(ctx, tu.Photo(tu.ID(ann.ID), tu.File(tu.NameReader(bytes.NewReader(picture(t, 40, 30)), "map.png"))).WithCaption("here"))
	if err != nil || len(photo.Photo) == 0 || photo.Photo[0].Width != 40 || photo.Caption != "here" {
		t.Fatalf("photo: %+v, %v", photo, err)
	}
	media, err := bot.EditMessageMedia(ctx, &telego.EditMessageMediaParams{
		ChatID: tu.ID(ann.ID), MessageID: photo.MessageID,
		Media: tu.MediaPhoto(tu.File(tu.NameReader(bytes.NewReader(picture(t, 50, 20)), "map.png"))).WithCaption("<b>there</b>").WithParseMode(telego.ModeHTML),
	})
	if err != nil || media.Photo[0].Width != 50 || media.Caption != "there" || short(media.CaptionEntities) != "bold 0 5" {
		t.Fatalf("edited to %+v, %v", media, err)
	}
	caption := must[telego.Message](t, call(t, base, "editMessageCaption", fields{"chat_id": ann.ID, "message_id": photo.MessageID, "caption": "gone"}))
	if caption.Caption != "gone" || caption.Photo[0].FileID != media.Photo[0].FileID {
		t.Fatalf("edited to %+v", caption)
	}
	must[telego.Message](t, call(t, base, "editMessageMedia", fields{"chat_id": ann.ID, "message_id": sent.MessageID,
		"media": fields{"type": "photo", "media": media.Photo[0].FileID}})) // a text may become a photo
}

func TestDeletes(t *testing.T) {
	var hours atomic.Int64
	_, base := start(t, sandbox.Options{Now: func() time.Time { return time.Unix(1_800_000_000+hours.Load()*3600, 0) }})
	p := person(t, base, ann)
	said(t, p, "/start", "mine")
	a, b, c := sendText(t, base, "a"), sendText(t, base, "b"), sendText(t, base, "c")
	if !must[bool](t, call(t, base, "deleteMessage", fields{"chat_id": ann.ID, "message_id": a.MessageID})) ||
		!must[bool](t, call(t, base, "deleteMessages", fields{"chat_id": ann.ID, "message_ids": []int{a.MessageID, b.MessageID, c.MessageID - 4, 1}})) {
		t.Fatal("deleting gives true")
	}
	chat, err := p.Chat(t.Context())
	if err != nil || len(chat) != 2 || chat[0].Text != "mine" && chat[0].Text != "/start" || chat[1].Text != "c" {
		t.Fatalf("left: %+v, %v", chat, err)
	}
	hours.Store(49)
	if o := call(t, base, "deleteMessage", fields{"chat_id": ann.ID, "message_id": c.MessageID}); o.Description != "Bad Request: message can't be deleted for everyone" {
		t.Errorf("an old one: %+v", o)
	}
	must[bool](t, call(t, base, "deleteMessages", fields{"chat_id": ann.ID, "message_ids": []int{c.MessageID}}))
	if chat, err := p.Chat(t.Context()); err != nil || len(chat) != 2 {
		t.Errorf("left: %+v, %v", chat, err)
	}
}

func TestFiles(t *testing.T) {
	s, base := start(t, sandbox.Options{FileBytes: 1000})
	bot, p := client(t, base), person(t, base, ann)
	said(t, p, "/start")
	ctx := within(t, 10*time.Second)
	calendar := []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
	doc, err := bot.SendDocument(ctx, tu.Document(tu.ID(ann.ID), tu.File(tu.NameReader(bytes.NewReader(calendar), "walk.ics"))))
	if err != nil || doc.Document.FileName != "walk.ics" || doc.Document.FileSize != int64(len(calendar)) {
		t.Fatalf("document: %+v, %v", doc, err)
	}
	f, err := bot.GetFile(ctx, &telego.GetFileParams{FileID: doc.Document.FileID})
	if err != nil || !strings.HasPrefix(f.FilePath, "documents/") {
		t.Fatalf("file: %+v, %v", f, err)
	}
	resp, err := plain.Get(bot.FileDownloadURL(f.FilePath))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	if err = closing(resp, err); err != nil || !bytes.Equal(got, calendar) {
		t.Fatalf("downloaded %q, %v", got, err)
	}
	chat, err := p.Chat(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.File(ctx, chat[1].Document.FileID); err != nil || !bytes.Equal(got, calendar) {
		t.Fatalf("the person's file: %q, %v", got, err)
	}
	again := must[telego.Message](t, call(t, base, "sendDocument", fields{"chat_id": ann.ID, "document": doc.Document.FileID}))
	if again.Document.FileID != doc.Document.FileID {
		t.Errorf("sent by its id: %+v", again)
	}
	must[telego.Message](t, uploads(t, base, "sendPhoto", map[string]string{"chat_id": "501", "photo": "attach://x"}, map[string][]byte{"x": picture(t, 9, 9)}))
	for range 3 {
		must[telego.Message](t, uploads(t, base, "sendDocument", map[string]string{"chat_id": "501"}, map[string][]byte{"document": make([]byte, 400)}))
	}
	if st := s.Stats(); st.FileBytes > 1000 || st.Files != 2 {
		t.Errorf("files are bounded: %+v", st)
	}
	if o := call(t, base, "getFile", fields{"file_id": doc.Document.FileID}); o.Description != "Bad Request: wrong file_id or the file is temporarily unavailable" {
		t.Errorf("a file that left: %+v", o)
	}
	if _, err := p.File(ctx, doc.Document.FileID); err == nil {
		t.Error("a file that left was there")
	}
}

func closing(resp *http.Response, err error) error {
	if e := resp.Body.Close(); err == nil {
		err = e
	}
	return err
}

func TestPlaces(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	bot, p := client(t, base), person(t, base, ann)
	ctx := within(t, 10*time.Second)
	if _, err := p.SendLocation(ctx, 52.52, 13.405); err != nil {
		t.Fatal(err)
	}
	if _, err := p.SendVenue(ctx, 52.5, 13.4, "Park", "Street 1"); err != nil {
		t.Fatal(err)
	}
	us := get(t, base, nil)
	if l := us[0].Message.Location; l == nil || l.Latitude != 52.52 || l.Longitude != 13.405 {
		t.Errorf("location: %+v", us[0].Message)
	}
	if m := us[1].Message; m.Venue == nil || m.Venue.Title != "Park" || m.Venue.Location.Latitude != 52.5 || m.Location == nil {
		t.Errorf("venue: %+v", m)
	}
	if _, err := bot.SendVenue(ctx, tu.Venue(tu.ID(ann.ID), 1, 2, "Café", "Road 2")); err != nil {
		t.Fatal(err)
	}
	if _, err := bot.SendLocation(ctx, tu.Location(tu.ID(ann.ID), 3, 4)); err != nil {
		t.Fatal(err)
	}
	chat, err := p.Chat(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if v := chat[2].Venue; v == nil || *v != (sandbox.Venue{Location: sandbox.Location{Latitude: 1, Longitude: 2}, Title: "Café", Address: "Road 2"}) {
		t.Errorf("seen: %+v", chat[2])
	}
	if l := chat[3].Location; l == nil || *l != (sandbox.Location{Latitude: 3, Longitude: 4}) {
		t.Errorf("seen: %+v", chat[3])
	}
}

func TestReplies(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	said(t, p, "/start")
	question := sendText(t, base, "where?")
	if _, err := p.Send(t.Context(), sandbox.Saying{Text: "there", ReplyTo: int64(question.MessageID)}); err != nil {
		t.Fatal(err)
	}
	us := get(t, base, fields{"offset": -1})
	if r := us[0].Message.ReplyToMessage; r == nil || r.Text != "where?" {
		t.Fatalf("reply: %+v", us[0].Message)
	}
	to := us[0].Message.MessageID
	m := must[telego.Message](t, call(t, base, "sendMessage", fields{"chat_id": ann.ID, "text": "ok", "reply_parameters": fields{"message_id": to}}))
	if m.ReplyToMessage == nil || m.ReplyToMessage.Text != "there" || m.ReplyToMessage.ReplyToMessage != nil {
		t.Fatalf("reply: %+v", m)
	}
	m = must[telego.Message](t, call(t, base, "sendMessage", fields{"chat_id": ann.ID, "text": "ok",
		"reply_parameters": fields{"message_id": 5, "allow_sending_without_reply": true}}))
	if m.ReplyToMessage != nil {
		t.Fatalf("reply to nothing: %+v", m)
	}
}

func TestReplyKeyboards(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	said(t, p, "/start")
	shown := func(markup any) *sandbox.Keyboard {
		t.Helper()
		must[telego.Message](t, call(t, base, "sendMessage", fields{"chat_id": ann.ID, "text": "?", "reply_markup": markup}))
		if _, err := p.Chat(t.Context()); err != nil {
			t.Fatal(err)
		}
		return p.Keyboard()
	}
	k := shown(fields{"keyboard": []any{[]any{fields{"text": "Where", "request_location": true}, "No"}}, "resize_keyboard": true, "one_time_keyboard": true})
	if k == nil || fmt.Sprint(k.Rows) != "[[{Where true false} {No false false}]]" || !k.OneTime || !k.Resize {
		t.Fatalf("keyboard: %+v", k)
	}
	if k := shown(buttons("A", "a")); k == nil {
		t.Fatal("an inline keyboard leaves the reply keyboard")
	}
	said(t, p, "No")
	if _, err := p.Chat(t.Context()); err != nil || p.Keyboard() != nil {
		t.Fatalf("a one-time keyboard stays: %+v, %v", p.Keyboard(), err)
	}
	if k := shown(fields{"force_reply": true, "input_field_placeholder": "name"}); k == nil || !k.ForceReply || k.Placeholder != "name" {
		t.Fatalf("force reply: %+v", k)
	}
	if k := shown(fields{"remove_keyboard": true}); k != nil {
		t.Fatalf("removed: %+v", k)
	}
}

func TestCommands(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	bot, ctx := client(t, base), within(t, 10*time.Second)
	list := []telego.BotCommand{{Command: "start", Description: "Begin"}, {Command: "mine", Description: "Your events"}}
	if err := bot.SetMyCommands(ctx, &telego.SetMyCommandsParams{Commands: list}); err != nil {
		t.Fatal(err)
	}
	if err := bot.SetMyCommands(ctx, &telego.SetMyCommandsParams{
		Commands: list[:1], LanguageCode: "ru", Scope: tu.ScopeAllPrivateChats(),
	}); err != nil {
		t.Fatal(err)
	}
	if got := must[[]telego.BotCommand](t, call(t, base, "getMyCommands", nil)); len(got) != 2 || got[1] != list[1] {
		t.Errorf("commands: %+v", got)
	}
	in := fields{"scope": fields{"type": "all_private_chats"}, "language_code": "ru"}
	if got := must[[]telego.BotCommand](t, call(t, base, "getMyCommands", in)); len(got) != 1 {
		t.Errorf("commands: %+v", got)
	}
	must[bool](t, call(t, base, "deleteMyCommands", in))
	if got := must[[]telego.BotCommand](t, call(t, base, "getMyCommands", in)); len(got) != 0 {
		t.Errorf("commands: %+v", got)
	}
}

func TestGetChat(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	person(t, base, ann)
	c := must[telego.ChatFullInfo](t, call(t, base, "getChat", fields{"chat_id": ann.ID}))
	if c.ID != ann.ID || c.Type != "private" || c.FirstName != "Ann" || c.Username != "annlee" {
		t.Errorf("chat: %+v", c)
	}
}

func TestMessagesPerChatAreBounded(t *testing.T) {
	s, base := start(t, sandbox.Options{MessagesPerChat: 5})
	p := person(t, base, ann)
	for i := range 20 {
		said(t, p, fmt.Sprint(i))
	}
	chat, err := p.Chat(t.Context())
	if err != nil || len(chat) != 5 || chat[0].Text != "15" || s.Stats().Messages != 5 {
		t.Errorf("%v, %v, %+v", chat, err, s.Stats())
	}
}
