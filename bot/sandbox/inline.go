package sandbox

import (
	"cmp"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/mymmrac/telego"
)

// Limits of inline mode: results and ids by the Bot API's answerInlineQuery, life as that of
// callback queries, and how many queries and messages a bot's account remembers, the
// sandbox's own.
const (
	maxInlineResults  = 50
	maxResultID       = 64  // bytes
	maxInlineQuery    = 256 // characters
	maxInlineQueries  = 10_000
	maxInlineMessages = 100_000
)

// inlineQuery is what a person typed behind a bot's name, and the bot's answer.
type inlineQuery struct {
	id       string
	person   int64
	text     string
	expires  time.Time
	results  []inlineResult
	next     string
	answered chan struct{} // closed when there is an answer
}

// inlineResult is one that a person may choose, and the message it makes.
type inlineResult struct {
	shown   InlineResult
	content *content
	inline  *telego.InlineKeyboardMarkup
}

// place is where an inline message is.
type place struct {
	chat    *chat
	message int64
}

// inlineQueries are a bot's inline queries and the messages that came of them, within bounds;
// the oldest leave first.
type inlineQueries struct {
	mu       sync.Mutex
	byID     map[string]*inlineQuery
	order    []string
	messages map[string]place
	sent     []string // inline message ids, the oldest first
}

func (q *inlineQueries) add(query *inlineQuery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.byID == nil {
		q.byID, q.messages = map[string]*inlineQuery{}, map[string]place{}
	}
	q.byID[query.id] = query
	if q.order = append(q.order, query.id); len(q.order) > maxInlineQueries {
		delete(q.byID, q.order[0])
		q.order = q.order[1:]
	}
}

func (q *inlineQueries) get(id string) *inlineQuery {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.byID[id]
}

// put remembers where an inline message is.
func (q *inlineQueries) put(id string, at place) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages[id] = at
	if q.sent = append(q.sent, id); len(q.sent) > maxInlineMessages {
		delete(q.messages, q.sent[0])
		q.sent = q.sent[1:]
	}
}

// settle gives a query its answer; a second one changes nothing. It reports false where the
// query is unknown or too old.
func (q *inlineQueries) settle(id string, results []inlineResult, next string, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	query := q.byID[id]
	if query == nil || now.After(query.expires) {
		return false
	}
	select {
	case <-query.answered:
	default:
		query.results, query.next = results, next
		close(query.answered)
	}
	return true
}

// inlineSubject finds the message that inline_message_id names. The chat is locked where there
// is no error.
func (c *call) inlineSubject() (*chat, *message, error) {
	q := &c.bot.inline
	q.mu.Lock()
	at, known := q.messages[c.text("inline_message_id")]
	q.mu.Unlock()
	if !known {
		return nil, nil, badRequest("MESSAGE_ID_INVALID")
	}
	at.chat.mu.Lock()
	if m := at.chat.find(at.message); m != nil {
		return at.chat, m, nil
	}
	at.chat.mu.Unlock()
	return nil, nil, badRequest("MESSAGE_ID_INVALID")
}

func (c *call) answerInlineQuery() (any, error) {
	var list []jsontext.Value
	if v := c.text("results"); v != "" {
		if err := json.Unmarshal([]byte(v), &list); err != nil {
			if jsontext.Value(v).IsValid() {
				return nil, badRequest("expected an Array of inline query results")
			}
			return nil, badRequest("can't parse JSON encoded inline query results: Unexpected string end")
		}
	}
	if len(list) > maxInlineResults {
		return nil, badRequest("too many inline query results specified")
	}
	results, seen := make([]inlineResult, len(list)), map[string]bool{}
	for i, raw := range list {
		r, err := c.inlineResult(raw)
		switch {
		case err != nil:
			return nil, err
		case r.shown.ID == "" || len(r.shown.ID) > maxResultID:
			return nil, badRequest("RESULT_ID_INVALID")
		case seen[r.shown.ID]:
			return nil, badRequest("RESULT_ID_DUPLICATE")
		}
		results[i], seen[r.shown.ID] = r, true
	}
	if !c.bot.inline.settle(c.text("inline_query_id"), results, c.text("next_offset"), c.now()) {
		return nil, badRequest("query is too old and response timeout expired or query ID is invalid")
	}
	return true, nil
}

// rawResult is an InlineQueryResult as it comes, of the kinds that are served.
type rawResult struct {
	Type        string         `json:"type"`
	ID          string         `json:"id"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Content     *rawInput      `json:"input_message_content"`
	Markup      jsontext.Value `json:"reply_markup"`
	PhotoID     string         `json:"photo_file_id"`
	DocumentID  string         `json:"document_file_id"`
	Caption     string         `json:"caption"`
	ParseMode   string         `json:"parse_mode"`
	Entities    jsontext.Value `json:"caption_entities"`
	rawPlace
}

// rawInput is an InputMessageContent: a text, a location or a venue.
type rawInput struct {
	Text      string         `json:"message_text"`
	ParseMode string         `json:"parse_mode"`
	Entities  jsontext.Value `json:"entities"`
	Title     string         `json:"title"`
	rawPlace
}

type rawPlace struct {
	Latitude  *float64 `json:"latitude"`
	Longitude *float64 `json:"longitude"`
	Address   string   `json:"address"`
}

// inlineResult reads one result.
func (c *call) inlineResult(raw jsontext.Value) (inlineResult, error) {
	var r rawResult
	if err := json.Unmarshal(raw, &r); err != nil {
		return inlineResult{}, badRequest("can't parse inline query result: Inline query result must be an object")
	}
	what, err := c.inlineContent(r)
	if err != nil {
		return inlineResult{}, err
	}
	keys, err := (&params{values: map[string]string{"reply_markup": string(r.Markup)}}).markup()
	if err != nil {
		return inlineResult{}, within("inline query result", err)
	}
	return inlineResult{InlineResult{r.ID, r.Type, cmp.Or(r.Title, what.rich.text), r.Description}, what, keys.inline}, nil
}

// inlineContent is the message that a result makes.
func (c *call) inlineContent(r rawResult) (*content, error) {
	switch in := r.Content; {
	case in != nil && in.Latitude != nil && in.Longitude != nil:
		return in.content(in.Title), nil
	case in != nil:
		rich, err := c.server.parse(in.Text, in.ParseMode, string(in.Entities))
		switch {
		case err != nil:
			return nil, within("inline query result", err)
		case rich.text == "":
			return nil, errNoText
		case utf16Len(rich.text) > maxText:
			return nil, badRequest("MESSAGE_TOO_LONG")
		}
		return &content{rich: rich}, nil
	case (r.Type == telego.ResultTypeLocation || r.Type == telego.ResultTypeVenue) && r.Latitude != nil && r.Longitude != nil:
		if r.Type == telego.ResultTypeVenue {
			return r.content(r.Title), nil
		}
		return r.content(""), nil
	case r.Type == telego.ResultTypeArticle:
		return nil, badRequest(`can't parse inline query result: Can't find field "message_text"`) // the name it had before input_message_content
	}
	caption, err := c.server.parse(r.Caption, r.ParseMode, string(r.Entities))
	if err != nil {
		return nil, within("inline query result", err)
	}
	kind, id := telego.MediaTypePhoto, r.PhotoID
	if id == "" {
		kind, id = telego.MediaTypeDocument, r.DocumentID
	}
	if kind != r.Type {
		return nil, badRequest(`can't parse inline query result: type "%s" is unsupported for the inline query result`, r.Type)
	}
	f, err := c.server.fileByID(id, kinds[kind])
	if err != nil {
		return nil, err
	}
	return &content{rich: caption, file: f}, nil
}

// content is a message of a point, a venue where it has a title.
func (p rawPlace) content(title string) *content {
	at := &telego.Location{Latitude: *p.Latitude, Longitude: *p.Longitude}
	if title == "" {
		return &content{location: at}
	}
	return &content{location: at, venue: &telego.Venue{Location: *at, Title: title, Address: p.Address}}
}

// newInlineID mints an id of an inline query or message.
func (s *Server) newInlineID() string { return strconv.FormatInt(s.callbackIDs.Add(1), 10) }
