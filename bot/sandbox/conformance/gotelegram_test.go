package conformance_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

// startGoTelegram runs the bot on github.com/go-telegram/bot until the test ends.
func startGoTelegram(t *testing.T, url, mode string) {
	g := &goTelegram{t: t}
	b, err := bot.New(token, bot.WithServerURL(url), bot.WithDefaultHandler(g.echo), bot.WithWebhookSecretToken("a-secret"),
		bot.WithErrorsHandler(func(err error) {
			if t.Context().Err() == nil {
				t.Errorf("go-telegram/bot: %v", err)
			}
		}))
	if err != nil {
		t.Fatal(err)
	}
	b.RegisterHandler(bot.HandlerTypeMessageText, "/start", bot.MatchTypePrefix, g.start)
	b.RegisterHandler(bot.HandlerTypeMessageText, "/file", bot.MatchTypeExact, g.file)
	b.RegisterHandler(bot.HandlerTypeCallbackQueryData, "count:", bot.MatchTypePrefix, g.count)

	run := b.Start
	if mode == "webhook" {
		run = b.StartWebhook
		hook := httptest.NewServer(b.WebhookHandler())
		t.Cleanup(hook.Close)
		if _, err := b.SetWebhook(t.Context(), &bot.SetWebhookParams{URL: hook.URL, SecretToken: "a-secret"}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
}

type goTelegram struct{ t *testing.T }

func (g *goTelegram) check(err error) {
	if err != nil && g.t.Context().Err() == nil {
		g.t.Errorf("go-telegram/bot: %v", err)
	}
}

func (g *goTelegram) echo(ctx context.Context, b *bot.Bot, u *models.Update) {
	_, err := b.SendMessage(ctx, &bot.SendMessageParams{ChatID: u.Message.Chat.ID, Text: u.Message.Text})
	g.check(err)
}

func counter(n int) models.InlineKeyboardMarkup {
	return models.InlineKeyboardMarkup{InlineKeyboard: [][]models.InlineKeyboardButton{
		{{Text: fmt.Sprintf("Count %d", n), CallbackData: fmt.Sprintf("count:%d", n)}},
	}}
}

func (g *goTelegram) start(ctx context.Context, b *bot.Bot, u *models.Update) {
	_, err := b.SendMessage(ctx, &bot.SendMessageParams{
		ChatID: u.Message.Chat.ID, Text: "Hello, <b>" + u.Message.From.FirstName + "</b>",
		ParseMode: models.ParseModeHTML, ReplyMarkup: counter(0),
	})
	g.check(err)
}

func (g *goTelegram) count(ctx context.Context, b *bot.Bot, u *models.Update) {
	n, err := strconv.Atoi(strings.TrimPrefix(u.CallbackQuery.Data, "count:"))
	g.check(err)
	in := u.CallbackQuery.Message.Message
	_, err = b.EditMessageText(ctx, &bot.EditMessageTextParams{
		ChatID: in.Chat.ID, MessageID: in.ID, Text: fmt.Sprintf("Counted %d", n+1), ReplyMarkup: counter(n + 1),
	})
	g.check(err)
	_, err = b.AnswerCallbackQuery(ctx, &bot.AnswerCallbackQueryParams{CallbackQueryID: u.CallbackQuery.ID, Text: fmt.Sprintf("now %d", n+1)})
	g.check(err)
}

func (g *goTelegram) file(ctx context.Context, b *bot.Bot, u *models.Update) {
	sent, err := b.SendDocument(ctx, &bot.SendDocumentParams{
		ChatID: u.Message.Chat.ID, Caption: "a file",
		Document: &models.InputFileUpload{Filename: "hello.txt", Data: bytes.NewReader([]byte("hello, file"))},
	})
	if g.check(err); err != nil {
		return
	}
	f, err := b.GetFile(ctx, &bot.GetFileParams{FileID: sent.Document.FileID})
	if g.check(err); err != nil {
		return
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.FileDownloadLink(f), nil)
	g.check(err)
	resp, err := http.DefaultClient.Do(r)
	if g.check(err); err != nil {
		return
	}
	body, err := io.ReadAll(resp.Body)
	g.check(err)
	g.check(resp.Body.Close())
	_, err = b.SendMessage(ctx, &bot.SendMessageParams{ChatID: u.Message.Chat.ID, Text: "downloaded: " + string(body)})
	g.check(err)
}
