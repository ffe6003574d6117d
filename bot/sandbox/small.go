package sandbox

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/mymmrac/telego"
)

func (c *call) sendContact() (any, error) {
	phone, err := c.required("phone_number")
	if err != nil {
		return nil, err
	}
	first, err := c.required("first_name")
	if err != nil {
		return nil, err
	}
	return c.send(&content{contact: &telego.Contact{PhoneNumber: phone, FirstName: first, LastName: c.text("last_name"), Vcard: c.text("vcard")}})
}

// diceFaces are how many values each emoji of a dice has, by the Bot API's Dice.
var diceFaces = map[string]int{"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}

func (c *call) sendDice() (any, error) {
	emoji := strings.TrimSuffix(c.text("emoji"), "\ufe0f")
	if emoji == "" {
		emoji = "🎲"
	}
	faces := diceFaces[emoji]
	if faces == 0 {
		return nil, badRequest("EMOTICON_INVALID")
	}
	return c.send(&content{dice: &telego.Dice{Emoji: emoji, Value: rand.IntN(faces) + 1}})
}

// Limits of polls, by td, in characters.
const (
	maxQuestion    = 300
	maxPollOptions = 12
	maxPollOption  = 100
)

// sendPoll sends a regular poll; nobody votes in the sandbox.
func (c *call) sendPoll() (any, error) {
	question := strings.TrimSpace(clean(c.text("question")))
	options, err := c.pollOptions()
	if err != nil {
		return nil, err
	}
	if kind := c.text("type"); kind != "" && kind != telego.PollTypeRegular {
		return nil, badRequest("unsupported poll type specified")
	}
	switch {
	case question == "":
		return nil, errNoText
	case utf8.RuneCountInString(question) > maxQuestion:
		return nil, badRequest("poll question length must not exceed %d", maxQuestion)
	case len(options) == 0:
		return nil, badRequest("poll must have at least one answer option")
	case len(options) > maxPollOptions:
		return nil, badRequest("poll can't have more than %d options", maxPollOptions)
	}
	for i := range options {
		options[i].Text = strings.TrimSpace(clean(options[i].Text))
		switch {
		case options[i].Text == "":
			return nil, errNoText
		case utf8.RuneCountInString(options[i].Text) > maxPollOption:
			return nil, badRequest("poll options length must not exceed %d", maxPollOption)
		}
	}
	return c.send(&content{poll: &telego.Poll{
		ID: strconv.FormatInt(c.server.callbackIDs.Add(1), 10), Question: question, Options: options, Type: telego.PollTypeRegular,
		IsClosed: c.boolean("is_closed"), IsAnonymous: c.text("is_anonymous") == "" || c.boolean("is_anonymous"),
		AllowsMultipleAnswers: c.boolean("allows_multiple_answers"),
	}})
}

// pollOptions reads the options parameter: texts, or objects with one.
func (c *call) pollOptions() ([]telego.PollOption, error) {
	v := c.text("options")
	var raw []jsontext.Value
	if err := json.Unmarshal([]byte(v), &raw); err != nil {
		if jsontext.Value(v).IsValid() {
			return nil, badRequest("expected an Array of InputPollOption")
		}
		return nil, badRequest("can't parse options JSON object")
	}
	options := make([]telego.PollOption, len(raw))
	for i, o := range raw {
		var object struct {
			Text *string `json:"text"`
		}
		switch {
		case json.Unmarshal(o, &options[i].Text) == nil:
		case json.Unmarshal(o, &object) != nil:
			return nil, badRequest("can't parse InputPollOption: Expected InputPollOption to be an Object")
		case object.Text == nil:
			return nil, badRequest(`can't parse InputPollOption: Can't find field "text"`)
		default:
			options[i].Text = *object.Text
		}
	}
	return options, nil
}

// stopPoll closes a poll of the bot's, which it is told of, too.
func (c *call) stopPoll() (any, error) {
	keys, err := c.markup()
	if err != nil {
		return nil, err
	}
	in, err := c.target()
	if err != nil {
		return nil, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	m := in.find(c.integer("message_id", 0))
	switch {
	case m == nil:
		return nil, badRequest("message with poll to stop not found")
	case m.content.poll == nil:
		return nil, badRequest("message is not a poll")
	case m.content.poll.IsClosed:
		return nil, badRequest("poll has already been closed")
	case m.bot != c.bot || m.origin != nil:
		return nil, badRequest("poll can't be stopped")
	}
	closed := *m.content.poll
	closed.IsClosed = true
	if err := in.pushTo(c.bot, "poll", closed, messageLife); err != nil {
		return nil, err
	}
	m.content, m.inline = &content{poll: &closed}, keepKeyboard(keys.inline)
	in.touch(m)
	return closed, nil
}
