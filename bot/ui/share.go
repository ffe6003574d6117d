package ui

import (
	"net/url"
	"strconv"
	"strings"

	"okolo/persistence/model"
)

// Self is what the bot knows of itself.
type Self struct {
	Username string // on Telegram, without the at sign
	Inline   bool   // people may ask it in any chat
}

// deepLinkPrefix stands before an event's number, in base 36, in the argument of /start and in
// an inline query.
const deepLinkPrefix = "e_"

// deepLink is the address that opens an event in the private chat with the bot.
func (b Self) deepLink(event int64) string {
	return "https://t.me/" + b.Username + "?start=" + deepLinkArg(event)
}

func deepLinkArg(event int64) string { return deepLinkPrefix + strconv.FormatInt(event, 36) }

// parseDeepLink reads the argument that deepLink gives to /start.
func parseDeepLink(arg string) (event int64, ok bool) {
	number, ok := strings.CutPrefix(arg, deepLinkPrefix)
	event, err := strconv.ParseInt(number, 36, 64)
	return event, ok && err == nil
}

// shareButton puts an event into a chat that the person chooses: as its card where people may
// ask the bot in any chat, as a link otherwise.
func shareButton(t *tongue, self Self, e model.Event) Button {
	b := Button{Text: t.say("button_share")}
	if self.Inline {
		b.Inline = deepLinkArg(e.ID)
	} else {
		b.URL = "https://t.me/share/url?" + url.Values{"url": {self.deepLink(e.ID)}, "text": {e.Title}}.Encode()
	}
	return b
}

// maxInline is the most results of an inline query; Telegram shows up to 50.
const maxInline = maxMine

// InlineQuery is what a person typed behind the bot's name in any chat.
type InlineQuery struct {
	Context
	ID    string
	Query string
}

// AnswerInline offers events for an inline query.
type AnswerInline struct {
	Query   string // its id
	Results []InlineResult
}

// InlineResult is a message that the person may choose to send.
type InlineResult struct {
	ID          string // unique among the results, at most 64 bytes
	Title       string
	Description string
	Message     Message
}

// inlineQuery offers the event that the query names, or those of the person's own whose title
// has its words.
func (s State) inlineQuery(in InlineQuery) Turn {
	c := in.Context
	c.inline, c.words = in.ID, strings.ToLower(line(in.Query))
	if id, ok := parseDeepLink(c.words); ok {
		c.words = ""
		return Turn{Next: s, Await: []any{LoadEvents{Context: c, IDs: []int64{id}}}}
	}
	return Turn{Next: s, Await: []any{LoadMine{Context: c, Limit: maxInline}}}
}

// answerInline offers the events among those that were loaded.
func (s State) answerInline(c Context, events []model.Seen) Turn {
	t := s.tongue(c)
	a := AnswerInline{Query: c.inline}
	for _, e := range events {
		if e.Status != model.Open || !strings.Contains(strings.ToLower(e.Title), c.words) {
			continue
		}
		at := t.moment(e.Starts.In(zone(e.Zone)), c.Now)
		a.Results = append(a.Results, InlineResult{
			ID: deepLinkArg(e.ID), Title: clip(e.Title, mineTitleShown), Description: at + " · " + clip(placeName(e.Event), mineTitleShown),
			Message: Message{
				Text:    t.card(e, escape(t.dates(e.Details, c.Now)), placeName(e.Event)),
				Buttons: [][]Button{{{Text: t.say("button_open"), URL: c.Self.deepLink(e.ID)}}},
			},
		})
	}
	return Turn{Next: s, Emit: []any{a}}
}
