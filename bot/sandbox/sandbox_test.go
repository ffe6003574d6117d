package sandbox_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mymmrac/telego"
	"go.uber.org/goleak"

	"okolo/bot/sandbox"
)

func TestMain(m *testing.M) {
	if kind := os.Getenv(childMark); kind != "" {
		if err := serveChild(kind); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

const token = "7001:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"

var ann = sandbox.Profile{ID: 501, FirstName: "Ann", LastName: "Lee", Username: "annlee", LanguageCode: "en"}

// start runs a sandbox for a test.
func start(t testing.TB, o sandbox.Options) (*sandbox.Server, string) {
	t.Helper()
	s, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	url, err := s.Listen(context.Background(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s, url
}

// client makes a telego bot against a sandbox.
func client(t testing.TB, url string) *telego.Bot {
	t.Helper()
	return clientOf(t, url, token)
}

func clientOf(t testing.TB, url, token string) *telego.Bot {
	t.Helper()
	hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	t.Cleanup(hc.CloseIdleConnections)
	b, err := telego.NewBot(token, telego.WithAPIServer(url), telego.WithHTTPClient(hc), telego.WithDiscardLogger())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// person makes someone who talks to the bot of token.
func person(t testing.TB, url string, who sandbox.Profile) *sandbox.Person {
	t.Helper()
	people := sandbox.NewPeople(url, nil)
	t.Cleanup(people.Close)
	p, err := people.Join(t.Context(), who, "7001")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// poll gets updates with telego.
func poll(t testing.TB, b *telego.Bot, offset int, timeout time.Duration) []telego.Update {
	t.Helper()
	us, err := b.GetUpdates(t.Context(), &telego.GetUpdatesParams{Offset: offset, Timeout: int(timeout.Seconds())})
	if err != nil {
		t.Error(err)
	}
	return us
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestAConversation(t *testing.T) {
	_, url := start(t, sandbox.Options{IDs: filepath.Join(t.TempDir(), "ids")})
	bot, ctx := client(t, url), within(t, 10*time.Second)
	p := person(t, url, ann)

	if me, err := bot.GetMe(ctx); err != nil || me.ID != 7001 { // telego sends null for no parameters
		t.Fatalf("getMe: %+v, %v", me, err)
	}
	if _, err := p.Say(ctx, "/start hello"); err != nil {
		t.Fatal(err)
	}
	us := poll(t, bot, 0, time.Second)
	if len(us) != 1 || us[0].Message == nil || us[0].Message.Text != "/start hello" || us[0].Message.From.LanguageCode != "en" {
		t.Fatalf("updates: %+v", us)
	}
	if es := us[0].Message.Entities; len(es) != 1 || es[0].Type != telego.EntityTypeBotCommand || es[0].Length != 6 {
		t.Fatalf("entities: %+v", es)
	}
	sent, err := bot.SendMessage(ctx, &telego.SendMessageParams{
		ChatID: telego.ChatID{ID: ann.ID}, Text: "<b>Hi</b> 🏟 <i>you</i>", ParseMode: telego.ModeHTML,
		ReplyMarkup: &telego.InlineKeyboardMarkup{InlineKeyboard: [][]telego.InlineKeyboardButton{{{Text: "Go", CallbackData: "go:1"}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	chat, err := p.Wait(ctx, func(chat []sandbox.Message) bool { return len(chat) == 2 })
	if err != nil {
		t.Fatal(err)
	}
	if m := chat[1]; m.Text != "Hi 🏟 you" || m.HTML != "<b>Hi</b> 🏟 <i>you</i>" || !m.FromBot || m.ID != int64(sent.MessageID) {
		t.Fatalf("seen: %+v", m)
	}
	press, ok := chat[1].Button("G") // the first that contains it
	if exact, found := chat[1].Button("Go"); !ok || !found || press != exact {
		t.Fatalf("buttons: %+v", chat[1].Buttons)
	}
	if b, found := chat[1].Button("Stop"); found || chat[1].Body() != chat[1].Text {
		t.Fatalf("no such button: %+v", b)
	}
	id, err := p.Press(ctx, chat[1].ID, press.Data)
	if err != nil {
		t.Fatal(err)
	}
	us = poll(t, bot, us[0].UpdateID+1, time.Second)
	if len(us) != 1 || us[0].CallbackQuery == nil || us[0].CallbackQuery.ID != id || us[0].CallbackQuery.Data != "go:1" {
		t.Fatalf("updates: %+v", us)
	}
	if err := bot.AnswerCallbackQuery(ctx, &telego.AnswerCallbackQueryParams{CallbackQueryID: id, Text: "done", ShowAlert: true}); err != nil {
		t.Fatal(err)
	}
	if a, err := p.Answer(ctx, id); err != nil || a != (sandbox.CallbackAnswer{Text: "done", ShowAlert: true}) {
		t.Fatalf("answer: %+v, %v", a, err)
	}
	var answering sync.WaitGroup
	answering.Go(func() {
		for _, u := range poll(t, bot, us[0].UpdateID+1, 5*time.Second) {
			if err := bot.AnswerCallbackQuery(ctx, &telego.AnswerCallbackQueryParams{CallbackQueryID: u.CallbackQuery.ID, URL: "https://t.me/x"}); err != nil {
				t.Error(err)
			}
		}
	})
	if a, err := p.PressAndWait(ctx, chat[1].ID, press.Data); err != nil || a.URL != "https://t.me/x" {
		t.Fatalf("answer: %+v, %v", a, err)
	}
	answering.Wait()
}

// eventually polls a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come within 10 s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestPage(t *testing.T) {
	_, url := start(t, sandbox.Options{})
	resp, err := plain.Get(url + "/")
	if err != nil {
		t.Fatal(err)
	}
	if page := readAll(t, resp); !strings.Contains(page, "https://api.telegram.org") {
		t.Error(page)
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	s, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", "nonsense"} {
		if url, err := s.Listen(t.Context(), addr); err == nil {
			t.Errorf("listens on %s", url)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	url, err := s.Listen(ctx, ":0")
	if err != nil || !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("an empty host is loopback: %s, %v", url, err)
	}
	cancel() // the end of the context closes the server
	eventually(t, "the end", func() bool {
		resp, err := plain.Get(url)
		if err == nil {
			readAll(t, resp)
		}
		return err != nil
	})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
