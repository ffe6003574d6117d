package sandbox

import (
	"encoding/json"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/mymmrac/telego"
)

// What is written by hand is what telego's own types make of the same message.
func TestShownIsAsTelegoHasIt(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	ann, err := s.join(Profile{ID: 501, FirstName: `"Ann" <&>`, LastName: "Ли\u2028", Username: "ann", LanguageCode: "ru"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.bot(7001)
	if err != nil {
		t.Fatal(err)
	}
	premium := &telego.User{ID: 5, FirstName: "P", IsPremium: true}
	at := telego.Location{Latitude: -52.25, Longitude: 1e-7}
	rich := richText{text: "a\x00\t🏟\\", entities: []telego.MessageEntity{
		{Type: "text_link", Offset: 0, Length: 1, URL: "http://a/?b&c"}, {Type: "pre", Length: 2, Language: "go"},
		{Type: "text_mention", Length: 2, User: premium}, {Type: "custom_emoji", Length: 2, CustomEmojiID: "1"},
	}}
	upload := func(kind string) *file {
		return &file{kind: kinds[kind], id: "a", unique: "b", name: "n.pdf", size: 3, width: 1, height: 2}
	}
	photo := upload("photo")
	photo.smaller = []*file{{id: "c", unique: "d", width: 1}}
	query := "x"
	keys := &telego.InlineKeyboardMarkup{InlineKeyboard: [][]telego.InlineKeyboardButton{
		{{Text: "data", CallbackData: "a:1"}, {Text: "link", URL: "https://b/?c&d"}}, {{Text: "else", SwitchInlineQuery: &query, Pay: true}},
	}}
	contents := map[string]content{
		"empty": {}, "rich": {rich: rich}, "photo": {file: photo, rich: rich},
		"location": {location: &at}, "live": {location: &telego.Location{Latitude: 89.999999, Longitude: -180, LivePeriod: 5}},
		"venue":   {location: &at, venue: &telego.Venue{Location: at, Title: "T", Address: "A"}},
		"service": {service: &telego.Message{GroupChatCreated: true}},
		"contact": {contact: &telego.Contact{PhoneNumber: "1", FirstName: "C"}},
		"dice":    {dice: &telego.Dice{Emoji: "🎲", Value: 6}}, "poll": {poll: &telego.Poll{ID: "1", Question: "?"}},
	}
	for kind := range kinds {
		if kind != "photo" {
			contents[kind] = content{file: upload(kind), rich: rich}
		}
	}
	messages := map[string]message{
		"bot": {bot: b}, "from": {from: ann}, "hidden": {from: ann, hidden: true}, "via": {from: ann, via: b, inlineID: "i"},
		"inline": {bot: b, inline: keepKeyboard(keys)}, "thread": {bot: b, thread: 3}, "album": {bot: b, album: "9"}, "editDate": {bot: b, editDate: 7, edits: 1},
		"origin":  {bot: b, origin: &telego.MessageOriginUser{Type: "user", Date: 1, SenderUser: *premium}},
		"replyTo": {bot: b, replyTo: 1}, "keyboard": {bot: b, keyboard: &Keyboard{Remove: true}},
	}
	private := s.chat(b, ann)
	forum := &chat{key: chatKey{chat: -1001}, server: s, group: &group{title: `G"`, super: true, forum: true}}
	for _, c := range []*chat{private, forum} {
		c.messages = []*message{{id: 1, bot: b, date: 5, thread: 2, content: &content{rich: rich}, inline: keepKeyboard(keys)}}
		for what, with := range contents {
			for kind, m := range messages {
				m.id, m.date, m.content = 2, time.Now().Unix(), &with
				same(t, what+"/"+kind, c.shown(&m).body, c.show(&m))
				cb := &callback{id: "77"}
				var in telego.MaybeInaccessibleMessage = c.show(&m)
				if m.via != nil {
					in = nil
				}
				same(t, "query/"+what+"/"+kind, c.query(cb, ann, &m, m.id, "<d>"), telego.CallbackQuery{
					ID: "77", From: *ann.user(), Message: in, InlineMessageID: m.inlineID, ChatInstance: instance(c), Data: "<d>",
				})
			}
		}
	}
	same(t, "query of nothing", private.query(&callback{id: "7"}, ann, nil, 9, "d"), telego.CallbackQuery{
		ID: "7", From: *ann.user(), ChatInstance: instance(private), Data: "d",
		Message: &telego.InaccessibleMessage{Chat: private.telegram(), MessageID: 9},
	})
	// Whoever adds a field teaches appendMessage, or message.rare, and adds a case above.
	for what, n := range map[reflect.Type]int{
		reflect.TypeFor[content](): 8, reflect.TypeFor[message](): 20, reflect.TypeFor[telego.Chat](): 8,
		reflect.TypeFor[telego.PhotoSize](): 5, reflect.TypeFor[telego.MessageEntity](): 7,
	} {
		if what.NumField() != n {
			t.Errorf("%v has %d fields, %d are known to shown.go and this test", what, what.NumField(), n)
		}
	}
}

func instance(c *chat) string { return strconv.FormatInt(c.key.bot^c.key.chat, 10) }

// same compares what was written to what telego's types are encoded as.
func same(t *testing.T, what string, written []byte, of any) {
	t.Helper()
	own, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	var is, want any
	if err := json.Unmarshal(written, &is); err != nil {
		t.Fatalf("%s: %s: %v", what, written, err)
	}
	if err := json.Unmarshal(own, &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(is, want) {
		t.Errorf("%s:\n%s\n%s", what, written, own)
	}
}
