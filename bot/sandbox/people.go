package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mymmrac/telego"
)

// People is a client of the people's side of a sandbox, anywhere on HTTP.
type People struct {
	base   string
	client *http.Client
}

// Profile is who a person is.
type Profile struct {
	ID           int64  `json:"id"` // positive
	FirstName    string `json:"first_name"`
	LastName     string `json:"last_name,omitempty"`
	Username     string `json:"username,omitempty"`
	LanguageCode string `json:"language_code,omitempty"` // IETF, such as "ru"
}

// NewPeople makes a client for the sandbox at a URL. A nil HTTP client gets a default that
// keeps enough connections for many people.
func NewPeople(baseURL string, hc *http.Client) *People {
	if hc == nil {
		hc = &http.Client{Transport: &http.Transport{MaxIdleConns: 4096, MaxIdleConnsPerHost: 4096, IdleConnTimeout: time.Minute}}
	}
	return &People{base: strings.TrimRight(baseURL, "/"), client: hc}
}

// Close drops idle connections.
func (p *People) Close() { p.client.CloseIdleConnections() }

// Join makes a person known who talks to a bot, named by username or id; empty: the only bot.
// A bot is known once it has called, one named by its id before.
func (p *People) Join(ctx context.Context, who Profile, bot string) (*Person, error) {
	base := "/people/" + strconv.FormatInt(who.ID, 10)
	var in joined
	if err := p.do(ctx, http.MethodPut, base+"?bot="+url.QueryEscape(bot), who, &in); err != nil {
		return nil, err
	}
	return &Person{
		Profile: who, Bot: in.Bot, people: p, base: base,
		chat: base + "/chats/" + strconv.FormatInt(in.Bot.ID, 10), seen: map[int64]Message{},
	}, nil
}

// do makes a request; out is filled where the answer has a body.
func (p *People) do(ctx context.Context, method, path string, in, out any) error {
	body, err := p.raw(ctx, method, path, in)
	if err != nil || len(body) == 0 || out == nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("sandbox: %s %s: %w", method, path, err)
	}
	return nil
}

func (p *People) raw(ctx context.Context, method, path string, in any) ([]byte, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, p.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	resp, err := p.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // it was read to the end
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %s %s: %w", method, path, err)
	}
	if resp.StatusCode >= 300 {
		var refusal failure
		if json.Unmarshal(b, &refusal) != nil {
			refusal = failure{ErrorCode: resp.StatusCode, Description: resp.Status}
		}
		return nil, fmt.Errorf("sandbox: %s %s: %w", method, path, &Error{refusal.ErrorCode, refusal.Description})
	}
	return b, nil
}

// Person is someone in a private chat with a bot. Safe for concurrent use.
type Person struct {
	Profile
	Bot telego.User

	people     *People
	base, chat string

	mu       sync.Mutex
	revision uint64
	seen     map[int64]Message
	order    []int64
	keyboard *Keyboard
}

// Say sends a text.
func (p *Person) Say(ctx context.Context, text string) (Message, error) {
	return p.Send(ctx, Saying{Text: text})
}

// SendLocation sends a point, in degrees.
func (p *Person) SendLocation(ctx context.Context, lat, lon float64) (Message, error) {
	return p.Send(ctx, Saying{Location: &Location{lat, lon}})
}

// SendVenue sends a point with a name.
func (p *Person) SendVenue(ctx context.Context, lat, lon float64, title, address string) (Message, error) {
	return p.Send(ctx, Saying{Venue: &Venue{Location{lat, lon}, title, address}})
}

// ShareLocation sends a point that moves for some time, see [Person.Move].
func (p *Person) ShareLocation(ctx context.Context, lat, lon float64, life time.Duration) (Message, error) {
	return p.Send(ctx, Saying{Location: &Location{lat, lon}, LivePeriod: int(life.Seconds())})
}

// Move moves a location that the person shares.
func (p *Person) Move(ctx context.Context, messageID int64, lat, lon float64) error {
	return p.people.do(ctx, http.MethodPut, p.livePath(messageID), Location{lat, lon}, nil)
}

// StopSharing leaves a location where it is.
func (p *Person) StopSharing(ctx context.Context, messageID int64) error {
	return p.people.do(ctx, http.MethodDelete, p.livePath(messageID), nil, nil)
}

func (p *Person) livePath(messageID int64) string {
	return fmt.Sprintf("%s/messages/%d/location", p.chat, messageID)
}

// Leave deletes the person's account.
func (p *Person) Leave(ctx context.Context) error {
	return p.people.do(ctx, http.MethodDelete, p.base, nil, nil)
}

// Send sends anything a person can.
func (p *Person) Send(ctx context.Context, what Saying) (Message, error) {
	var m Message
	err := p.people.do(ctx, http.MethodPost, p.chat+"/messages", what, &m)
	return m, err
}

// Press presses a button by its data; the data need not be on the message. It returns the
// callback query's id, to wait for the answer with [Person.Answer].
func (p *Person) Press(ctx context.Context, messageID int64, data string) (callbackID string, err error) {
	var out pressed
	err = p.people.do(ctx, http.MethodPost, p.chat+"/presses", pressing{messageID, data}, &out)
	return out.CallbackID, err
}

// Answer waits for the bot's answer to a press until ctx ends.
func (p *Person) Answer(ctx context.Context, callbackID string) (CallbackAnswer, error) {
	path := p.chat + "/presses/" + url.PathEscape(callbackID) + "?wait=30"
	for {
		body, err := p.people.raw(ctx, http.MethodGet, path, nil)
		if err != nil {
			return CallbackAnswer{}, err
		}
		if len(body) == 0 {
			continue // nothing within the 30 seconds
		}
		var a CallbackAnswer
		if err := json.Unmarshal(body, &a); err != nil {
			return CallbackAnswer{}, fmt.Errorf("sandbox: %w", err)
		}
		return a, nil
	}
}

// PressAndWait presses a button and waits for the bot's answer.
func (p *Person) PressAndWait(ctx context.Context, messageID int64, data string) (CallbackAnswer, error) {
	id, err := p.Press(ctx, messageID, data)
	if err != nil {
		return CallbackAnswer{}, err
	}
	return p.Answer(ctx, id)
}

// Block keeps the bot from writing; Unblock, or a message, takes it back.
func (p *Person) Block(ctx context.Context) error {
	return p.people.do(ctx, http.MethodPut, p.chat+"/block", nil, nil)
}

// Unblock lets the bot write again.
func (p *Person) Unblock(ctx context.Context) error {
	return p.people.do(ctx, http.MethodDelete, p.chat+"/block", nil, nil)
}

// File gets the bytes of a photo or document.
func (p *Person) File(ctx context.Context, fileID string) ([]byte, error) {
	return p.people.raw(ctx, http.MethodGet, p.base+"/files/"+url.PathEscape(fileID), nil)
}

// Chat returns the chat as it is now: edits applied, deleted messages gone.
func (p *Person) Chat(ctx context.Context) ([]Message, error) { return p.look(ctx, 0) }

// Wait returns the chat as soon as it fulfils a condition, or ctx's error.
func (p *Person) Wait(ctx context.Context, until func(chat []Message) bool) ([]Message, error) {
	chat, err := p.look(ctx, 0)
	for err == nil && !until(chat) {
		chat, err = p.look(ctx, 30*time.Second)
	}
	return chat, err
}

// Keyboard returns the reply keyboard that [Person.Chat] or [Person.Wait] last saw; nil: none.
func (p *Person) Keyboard() *Keyboard {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keyboard
}

// look gets what changed, waiting for a change where there is none.
func (p *Person) look(ctx context.Context, wait time.Duration) ([]Message, error) {
	p.mu.Lock()
	after := p.revision
	p.mu.Unlock()
	var v View
	path := fmt.Sprintf("%s?after=%d&wait=%g", p.chat, after, wait.Seconds())
	if err := p.people.do(ctx, http.MethodGet, path, nil, &v); err != nil {
		return nil, err
	}
	return p.merge(v), nil
}

// merge applies a view, unless a newer one came first.
func (p *Person) merge(v View) []Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	if v.Revision >= p.revision {
		p.revision, p.order, p.keyboard = v.Revision, v.IDs, v.Keyboard
		for _, m := range v.Changed {
			p.seen[m.ID] = m
		}
		for id := range p.seen {
			if _, there := slices.BinarySearch(v.IDs, id); !there {
				delete(p.seen, id)
			}
		}
	}
	chat := make([]Message, 0, len(p.order))
	for _, id := range p.order {
		chat = append(chat, p.seen[id])
	}
	return chat
}
