package sender

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mymmrac/telego"
	"github.com/mymmrac/telego/telegoapi"
)

const token = "123456789:aaaabbbbaaaabbbbaaaabbbbaaaabbbbccc"

// botAPI is a Bot API server of a few lines: answer says what the nth request (from 0) of
// a chat gets.
type botAPI struct {
	*telego.Bot
	mu       sync.Mutex
	requests map[int64][]time.Time // by chat
	answer   func(w http.ResponseWriter, chat int64, n int)
}

func newBotAPI(t *testing.T, answer func(w http.ResponseWriter, chat int64, n int)) *botAPI {
	t.Helper()
	api := &botAPI{requests: map[int64][]time.Time{}, answer: answer}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	api.Bot = bot(t, server.URL)
	return api
}

// bot returns a telego bot on a Bot API server.
func bot(t *testing.T, address string) *telego.Bot {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	b, err := telego.NewBot(token, telego.WithAPIServer(address), telego.WithDiscardLogger(),
		telego.WithAPICaller(&Caller{Client: &http.Client{Transport: transport}}))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (a *botAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var params struct {
		Chat int64 `json:"chat_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&params); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	n := len(a.requests[params.Chat])
	a.requests[params.Chat] = append(a.requests[params.Chat], time.Now())
	a.mu.Unlock()
	a.answer(w, params.Chat, n)
}

// seen returns the moments of a chat's requests.
func (a *botAPI) seen(chat int64) []time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests[chat]
}

func sent(w http.ResponseWriter, chat int64) {
	fmt.Fprintf(w, `{"ok":true,"result":{"message_id":%d,"date":1,"chat":{"id":%d,"type":"private"}}}`, chat*10, chat)
}

func failed(w http.ResponseWriter, code int, rest string) {
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"ok":false,"error_code":%d,"description":"no"%s}`, code, rest)
}

// reset cuts the connection without an answer.
func reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

// send submits a message, or an edit, of the bot, and returns where its outcome comes.
func send(s *Sender, b *telego.Bot, chat int64, edit int64) <-chan sendOutcome {
	out := make(chan sendOutcome, 1)
	s.Submit(Op{Chat: chat, Edit: edit,
		Call: func(ctx context.Context) (any, error) {
			if edit != 0 {
				return b.EditMessageText(ctx, &telego.EditMessageTextParams{ChatID: telego.ChatID{ID: chat}, MessageID: int(edit), Text: "x"})
			}
			return b.SendMessage(ctx, &telego.SendMessageParams{ChatID: telego.ChatID{ID: chat}, Text: "x"})
		},
		Done: func(result any, err error) {
			message, _ := result.(*telego.Message)
			out <- sendOutcome{message, err}
		},
	})
	return out
}

type sendOutcome struct {
	message *telego.Message
	err     error
}

func TestOverHTTP(t *testing.T) {
	const (
		fine = 1 + iota
		flooding
		gateway
		webPage
		blocked
		cut
		cutEdit
		mute
		garbage
		timedOut
	)
	over := make(chan struct{})
	api := newBotAPI(t, func(w http.ResponseWriter, chat int64, n int) {
		switch {
		case chat == blocked:
			failed(w, http.StatusForbidden, "")
		case chat == cut:
			reset(w)
		case chat == mute:
			<-over
		case chat == garbage:
			fmt.Fprint(w, "hello")
		case chat == timedOut:
			failed(w, http.StatusGatewayTimeout, "")
		case n > 0 || chat == fine:
			sent(w, chat)
		case chat == flooding:
			failed(w, http.StatusTooManyRequests, `,"parameters":{"retry_after":1}`)
		case chat == gateway:
			failed(w, http.StatusBadGateway, "")
		case chat == webPage:
			http.Error(w, "<html>busy</html>", http.StatusServiceUnavailable)
		case chat == cutEdit:
			reset(w)
		}
	})
	defer close(over)
	s := New(Options{AttemptTimeout: 2 * time.Second, Backoff: 20 * time.Millisecond})
	defer func() {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()

	outcomes := map[int64]<-chan sendOutcome{}
	for chat := int64(fine); chat <= timedOut; chat++ {
		edit := int64(0)
		if chat == cutEdit {
			edit = 5
		}
		outcomes[chat] = send(s, api.Bot, chat, edit)
	}
	for _, want := range []struct {
		chat     int64
		requests int
		err      error
	}{
		{fine, 1, nil}, {flooding, 2, nil}, {gateway, 2, nil}, {webPage, 2, nil}, {cutEdit, 2, nil},
		{cut, 1, ErrUncertain}, {mute, 1, ErrUncertain}, {garbage, 1, ErrUncertain}, {timedOut, 1, ErrUncertain},
	} {
		got := <-outcomes[want.chat]
		if !errors.Is(got.err, want.err) {
			t.Errorf("chat %d: %v, want %v", want.chat, got.err, want.err)
		}
		if got.err == nil && got.message.MessageID != int(want.chat*10) {
			t.Errorf("chat %d: message id %d", want.chat, got.message.MessageID)
		}
		if got.err != nil && strings.Contains(got.err.Error(), token) {
			t.Errorf("the token is in %v", got.err)
		}
		if n := len(api.seen(want.chat)); n != want.requests {
			t.Errorf("chat %d: %d requests, want %d", want.chat, n, want.requests)
		}
	}
	got := <-outcomes[blocked]
	if refusal, ok := errors.AsType[*telegoapi.Error](got.err); !ok || refusal.ErrorCode != 403 || len(api.seen(blocked)) != 1 {
		t.Errorf("blocked: %v after %d requests", got.err, len(api.seen(blocked)))
	}
	if at := api.seen(flooding); at[1].Sub(at[0]) < time.Second {
		t.Errorf("retry_after of 1 s was cut to %v", at[1].Sub(at[0]))
	}
}

func TestConnectionRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()

	s := New(Options{Backoff: 100 * time.Millisecond, MaxAttempts: 20})
	out := send(s, bot(t, "http://"+address), 3, 0)
	for deadline := time.Now().Add(5 * time.Second); s.Stats().Retries == 0; {
		if time.Now().After(deadline) {
			t.Fatal("not tried again")
		}
		time.Sleep(time.Millisecond)
	}
	if listener, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { sent(w, 3) })}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	if got := <-out; got.err != nil || got.message.MessageID != 30 {
		t.Errorf("%+v", got)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConnectionRefusedForEverHidesTheToken(t *testing.T) {
	s := New(Options{Backoff: time.Millisecond, MaxAttempts: 2})
	got := <-send(s, bot(t, "http://127.0.0.1:1"), 3, 0)
	if !errors.Is(got.err, ErrAttempts) || strings.Contains(got.err.Error(), token) {
		t.Errorf("%v", got.err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTenThousandChatsAtOnce(t *testing.T) {
	api := newBotAPI(t, func(w http.ResponseWriter, chat int64, n int) {
		if n == 0 && chat%100 == 0 {
			failed(w, http.StatusBadGateway, "")
			return
		}
		sent(w, chat)
	})
	s := New(Options{Backoff: 10 * time.Millisecond, MaxQueued: 10_000})
	var all sync.WaitGroup
	for chat := range int64(10_000) {
		all.Add(1)
		s.Submit(Op{Chat: chat + 1,
			Call: func(ctx context.Context) (any, error) {
				return api.SendMessage(ctx, &telego.SendMessageParams{ChatID: telego.ChatID{ID: chat + 1}, Text: "x"})
			},
			Done: func(result any, err error) {
				defer all.Done()
				if err != nil {
					t.Errorf("chat %d: %v", chat+1, err)
				} else if got := result.(*telego.Message).Chat.ID; got != chat+1 {
					t.Errorf("chat %d got the message of %d", chat+1, got)
				}
			},
		})
	}
	all.Wait()
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := s.Stats(); n.Sent != 10_000 || n.Retries != 100 || n.Chats != 0 {
		t.Errorf("%+v", n)
	}
}

func TestCallerBoundsAnswers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := bytes.Repeat([]byte(" "), 1<<20)
		for range maxAnswer>>20 + 1 {
			_, _ = w.Write(chunk)
		}
	}))
	defer server.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	caller := &Caller{Client: &http.Client{Transport: transport}}
	_, err := caller.Call(t.Context(), server.URL+"/bot"+token+"/getMe", &telegoapi.RequestData{BodyRaw: []byte("{}")})
	if err == nil || !strings.Contains(err.Error(), "getMe") || !strings.Contains(err.Error(), "longer") {
		t.Errorf("%v", err)
	}
}

func TestCallerKeepsRetryAfterOfAProxy(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		http.Error(w, "slow down", http.StatusTooManyRequests)
	}))
	defer server.Close()
	_, err := bot(t, server.URL).GetMe(t.Context())
	if outcome, pause := judge(err); outcome != flooded || pause != 7*time.Second {
		t.Errorf("%v: %v, %v", err, outcome, pause)
	}
}
