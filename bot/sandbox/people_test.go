package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

func TestJoin(t *testing.T) {
	s, base := start(t, sandbox.Options{})
	people := sandbox.NewPeople(base, nil)
	t.Cleanup(people.Close)
	join := func(who sandbox.Profile, bot string) error {
		_, err := people.Join(t.Context(), who, bot)
		return err
	}
	refused := func(err error, code int, why string) {
		t.Helper()
		var e *sandbox.Error
		if !errors.As(err, &e) || *e != (sandbox.Error{Code: code, Description: why}) {
			t.Errorf("got %v, want %d %s", err, code, why)
		}
	}
	refused(join(ann, ""), 404, "Not Found: no bot has called yet")
	must[telego.User](t, call(t, base, "getMe", nil))
	if err := join(ann, ""); err != nil {
		t.Error(err)
	}
	if err := join(ann, "@SANDBOX7001_bot"); err != nil {
		t.Error(err)
	}
	refused(join(ann, "nobody"), 404, "Not Found: no such bot")
	refused(join(sandbox.Profile{ID: 5}, ""), 400, "Bad Request: a person needs a positive id and a first name")
	refused(join(sandbox.Profile{ID: -5, FirstName: "A"}, ""), 400, "Bad Request: a person needs a positive id and a first name")
	if err := join(ann, "7002"); err != nil {
		t.Error(err)
	}
	refused(join(ann, ""), 400, "Bad Request: there are 2 bots: say which")
	refused(s.Say(9, 7001, sandbox.Saying{Text: "hi"}), 404, "Not Found: no such person")
	refused(join(sandbox.Profile{ID: 7002, FirstName: "A"}, "7001"), 400, "Bad Request: a bot has the id 7002")
	refuses(t, post(t, base+"/bot501:a/getMe", "", nil), 401, "Unauthorized: the id of the token is a person's in this sandbox")
	if st := s.Stats(); st.People != 1 || st.Chats != 2 || st.Bots != 2 {
		t.Errorf("stats: %+v", st)
	}
}

func TestBlocking(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	p, ctx := person(t, base, ann), within(t, 10*time.Second)
	said(t, p, "/start")
	for range 2 { // the second time changes nothing
		if err := p.Block(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for _, method := range []string{"sendMessage", "sendChatAction"} {
		o := call(t, base, method, fields{"chat_id": ann.ID, "text": "hi", "action": "typing"})
		if o.ErrorCode != 403 || o.Description != "Forbidden: bot was blocked by the user" {
			t.Errorf("%s: %+v", method, o)
		}
	}
	if err := p.Unblock(ctx); err != nil {
		t.Fatal(err)
	}
	sendText(t, base, "back")
	if err := p.Block(ctx); err != nil {
		t.Fatal(err)
	}
	said(t, p, "/start") // writing takes it back
	sendText(t, base, "back again")
	want(t, get(t, base, nil), "/start", "kicked", "member", "kicked", "member", "/start")
}

func TestPresses(t *testing.T) {
	_, base := start(t, sandbox.Options{MessagesPerChat: 3})
	p, ctx := person(t, base, ann), within(t, 10*time.Second)
	said(t, p, "/start")
	first := sendText(t, base, "first")
	var ids []string
	for _, data := range []string{"a", "a", "forged"} {
		id, err := p.Press(ctx, int64(first.MessageID), data)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	for range 3 {
		sendText(t, base, "more")
	}
	if _, err := p.Press(ctx, int64(first.MessageID), "late"); err != nil {
		t.Fatal(err)
	}
	us := get(t, base, fields{"offset": -4})
	for i, u := range us[:3] {
		if u.CallbackQuery.ID != ids[i] || !u.CallbackQuery.Message.IsAccessible() || u.CallbackQuery.From.ID != ann.ID {
			t.Errorf("press %d: %+v", i, u.CallbackQuery)
		}
	}
	if m := us[3].CallbackQuery.Message; m.IsAccessible() || m.GetMessageID() != first.MessageID || m.GetDate() != 0 {
		t.Errorf("a press on a message that is gone: %+v", m)
	}
	must[bool](t, call(t, base, "answerCallbackQuery", fields{"callback_query_id": ids[0], "text": "one"}))
	must[bool](t, call(t, base, "answerCallbackQuery", fields{"callback_query_id": ids[0], "text": "two"}))
	if a, err := p.Answer(ctx, ids[0]); err != nil || a.Text != "one" {
		t.Errorf("answer: %+v, %v", a, err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := p.Answer(short, ids[1]); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no answer yet: %v", err)
	}
	bob := person(t, base, sandbox.Profile{ID: 502, FirstName: "Bob"})
	if _, err := bob.Answer(ctx, ids[0]); err == nil {
		t.Error("someone else's answer")
	}
	for _, bad := range []struct {
		message int64
		data    string
	}{{int64(first.MessageID), ""}, {int64(first.MessageID), strings.Repeat("x", 65)}, {1 << 40, "a"}, {0, "a"}} {
		if _, err := p.Press(ctx, bad.message, bad.data); err == nil {
			t.Errorf("pressed %+v", bad)
		}
	}
}

func TestChatAction(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	said(t, p, "/start")
	must[bool](t, call(t, base, "sendChatAction", fields{"chat_id": ann.ID, "action": "typing"}))
	view := func() string {
		resp, err := plain.Get(base + "/people/501/chats/only")
		if err != nil {
			t.Fatal(err)
		}
		return readAll(t, resp)
	}
	if v := view(); !strings.Contains(v, `"action":"typing"`) {
		t.Error(v)
	}
	sendText(t, base, "here")
	if v := view(); !strings.Contains(v, `"action":""`) {
		t.Error(v)
	}
}

// Many people at once: everyone gets the bot's echo of what they said, in order, and nobody
// another's.
func TestManyPeople(t *testing.T) {
	const people, rounds = 40, 10
	_, base := start(t, sandbox.Options{})
	ctx := within(t, 30*time.Second)
	bot := client(t, base)
	echoing, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() {
		for offset := 0; echoing.Err() == nil; {
			us, err := bot.GetUpdates(echoing, &telego.GetUpdatesParams{Offset: offset, Timeout: 5})
			if err != nil {
				continue // the end
			}
			for _, u := range us {
				offset = u.UpdateID + 1
				if _, err := bot.SendMessage(ctx, &telego.SendMessageParams{ChatID: telego.ChatID{ID: u.Message.From.ID}, Text: u.Message.Text}); err != nil {
					t.Errorf("echo: %v", err)
				}
			}
		}
	})
	var talking sync.WaitGroup
	for i := range people {
		p := person(t, base, sandbox.Profile{ID: int64(1000 + i), FirstName: "P" + strconv.Itoa(i)})
		talking.Go(func() {
			var last int64
			for r := range rounds {
				text := fmt.Sprintf("%d says %d", p.ID, r)
				if _, err := p.Say(ctx, text); err != nil {
					t.Error(err)
					return
				}
				chat, err := p.Wait(ctx, func(chat []sandbox.Message) bool { return len(sandbox.FromBot(chat, last)) > 0 })
				if err != nil {
					t.Error(err)
					return
				}
				got := sandbox.FromBot(chat, last)
				if len(got) != 1 || got[0].Text != text {
					t.Errorf("said %q, got %+v", text, got)
					return
				}
				last = got[0].ID
			}
		})
	}
	talking.Wait()
	stop()
	all.Wait()
}

// A person whose account is deleted gets nothing more; one who deleted it is still known.
func TestDeletedAccount(t *testing.T) {
	s, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	said(t, p, "/start")
	m := sendText(t, base, "hi")
	if _, err := p.Press(t.Context(), int64(m.MessageID)+1, "x"); err == nil || !strings.Contains(err.Error(), "Bad Request: message not found") {
		t.Errorf("pressed what is not there: %v", err)
	}
	if err := p.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone := "Forbidden: user is deactivated"
	refuses(t, call(t, base, "sendMessage", fields{"chat_id": ann.ID, "text": "hi"}), 403, gone)
	refuses(t, call(t, base, "editMessageText", fields{"chat_id": ann.ID, "message_id": m.MessageID, "text": "ho"}), 403, gone)
	refuses(t, call(t, base, "sendChatAction", fields{"chat_id": ann.ID, "action": "typing"}), 403, gone)
	must[telego.ChatFullInfo](t, call(t, base, "getChat", fields{"chat_id": ann.ID}))
	for _, err := range []error{errOf(p.Say(t.Context(), "hi")), errOf(p.Chat(t.Context())), s.Join(ann), s.Say(ann.ID, 7001, sandbox.Saying{Text: "hi"})} {
		if err == nil || !strings.Contains(err.Error(), "410 Gone: the person's account was deleted") {
			t.Errorf("a deleted account acts: %v", err)
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

// A live location moves, and the bot sees every step, until it stops or its time is over.
func TestLiveLocation(t *testing.T) {
	var seconds atomic.Int64
	_, base := start(t, sandbox.Options{Now: func() time.Time { return time.Unix(1_800_000_000+seconds.Load(), 0) }})
	p := person(t, base, ann)
	edits := func() []*message {
		us := get(t, base, fields{"allowed_updates": []string{"edited_message"}})
		var list []*message
		for _, u := range us {
			list = append(list, u.EditedMessage)
			get(t, base, fields{"offset": u.UpdateID + 1})
		}
		return list
	}
	edits()
	share := func() int64 {
		t.Helper()
		m, err := p.ShareLocation(t.Context(), 52.5, 13.4, time.Hour)
		if err != nil || m.Live != 3600 {
			t.Fatalf("shared %+v, %v", m, err)
		}
		return m.ID
	}
	id := share()
	if err := p.Move(t.Context(), id, 52.6, 13.5); err != nil {
		t.Fatal(err)
	}
	if got := edits(); len(got) != 1 || int64(got[0].MessageID) != id || got[0].Location.Latitude != 52.6 || got[0].Location.LivePeriod != 3600 || got[0].EditDate == 0 {
		t.Errorf("moved: %+v", got)
	}
	if err := p.StopSharing(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if got := edits(); len(got) != 1 || got[0].Location.Latitude != 52.6 || got[0].Location.LivePeriod != 0 {
		t.Errorf("stopped: %+v", got)
	}
	over := share()
	seconds.Store(3600)
	for what, err := range map[string]error{
		"stopped":       p.Move(t.Context(), id, 1, 1),
		"over":          p.Move(t.Context(), over, 1, 1),
		"not there":     p.StopSharing(t.Context(), 1),
		"nobody else's": person(t, base, sandbox.Profile{ID: 502, FirstName: "Bob"}).Move(t.Context(), over, 1, 1),
	} {
		if err == nil {
			t.Errorf("moved one that is %s", what)
		}
	}
	if _, err := p.ShareLocation(t.Context(), 1, 1, time.Second); err == nil {
		t.Error("shared for a second")
	}
}
