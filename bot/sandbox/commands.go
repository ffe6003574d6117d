package sandbox

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/mymmrac/telego"
)

// Limits of commands, by the Bot API's BotCommand and setMyCommands.
const (
	maxCommands           = 100
	maxCommand            = 32   // characters
	maxCommandDescription = 256  // characters
	maxCommandLists       = 1000 // scopes and languages of one bot; the sandbox's own bound
)

var commandName = regexp.MustCompile(`^[a-z0-9_]+$`)

// commandLists are a bot's commands by scope and language.
type commandLists struct {
	mu    sync.Mutex
	lists map[string][]telego.BotCommand
}

// commandList names the list that a call is about.
func (c *call) commandList() (string, error) {
	scope, err := c.commandScope()
	if err != nil {
		return "", err
	}
	language, err := c.language()
	return scope + language, err
}

// commandScope reads the scope parameter, and names it as scopeName does.
func (c *call) commandScope() (string, error) {
	scope := struct {
		Type   string         `json:"type"`
		ChatID jsontext.Value `json:"chat_id"`
		UserID int64          `json:"user_id"`
	}{Type: telego.ScopeTypeDefault}
	v := c.text("scope")
	if v == "" {
		return scopeName(scope.Type, 0, 0), nil
	}
	scope.Type = ""
	wrong := func(why string) (string, error) { return "", badRequest("can't parse BotCommandScope: %s", why) }
	if err := json.Unmarshal([]byte(v), &scope); err != nil {
		if jsontext.Value(v).IsValid() {
			return wrong("BotCommandScope must be an Object")
		}
		return "", badRequest("can't parse BotCommandScope JSON object")
	}
	chat := strings.Trim(string(scope.ChatID), `"`)
	switch scope.Type {
	case telego.ScopeTypeDefault, telego.ScopeTypeAllPrivateChats, telego.ScopeTypeAllGroupChats, telego.ScopeTypeAllChatAdministrators:
		return scopeName(scope.Type, 0, 0), nil
	case telego.ScopeTypeChat, telego.ScopeTypeChatAdministrators, telego.ScopeTypeChatMember:
	case "":
		return wrong(`Can't find field "type"`)
	default:
		return wrong("Unsupported type specified")
	}
	switch {
	case scope.ChatID == nil:
		return wrong(`Can't find field "chat_id"`)
	case chat == "":
		return wrong("Empty chat_id specified")
	case scope.Type == telego.ScopeTypeChatMember && scope.UserID <= 0:
		return wrong("Invalid user_id specified")
	}
	in, err := c.chatWith(chat)
	if err != nil {
		return "", err
	}
	if scope.Type != telego.ScopeTypeChatMember {
		scope.UserID = 0
	}
	return scopeName(scope.Type, in.key.chat, scope.UserID), nil
}

// parsedCommands reads the commands parameter.
func (c *call) parsedCommands() ([]telego.BotCommand, error) {
	v := c.text("commands")
	if v == "" {
		return nil, nil
	}
	var raw []jsontext.Value
	if err := json.Unmarshal([]byte(v), &raw); err != nil {
		if jsontext.Value(v).IsValid() {
			return nil, badRequest("expected an Array of BotCommand")
		}
		return nil, badRequest("can't parse commands JSON object")
	}
	list := make([]telego.BotCommand, len(raw))
	for i, r := range raw {
		var cmd struct {
			Command     *string `json:"command"`
			Description *string `json:"description"`
		}
		switch {
		case json.Unmarshal(r, &cmd) != nil:
			return nil, badRequest("can't parse BotCommand: expected an Object")
		case cmd.Command == nil:
			return nil, badRequest(`can't parse BotCommand: Can't find field "command"`)
		case cmd.Description == nil:
			return nil, badRequest(`can't parse BotCommand: Can't find field "description"`)
		}
		list[i].Command = strings.TrimPrefix(strings.TrimSpace(clean(*cmd.Command)), "/")
		list[i].Description = strings.TrimSpace(clean(*cmd.Description))
	}
	return list, nil
}

func (c *call) setMyCommands() (any, error) {
	list, err := c.parsedCommands()
	if err != nil {
		return nil, err
	}
	for _, cmd := range list {
		switch {
		case cmd.Command == "":
			return nil, badRequest("command must be non-empty")
		case utf8.RuneCountInString(cmd.Command) > maxCommand:
			return nil, badRequest("command length must not exceed %d", maxCommand)
		case cmd.Description == "":
			return nil, badRequest("command description must be non-empty")
		case utf8.RuneCountInString(cmd.Description) > maxCommandDescription:
			return nil, badRequest("command description length must not exceed %d", maxCommandDescription)
		}
	}
	for _, cmd := range list { // the servers' own checks come after td's
		if !commandName.MatchString(cmd.Command) {
			return nil, badRequest("BOT_COMMAND_INVALID")
		}
	}
	if len(list) > maxCommands {
		return nil, badRequest("BOT_COMMANDS_TOO_MUCH")
	}
	return c.storeCommands(list)
}

func (c *call) deleteMyCommands() (any, error) { return c.storeCommands(nil) }

func (c *call) storeCommands(list []telego.BotCommand) (any, error) {
	name, err := c.commandList()
	if err != nil {
		return nil, err
	}
	l := &c.bot.commands
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(list) == 0:
		delete(l.lists, name)
	case l.lists == nil:
		l.lists = map[string][]telego.BotCommand{name: list}
	case len(l.lists) >= maxCommandLists && l.lists[name] == nil:
		return nil, badRequest("BOT_COMMANDS_TOO_MUCH")
	default:
		l.lists[name] = list
	}
	return true, nil
}

func (c *call) getMyCommands() (any, error) {
	name, err := c.commandList()
	if err != nil {
		return nil, err
	}
	l := &c.bot.commands
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]telego.BotCommand{}, l.lists[name]...), nil
}
