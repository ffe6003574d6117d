package sandbox

import (
	"errors"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/mymmrac/telego"
)

// Limits of keyboards: callback_data by the Bot API, the others those of Telegram's servers,
// as https://github.com/tginfo/Telegram-Limits has them.
const (
	maxCallbackData = 64 // bytes

	maxMarkup = 10_000 // bytes of JSON

	maxInlineRow, maxInlineButtons = 8, 100
	maxReplyRow, maxReplyButtons   = 12, 300
)

// markup is the reply_markup of a message that a bot sends.
type markup struct {
	inline   *telego.InlineKeyboardMarkup
	keyboard *Keyboard
}

// rawMarkup is a reply_markup as it comes: one of four kinds, told apart by their fields.
type rawMarkup struct {
	InlineKeyboard *[][]telego.InlineKeyboardButton `json:"inline_keyboard"`
	Keyboard       [][]keyboardButton               `json:"keyboard"`
	RemoveKeyboard bool                             `json:"remove_keyboard"`
	ForceReply     bool                             `json:"force_reply"`
	Resize         bool                             `json:"resize_keyboard"`
	OneTime        bool                             `json:"one_time_keyboard"`
	Persistent     bool                             `json:"is_persistent"`
	Selective      bool                             `json:"selective"`
	Placeholder    string                           `json:"input_field_placeholder"`
}

// keyboardButton is a button of a reply keyboard: an object, or its text alone.
type keyboardButton struct{ telego.KeyboardButton }

// UnmarshalJSON implements [json.Unmarshaler].
func (b *keyboardButton) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, &b.Text)
	}
	return json.Unmarshal(raw, &b.KeyboardButton)
}

// markup reads the reply_markup parameter.
func (p *params) markup() (markup, error) {
	v := p.text("reply_markup")
	if v == "" {
		return markup{}, nil
	}
	if len(v) > maxMarkup {
		return markup{}, errLongMarkup
	}
	if rows, ok := plainButtons(v); ok {
		k, err := inlineKeyboard(rows)
		return markup{inline: k}, err
	}
	var raw rawMarkup
	if err := json.Unmarshal([]byte(v), &raw); err != nil {
		return markup{}, markupError(err)
	}
	switch {
	case len(raw.Keyboard) > 0:
		k, err := replyKeyboard(raw)
		return markup{keyboard: k}, err
	case raw.InlineKeyboard != nil:
		k, err := inlineKeyboard(*raw.InlineKeyboard)
		return markup{inline: k}, err
	case raw.RemoveKeyboard:
		return markup{keyboard: &Keyboard{Remove: true, Selective: raw.Selective}}, nil
	case raw.ForceReply:
		return markup{keyboard: &Keyboard{ForceReply: true, Selective: raw.Selective, Placeholder: raw.Placeholder}}, nil
	}
	return markup{}, nil
}

var errLongMarkup = badRequest("reply markup is too long")

// fits refuses what a chat does not take: in groups nobody is asked for a location or contact.
func (k markup) fits(in *chat) error {
	if in.group == nil || k.keyboard == nil {
		return nil
	}
	for _, row := range k.keyboard.Rows {
		for _, b := range row {
			switch {
			case b.RequestContact:
				return badRequest("phone number can be requested in private chats only")
			case b.RequestLocation:
				return badRequest("location can be requested in private chats only")
			}
		}
	}
	return nil
}

// showKeyboard does what a message of a bot does to people's keyboards: those of all who are
// there, or where it is selective, of who is mentioned or replied to, by the Bot API's
// ReplyKeyboardMarkup.
func (c *chat) showKeyboard(m *message) {
	k := m.keyboard
	if k == nil {
		return
	}
	for _, id := range c.audience(m) {
		if k.Remove {
			delete(c.keyboards, id)
			continue
		}
		if c.keyboards == nil {
			c.keyboards = map[int64]*Keyboard{}
		}
		c.keyboards[id] = k
	}
}

// audience are the people whose keyboard a message changes.
func (c *chat) audience(m *message) []int64 {
	if c.group == nil {
		return []int64{c.person.id}
	}
	var ids []int64
	for id, who := range c.group.members {
		if who.person != nil && who.inside() && (!m.keyboard.Selective || c.addresses(m, who.person)) {
			ids = append(ids, id)
		}
	}
	return ids
}

// addresses reports whether a message replies to a person or mentions them.
func (c *chat) addresses(m *message, p *person) bool {
	if r := c.find(m.replyTo); r != nil && r.from == p {
		return true
	}
	return m.content.rich.mentions(p.user())
}

// used takes a keyboard for one use from a person who said something.
func (c *chat) used(p *person) {
	if k := c.keyboards[p.id]; k != nil && (k.OneTime || k.ForceReply) {
		delete(c.keyboards, p.id)
	}
}

// markupError says what is wrong with a reply_markup.
func markupError(err error) error {
	var wrong *json.SemanticError
	if !errors.As(err, &wrong) {
		return badRequest("can't parse reply keyboard markup JSON object")
	}
	path := strings.Split(strings.TrimPrefix(string(wrong.JSONPointer), "/"), "/")
	switch field, last := path[0], path[len(path)-1]; {
	case field == "":
		return badRequest("object expected as reply markup")
	case field == "inline_keyboard" && len(path) > 3:
		return badRequest(`can't parse inline keyboard button: Field "%s" must be of type %s`, last, jsonTypeName(wrong.GoType))
	case field == "inline_keyboard" && len(path) == 3:
		return badRequest("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
	case field == "inline_keyboard":
		return badRequest(`field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays`)
	case field == "keyboard" && len(path) > 2:
		return badRequest("can't parse keyboard button: KeyboardButton must be a String or an Object")
	case field == "keyboard":
		return badRequest(`field "keyboard" of the ReplyKeyboardMarkup must be an Array of Arrays`)
	default:
		return badRequest(`field "%s" of the reply markup must be of the type %s`, last, jsonTypeName(wrong.GoType))
	}
}

// jsonTypeName is the type that a field should have had, in the words of JSON.
func jsonTypeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "Boolean"
	case reflect.String:
		return "String"
	case reflect.Struct, reflect.Pointer:
		return "Object"
	default:
		return "Number"
	}
}

// inlineKeyboard checks the buttons; a keyboard without any is none.
func inlineKeyboard(rows [][]telego.InlineKeyboardButton) (*telego.InlineKeyboardMarkup, error) {
	k := &telego.InlineKeyboardMarkup{}
	total := 0
	for _, row := range rows {
		for i := range row {
			if err := checkInlineButton(&row[i]); err != nil {
				return nil, err
			}
		}
		if total += len(row); len(row) > maxInlineRow || total > maxInlineButtons {
			return nil, errLongMarkup
		}
		if len(row) > 0 {
			k.InlineKeyboard = append(k.InlineKeyboard, row)
		}
	}
	if total == 0 {
		return nil, nil
	}
	return k, nil
}

func checkInlineButton(b *telego.InlineKeyboardButton) error {
	b.Text = strings.TrimSpace(clean(b.Text))
	switch {
	case b.Text == "":
		return badRequest("inline keyboard button text must be non-empty")
	case b.URL != "":
		if strings.HasPrefix(b.URL, "tg://user?id=") {
			return nil
		}
		to, wrong := checkLink(b.URL)
		if wrong != "" {
			return badRequest("inline keyboard button URL '%s' is invalid: %s", b.URL, wrong)
		}
		b.URL = to
	case len(b.CallbackData) > maxCallbackData:
		return badRequest("BUTTON_DATA_INVALID")
	case b.CallbackData == "" && !special(b):
		return badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
	}
	return nil
}

// special reports whether a button does something other than open a link or call back.
func special(b *telego.InlineKeyboardButton) bool {
	return b.WebApp != nil || b.LoginURL != nil || b.SwitchInlineQuery != nil || b.SwitchInlineQueryCurrentChat != nil ||
		b.SwitchInlineQueryChosenChat != nil || b.CopyText != nil || b.CallbackGame != nil || b.Pay
}

// replyKeyboard makes what the person sees of a reply keyboard.
func replyKeyboard(raw rawMarkup) (*Keyboard, error) {
	k := &Keyboard{OneTime: raw.OneTime, Resize: raw.Resize, Persistent: raw.Persistent, Selective: raw.Selective, Placeholder: raw.Placeholder}
	total := 0
	for _, row := range raw.Keyboard {
		buttons := make([]KeyboardButton, 0, len(row))
		for _, b := range row {
			text := strings.TrimSpace(clean(b.Text))
			if text == "" {
				return nil, badRequest("keyboard button text must be non-empty")
			}
			buttons = append(buttons, KeyboardButton{text, b.RequestLocation, b.RequestContact})
		}
		if total += len(row); len(row) > maxReplyRow || total > maxReplyButtons {
			return nil, errLongMarkup
		}
		if len(buttons) > 0 {
			k.Rows = append(k.Rows, buttons)
		}
	}
	return k, nil
}
