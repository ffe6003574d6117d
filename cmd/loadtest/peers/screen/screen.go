// Package screen is what the peers of okolo show: the same map and list of the same events
// around a person, with pages and a radius, answered from memory, by the same calls of the Bot
// API. The peers differ only in how they keep a person's state.
package screen

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/mymmrac/telego"

	"okolo/bot/staticmap"
	"okolo/persistence/model"
)

var radii = []int{1, 2, 5, 10, 25, 50, 100} // km

// State is what a peer keeps of a person.
type State struct {
	Here         model.Point
	Radius, Page int // km; from 0
	Days         string
}

// Fresh is the state of somebody new.
func Fresh() State { return State{Radius: 5, Days: "today"} }

// Next is the state after an update, before anything was answered.
func (s State) Next(u telego.Update) State {
	if u.CallbackQuery == nil {
		if m := u.Message; m != nil && m.Location != nil {
			s.Here = model.Point{Lat: m.Location.Latitude, Lon: m.Location.Longitude}
		}
		s.Page = 0
		return s
	}
	action, arg, _ := pressed(u.CallbackQuery)
	n, _ := strconv.Atoi(arg) // no number: 0
	switch action {
	case "p":
		s.Page = min(max(n, 0), most/pageSize-1)
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
	bot    *telego.Bot
	events *events
	maps   *staticmap.Renderer

	mu     sync.Mutex
	photos map[uint64]string // file ids of the maps that were sent
}

// waiting is how many maps may wait to be drawn: as many as there can be.
const waiting = 1_000_000

// Run polls for updates, and calls handle for each, until the process is told to end.
func Run(name string, handle func(context.Context, *Peer, telego.Update)) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	bot, err := telego.NewBot(os.Getenv("BOT_TOKEN"), telego.WithAPIServer(os.Getenv("BOT_API_URL")), telego.WithDiscardLogger())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p := &Peer{bot: bot, photos: map[uint64]string{}}
	if p.events, err = newEvents(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if p.maps, err = staticmap.New(staticmap.Options{MaxWaiting: waiting}); err != nil {
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
	v := p.view(s)
	var sent *telego.Message
	err := p.picture(ctx, v, func(file telego.InputFile) (_ *telego.Message, err error) {
		sent, err = p.bot.SendPhoto(ctx, &telego.SendPhotoParams{ChatID: to, Photo: file, Caption: v.caption(), ParseMode: telego.ModeHTML})
		return sent, err
	})
	if err != nil {
		return err
	}
	_, err = p.bot.SendMessage(ctx, &telego.SendMessageParams{ChatID: to, Text: v.text(), ParseMode: telego.ModeHTML, ReplyMarkup: v.buttons(sent.MessageID)})
	return err
}

// edit shows both in place.
func (p *Peer) edit(ctx context.Context, s State, q *telego.CallbackQuery) error {
	v := p.view(s)
	_, _, picture := pressed(q)
	to := telego.ChatID{ID: q.From.ID}
	if _, err := p.bot.EditMessageText(ctx, &telego.EditMessageTextParams{ChatID: to, MessageID: q.Message.GetMessageID(), Text: v.text(), ParseMode: telego.ModeHTML, ReplyMarkup: v.buttons(picture)}); err != nil {
		return err
	}
	err := p.picture(ctx, v, func(file telego.InputFile) (*telego.Message, error) {
		media := &telego.InputMediaPhoto{Type: telego.MediaTypePhoto, Media: file, Caption: v.caption(), ParseMode: telego.ModeHTML}
		return p.bot.EditMessageMedia(ctx, &telego.EditMessageMediaParams{ChatID: to, MessageID: picture, Media: media})
	})
	if err != nil {
		return err
	}
	return p.bot.AnswerCallbackQuery(ctx, &telego.AnswerCallbackQueryParams{CallbackQueryID: q.ID})
}

// picture calls with with a view's map: drawn, or known by its id where it was sent before.
func (p *Peer) picture(ctx context.Context, v view, with func(telego.InputFile) (*telego.Message, error)) error {
	spec := v.spec()
	p.mu.Lock()
	id := p.photos[spec.Key()]
	p.mu.Unlock()
	if id != "" {
		_, err := with(telego.InputFile{FileID: id})
		return err
	}
	file, err := p.maps.PNG(ctx, spec)
	if err != nil {
		return err
	}
	sent, err := with(telego.InputFile{File: named{bytes.NewReader(file)}})
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.photos[spec.Key()] = sent.Photo[len(sent.Photo)-1].FileID
	p.mu.Unlock()
	return nil
}

// named is a file with a name, as telego wants one.
type named struct{ *bytes.Reader }

func (named) Name() string { return "map.png" }

// view is what a person gets to see: a page of what was found.
type view struct {
	State
	found, page []event
	zone        *time.Location
	pages       int
}

func (p *Peer) view(s State) view {
	v := view{State: s, found: p.events.near(s), zone: p.events.zone}
	v.pages = max((len(v.found)+pageSize-1)/pageSize, 1)
	v.Page = min(s.Page, v.pages-1)
	v.page = v.found[v.Page*pageSize : min((v.Page+1)*pageSize, len(v.found))]
	return v
}

// number is that of the i-th event of the page.
func (v *view) number(i int) int { return v.Page*pageSize + i + 1 }

func (v *view) spec() staticmap.Spec {
	s := staticmap.Spec{Centre: v.Here, Radius: v.Radius * 1000, Lang: "en"}
	for i, e := range v.page {
		s.Pins = append(s.Pins, staticmap.Pin{Point: e.Point, Number: v.number(i), Kind: model.Personal})
	}
	return s
}

func (v *view) caption() string {
	return fmt.Sprintf("Around you: %d km, %s", v.Radius, v.Days)
}

// text is the list, as long as okolo's.
func (v *view) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<b>Nearby</b> · %d km · %s · ✨ everything\n", v.Radius, v.Days)
	if len(v.found) == 0 {
		b.WriteString("\nNothing here. Try a wider radius or other days, or make an event yourself.")
	} else {
		fmt.Fprintf(&b, "%d events: from people %d, communities 0, calendars 0\n", len(v.found), len(v.found))
	}
	for i, e := range v.page {
		fmt.Fprintf(&b, "\n<b>%d.</b> %s\n%s · %.0f m · 🚶 %s\n", v.number(i), e.Title, e.Starts.In(v.zone).Format("Mon 2 Jan 15:04"), e.metres, e.Category)
	}
	return b.String()
}

// buttons are those of okolo's list; their data names the message with the map.
func (v *view) buttons(picture int) *telego.InlineKeyboardMarkup {
	button := func(text, data string) telego.InlineKeyboardButton {
		return telego.InlineKeyboardButton{Text: text, CallbackData: data + ":" + strconv.Itoa(picture)}
	}
	var numbers, radius, days []telego.InlineKeyboardButton
	for i := range v.page {
		n := strconv.Itoa(v.number(i))
		numbers = append(numbers, button(n, "e:"+n))
	}
	for i, r := range radii {
		if r != v.Radius {
			continue
		}
		if i > 0 {
			radius = append(radius, button(fmt.Sprintf("➖ %d km", radii[i-1]), fmt.Sprintf("r:%d", radii[i-1])))
		}
		radius = append(radius, button("🔄 Again", "g:"))
		if i+1 < len(radii) {
			radius = append(radius, button(fmt.Sprintf("➕ %d km", radii[i+1]), fmt.Sprintf("r:%d", radii[i+1])))
		}
	}
	for _, d := range []string{"today", "tomorrow", "week"} {
		label := d
		if d == v.Days {
			label = "• " + d + " •"
		}
		days = append(days, button(label, "d:"+d))
	}
	var rows [][]telego.InlineKeyboardButton
	if len(v.page) > 0 {
		rows = append(rows, numbers)
	}
	if v.pages > 1 {
		rows = append(rows, []telego.InlineKeyboardButton{
			button("◀", fmt.Sprintf("p:%d", max(v.Page-1, 0))), button(fmt.Sprintf("%d / %d", v.Page+1, v.pages), "p:"+strconv.Itoa(v.Page)), button("▶", fmt.Sprintf("p:%d", min(v.Page+1, v.pages-1))),
		})
	}
	return &telego.InlineKeyboardMarkup{InlineKeyboard: append(rows, radius, days, []telego.InlineKeyboardButton{
		button("✨ everything", "k:"), button("➕ Create", "w:"), button("⭐ Mine", "m:"),
	})}
}
