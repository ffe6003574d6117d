package sandbox_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

// witness writes down what it is told.
type witness struct {
	mu   sync.Mutex
	seen []string
}

func (w *witness) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, fmt.Sprintf(format, args...))
}

func (w *witness) Shown(person int64, m sandbox.Message) {
	w.note("%d sees %q, edited %d, %d buttons, html %q", person, m.Text, m.Edited, len(m.Buttons), m.HTML)
}

func (w *witness) Answered(person int64, callback string, a sandbox.CallbackAnswer) {
	w.note("%d is told %q", person, a.Text)
}

// TestWatcher: people in the server's process need no HTTP, and are told what a bot does.
func TestWatcher(t *testing.T) {
	w := &witness{}
	s, err := sandbox.New(sandbox.Options{Watcher: w})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.Handler())
	defer srv.Close()
	ctx := context.Background()
	bot, err := telego.NewBot(token, telego.WithAPIServer(srv.URL), telego.WithDiscardLogger(), telego.WithHTTPClient(srv.Client()))
	if err != nil {
		t.Fatal(err)
	}
	me, err := bot.GetMe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Say(7, me.ID, sandbox.Saying{Text: "hello"}); err == nil {
		t.Error("somebody who is not known may speak")
	}
	if err := s.Join(sandbox.Profile{ID: 7, FirstName: "Seven"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Say(7, me.ID, sandbox.Saying{Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	m, err := bot.SendMessage(ctx, &telego.SendMessageParams{ChatID: telego.ChatID{ID: 7}, Text: "<b>press</b>", ParseMode: "HTML",
		ReplyMarkup: &telego.InlineKeyboardMarkup{InlineKeyboard: [][]telego.InlineKeyboardButton{{{Text: "go", CallbackData: "d"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	callback, err := s.Press(7, me.ID, int64(m.MessageID), "d")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := strconv.ParseInt(callback, 10, 64); err != nil {
		t.Errorf("the press has no number: %v", err)
	}
	for range 2 {
		if err := bot.AnswerCallbackQuery(ctx, &telego.AnswerCallbackQueryParams{CallbackQueryID: callback, Text: "toast"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := bot.EditMessageText(ctx, &telego.EditMessageTextParams{ChatID: telego.ChatID{ID: 7}, MessageID: m.MessageID, Text: "pressed"}); err != nil {
		t.Fatal(err)
	}
	updates, err := bot.GetUpdates(ctx, &telego.GetUpdatesParams{})
	if err != nil || len(updates) != 2 || updates[0].Message.Text != "hello" || updates[1].CallbackQuery.Data != "d" {
		t.Errorf("the bot gets %+v, %v", updates, err)
	}
	want := []string{
		`7 sees "press", edited 0, 1 buttons, html ""`,
		`7 is told "toast"`,
		`7 sees "pressed", edited 1, 0 buttons, html ""`,
	}
	if fmt.Sprint(w.seen) != fmt.Sprint(want) {
		t.Errorf("told %q", w.seen)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
