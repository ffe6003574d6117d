package bot

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"unicode"

	"github.com/mymmrac/telego"

	"okolo/bot/ui"
	"okolo/persistence/model"
)

// allowedUpdates are the kinds of update the bot asks Telegram for.
var allowedUpdates = []string{telego.MessageUpdates, telego.EditedMessageUpdates, telego.CallbackQueryUpdates, telego.InlineQueryUpdates,
	telego.MyChatMemberUpdates, telego.ChatMemberUpdates}

// errNotToBeRead is the error of an update that telego decoded, and that cannot be read.
var errNotToBeRead = errors.New("an update in no form that there is")

// incoming is an update in the words of the user interface.
type incoming struct {
	update   int64
	user     int64  // whose session it is for: a person's, or a group's
	person   int64  // who is watched for hammering; 0: nobody
	press    uint64 // key of a button press; 0: not a press
	payload  any
	context  ui.Context // that of the payload
	callback string     // to be answered, where there is no session to do it
	lang     string
	unheard  bool // there is no chat in which the person could be told anything
}

// translate reads an update. It reports false for one that the bot has no use for: what people
// say to each other in a group, a message in a channel, from another bot, from a person who is
// ignored for now.
func (b *Bot) translate(u *telego.Update) (incoming, bool) {
	in, ok := b.interpret(u)
	if !ok {
		b.noteReturn(u)
		return incoming{}, false
	}
	switch b.judge(in) {
	case ignored:
		b.counts.flooded.Add(1)
		return incoming{}, false
	case told:
		b.counts.flooded.Add(1)
		if in.unheard {
			return incoming{}, false
		}
		in.press, in.payload = 0, ui.Flooded{Context: in.context}
	default:
		b.noteReturn(u)
	}
	return in, true
}

// judge says what is done with an input, by how much the person has sent lately.
func (b *Bot) judge(in incoming) verdict {
	if in.person == 0 {
		return admitted
	}
	return b.flood.judge(in.person, b.Now())
}

// interpret reads an update, whoever it is from. What telego decodes of an update that Telegram
// would not send may hold values that no method can be called on: then it is unreadable.
func (b *Bot) interpret(u *telego.Update) (in incoming, ok bool) {
	defer func() {
		if cause := recover(); cause != nil {
			b.unreadable(int64(u.UpdateID), fmt.Errorf("%w: %v", errNotToBeRead, cause))
			in, ok = incoming{}, false
		}
	}()
	switch {
	case u.CallbackQuery != nil:
		return b.translatePress(u)
	case isPrivate(u.EditedMessage) && u.EditedMessage.Location != nil:
		m := u.EditedMessage
		c, p := b.context(u, m.From), point(m.Location)
		return incoming{
			update: c.Update, user: m.From.ID, person: m.From.ID, context: c, lang: m.From.LanguageCode, unheard: true,
			payload: ui.Moved{Context: c, Point: p, Zone: b.Zones.At(p)},
		}, true
	case u.InlineQuery != nil:
		q := u.InlineQuery
		c := b.context(u, &q.From)
		return incoming{
			update: c.Update, user: q.From.ID, person: q.From.ID, context: c, lang: q.From.LanguageCode, unheard: true,
			payload: ui.InlineQuery{Context: c, ID: q.ID, Query: q.Query},
		}, true
	case isPrivate(u.Message):
		return b.translateMessage(u)
	case u.Message != nil && isGroup(u.Message.Chat):
		return b.translateGroupMessage(u)
	case u.MyChatMember != nil && isGroup(u.MyChatMember.Chat):
		return b.translateStanding(u)
	case u.ChatMember != nil:
		b.admins.dropChanged(u.ChatMember)
	}
	return incoming{}, false
}

// isPrivate reports whether a message is of a person in the chat with the bot.
func isPrivate(m *telego.Message) bool {
	return m != nil && m.From != nil && m.Chat.Type == telego.ChatTypePrivate && !m.From.IsBot
}

func (b *Bot) translateMessage(u *telego.Update) (incoming, bool) {
	m := u.Message
	c := b.context(u, m.From)
	in := incoming{update: c.Update, user: m.From.ID, person: m.From.ID, context: c, lang: m.From.LanguageCode}
	switch {
	case m.Venue != nil:
		in.payload = b.location(c, ui.Location{Point: point(&m.Venue.Location), Title: m.Venue.Title})
	case m.Location != nil:
		in.payload = b.location(c, ui.Location{Point: point(m.Location)})
	case strings.HasPrefix(m.Text, "/"):
		in.payload = command(c, m.Text)
	case m.Text != "":
		in.payload = ui.Text{Context: c, Text: m.Text}
		if p, title, ok := ui.ParsePlace(m.Text); ok {
			in.payload = b.location(c, ui.Location{Point: p, Title: title, Typed: m.Text})
		}
	default:
		in.payload = ui.Unsupported{Context: c}
	}
	return in, true
}

func (b *Bot) translatePress(u *telego.Update) (incoming, bool) {
	q := u.CallbackQuery
	if q.Message == nil {
		return incoming{}, false
	}
	if ui.Forged(q.Data) {
		b.counts.forged.Add(1)
	}
	switch chat := q.Message.GetChat(); {
	case isGroup(chat):
		return b.translateGroupPress(u)
	case chat.Type != telego.ChatTypePrivate:
		return incoming{}, false
	}
	c := b.context(u, &q.From)
	c.Message, c.Callback = int64(q.Message.GetMessageID()), q.ID
	return incoming{
		update: c.Update, user: q.From.ID, person: q.From.ID, context: c, press: pressKey(c.Message, q.Data), callback: q.ID, lang: q.From.LanguageCode,
		payload: ui.Press{Context: c, Data: q.Data},
	}, true
}

func (b *Bot) context(u *telego.Update, from *telego.User) ui.Context {
	return ui.Context{
		From:     model.Person{ID: from.ID, Name: clean(from.FirstName, model.MaxName), Lang: from.LanguageCode},
		Self:     b.self,
		Operator: b.operator[from.ID],
		Now:      b.Now(),
		Update:   int64(u.UpdateID),
	}
}

// location adds what a point alone does not tell: whose it is, and its time zone.
func (b *Bot) location(c ui.Context, l ui.Location) ui.Location {
	l.Context, l.Zone = c, b.Zones.At(l.Point)
	return l
}

func point(l *telego.Location) model.Point {
	return model.Point{Lat: l.Latitude, Lon: l.Longitude}
}

// isStart reports whether a text is the command /start, with an argument or without.
func isStart(text string) bool {
	return strings.HasPrefix(text, "/") && command(ui.Context{}, text).Name == "start"
}

// command reads "/name@bot argument", with white space of any sort between.
func command(c ui.Context, text string) ui.Command {
	name, arg := text[1:], ""
	if i := strings.IndexFunc(name, unicode.IsSpace); i >= 0 {
		name, arg = name[:i], name[i:]
	}
	name, _, _ = strings.Cut(name, "@")
	return ui.Command{Context: c, Name: strings.ToLower(name), Arg: strings.TrimSpace(arg)}
}

// pressKey is the key under which a session remembers a press: the message, and the data,
// which holds the revision of the screen and the action. It is never 0.
func pressKey(message int64, data string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(strconv.AppendInt(nil, message, 36)) // never fails
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(data))
	return max(h.Sum64(), 1)
}
