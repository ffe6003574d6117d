package sandbox_test

import (
	"maps"
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
	live := must[message](t, call(t, base, "sendLocation", fields{"chat_id": 501, "latitude": 1, "longitude": 2, "live_period": 60})).MessageID
	poll := must[message](t, call(t, base, "sendPoll", fields{"chat_id": 501, "question": "?", "options": []string{"a"}})).MessageID
	forwarded := must[message](t, call(t, base, "forwardMessage", fields{"chat_id": 501, "from_chat_id": 501, "message_id": poll})).MessageID
	closed := must[message](t, call(t, base, "sendPoll", fields{"chat_id": 501, "question": "?", "options": []string{"a"}, "is_closed": true})).MessageID
	one := fields{"type": "photo", "media": photo.Photo[0].FileID}
	album := must[[]message](t, call(t, base, "sendMediaGroup", fields{"chat_id": 501, "media": []fields{one, one}}))
	big := must[message](t, uploads(t, base, "sendDocument", map[string]string{"chat_id": "501"}, map[string][]byte{"document": make([]byte, 20<<20+1)}))
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
		{"sendMessage", in(fields{"text": strings.Repeat("x", 1<<15+1)}), 400, "Bad Request: text is too long"},
		{"sendMessage", in(fields{"entities": []fields{{"offset": 0, "length": 1}}}), 400, `Bad Request: can't parse MessageEntity: Can't find field "type"`},
		{"sendMessage", in(fields{"entities": []fields{{"type": "glow"}}}), 400, "Bad Request: can't parse MessageEntity: Unsupported type specified"},
		{"sendMessage", in(fields{"entities": []fields{{"type": "bold", "offset": -1, "length": 1}}}), 400, "Bad Request: receive an entity with incorrect offset -1"},
		{"sendMessage", in(fields{"entities": []fields{{"type": "bold", "offset": 0, "length": -1}}}), 400, "Bad Request: receive an entity with incorrect length -1"},
		{"sendMessage", in(fields{"entities": []fields{{"type": "bold", "offset": 3, "length": 1}}}), 400, "Bad Request: entity begins after the end of the text at UTF-16 offset 3"},
		{"sendMessage", in(fields{"entities": []fields{{"type": "bold", "offset": 0, "length": 3}}}), 400, "Bad Request: entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 3"},
		{"sendMessage", in(fields{"entities": []fields{{"type": "text_link", "offset": 0, "length": 1, "url": "here"}}}), 400, "Bad Request: entity URL 'here' is invalid: Wrong HTTP URL"},
		{"sendMessage", in(fields{"entities": []fields{{"type": "text_link", "offset": 0, "length": 1}}}), 400, "Bad Request: entity URL '' is invalid: URL host is empty"},
		{"sendMessage", in(fields{"entities": []fields{{"type": "text_mention", "offset": 0, "length": 1, "user": fields{"id": 999}}}}), 400, "Bad Request: user not found"},
		{"sendMessage", in(fields{"message_thread_id": 1}), 400, "Bad Request: message thread not found"},
		{"sendMessage", in(fields{"chat_id": 999, "text": " "}), 400, "Bad Request: chat not found"},
		{"sendMessage", in(fields{"reply_parameters": fields{"message_id": 1}, "text": long}), 400, "Bad Request: message to be replied not found"},
		{"sendMessage", in(fields{"reply_parameters": []int{}}), 400, "Bad Request: object expected as reply parameters"},
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
		{"sendMessage", in(fields{"reply_markup": fields{"inline_keyboard": []any{[]any{fields{"text": "A", "url": "ftp://a.b"}}}}}), 400, "Bad Request: inline keyboard button URL 'ftp://a.b' is invalid: Unsupported URL protocol"},
		{"sendMessage", in(fields{"reply_markup": fields{"keyboard": []any{[]any{1}}}}), 400, "Bad Request: can't parse keyboard button: KeyboardButton must be a String or an Object"},
		{"sendMessage", in(fields{"reply_markup": buttons(strings.Repeat("A", 10_000), "a")}), 400, "Bad Request: reply markup is too long"},
		{"sendMessage", in(fields{"reply_markup": fields{"keyboard": []any{[]string{""}}}}), 400, "Bad Request: keyboard button text must be non-empty"},
		{"sendMessage", in(fields{"reply_markup": buttons(strings.Split(strings.Repeat("a,", 18), ",")...)}), 400, "Bad Request: reply markup is too long"},

		{"sendPhoto", in(nil), 400, "Bad Request: there is no photo in the request"},
		{"sendPhoto", in(fields{"photo": "attach://x"}), 400, "Bad Request: there is no photo in the request"},
		{"sendPhoto", in(fields{"photo": "AgACnothing"}), 400, "Bad Request: wrong file identifier/HTTP URL specified"},
		{"sendPhoto", in(fields{"photo": "a b"}), 400, "Bad Request: wrong remote file identifier specified: Wrong character in the string"},
		{"sendPhoto", in(fields{"photo": "x"}), 400, "Bad Request: wrong remote file identifier specified: can't unserialize it"},
		{"sendVideo", in(nil), 400, "Bad Request: there is no video in the request"},
		{"sendVideo", in(fields{"video": photo.Photo[0].FileID}), 400, "Bad Request: can't use file of type Photo as Video"},
		{"sendPhoto", in(fields{"photo": "https://example.com/a.png"}), 400, "Bad Request: failed to get HTTP URL content"},
		{"sendPhoto", in(fields{"photo": doc.Document.FileID}), 400, "Bad Request: can't use file of type Document as Photo"},
		{"sendPhoto", in(fields{"photo": photo.Photo[0].FileID, "caption": long[:4*513]}), 400, "Bad Request: message caption is too long"},
		{"sendDocument", in(nil), 400, "Bad Request: there is no document in the request"},
		{"sendLocation", in(nil), 400, "Bad Request: latitude is empty"},
		{"sendLocation", in(fields{"latitude": 1}), 400, "Bad Request: longitude is empty"},
		{"sendLocation", in(fields{"latitude": 91, "longitude": 1}), 400, "Bad Request: wrong location specified"},
		{"sendLocation", in(fields{"latitude": 1, "longitude": 1, "live_period": 59}), 400, "Bad Request: wrong live location period specified"},
		{"sendLocation", in(fields{"latitude": 1, "longitude": 1, "heading": 361}), 400, "Bad Request: wrong live location heading specified"},
		{"sendLocation", in(fields{"latitude": 1, "longitude": 1, "proximity_alert_radius": 100_001}), 400, "Bad Request: wrong live location proximity alert radius specified"},
		{"editMessageLiveLocation", at(place, fields{"latitude": 1, "longitude": 1}), 400, "Bad Request: there is no live location in the message to edit"},
		{"stopMessageLiveLocation", at(place, nil), 400, "Bad Request: there is no live location in the message to edit"},
		{"editMessageLiveLocation", at(live, fields{"latitude": 91, "longitude": 1}), 400, "Bad Request: invalid location specified"},
		{"sendVenue", in(fields{"latitude": 1, "longitude": 181, "title": "a", "address": "a"}), 400, "Bad Request: wrong venue location specified"},
		{"sendContact", in(fields{"first_name": "a"}), 400, `Bad Request: parameter "phone_number" is required`},
		{"sendDice", in(fields{"emoji": "🎃"}), 400, "Bad Request: EMOTICON_INVALID"},
		{"sendPoll", in(fields{"question": "?"}), 400, "Bad Request: can't parse options JSON object"},
		{"sendPoll", in(fields{"question": "?", "options": fields{}}), 400, "Bad Request: expected an Array of InputPollOption"},
		{"sendPoll", in(fields{"question": "?", "options": []int{1}}), 400, "Bad Request: can't parse InputPollOption: Expected InputPollOption to be an Object"},
		{"sendPoll", in(fields{"question": "?", "options": []fields{{}}}), 400, `Bad Request: can't parse InputPollOption: Can't find field "text"`},
		{"sendPoll", in(fields{"question": "?", "options": []string{" "}}), 400, "Bad Request: text must be non-empty"},
		{"sendPoll", in(fields{"question": " ", "options": []string{"a"}}), 400, "Bad Request: text must be non-empty"},
		{"sendPoll", in(fields{"question": strings.Repeat("?", 301), "options": []string{"a"}}), 400, "Bad Request: poll question length must not exceed 300"},
		{"sendPoll", in(fields{"question": "?", "options": []string{}}), 400, "Bad Request: poll must have at least one answer option"},
		{"sendPoll", in(fields{"question": "?", "options": make([]string, 13)}), 400, "Bad Request: poll can't have more than 12 options"},
		{"sendPoll", in(fields{"question": "?", "options": []string{strings.Repeat("a", 101)}}), 400, "Bad Request: poll options length must not exceed 100"},
		{"sendPoll", in(fields{"question": "?", "options": []string{"a"}, "type": "vote"}), 400, "Bad Request: unsupported poll type specified"},
		{"stopPoll", at(1, nil), 400, "Bad Request: message with poll to stop not found"},
		{"stopPoll", at(text, nil), 400, "Bad Request: message is not a poll"},
		{"stopPoll", at(closed, nil), 400, "Bad Request: poll has already been closed"},
		{"stopPoll", at(forwarded, nil), 400, "Bad Request: poll can't be stopped"},
		{"setMessageReaction", at(1, nil), 400, "Bad Request: message to react not found"},
		{"setMessageReaction", at(text, fields{"reaction": "{"}), 400, "Bad Request: can't parse reaction types JSON object"},
		{"setMessageReaction", at(text, fields{"reaction": fields{}}), 400, "Bad Request: expected an Array of ReactionType"},
		{"setMessageReaction", at(text, fields{"reaction": []fields{{"type": "paid"}}}), 400, "Bad Request: can't parse ReactionType: invalid reaction type specified"},
		{"setMessageReaction", at(text, fields{"reaction": []fields{{"type": "emoji", "emoji": "🧱"}}}), 400, "Bad Request: REACTION_INVALID"},
		{"setMessageReaction", at(text, fields{"reaction": []fields{{"type": "emoji", "emoji": "👍"}, {"type": "emoji", "emoji": "👎"}}}), 400, "Bad Request: REACTIONS_TOO_MANY"},
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
		{"editMessageCaption", at(photo.MessageID, fields{"caption": long[:4*513]}), 400, "Bad Request: MEDIA_CAPTION_TOO_LONG"},
		{"editMessageCaption", at(1, fields{"caption": long[:4*513]}), 400, "Bad Request: message to edit not found"},
		{"editMessageMedia", at(photo.MessageID, fields{"media": fields{"media": "x"}}), 400, `Bad Request: can't parse InputMedia: Can't find field "type"`},
		{"editMessageMedia", at(photo.MessageID, fields{"media": fields{"type": "voice", "media": "x"}}), 400, `Bad Request: can't parse InputMedia: type "voice" is unsupported`},
		{"editMessageMedia", at(photo.MessageID, fields{"media": fields{"type": "photo", "media": "x", "caption": "<b>", "parse_mode": "HTML"}}), 400, `Bad Request: can't parse InputMedia: Can't parse entities: Can't find end tag corresponding to start tag "b"`},
		{"editMessageMedia", at(photo.MessageID, fields{"media": fields{"type": "photo", "media": photo.Photo[0].FileID, "caption": long[:4*513]}}), 400, "Bad Request: message caption is too long"},
		{"editMessageMedia", at(album[0].MessageID, fields{"media": fields{"type": "document", "media": doc.Document.FileID}}), 400, "Bad Request: can't change media type in the album"},
		{"sendMediaGroup", in(fields{"media": fields{}}), 400, "Bad Request: expected an Array of InputMedia"},
		{"sendMediaGroup", in(fields{"media": []fields{{"type": "animation", "media": "x"}}}), 400, `Bad Request: can't parse InputMedia: type "animation" can't be used in sendMediaGroup`},
		{"forwardMessages", in(fields{"from_chat_id": 501, "message_ids": []int{1}}), 400, "Bad Request: messages can't be forwarded"},
		{"deleteMessage", in(fields{"chat_id": ""}), 400, "Bad Request: chat identifier is not specified"},
		{"deleteMessage", in(nil), 400, "Bad Request: message identifier is not specified"},
		{"deleteMessages", in(fields{"message_ids": "["}), 400, "Bad Request: can't parse message_ids JSON object"},
		{"deleteMessages", in(fields{"message_ids": fields{}}), 400, "Bad Request: expected an Array of message identifiers"},
		{"deleteMessages", in(fields{"message_ids": []bool{true}}), 400, "Bad Request: message identifier must be a Number"},
		{"deleteMessages", in(fields{"message_ids": []string{"a"}}), 400, "Bad Request: can't parse message identifier as Number"},
		{"deleteMessages", in(fields{"message_ids": []int{0}}), 400, "Bad Request: invalid message identifier specified"},
		{"unpinChatMessage", in(nil), 400, "Bad Request: message to unpin not found"},
		{"pinChatMessage", at(1, nil), 400, "Bad Request: message to pin not found"},
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
		{"getFile", fields{"file_id": big.Document.FileID}, 400, "Bad Request: file is too big"},
		{"getUserProfilePhotos", fields{"user_id": 999}, 400, "Bad Request: user not found"},
		{"getUserProfilePhotos", fields{"user_id": "x"}, 400, "Bad Request: invalid user_id specified"},
		{"getChatMember", in(fields{"user_id": 502}), 400, "Bad Request: member not found"},
		{"getChatAdministrators", in(nil), 400, "Bad Request: there are no administrators in the private chat"},
		{"leaveChat", in(nil), 400, "Bad Request: can't leave private chats"},
		{"banChatMember", in(fields{"user_id": 502}), 400, "Bad Request: can't ban members in private chats"},
		{"restrictChatMember", in(fields{"user_id": 502, "permissions": "{"}), 400, "Bad Request: can't parse permissions JSON object"},
		{"restrictChatMember", in(fields{"user_id": 502, "permissions": []int{}}), 400, "Bad Request: object expected as permissions"},
		{"restrictChatMember", in(fields{"user_id": 502, "permissions": fields{}}), 400, "Bad Request: method is available only for supergroups"},
		{"promoteChatMember", in(fields{"user_id": 502}), 400, "Bad Request: method is available for supergroup and channel chats only"},
		{"setChatTitle", in(fields{"title": "x"}), 400, "Bad Request: can't change private chat title"},
		{"setChatDescription", in(nil), 400, "Bad Request: can't change private chat description"},
		{"createForumTopic", in(fields{"name": "x"}), 400, "Bad Request: the chat is not a forum"},
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

		{"setMyCommands", fields{"commands": fields{}}, 400, "Bad Request: expected an Array of BotCommand"},
		{"setMyCommands", fields{"commands": []int{1}}, 400, "Bad Request: can't parse BotCommand: expected an Object"},
		{"setMyCommands", fields{"commands": []fields{{}}}, 400, `Bad Request: can't parse BotCommand: Can't find field "command"`},
		{"setMyCommands", fields{"commands": []fields{{"command": "a"}}}, 400, `Bad Request: can't parse BotCommand: Can't find field "description"`},
		{"setMyCommands", fields{"commands": []fields{{"command": strings.Repeat("a", 33), "description": "d"}}}, 400, "Bad Request: command length must not exceed 32"},
		{"setMyCommands", fields{"scope": []int{}}, 400, "Bad Request: can't parse BotCommandScope: BotCommandScope must be an Object"},
		{"setMyCommands", fields{"scope": fields{}}, 400, `Bad Request: can't parse BotCommandScope: Can't find field "type"`},
		{"setMyCommands", fields{"scope": fields{"type": "chat"}}, 400, `Bad Request: can't parse BotCommandScope: Can't find field "chat_id"`},
		{"setMyCommands", fields{"scope": fields{"type": "chat", "chat_id": ""}}, 400, "Bad Request: can't parse BotCommandScope: Empty chat_id specified"},
		{"setMyCommands", fields{"scope": fields{"type": "chat_member", "chat_id": 501}}, 400, "Bad Request: can't parse BotCommandScope: Invalid user_id specified"},
		{"setMyCommands", fields{"scope": fields{"type": "chat", "chat_id": 999}}, 400, "Bad Request: chat not found"},
		{"setMyName", fields{"name": strings.Repeat("n", 65)}, 400, "Bad Request: name length must not exceed 64"},
		{"setMyShortDescription", fields{"short_description": strings.Repeat("n", 121)}, 400, "Bad Request: short description length must not exceed 120"},
		{"getMyName", fields{"language_code": "R2"}, 400, "Bad Request: invalid language code specified"},
		{"setChatMenuButton", fields{"menu_button": "{"}, 400, "Bad Request: can't parse menu button JSON object"},
		{"setChatMenuButton", fields{"menu_button": fields{}}, 400, `Bad Request: can't parse menu button: Can't find field "type"`},
		{"setChatMenuButton", fields{"menu_button": fields{"type": "big"}}, 400, "Bad Request: can't parse menu button: MenuButton has unsupported type"},
		{"getChatMenuButton", fields{"chat_id": -1}, 400, "Bad Request: invalid chat_id specified"},
		{"getChatMenuButton", fields{"chat_id": 999}, 400, "Bad Request: user not found"},

		{"setWebhook", fields{"url": "https://example.com/", "secret_token": strings.Repeat("a", 257)}, 400, "Bad Request: secret token is too long"},
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
	all := maps.Clone(f)
	if all == nil {
		all = fields{}
	}
	maps.Copy(all, more)
	return all
}

// What a bot may not do in a group.
func TestGroupRefusals(t *testing.T) {
	f := newForum(t)
	eve := sandbox.Profile{ID: 503, FirstName: "Eve"}
	person(t, f.base, eve) // never was there
	dan := sandbox.Profile{ID: 504, FirstName: "Dan"}
	person(t, f.base, dan)
	basic, err := f.ann.CreateGroup(t.Context(), sandbox.NewGroup{Title: "Basic", Members: []int64{bob.ID}, Bots: []string{itoa(botID)}})
	if err != nil {
		t.Fatal(err)
	}
	set(t, f.ann, f.id, dan.ID, sandbox.Membership{Status: "administrator"})
	closed := must[telego.ForumTopic](t, f.call(t, "createForumTopic", fields{"name": "Closed"})).MessageThreadID
	must[bool](t, f.call(t, "closeForumTopic", fields{"message_thread_id": closed}))
	service, err := f.ann.In(f.id).Chat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	reply := func(b fields) fields { return fields{"text": "x", "reply_markup": fields{"keyboard": []any{[]any{b}}}} }
	member := func(id int64, more fields) fields { return fields{"user_id": id}.with(more) }
	small := fields{"chat_id": basic.ID}
	type row struct {
		method string
		params fields
		want   string
	}
	try := func(rows ...row) {
		t.Helper()
		for _, r := range rows {
			if o := f.call(t, r.method, r.params); o.OK || o.ErrorCode != 400 || o.Description != r.want {
				t.Errorf("%s %v:\n got %d %s\nwant %s", r.method, r.params, o.ErrorCode, o.Description, r.want)
			}
		}
	}
	try(
		row{"sendMessage", reply(fields{"text": "A", "request_contact": true}), "Bad Request: phone number can be requested in private chats only"},
		row{"sendMessage", reply(fields{"text": "A", "request_location": true}), "Bad Request: location can be requested in private chats only"},
		row{"forwardMessage", fields{"from_chat_id": f.id, "message_id": service[0].ID}, "Bad Request: the message can't be forwarded"},
		row{"setMessageReaction", fields{"message_id": service[0].ID, "reaction": []fields{{"type": "emoji", "emoji": "👍"}}}, "Bad Request: REACTION_INVALID"},

		row{"banChatMember", member(0, nil), "Bad Request: invalid user_id specified"},
		row{"banChatMember", member(eve.ID, nil), "Bad Request: PARTICIPANT_ID_INVALID"},
		row{"banChatMember", member(ann.ID, nil), "Bad Request: can't remove chat owner"},
		row{"banChatMember", member(botID, nil), "Bad Request: can't restrict self"},
		row{"banChatMember", member(dan.ID, nil), "Bad Request: user is an administrator of the chat"},
		row{"unbanChatMember", member(bob.ID, small), "Bad Request: method is available for supergroup and channel chats only"},
		row{"restrictChatMember", member(bob.ID, small.with(fields{"permissions": fields{}})), "Bad Request: method is available only for supergroups"},
		row{"promoteChatMember", member(bob.ID, small), "Bad Request: method is available for supergroup and channel chats only"},
		row{"promoteChatMember", member(eve.ID, nil), "Bad Request: PARTICIPANT_ID_INVALID"},
		row{"promoteChatMember", member(ann.ID, nil), "Bad Request: can't remove chat owner"},
		row{"promoteChatMember", member(botID, nil), "Bad Request: can't promote self"},
		row{"promoteChatMember", member(dan.ID, nil), "Bad Request: CHAT_ADMIN_REQUIRED"},

		row{"setChatTitle", fields{"title": " "}, "Bad Request: title must be non-empty"},
		row{"setChatDescription", nil, "Bad Request: chat description is not modified"},

		row{"createForumTopic", small.with(fields{"name": "x"}), "Bad Request: the chat is not a forum"},
		row{"createForumTopic", fields{"name": " "}, "Bad Request: title must be non-empty"},
		row{"createForumTopic", fields{"name": "x", "icon_color": -1}, "Bad Request: invalid icon color specified"},
		row{"editForumTopic", fields{"name": "x"}, "Bad Request: invalid message thread identifier specified"},
		row{"editForumTopic", fields{"name": "x", "message_thread_id": 1}, "Bad Request: TOPIC_ID_INVALID"},
		row{"editForumTopic", fields{"name": "Plans", "message_thread_id": f.topic}, "Bad Request: TOPIC_NOT_MODIFIED"},
		row{"reopenForumTopic", fields{"message_thread_id": f.topic}, "Bad Request: TOPIC_NOT_MODIFIED"},
	)
	must[bool](t, f.call(t, "banChatMember", member(bob.ID, nil)))
	try(
		row{"restrictChatMember", member(bob.ID, fields{"permissions": fields{}}), "Bad Request: USER_NOT_PARTICIPANT"},
		row{"promoteChatMember", member(bob.ID, nil), "Bad Request: USER_NOT_MUTUAL_CONTACT"},
	)
	set(t, f.ann, f.id, bob.ID, sandbox.Membership{Status: "member"})
	set(t, f.ann, f.id, botID, sandbox.Membership{Status: "administrator", Rights: sandbox.Rights{PromoteMembers: true}})
	theirs, err := f.ann.CreateTopic(t.Context(), f.id, "Theirs")
	if err != nil {
		t.Fatal(err)
	}
	must[bool](t, f.call(t, "editForumTopic", fields{"message_thread_id": f.topic, "name": "Its own"}))
	of := fields{"message_thread_id": theirs.ID, "name": "x"}
	try(
		row{"promoteChatMember", member(bob.ID, fields{"can_delete_messages": true}), "Bad Request: RIGHT_FORBIDDEN"},
		row{"setChatTitle", fields{"title": "x"}, "Bad Request: not enough rights to change chat title"},
		row{"setChatDescription", fields{"description": "x"}, "Bad Request: not enough rights to set chat description"},
		row{"createForumTopic", fields{"name": "x"}, "Bad Request: not enough rights to create a topic"},
		row{"editForumTopic", of, "Bad Request: not enough rights to edit the topic"},
		row{"closeForumTopic", of, "Bad Request: not enough rights to close or open the topic"},
		row{"deleteForumTopic", of, "Bad Request: not enough rights to delete the topic"},
		row{"pinChatMessage", fields{"message_id": f.media}, "Bad Request: not enough rights to manage pinned messages in the chat"},
	)
	set(t, f.ann, f.id, botID, sandbox.Membership{Status: "member"})
	try(row{"promoteChatMember", member(bob.ID, nil), "Bad Request: not enough rights"})
	must[message](t, f.call(t, "sendMessage", fields{"message_thread_id": closed, "text": "the bot opened it"}))
	if _, err := f.bob.In(f.id).Send(t.Context(), sandbox.Saying{Text: "hi", Thread: int64(closed)}); err == nil || !strings.Contains(err.Error(), "Bad Request: TOPIC_CLOSED") {
		t.Errorf("wrote into a closed topic: %v", err)
	}
}

// A forum takes so many topics and no more.
func TestTopicsAreBounded(t *testing.T) {
	s, base := start(t, sandbox.Options{})
	a := person(t, base, ann)
	said(t, a, "/start")
	g, err := a.CreateGroup(t.Context(), sandbox.NewGroup{Title: "Forum", Forum: true, Bots: []string{itoa(botID)}})
	if err != nil {
		t.Fatal(err)
	}
	set(t, a, g.ID, botID, sandbox.Membership{Status: "administrator", Rights: allRights})
	create := func() outcome {
		return read(t, direct(t, s, "POST", "/bot"+token+"/createForumTopic", fields{"chat_id": g.ID, "name": "x"}))
	}
	for range 1000 {
		must[telego.ForumTopic](t, create())
	}
	refuses(t, create(), 400, "Bad Request: TOPICS_TOO_MUCH")
}

// Every kind of content that someone restricted may not send.
func TestRestrictedSending(t *testing.T) {
	base, id, a, _ := club(t, sandbox.NewGroup{Supergroup: true})
	said(t, a, "/start")
	photo := photoOf(t, base)
	set(t, a, id, botID, sandbox.Membership{Status: "restricted"})
	place := fields{"latitude": 1, "longitude": 2, "title": "a", "address": "b"}
	for _, c := range []struct {
		method string
		params fields
		what   string
	}{
		{"sendMessage", fields{"text": "x"}, "text messages"},
		{"sendPhoto", fields{"photo": photo}, "photos"},
		{"sendLocation", place, "locations"},
		{"sendLocation", place.with(fields{"live_period": 60}), "live locations"},
		{"sendVenue", place, "venues"},
		{"sendContact", fields{"phone_number": "1", "first_name": "a"}, "contacts"},
		{"sendDice", nil, "dice"},
		{"sendPoll", fields{"question": "?", "options": []string{"a"}}, "polls"},
	} {
		refuses(t, call(t, base, c.method, fields{"chat_id": id}.with(c.params)), 400, "Bad Request: not enough rights to send "+c.what+" to the chat")
	}
	for method, c := range map[string][2]string{
		"sendDocument": {"document", "documents"}, "sendAudio": {"audio", "music"}, "sendVideo": {"video", "videos"},
		"sendVoice": {"voice", "voice notes"}, "sendAnimation": {"animation", "animations"}, "sendSticker": {"sticker", "stickers"},
	} {
		o := uploads(t, base, method, map[string]string{"chat_id": itoa(id)}, map[string][]byte{c[0]: {1}})
		refuses(t, o, 400, "Bad Request: not enough rights to send "+c[1]+" to the chat")
	}
	set(t, a, id, botID, sandbox.Membership{Status: "restricted", Permissions: sandbox.Permissions{SendPhotos: true}})
	must[message](t, call(t, base, "sendPhoto", fields{"chat_id": id, "photo": photo}))
	refuses(t, call(t, base, "sendMessage", fields{"chat_id": id, "text": "x"}), 400, "Bad Request: not enough rights to send text messages to the chat")
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
