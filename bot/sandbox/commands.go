package sandbox

import (
	"regexp"
	"slices"
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
	maxCommandDescription = 256
	maxCommandLists       = 1000 // scopes and languages of one bot; the sandbox's own bound
)

var commandName = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

// commandLists are a bot's commands by scope and language.
type commandLists struct {
	mu    sync.Mutex
	lists map[string][]telego.BotCommand
}

// scopes are the kinds of place that commands are for.
var scopes = []string{
	telego.ScopeTypeDefault, telego.ScopeTypeAllPrivateChats, telego.ScopeTypeAllGroupChats,
	telego.ScopeTypeAllChatAdministrators, telego.ScopeTypeChat, telego.ScopeTypeChatAdministrators,
	telego.ScopeTypeChatMember,
}

// commandList names the list that a call is about.
func (c *call) commandList() (string, error) {
	scope := struct {
		Type   string         `json:"type"`
		ChatID jsontext.Value `json:"chat_id"`
		UserID jsontext.Value `json:"user_id"`
	}{Type: telego.ScopeTypeDefault}
	if v := c.text("scope"); v != "" {
		if err := json.Unmarshal([]byte(v), &scope); err != nil {
			return "", badRequest("can't parse BotCommandScope JSON object")
		}
	}
	if !slices.Contains(scopes, scope.Type) {
		return "", badRequest("can't parse BotCommandScope: unsupported type specified")
	}
	language := c.text("language_code")
	if language != "" && len(language) != 2 {
		return "", badRequest("invalid language code specified")
	}
	return strings.Join([]string{scope.Type, string(scope.ChatID), string(scope.UserID), language}, " "), nil
}

func (c *call) setMyCommands() (any, error) {
	var list []telego.BotCommand
	if v := c.text("commands"); v != "" {
		if err := json.Unmarshal([]byte(v), &list); err != nil {
			return nil, badRequest("can't parse commands JSON object")
		}
	}
	if len(list) > maxCommands {
		return nil, badRequest("BOT_COMMANDS_TOO_MUCH")
	}
	for i, cmd := range list {
		list[i].Command = strings.TrimPrefix(strings.TrimSpace(cmd.Command), "/")
		list[i].Description = strings.TrimSpace(cmd.Description)
		switch {
		case list[i].Command == "":
			return nil, badRequest("command name must be non-empty")
		case !commandName.MatchString(list[i].Command):
			return nil, badRequest("BOT_COMMAND_INVALID")
		case list[i].Description == "":
			return nil, badRequest("command description must be non-empty")
		case utf8.RuneCountInString(list[i].Description) > maxCommandDescription:
			return nil, badRequest("command description length must not exceed %d", maxCommandDescription)
		}
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
