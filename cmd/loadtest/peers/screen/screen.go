// Package screen is what the peers of okolo show: the same list of events around a person,
// with pages and a radius, answered from memory, by the same calls of the Bot API. The peers
// differ only in how they keep a person's state.
package screen

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/mymmrac/telego"
)

const (
	events   = 50 // of every search
	pageSize = 5
	pages    = events / pageSize
)

var radii = []int{1, 2, 5, 10, 25, 50, 100} // km

// State is what a peer keeps of a person.
type State struct {
	Radius, Page int // km; from 0
	Days         string
}

// Fresh is the state of somebody new.
func Fresh() State { return State{Radius: 5, Days: "today"} }

// Next is the state after an update, before anything was answered.
func (s State) Next(u telego.Update) State {
	if u.CallbackQuery == nil {
		s.Page = 0
		return s
	}
	action, arg, _ := pressed(u.CallbackQuery)
	n, _ := strconv.Atoi(arg) // no number: 0
	switch action {
	case "p":
		s.Page = min(max(n, 0), pages-1)
	case "r":
		s.Radius, s.Page = n, 0
	case "d":
		s.Days, s.Page = arg, 0
	}
	return s
}

// pressed reads a button: what it does, with which argument, and which message has the map.
func pressed(q *telego.CallbackQuery) (action, arg string, picture int) {
	parts := strings.SplitN(q.Data+"::", ":", 4)
	picture, _ = strconv.Atoi(parts[2]) // no number: 0, which is no message
	return parts[0], parts[1], picture
}

// Peer is a bot that shows the list.
type Peer struct {
	bot *telego.Bot

	mu    sync.Mutex
	photo string // file_id of the map, once it was sent
}

// Run polls for updates, and calls handle for each, until the process is told to end.
func Run(name string, handle func(context.Context, *Peer, telego.Update)) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	bot, err := telego.NewBot(os.Getenv("BOT_TOKEN"), telego.WithAPIServer(os.Getenv("BOT_API_URL")), telego.WithDiscardLogger())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if _, err := bot.GetMe(ctx); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	updates, err := bot.UpdatesViaLongPolling(ctx, &telego.GetUpdatesParams{Timeout: 10})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Printf("ready: %s\n", name)
	p := &Peer{bot: bot}
	for u := range updates {
		handle(ctx, p, u)
	}
	return nil
}

// Of returns whom an update is from; 0: nobody.
func Of(u telego.Update) int64 {
	switch {
	case u.Message != nil && u.Message.From != nil:
		return u.Message.From.ID
	case u.CallbackQuery != nil:
		return u.CallbackQuery.From.ID
	}
	return 0
}

// Show answers an update with a person's new state.
func (p *Peer) Show(ctx context.Context, s State, u telego.Update) error {
	switch m, q := u.Message, u.CallbackQuery; {
	case m != nil && m.Text == "/start":
		_, err := p.bot.SendMessage(ctx, &telego.SendMessageParams{ChatID: m.Chat.ChatID(), Text: "What would you like to do?"})
		return err
	case m != nil && (m.Location != nil || m.Text == "/nearby"):
		return p.send(ctx, s, m.Chat.ChatID())
	case q != nil:
		return p.edit(ctx, s, q)
	}
	return nil
}

// send shows the map and the list as new messages.
func (p *Peer) send(ctx context.Context, s State, to telego.ChatID) error {
	input, err := p.picture()
	if err != nil {
		return err
	}
	sent, err := p.bot.SendPhoto(ctx, &telego.SendPhotoParams{ChatID: to, Photo: input, Caption: s.caption()})
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.photo = sent.Photo[len(sent.Photo)-1].FileID
	p.mu.Unlock()
	_, err = p.bot.SendMessage(ctx, &telego.SendMessageParams{ChatID: to, Text: s.text(), ParseMode: telego.ModeHTML, ReplyMarkup: s.buttons(sent.MessageID)})
	return err
}

// edit shows both in place.
func (p *Peer) edit(ctx context.Context, s State, q *telego.CallbackQuery) error {
	_, _, picture := pressed(q)
	to := telego.ChatID{ID: q.From.ID}
	if _, err := p.bot.EditMessageText(ctx, &telego.EditMessageTextParams{ChatID: to, MessageID: q.Message.GetMessageID(), Text: s.text(), ParseMode: telego.ModeHTML, ReplyMarkup: s.buttons(picture)}); err != nil {
		return err
	}
	input, err := p.picture()
	if err != nil {
		return err
	}
	media := &telego.InputMediaPhoto{Type: telego.MediaTypePhoto, Media: input, Caption: s.caption()}
	if _, err := p.bot.EditMessageMedia(ctx, &telego.EditMessageMediaParams{ChatID: to, MessageID: picture, Media: media}); err != nil {
		return err
	}
	return p.bot.AnswerCallbackQuery(ctx, &telego.AnswerCallbackQueryParams{CallbackQueryID: q.ID})
}

// picture is the map: sent once, and known by its id from then on.
func (p *Peer) picture() (telego.InputFile, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.photo != "" {
		return telego.InputFile{FileID: p.photo}, nil
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 800, 600))); err != nil {
		return telego.InputFile{}, err
	}
	return telego.InputFile{File: named{bytes.NewReader(b.Bytes())}}, nil
}

// named is a file with a name, as telego wants one.
type named struct{ *bytes.Reader }

func (named) Name() string { return "map.png" }

func (s State) caption() string {
	return fmt.Sprintf("Around you: %d km, %s, page %d", s.Radius, s.Days, s.Page+1)
}

// text is the list, as long as okolo's.
func (s State) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<b>Nearby</b> · %d km · %s · ✨ everything\n%d events: from people %d, communities 0, calendars 0\n", s.Radius, s.Days, events, events)
	for i := range pageSize {
		n := s.Page*pageSize + i + 1
		fmt.Fprintf(&b, "\n<b>%d.</b> Event number %d of those around you\ntomorrow 19:00 · %d m · 🚶 walks\n", n, n, 100*n)
	}
	return b.String()
}

// buttons are those of okolo's list; their data names the message with the map.
func (s State) buttons(picture int) *telego.InlineKeyboardMarkup {
	button := func(text, data string) telego.InlineKeyboardButton {
		return telego.InlineKeyboardButton{Text: text, CallbackData: data + ":" + strconv.Itoa(picture)}
	}
	var numbers, radius, days []telego.InlineKeyboardButton
	for i := range pageSize {
		n := strconv.Itoa(s.Page*pageSize + i + 1)
		numbers = append(numbers, button(n, "e:"+n))
	}
	for i, r := range radii {
		if r != s.Radius {
			continue
		}
		if i > 0 {
			radius = append(radius, button(fmt.Sprintf("➖ %d km", radii[i-1]), fmt.Sprintf("r:%d", radii[i-1])))
		}
		if i+1 < len(radii) {
			radius = append(radius, button(fmt.Sprintf("➕ %d km", radii[i+1]), fmt.Sprintf("r:%d", radii[i+1])))
		}
	}
	for _, d := range []string{"today", "tomorrow", "week"} {
		label := d
		if d == s.Days {
			label = "• " + d + " •"
		}
		days = append(days, button(label, "d:"+d))
	}
	return &telego.InlineKeyboardMarkup{InlineKeyboard: [][]telego.InlineKeyboardButton{
		numbers,
		{button("◀", fmt.Sprintf("p:%d", max(s.Page-1, 0))), button(fmt.Sprintf("%d / %d", s.Page+1, pages), "p:"+strconv.Itoa(s.Page)), button("▶", fmt.Sprintf("p:%d", min(s.Page+1, pages-1)))},
		radius, days,
		{button("✨ everything", "k:"), button("➕ Create", "w:"), button("⭐ Mine", "m:")},
	}}
}
