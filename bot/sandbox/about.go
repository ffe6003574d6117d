package sandbox

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/mymmrac/telego"
)

// Limits of what a bot says about itself, by the Bot API, in characters.
const (
	maxBotName          = 64
	maxBotDescription   = 512
	maxShortDescription = 120
)

// about is what a bot says about itself.
type about struct {
	mu      sync.Mutex
	texts   map[aboutKey]string
	buttons map[int64]telego.MenuButton // by person; 0: for all
}

// aboutKey names a text: a parameter's name and a language, empty for all others.
type aboutKey struct{ what, language string }

// setAbout makes the method that sets one of the texts; an empty one takes it away.
func setAbout(what string, limit int, apply func(*call, string)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		language, err := c.language()
		if err != nil {
			return nil, err
		}
		text := strings.TrimSpace(clean(c.text(what)))
		if utf8.RuneCountInString(text) > limit {
			return nil, badRequest("%s length must not exceed %d", strings.ReplaceAll(what, "_", " "), limit)
		}
		a := &c.bot.about
		a.mu.Lock()
		defer a.mu.Unlock()
		key := aboutKey{what, language}
		switch {
		case text == "":
			delete(a.texts, key)
		case a.texts == nil:
			a.texts = map[aboutKey]string{key: text}
		default:
			a.texts[key] = text // languages have two letters: there are few
		}
		if apply != nil && language == "" {
			apply(c, text)
		}
		return true, nil
	}
}

// aboutText is one of the texts in the language of the call, or the one for all others.
func (c *call) aboutText(what string) (string, error) {
	language, err := c.language()
	if err != nil {
		return "", err
	}
	a := &c.bot.about
	a.mu.Lock()
	defer a.mu.Unlock()
	if text, ok := a.texts[aboutKey{what, language}]; ok {
		return text, nil
	}
	return a.texts[aboutKey{what, ""}], nil
}

// language reads the language_code parameter, as td checks it.
func (c *call) language() (string, error) {
	code := c.text("language_code")
	if code != "" && (len(code) != 2 || strings.ContainsFunc(code, func(r rune) bool { return r < 'a' || r > 'z' })) {
		return "", badRequest("invalid language code specified")
	}
	return code, nil
}

// rename gives the bot the name that getMe says, too; an empty one changes nothing.
func (c *call) rename(name string) {
	if name == "" {
		return
	}
	me := *c.bot.user()
	me.FirstName = name
	c.bot.profile.Store(&me)
}

func (c *call) getMyName() (any, error) {
	name, err := c.aboutText("name")
	if name == "" {
		name = c.bot.user().FirstName
	}
	return telego.BotName{Name: name}, err
}

func (c *call) getMyDescription() (any, error) {
	text, err := c.aboutText("description")
	return telego.BotDescription{Description: text}, err
}

func (c *call) getMyShortDescription() (any, error) {
	text, err := c.aboutText("short_description")
	return telego.BotShortDescription{ShortDescription: text}, err
}

// menuOwner reads whose menu button a call is about, 0 for all people's.
func (c *call) menuOwner() (int64, error) {
	if c.text("chat_id") == "" {
		return 0, nil
	}
	id := c.integer("chat_id", 0)
	switch {
	case id <= 0:
		return 0, badRequest("invalid chat_id specified")
	case c.server.person(id) == nil:
		return 0, badRequest("user not found")
	}
	return id, nil
}

func (c *call) setChatMenuButton() (any, error) {
	button, err := c.menuButton()
	if err != nil {
		return nil, err
	}
	owner, err := c.menuOwner()
	if err != nil {
		return nil, err
	}
	a := &c.bot.about
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case button.ButtonType() == telego.ButtonTypeDefault:
		delete(a.buttons, owner)
	case a.buttons == nil:
		a.buttons = map[int64]telego.MenuButton{owner: button}
	default:
		a.buttons[owner] = button // there are no more than people
	}
	return true, nil
}

// menuButton reads the menu_button parameter.
func (c *call) menuButton() (telego.MenuButton, error) {
	var raw struct {
		Type   string            `json:"type"`
		Text   string            `json:"text"`
		WebApp telego.WebAppInfo `json:"web_app"`
	}
	v := c.text("menu_button")
	if v == "" {
		return &telego.MenuButtonDefault{Type: telego.ButtonTypeDefault}, nil
	}
	if err := json.Unmarshal([]byte(v), &raw); err != nil {
		return nil, badRequest("can't parse menu button JSON object")
	}
	switch raw.Type {
	case telego.ButtonTypeDefault:
		return &telego.MenuButtonDefault{Type: raw.Type}, nil
	case telego.ButtonTypeCommands:
		return &telego.MenuButtonCommands{Type: raw.Type}, nil
	case telego.ButtonTypeWebApp:
		return &telego.MenuButtonWebApp{Type: raw.Type, Text: raw.Text, WebApp: raw.WebApp}, nil
	case "":
		return nil, badRequest(`can't parse menu button: Can't find field "type"`)
	}
	return nil, badRequest("can't parse menu button: MenuButton has unsupported type")
}

func (c *call) getChatMenuButton() (any, error) {
	owner, err := c.menuOwner()
	if err != nil {
		return nil, err
	}
	a := &c.bot.about
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range []int64{owner, 0} {
		if b := a.buttons[id]; b != nil {
			return b, nil
		}
	}
	return &telego.MenuButtonDefault{Type: telego.ButtonTypeDefault}, nil
}

// getUserProfilePhotos: nobody has a photo in the sandbox.
func (c *call) getUserProfilePhotos() (any, error) {
	id, err := c.userID()
	if err != nil {
		return nil, err
	}
	if c.server.person(id) == nil && id != c.bot.id {
		return nil, badRequest("user not found")
	}
	return telego.UserProfilePhotos{Photos: [][]telego.PhotoSize{}}, nil
}

// userID reads the user_id parameter.
func (c *call) userID() (int64, error) {
	id := c.integer("user_id", 0)
	if id <= 0 {
		return 0, badRequest("invalid user_id specified")
	}
	return id, nil
}
