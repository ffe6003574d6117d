package bot

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/mymmrac/telego"

	"okolo/bot/timezone"
	"okolo/bot/ui"
)

// reader is as much of a bot as reads updates.
func reader(t testing.TB) *Bot {
	t.Helper()
	zones, err := timezone.New()
	if err != nil {
		t.Fatal(err)
	}
	admins, err := newAdmins()
	if err != nil {
		t.Fatal(err)
	}
	return &Bot{Config: Config{Zones: zones, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}, self: ui.Self{Username: "okolo_bot"}, admins: admins}
}

const (
	groupJSON     = `"chat":{"id":-100500,"type":"supergroup","title":"Club","is_forum":true}`
	personJSON    = `"from":{"id":7,"first_name":"Ann","language_code":"en"}`
	anonymousJSON = `"from":{"id":1087968824,"is_bot":true,"first_name":"Group"},"sender_chat":{"id":-100500,"type":"supergroup"}`
)

// groupUpdates are updates from groups, and what the bot makes of them; nil: nothing.
var groupUpdates = map[string]struct {
	update string
	want   func(in incoming) bool
}{
	"a command": {`{"message":{` + groupJSON + `,` + personJSON + `,"text":"/events","message_thread_id":5,"is_topic_message":true}}`, func(in incoming) bool {
		p, ok := in.payload.(ui.GroupCommand)
		return ok && p.Name == "events" && p.Group == ui.Group{ID: -100500, Title: "Club", Thread: 5, Forum: true} && in.user == -100500 && in.person == 7
	}},
	"to the bot":          {`{"message":{` + groupJSON + `,` + personJSON + `,"text":"/start@Okolo_Bot now"}}`, isCommand("start")},
	"of a reply's thread": {`{"message":{` + groupJSON + `,` + personJSON + `,"text":"/help","message_thread_id":5}}`, isCommand("help")},
	"to another bot":      {`{"message":{` + groupJSON + `,` + personJSON + `,"text":"/start@other_bot"}}`, nil},
	"of another bot":      {`{"message":{` + groupJSON + `,"from":{"id":9,"is_bot":true,"first_name":"B"},"text":"/start"}}`, nil},
	"private, to nobody":  {`{"message":{` + groupJSON + `,` + personJSON + `,"text":"/mine"}}`, nil},
	"private, to the bot": {`{"message":{` + groupJSON + `,` + personJSON + `,"text":"/mine@okolo_bot"}}`, isCommand("mine")},
	"not known, to it":    {`{"message":{` + groupJSON + `,` + personJSON + `,"text":"/stats@okolo_bot"}}`, nil},
	"not known":           {`{"message":{` + groupJSON + `,` + personJSON + `,"text":"/ban"}}`, nil},
	"a slash":             {`{"message":{` + groupJSON + `,` + personJSON + `,"text":"/ \n@"}}`, nil},
	"talk":                {`{"message":{` + groupJSON + `,` + personJSON + `,"text":"hello"}}`, nil},
	"from nobody":         {`{"message":{` + groupJSON + `,"text":"/start"}}`, nil},
	"in a channel":        {`{"message":{"chat":{"id":-3,"type":"channel"},` + personJSON + `,"text":"/start"}}`, nil},
	"of a channel":        {`{"message":{` + groupJSON + `,"from":{"id":136817688,"is_bot":true,"first_name":"C"},"sender_chat":{"id":-4,"type":"channel"},"text":"/settings"}}`, nil},
	"anonymous": {`{"message":{` + groupJSON + `,` + anonymousJSON + `,"text":"/settings"}}`, func(in incoming) bool {
		p, ok := in.payload.(ui.GroupCommand)
		return ok && p.Group.Anonymous && in.person == -100500
	}},
	"became a supergroup": {`{"message":{"chat":{"id":-5,"type":"group","title":"Club"},` + personJSON + `,"migrate_to_chat_id":-100500}}`, isMigration},
	"was a group":         {`{"message":{` + groupJSON + `,` + personJSON + `,"migrate_from_chat_id":-5}}`, isMigration},
	"added": {`{"my_chat_member":{` + groupJSON + `,` + personJSON + `,"old_chat_member":{"status":"left","user":{"id":1}},"new_chat_member":{"status":"member","user":{"id":1}}}}`, func(in incoming) bool {
		p, ok := in.payload.(ui.GroupEntered)
		return ok && p.Added && in.unheard && in.person == 0
	}},
	"promoted": {`{"my_chat_member":{` + groupJSON + `,` + personJSON + `,"old_chat_member":{"status":"member","user":{"id":1}},"new_chat_member":{"status":"administrator","user":{"id":1}}}}`, func(in incoming) bool {
		p, ok := in.payload.(ui.GroupEntered)
		return ok && !p.Added
	}},
	"removed": {`{"my_chat_member":{` + groupJSON + `,` + personJSON + `,"old_chat_member":{"status":"restricted","is_member":true,"user":{"id":1}},"new_chat_member":{"status":"kicked","user":{"id":1}}}}`, func(in incoming) bool {
		_, ok := in.payload.(ui.GroupLeft)
		return ok
	}},
	"kept out":         {`{"my_chat_member":{` + groupJSON + `,` + personJSON + `,"old_chat_member":{"status":"left","user":{"id":1}},"new_chat_member":{"status":"kicked","user":{"id":1}}}}`, nil},
	"a member":         {`{"chat_member":{` + groupJSON + `,` + personJSON + `,"old_chat_member":{"status":"left","user":{"id":2}},"new_chat_member":{"status":"member","user":{"id":2}}}}`, nil},
	"of a person's id": {`{"message":{"chat":{"id":7,"type":"group"},` + personJSON + `,"text":"/start"}}`, nil},
	"a press": {`{"callback_query":{"id":"q",` + personJSON + `,"data":"1J:1~0","message":{"message_id":3,"date":1,` + groupJSON + `}}}`, func(in incoming) bool {
		p, ok := in.payload.(ui.GroupPress)
		return ok && p.Data == "1J:1~0" && p.Message == 3 && in.press == 0 && in.callback == "q" && !in.unheard && in.user == -100500
	}},
	"a press on an old message": {`{"callback_query":{"id":"q",` + personJSON + `,"data":"1J:1~0","message":{"message_id":3,"date":0,` + groupJSON + `}}}`, func(in incoming) bool {
		_, ok := in.payload.(ui.GroupPress)
		return ok
	}},
}

func isCommand(name string) func(incoming) bool {
	return func(in incoming) bool {
		p, ok := in.payload.(ui.GroupCommand)
		return ok && p.Name == name && p.Group.Thread == 0
	}
}

// isMigration tells the news of a move, which the new chat's session hears in both ways.
func isMigration(in incoming) bool {
	p, ok := in.payload.(ui.GroupMigrated)
	return ok && p.From == -5 && p.To == -100500 && in.user == -100500
}

func TestGroupUpdates(t *testing.T) {
	b := reader(t)
	for name, c := range groupUpdates {
		var u telego.Update
		if err := json.Unmarshal([]byte(c.update), &u); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if in, ok := b.interpret(&u); ok != (c.want != nil) || ok && !c.want(in) {
			t.Errorf("%s: %v %+v", name, ok, in)
		}
	}
}

// FuzzUpdate: no update that telego can decode makes the bot panic while it is read.
func FuzzUpdate(f *testing.F) {
	for _, c := range groupUpdates {
		f.Add([]byte(c.update))
	}
	f.Add([]byte(`{"message":{"chat":{"id":7,"type":"private"},` + personJSON + `,"venue":{"location":{"latitude":1e300,"longitude":-7}}}}`))
	f.Add([]byte(`{"callback_query":{"id":"q",` + personJSON + `,"messAge":{"chat":{}}}}`)) // telego reads that by halves
	f.Add([]byte(`{"inline_query":{"id":"q",` + personJSON + `,"query":"x"}}`))
	b := reader(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var u telego.Update
		if json.Unmarshal(raw, &u) != nil {
			return
		}
		if in, ok := b.interpret(&u); ok && (in.payload == nil || (in.user < 0) != (in.context.Group.ID != 0)) {
			t.Errorf("%s is read as one of session %d: %+v", raw, in.user, in.context.Group)
		}
	})
}

// An administrator's list is asked for once while it holds, anew after its time, and after what
// changes it; one that was asked for before that is not kept.
func TestAdmins(t *testing.T) {
	a, err := newAdmins()
	if err != nil {
		t.Fatal(err)
	}
	now, asked := time.Now(), 0
	ask := func() ([]int64, error) { asked++; return []int64{1}, nil }
	look := func(want int, when string) {
		t.Helper()
		people, err := a.of(-1, now, ask)
		if err != nil || len(people) != 1 || asked != want {
			t.Fatalf("%s: %v, %v, asked %d times, want %d", when, people, err, asked, want)
		}
	}
	look(1, "at first")
	look(1, "again")
	now = now.Add(adminsLife)
	look(2, "after a while")
	a.drop(-1)
	look(3, "after a change")
	if _, err := a.of(-2, now, func() ([]int64, error) { a.drop(-2); return []int64{1}, nil }); err != nil || a.chats.Contains(-2) {
		t.Errorf("an answer from before a change is kept, %v", err)
	}
	for chat := range int64(2 * adminsTable) {
		if _, err := a.of(-10-chat, now, ask); err != nil {
			t.Fatal(err)
		}
	}
	if n := a.chats.Len(); n != adminsTable {
		t.Errorf("%d groups are remembered, not %d", n, adminsTable)
	}
}
