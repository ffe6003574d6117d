package sandbox_test

import (
	"bytes"
	"encoding/json"
	"image"
	"slices"
	"strings"
	"testing"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

var allRights = sandbox.Rights{
	DeleteMessages: true, RestrictMembers: true, PromoteMembers: true, ChangeInfo: true,
	InviteUsers: true, PinMessages: true, ManageTopics: true,
}

// forum is one where the bot may do everything, with what methods need.
type forum struct {
	base        string
	id          int64
	ann, bob    *sandbox.Person
	text, media int // the bot's messages
	topic       int
}

func newForum(t *testing.T) *forum {
	t.Helper()
	base, id, a, b := club(t, sandbox.NewGroup{Forum: true})
	said(t, a, "/start")
	set(t, a, id, botID, sandbox.Membership{Status: "administrator", Rights: allRights})
	f := &forum{base: base, id: id, ann: a, bob: b}
	f.text = must[message](t, f.call(t, "sendMessage", fields{"text": "hi"})).MessageID
	f.media = must[message](t, uploads(t, base, "sendPhoto", map[string]string{"chat_id": itoa(id)}, map[string][]byte{"photo": picture(t, 9, 9)})).MessageID
	f.topic = must[telego.ForumTopic](t, f.call(t, "createForumTopic", fields{"name": "Plans"})).MessageThreadID
	return f
}

// call makes a call about the forum.
func (f *forum) call(t testing.TB, method string, params fields) outcome {
	t.Helper()
	return call(t, f.base, method, fields{"chat_id": f.id}.with(params))
}

// at names a message.
func at(message int, more fields) fields { return fields{"message_id": message}.with(more) }

// sends makes a kind of file by its method.
func (f *forum) sends(method, parameter string) func(t *testing.T) {
	return func(t *testing.T) {
		sent := must[message](t, uploads(t, f.base, method, map[string]string{"chat_id": itoa(f.id), "duration": "7", "title": "T"}, map[string][]byte{parameter: {1, 2}}))
		raw, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		var kinds map[string]json.RawMessage
		var file telego.File
		if err := json.Unmarshal(raw, &kinds); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(kinds[parameter], &file); err != nil || file.FileID == "" {
			t.Fatalf("no %s in %s: %v", parameter, raw, err)
		}
		if got := must[telego.File](t, call(t, f.base, "getFile", fields{"file_id": file.FileID})); got.FileSize != 2 {
			t.Errorf("getFile: %+v", got)
		}
		must[message](t, f.call(t, method, fields{parameter: file.FileID}))
	}
}

// Every method answers what telego's types, made from the Bot API, hold: no field that they do
// not know, and all that they require.
func TestEveryMethodDecodesStrictly(t *testing.T) {
	f := newForum(t)
	is := func(method string, params fields) func(*testing.T) {
		return func(t *testing.T) { must[bool](t, f.call(t, method, params)) }
	}
	sent := func(method string, params fields) func(*testing.T) {
		return func(t *testing.T) { must[message](t, f.call(t, method, params)) }
	}
	place := fields{"latitude": 52.5, "longitude": 13.4}
	tests := []struct {
		method string
		try    func(*testing.T)
	}{
		{"getMe", func(t *testing.T) { must[telego.User](t, f.call(t, "getMe", nil)) }},
		{"getUpdates", func(t *testing.T) { get(t, f.base, nil) }},
		{"getWebhookInfo", func(t *testing.T) { must[telego.WebhookInfo](t, f.call(t, "getWebhookInfo", nil)) }},
		{"deleteWebhook", is("deleteWebhook", nil)},

		{"sendMessage", sent("sendMessage", fields{"text": "<b>hi</b> @annlee", "parse_mode": "HTML", "message_thread_id": f.topic, "reply_parameters": fields{"message_id": f.text}, "reply_markup": buttons("A", "a")})},
		{"sendPhoto", sent("sendPhoto", fields{"photo": photoOf(t, f.base), "caption": "c"})},
		{"sendDocument", f.sends("sendDocument", "document")},
		{"sendAudio", f.sends("sendAudio", "audio")},
		{"sendVideo", f.sends("sendVideo", "video")},
		{"sendVoice", f.sends("sendVoice", "voice")},
		{"sendAnimation", f.sends("sendAnimation", "animation")},
		{"sendSticker", f.sends("sendSticker", "sticker")},
		{"sendLocation", sent("sendLocation", place.with(fields{"live_period": 60, "heading": 90, "horizontal_accuracy": 10}))},
		{"sendVenue", sent("sendVenue", place.with(fields{"title": "Park", "address": "Street 1"}))},
		{"sendContact", sent("sendContact", fields{"phone_number": "+1555", "first_name": "Ann", "vcard": "x"})},
		{"sendDice", func(t *testing.T) {
			if d := must[message](t, f.call(t, "sendDice", fields{"emoji": "🏀"})).Dice; d.Emoji != "🏀" || d.Value < 1 || d.Value > 5 {
				t.Errorf("dice: %+v", d)
			}
		}},
		{"sendPoll", sent("sendPoll", fields{"question": "Lunch?", "options": []any{"Soup", fields{"text": "Cake"}}})},
		{"stopPoll", func(t *testing.T) {
			m := must[message](t, f.call(t, "sendPoll", fields{"question": "Lunch?", "options": []any{"Soup"}, "is_anonymous": false}))
			if p := must[telego.Poll](t, f.call(t, "stopPoll", at(m.MessageID, nil))); !p.IsClosed || p.ID != m.Poll.ID || p.IsAnonymous {
				t.Errorf("stopped: %+v", p)
			}
		}},
		{"sendChatAction", is("sendChatAction", fields{"action": "typing"})},
		{"setMessageReaction", is("setMessageReaction", at(f.text, fields{"reaction": []fields{{"type": "emoji", "emoji": "👍"}}}))},
		{"sendMediaGroup", func(t *testing.T) {
			photo := fields{"type": "photo", "media": photoOf(t, f.base)}
			must[[]message](t, f.call(t, "sendMediaGroup", fields{"media": []fields{photo, photo}}))
		}},
		{"forwardMessage", sent("forwardMessage", at(f.text, fields{"from_chat_id": f.id}))},
		{"copyMessage", func(t *testing.T) {
			must[telego.MessageID](t, f.call(t, "copyMessage", at(f.text, fields{"from_chat_id": f.id})))
		}},
		{"forwardMessages", func(t *testing.T) {
			must[[]telego.MessageID](t, f.call(t, "forwardMessages", fields{"from_chat_id": f.id, "message_ids": []int{f.text, f.media}}))
		}},
		{"copyMessages", func(t *testing.T) {
			must[[]telego.MessageID](t, f.call(t, "copyMessages", fields{"from_chat_id": f.id, "message_ids": []int{f.text, f.media}, "remove_caption": true}))
		}},

		{"editMessageText", sent("editMessageText", at(f.text, fields{"text": "edited"}))},
		{"editMessageCaption", sent("editMessageCaption", at(f.media, fields{"caption": "edited"}))},
		{"editMessageMedia", func(t *testing.T) {
			media := map[string]string{"chat_id": itoa(f.id), "message_id": itoa(int64(f.media)), "media": `{"type":"video","media":"attach://v","caption":"moves"}`}
			if m := must[message](t, uploads(t, f.base, "editMessageMedia", media, map[string][]byte{"v": {1}})); m.Video == nil || m.Photo != nil {
				t.Errorf("edited: %+v", m)
			}
		}},
		{"editMessageReplyMarkup", sent("editMessageReplyMarkup", at(f.text, fields{"reply_markup": buttons("B", "b")}))},
		{"editMessageLiveLocation", func(t *testing.T) {
			m := must[message](t, f.call(t, "sendLocation", place.with(fields{"live_period": 60})))
			must[message](t, f.call(t, "editMessageLiveLocation", at(m.MessageID, fields{"latitude": 1, "longitude": 2})))
		}},
		{"stopMessageLiveLocation", func(t *testing.T) {
			m := must[message](t, f.call(t, "sendLocation", place.with(fields{"live_period": 60})))
			if m = must[message](t, f.call(t, "stopMessageLiveLocation", at(m.MessageID, nil))); m.Location.LivePeriod != 0 {
				t.Errorf("stopped: %+v", m.Location)
			}
		}},
		{"deleteMessage", is("deleteMessage", at(f.text, nil))},
		{"deleteMessages", is("deleteMessages", fields{"message_ids": []any{1, "2"}})},
		{"answerCallbackQuery", func(t *testing.T) {
			m := must[message](t, f.call(t, "sendMessage", fields{"text": "press", "reply_markup": buttons("A", "a")}))
			id, err := f.ann.In(f.id).Press(t.Context(), int64(m.MessageID), "a")
			if err != nil {
				t.Fatal(err)
			}
			must[bool](t, call(t, f.base, "answerCallbackQuery", fields{"callback_query_id": id}))
		}},

		{"setMyCommands", is("setMyCommands", fields{"commands": []fields{{"command": "start", "description": "d"}}, "scope": fields{"type": "chat_member", "chat_id": f.id, "user_id": ann.ID}})},
		{"getMyCommands", func(t *testing.T) {
			scope := fields{"type": "chat_member", "chat_id": itoa(f.id), "user_id": ann.ID}
			if got := must[[]telego.BotCommand](t, f.call(t, "getMyCommands", fields{"scope": scope})); len(got) != 1 {
				t.Errorf("commands: %+v", got)
			}
		}},
		{"deleteMyCommands", is("deleteMyCommands", nil)},
		{"setMyName", is("setMyName", fields{"name": "Okolo"})},
		{"getMyName", func(t *testing.T) {
			if n := must[telego.BotName](t, f.call(t, "getMyName", nil)); n.Name != "Okolo" {
				t.Errorf("name: %+v", n)
			}
			if me := must[telego.User](t, f.call(t, "getMe", nil)); me.FirstName != "Okolo" {
				t.Errorf("getMe: %+v", me)
			}
		}},
		{"setMyDescription", is("setMyDescription", fields{"description": "Рядом", "language_code": "ru"})},
		{"getMyDescription", func(t *testing.T) {
			ru := must[telego.BotDescription](t, f.call(t, "getMyDescription", fields{"language_code": "ru"}))
			en := must[telego.BotDescription](t, f.call(t, "getMyDescription", fields{"language_code": "en"}))
			if ru.Description != "Рядом" || en.Description != "" {
				t.Errorf("descriptions: %q %q", ru.Description, en.Description)
			}
		}},
		{"setMyShortDescription", is("setMyShortDescription", fields{"short_description": "Nearby"})},
		{"getMyShortDescription", func(t *testing.T) {
			d := must[telego.BotShortDescription](t, f.call(t, "getMyShortDescription", fields{"language_code": "ru"}))
			if d.ShortDescription != "Nearby" {
				t.Errorf("in any language: %+v", d)
			}
		}},
		{"setChatMenuButton", func(t *testing.T) {
			must[bool](t, call(t, f.base, "setChatMenuButton", fields{"menu_button": fields{"type": "commands"}}))
		}},
		{"getChatMenuButton", func(t *testing.T) {
			must[telego.MenuButtonCommands](t, call(t, f.base, "getChatMenuButton", fields{"chat_id": ann.ID}))
			must[bool](t, call(t, f.base, "setChatMenuButton", fields{"chat_id": ann.ID, "menu_button": fields{"type": "web_app", "text": "Open", "web_app": fields{"url": "https://example.com"}}}))
			must[telego.MenuButtonWebApp](t, call(t, f.base, "getChatMenuButton", fields{"chat_id": ann.ID}))
			must[bool](t, call(t, f.base, "setChatMenuButton", nil))
			must[telego.MenuButtonDefault](t, call(t, f.base, "getChatMenuButton", nil))
		}},

		{"getChat", func(t *testing.T) {
			must[telego.ChatFullInfo](t, f.call(t, "getChat", nil))
			must[telego.ChatFullInfo](t, call(t, f.base, "getChat", fields{"chat_id": ann.ID}))
		}},
		{"getFile", func(t *testing.T) {
			must[telego.File](t, call(t, f.base, "getFile", fields{"file_id": photoOf(t, f.base)}))
		}},
		{"getUserProfilePhotos", func(t *testing.T) {
			must[telego.UserProfilePhotos](t, call(t, f.base, "getUserProfilePhotos", fields{"user_id": ann.ID}))
		}},
		{"getChatAdministrators", func(t *testing.T) {
			list := must[[]json.RawMessage](t, f.call(t, "getChatAdministrators", nil))
			strict[telego.ChatMemberOwner](t, list[0])
			strict[telego.ChatMemberAdministrator](t, list[1])
		}},
		{"getChatMember", func(t *testing.T) {
			must[telego.ChatMemberMember](t, f.call(t, "getChatMember", fields{"user_id": bob.ID}))
		}},
		{"getChatMemberCount", func(t *testing.T) { must[int](t, f.call(t, "getChatMemberCount", nil)) }},
		{"restrictChatMember", func(t *testing.T) {
			is("restrictChatMember", fields{"user_id": bob.ID, "permissions": fields{"can_send_photos": true}})(t)
			m := must[telego.ChatMemberRestricted](t, f.call(t, "getChatMember", fields{"user_id": bob.ID}))
			if m.CanSendMessages || !m.CanSendPhotos {
				t.Errorf("restricted: %+v", m)
			}
		}},
		{"promoteChatMember", is("promoteChatMember", fields{"user_id": bob.ID, "can_pin_messages": true})},
		{"banChatMember", func(t *testing.T) {
			is("promoteChatMember", fields{"user_id": bob.ID})(t)
			is("banChatMember", fields{"user_id": bob.ID})(t)
			must[telego.ChatMemberBanned](t, f.call(t, "getChatMember", fields{"user_id": bob.ID}))
		}},
		{"unbanChatMember", func(t *testing.T) {
			is("unbanChatMember", fields{"user_id": bob.ID, "only_if_banned": true})(t)
			must[telego.ChatMemberLeft](t, f.call(t, "getChatMember", fields{"user_id": bob.ID}))
		}},
		{"setChatTitle", is("setChatTitle", fields{"title": "Society"})},
		{"setChatDescription", is("setChatDescription", fields{"description": "Of friends"})},
		{"pinChatMessage", is("pinChatMessage", at(f.media, nil))},
		{"unpinChatMessage", is("unpinChatMessage", nil)},
		{"unpinAllChatMessages", is("unpinAllChatMessages", nil)},
		{"unpinAllForumTopicMessages", is("unpinAllForumTopicMessages", fields{"message_thread_id": f.topic})},
		{"createForumTopic", func(t *testing.T) {
			must[telego.ForumTopic](t, f.call(t, "createForumTopic", fields{"name": "News", "icon_color": 0xFFD67E}))
		}},
		{"editForumTopic", is("editForumTopic", fields{"message_thread_id": f.topic, "name": "Ideas"})},
		{"closeForumTopic", is("closeForumTopic", fields{"message_thread_id": f.topic})},
		{"reopenForumTopic", is("reopenForumTopic", fields{"message_thread_id": f.topic})},
		{"deleteForumTopic", is("deleteForumTopic", fields{"message_thread_id": f.topic})},

		{"answerInlineQuery", func(t *testing.T) {
			if err := f.ann.SetBot(t.Context(), itoa(botID), sandbox.BotSettings{Privacy: true, Inline: true}); err != nil {
				t.Fatal(err)
			}
			next := fields{"offset": get(t, f.base, fields{"offset": -1})[0].UpdateID + 1, "allowed_updates": []string{"inline_query"}}
			get(t, f.base, next)
			answered := make(chan error, 1)
			go func() {
				_, _, err := f.ann.AskInline(t.Context(), sandbox.InlineAsk{Query: "q"})
				answered <- err
			}()
			us := get(t, f.base, next.with(fields{"timeout": 30}))
			must[bool](t, call(t, f.base, "answerInlineQuery", fields{"inline_query_id": us[0].InlineQuery.ID, "results": []fields{}}))
			if err := <-answered; err != nil {
				t.Error(err)
			}
		}},
		{"leaveChat", is("leaveChat", nil)},
		{"setWebhook", is("setWebhook", fields{"url": "https://127.0.0.1:1/"})},
		{"close", is("close", nil)},
		{"logOut", is("logOut", nil)},
	}
	var tried []string
	for _, c := range tests {
		tried = append(tried, strings.ToLower(c.method))
		t.Run(c.method, c.try)
	}
	slices.Sort(tried)
	if known := sandbox.Methods(); !slices.Equal(tried, known) {
		t.Errorf("not every method is tried:\n got %q\nwant %q", tried, known)
	}
}

// photoOf uploads a photo and returns its id.
func photoOf(t testing.TB, base string) string {
	return must[message](t, uploads(t, base, "sendPhoto", map[string]string{"chat_id": "501"}, map[string][]byte{"photo": picture(t, 30, 30)})).Photo[0].FileID
}

// A photo has its smaller sizes, each a picture of just that size.
func TestPhotoSizes(t *testing.T) {
	s, base := start(t, sandbox.Options{})
	said(t, person(t, base, ann), "/start")
	sent := must[message](t, uploads(t, base, "sendPhoto", map[string]string{"chat_id": "501"}, map[string][]byte{"photo": picture(t, 1000, 500)}))
	var widths []int
	unique := map[string]bool{}
	for i, p := range sent.Photo {
		widths, unique[p.FileUniqueID] = append(widths, p.Width), true
		f := must[telego.File](t, call(t, base, "getFile", fields{"file_id": p.FileID}))
		resp, err := plain.Get(base + "/file/bot" + token + "/" + f.FilePath)
		if err != nil {
			t.Fatal(err)
		}
		body := readAll(t, resp)
		c, format, err := image.DecodeConfig(strings.NewReader(body))
		last := i == len(sent.Photo)-1
		if err != nil || c.Width != p.Width || c.Height != p.Height || int64(len(body)) != f.FileSize || (format == "jpeg") == last {
			t.Errorf("size %d: %+v is %s %+v, %v", i, p, format, c, err)
		}
	}
	if !slices.Equal(widths, []int{90, 320, 800, 1000}) || len(unique) != 4 {
		t.Errorf("sizes: %v, %d unique", widths, len(unique))
	}
	again := must[message](t, call(t, base, "sendPhoto", fields{"chat_id": ann.ID, "photo": sent.Photo[0].FileID}))
	if !slices.Equal(again.Photo, sent.Photo) {
		t.Errorf("sent by the id of a size: %+v", again.Photo)
	}
	if st := s.Stats(); st.Files != 1 || st.FileBytes <= int64(sent.Photo[3].FileSize) {
		t.Errorf("a photo is one file: %+v", st)
	}
}

// The sizes leave with their photo; one of a damaged photo cannot be had.
func TestPhotoSizesLeave(t *testing.T) {
	s, base := start(t, sandbox.Options{FileBytes: 20_000})
	said(t, person(t, base, ann), "/start")
	send := func(data []byte) message {
		return must[message](t, uploads(t, base, "sendPhoto", map[string]string{"chat_id": "501"}, map[string][]byte{"photo": data}))
	}
	unavailable := "Bad Request: wrong file_id or the file is temporarily unavailable"
	whole := picture(t, 400, 400)
	damaged := send(whole[:len(whole)-20])
	refuses(t, call(t, base, "getFile", fields{"file_id": damaged.Photo[0].FileID}), 400, unavailable)
	old := send(picture(t, 400, 400))
	must[telego.File](t, call(t, base, "getFile", fields{"file_id": old.Photo[0].FileID}))
	send(append(picture(t, 400, 400), bytes.Repeat([]byte{0}, 19_900)...))
	for _, p := range old.Photo {
		refuses(t, call(t, base, "getFile", fields{"file_id": p.FileID}), 400, unavailable)
	}
	if st := s.Stats(); st.Files != 1 || st.FileBytes > 25_000 {
		t.Errorf("left: %+v", st)
	}
}
