package sandbox_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

// Every refusal in Telegram's own code and words.
func TestRefusals(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	said(t, p, "/start")
	person(t, base, sandbox.Profile{ID: 502, FirstName: "Bob"}) // never wrote to the bot
	theirs := get(t, base, nil)[0].Message.MessageID
	text := must[telego.Message](t, call(t, base, "sendMessage", fields{"chat_id": 501, "text": "one", "reply_markup": buttons("A", "a")})).MessageID
	photo := must[telego.Message](t, uploads(t, base, "sendPhoto", map[string]string{"chat_id": "501"}, map[string][]byte{"photo": picture(t, 9, 9)}))
	doc := must[telego.Message](t, uploads(t, base, "sendDocument", map[string]string{"chat_id": "501"}, map[string][]byte{"document": {1}}))
	place := must[telego.Message](t, call(t, base, "sendLocation", fields{"chat_id": 501, "latitude": 1, "longitude": 2})).MessageID
	keyed := must[telego.Message](t, call(t, base, "sendMessage", fields{"chat_id": 501, "text": "k", "reply_markup": fields{"keyboard": []any{[]string{"A"}}}})).MessageID

	long := strings.Repeat("🏟", 2049) // 4098 units in UTF-16
	in := func(more fields) fields { return fields{"chat_id": 501, "text": "hi"}.with(more) }
	at := func(id int, more fields) fields { return in(fields{"message_id": id}).with(more) }
	notModified := "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"

	for _, c := range []struct {
		method string
		params fields
		code   int
		want   string
	}{
		{"sendMessage", fields{"text": "hi"}, 400, "Bad Request: chat_id is empty"},
		{"sendMessage", in(fields{"chat_id": botID}), 403, "Forbidden: bots can't send messages to bots"},
		{"sendMessage", in(fields{"chat_id": 999}), 400, "Bad Request: chat not found"},
		{"sendMessage", in(fields{"chat_id": "@nobody"}), 400, "Bad Request: chat not found"},
		{"sendMessage", in(fields{"chat_id": 502}), 403, "Forbidden: bot can't initiate conversation with a user"},
		{"sendMessage", in(fields{"text": ""}), 400, "Bad Request: message text is empty"},
		{"sendMessage", in(fields{"text": " \n "}), 400, "Bad Request: text must be non-empty"},
		{"sendMessage", in(fields{"text": "<b></b>", "parse_mode": "HTML"}), 400, "Bad Request: text must be non-empty"},
		{"sendMessage", in(fields{"text": long}), 400, "Bad Request: message is too long"},
		{"sendMessage", in(fields{"parse_mode": "RTF"}), 400, "Bad Request: unsupported parse_mode"},
		{"sendMessage", in(fields{"reply_parameters": fields{"message_id": 1}}), 400, "Bad Request: message to be replied not found"},
		{"sendMessage", in(fields{"reply_to_message_id": 1}), 400, "Bad Request: message to be replied not found"},
		{"sendMessage", in(fields{"reply_parameters": "x"}), 400, "Bad Request: can't parse reply parameters JSON object"},
		{"sendMessage", in(fields{"reply_markup": "{"}), 400, "Bad Request: can't parse reply keyboard markup JSON object"},
		{"sendMessage", in(fields{"reply_markup": []int{}}), 400, "Bad Request: object expected as reply markup"},
		{"sendMessage", in(fields{"reply_markup": fields{"inline_keyboard": []any{fields{}}}}), 400, `Bad Request: field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays`},
		{"sendMessage", in(fields{"reply_markup": fields{"keyboard": []any{fields{}}}}), 400, `Bad Request: field "keyboard" of the ReplyKeyboardMarkup must be an Array of Arrays`},
		{"sendMessage", in(fields{"reply_markup": fields{"inline_keyboard": []any{[]any{1}}}}), 400, "Bad Request: can't parse inline keyboard button: InlineKeyboardButton must be an Object"},
		{"sendMessage", in(fields{"reply_markup": fields{"inline_keyboard": []any{[]any{fields{"text": 1}}}}}), 400, `Bad Request: can't parse inline keyboard button: Field "text" must be of type String`},
		{"sendMessage", in(fields{"reply_markup": fields{"remove_keyboard": 1}}), 400, `Bad Request: field "remove_keyboard" of the reply markup must be of the type Boolean`},
		{"sendMessage", in(fields{"reply_markup": buttons("A", "")}), 400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"},
		{"sendMessage", in(fields{"reply_markup": buttons(" ", "a")}), 400, "Bad Request: inline keyboard button text must be non-empty"},
		{"sendMessage", in(fields{"reply_markup": buttons("A", strings.Repeat("ж", 33))}), 400, "Bad Request: BUTTON_DATA_INVALID"},
		{"sendMessage", in(fields{"reply_markup": fields{"inline_keyboard": []any{[]any{fields{"text": "A", "url": "here"}}}}}), 400, "Bad Request: inline keyboard button URL 'here' is invalid: Wrong HTTP URL"},
		{"sendMessage", in(fields{"reply_markup": fields{"keyboard": []any{[]string{""}}}}), 400, "Bad Request: keyboard button text must be non-empty"},
		{"sendMessage", in(fields{"reply_markup": buttons(strings.Split(strings.Repeat("a,", 18), ",")...)}), 400, "Bad Request: reply markup is too long"},

		{"sendPhoto", in(nil), 400, "Bad Request: there is no photo in the request"},
		{"sendPhoto", in(fields{"photo": "attach://x"}), 400, "Bad Request: there is no photo in the request"},
		{"sendPhoto", in(fields{"photo": "AgACnothing"}), 400, "Bad Request: wrong file identifier/HTTP URL specified"},
		{"sendPhoto", in(fields{"photo": "https://example.com/a.png"}), 400, "Bad Request: failed to get HTTP URL content"},
		{"sendPhoto", in(fields{"photo": doc.Document.FileID}), 400, "Bad Request: can't use file of type Document as Photo"},
		{"sendPhoto", in(fields{"photo": photo.Photo[0].FileID, "caption": long[:4*513]}), 400, "Bad Request: message caption is too long"},
		{"sendDocument", in(nil), 400, "Bad Request: there is no document in the request"},
		{"sendLocation", in(nil), 400, "Bad Request: latitude is empty"},
		{"sendLocation", in(fields{"latitude": 1}), 400, "Bad Request: longitude is empty"},
		{"sendLocation", in(fields{"latitude": 91, "longitude": 1}), 400, "Bad Request: wrong location specified"},
		{"sendVenue", in(fields{"latitude": 1, "longitude": 1, "address": "a"}), 400, `Bad Request: parameter "title" is required`},
		{"sendVenue", in(fields{"latitude": 1, "longitude": 1, "title": "a"}), 400, `Bad Request: parameter "address" is required`},
		{"sendChatAction", in(fields{"action": "dancing"}), 400, "Bad Request: wrong parameter action in request"},

		{"editMessageText", fields{"text": "hi"}, 400, "Bad Request: message identifier is not specified"},
		{"editMessageText", fields{"text": "hi", "inline_message_id": "x"}, 400, "Bad Request: MESSAGE_ID_INVALID"},
		{"editMessageText", at(1, nil), 400, "Bad Request: message to edit not found"},
		{"editMessageText", at(theirs, nil), 400, "Bad Request: message can't be edited"},
		{"editMessageText", at(keyed, nil), 400, "Bad Request: message can't be edited"},
		{"editMessageText", at(photo.MessageID, nil), 400, "Bad Request: there is no text in the message to edit"},
		{"editMessageText", at(text, fields{"text": long}), 400, "Bad Request: MESSAGE_TOO_LONG"},
		{"editMessageText", at(text, fields{"text": ""}), 400, "Bad Request: message text is empty"},
		{"editMessageText", at(text, fields{"text": "one", "reply_markup": buttons("A", "a")}), 400, notModified},
		{"editMessageCaption", at(text, nil), 400, "Bad Request: there is no caption in the message to edit"},
		{"editMessageCaption", at(photo.MessageID, nil), 400, notModified},
		{"editMessageMedia", at(photo.MessageID, nil), 400, `Bad Request: parameter "media" is required`},
		{"editMessageMedia", at(photo.MessageID, fields{"media": "{"}), 400, "Bad Request: can't parse input media JSON object"},
		{"editMessageMedia", at(photo.MessageID, fields{"media": fields{"type": "photo"}}), 400, "Bad Request: can't parse InputMedia: media not found"},
		{"editMessageMedia", at(photo.MessageID, fields{"media": fields{"type": "hologram", "media": "x"}}), 400, `Bad Request: can't parse InputMedia: type "hologram" is unsupported`},
		{"editMessageMedia", at(photo.MessageID, fields{"media": fields{"type": "photo", "media": photo.Photo[0].FileID}}), 400, notModified},
		{"editMessageMedia", at(place, fields{"media": fields{"type": "photo", "media": photo.Photo[0].FileID}}), 400, "Bad Request: message media can't be edited"},
		{"editMessageReplyMarkup", at(text, fields{"reply_markup": buttons("A", "a")}), 400, notModified},
		{"deleteMessage", at(1, nil), 400, "Bad Request: message to delete not found"},
		{"deleteMessages", in(nil), 400, "Bad Request: message identifiers are not specified"},
		{"deleteMessages", in(fields{"message_ids": make([]int, 101)}), 400, "Bad Request: too many message identifiers specified"},

		{"answerCallbackQuery", nil, 400, "Bad Request: query is too old and response timeout expired or query ID is invalid"},
		{"answerCallbackQuery", fields{"text": strings.Repeat("a", 201)}, 400, "Bad Request: MESSAGE_TOO_LONG"},
		{"getFile", nil, 400, "Bad Request: file_id not specified"},
		{"getFile", fields{"file_id": "x"}, 400, "Bad Request: invalid file_id"},
		{"getChat", fields{"chat_id": 999}, 400, "Bad Request: chat not found"},

		{"setMyCommands", fields{"commands": "{"}, 400, "Bad Request: can't parse commands JSON object"},
		{"setMyCommands", fields{"commands": []fields{{"command": "", "description": "d"}}}, 400, "Bad Request: command must be non-empty"},
		{"setMyCommands", fields{"commands": []fields{{"command": "Start", "description": "d"}}}, 400, "Bad Request: BOT_COMMAND_INVALID"},
		{"setMyCommands", fields{"commands": []fields{{"command": "start", "description": " "}}}, 400, "Bad Request: command description must be non-empty"},
		{"setMyCommands", fields{"commands": []fields{{"command": "start", "description": strings.Repeat("d", 257)}}}, 400, "Bad Request: command description length must not exceed 256"},
		{"setMyCommands", fields{"commands": slices.Repeat([]fields{{"command": "start", "description": "d"}}, 101)}, 400, "Bad Request: BOT_COMMANDS_TOO_MUCH"},
		{"setMyCommands", fields{"scope": fields{"type": "everywhere"}}, 400, "Bad Request: can't parse BotCommandScope: Unsupported type specified"},
		{"setMyCommands", fields{"scope": "["}, 400, "Bad Request: can't parse BotCommandScope JSON object"},
		{"setMyCommands", fields{"language_code": "english"}, 400, "Bad Request: invalid language code specified"},

		{"setWebhook", fields{"url": "nowhere"}, 400, "Bad Request: invalid webhook URL specified"},
		{"setWebhook", fields{"url": "http://example.com/"}, 400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"},
		{"setWebhook", fields{"url": "https://example.com:1234/"}, 400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"},
		{"setWebhook", fields{"url": "https://example.com/", "secret_token": "a b"}, 400, "Bad Request: secret token contains unallowed characters"},
	} {
		o := call(t, base, c.method, c.params)
		if o.OK || o.Status != c.code || o.ErrorCode != c.code || o.Description != c.want {
			t.Errorf("%s %.200v:\n got %d %s\nwant %d %s", c.method, c.params, o.ErrorCode, o.Description, c.code, c.want)
		}
	}
}

// with returns f with more on top.
func (f fields) with(more fields) fields {
	for k, v := range more {
		f[k] = v
	}
	return f
}

// A text may be exactly as long as it may be, counted after parsing.
func TestLimitsAreInclusive(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	said(t, person(t, base, ann), "/start")
	m := must[telego.Message](t, call(t, base, "sendMessage", fields{"chat_id": ann.ID, "text": "<b>" + strings.Repeat("🏟", 2048) + "</b>", "parse_mode": "HTML",
		"reply_markup": buttons("A", strings.Repeat("ж", 32))}))
	if short(m.Entities) != "bold 0 4096" {
		t.Errorf("entities: %s", short(m.Entities))
	}
	must[telego.Message](t, uploads(t, base, "sendPhoto", map[string]string{"chat_id": "501", "caption": strings.Repeat("ж", 1024)}, map[string][]byte{"photo": picture(t, 20, 400)}))
}

func TestBadPhotos(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	said(t, person(t, base, ann), "/start")
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":   {nil, "Bad Request: file must be non-empty"},
		"no image":  {[]byte("hello"), "Bad Request: IMAGE_PROCESS_FAILED"},
		"too wide":  {picture(t, 21, 1), "Bad Request: PHOTO_INVALID_DIMENSIONS"},
		"too large": {picture(t, 9_000, 1_001), "Bad Request: PHOTO_INVALID_DIMENSIONS"},
		"too big":   {make([]byte, 10<<20+1), "Bad Request: file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes"},
	} {
		o := uploads(t, base, "sendPhoto", map[string]string{"chat_id": "501"}, map[string][]byte{"photo": c.data})
		if o.ErrorCode != 400 || o.Description != c.want {
			t.Errorf("%s: %+v", name, o)
		}
	}
}
