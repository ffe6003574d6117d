package sandbox

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/mymmrac/telego"
)

// reactions are the emoji that the Bot API's ReactionTypeEmoji lists.
var reactions = strings.Fields("❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡")

// setMessageReaction reacts to a message in the bot's name, or with none takes that back. Other
// bots are not told, as in Telegram.
func (c *call) setMessageReaction() (any, error) {
	emoji, err := c.reaction()
	if err != nil {
		return nil, err
	}
	in, m, err := c.subject("react")
	if err != nil {
		return nil, err
	}
	defer in.mu.Unlock()
	if m.content.service != nil {
		return nil, badRequest("REACTION_INVALID")
	}
	if emoji == "" {
		delete(m.reactions, c.bot.id)
	} else {
		if m.reactions == nil {
			m.reactions = map[int64]string{}
		}
		m.reactions[c.bot.id] = emoji
	}
	in.touch(m)
	return true, nil
}

// reaction reads the reaction parameter; empty: none.
func (c *call) reaction() (string, error) {
	v := c.text("reaction")
	if v == "" {
		return "", nil
	}
	var list []struct {
		Type  string `json:"type"`
		Emoji string `json:"emoji"`
	}
	if err := json.Unmarshal([]byte(v), &list); err != nil {
		if jsontext.Value(v).IsValid() {
			return "", badRequest("expected an Array of ReactionType")
		}
		return "", badRequest("can't parse reaction types JSON object")
	}
	for _, r := range list {
		if r.Type != telego.ReactionEmoji && r.Type != telego.ReactionCustomEmoji {
			return "", badRequest("can't parse ReactionType: invalid reaction type specified")
		}
	}
	switch {
	case len(list) == 0:
		return "", nil
	case len(list) > 1:
		return "", badRequest("REACTIONS_TOO_MANY")
	}
	emoji := strings.TrimSuffix(list[0].Emoji, "\ufe0f")
	if list[0].Type == telego.ReactionCustomEmoji || !slices.Contains(reactions, emoji) {
		return "", badRequest("REACTION_INVALID")
	}
	return emoji, nil
}
