package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

// outcome is an answer of the Bot API as it came.
type outcome struct {
	Status      int             `json:"-"`
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	ErrorCode   int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int   `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

// Short names for what answers hold.
type (
	message = telego.Message
	update  = telego.Update
)

type fields map[string]any

// call makes a call with JSON parameters.
func call(t testing.TB, base, method string, params fields) outcome {
	t.Helper()
	if params == nil {
		params = fields{}
	}
	body, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	return post(t, base+"/bot"+token+"/"+method, "application/json", bytes.NewReader(body))
}

func post(t testing.TB, to, contentType string, body io.Reader) outcome {
	t.Helper()
	resp, err := plain.Post(to, contentType, body)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, resp)
}

func read(t testing.TB, resp *http.Response) outcome {
	t.Helper()
	defer func() { _ = resp.Body.Close() }()
	o := outcome{Status: resp.StatusCode}
	d := json.NewDecoder(resp.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		t.Fatalf("answer of status %d: %v", resp.StatusCode, err)
	}
	return o
}

// plain keeps no connection, so that tests leave none behind.
var plain = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// must is the result of a call that has to succeed, decoded strictly.
func must[T any](t testing.TB, o outcome) T {
	t.Helper()
	if !o.OK || o.Status != http.StatusOK {
		t.Fatalf("refused: %+v", o)
	}
	return strict[T](t, o.Result)
}

// strict decodes by telego's types and fails on a field that they do not know, and on one that
// they require and that is not there.
func strict[T any](t testing.TB, raw []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("decode %s: %v", raw, err)
	}
	again, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var was, is any
	if err := json.Unmarshal(raw, &was); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(again, &is); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(was, is) {
		t.Fatalf("not as the Bot API's types have it:\n%s\n%s", raw, again)
	}
	return v
}

// send has the bot send a text to ann.
func sendText(t testing.TB, base, text string) telego.Message {
	t.Helper()
	return must[telego.Message](t, call(t, base, "sendMessage", fields{"chat_id": ann.ID, "text": text}))
}

func TestEveryWayToSendParameters(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	p := person(t, base, ann)
	if _, err := p.Say(t.Context(), "/start"); err != nil {
		t.Fatal(err)
	}
	method := base + "/bot" + token + "/sendMessage"
	keyboard := `{"inline_keyboard":[[{"text":"A","callback_data":"a"}]]}`
	form := url.Values{"chat_id": {"501"}, "text": {"Здравствуй & привет"}, "reply_markup": {keyboard}}

	var parts bytes.Buffer
	w := multipart.NewWriter(&parts)
	for name, v := range form {
		if err := w.WriteField(name, v[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ways := map[string]func() outcome{
		"json": func() outcome {
			return post(t, method, "application/json", strings.NewReader(`{"chat_id":501,"text":"Здравствуй & привет","reply_markup":`+keyboard+`}`))
		},
		"json of strings": func() outcome {
			b, _ := json.Marshal(map[string]string{"chat_id": "501", "text": form.Get("text"), "reply_markup": keyboard})
			return post(t, method, "application/json; charset=utf-8", bytes.NewReader(b))
		},
		"form": func() outcome {
			return post(t, method, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
		},
		"multipart": func() outcome { return post(t, method, w.FormDataContentType(), &parts) },
		"get": func() outcome {
			resp, err := plain.Get(method + "?" + form.Encode())
			if err != nil {
				t.Fatal(err)
			}
			return read(t, resp)
		},
		"any case, query and body": func() outcome {
			return post(t, base+"/bot"+token+"/SENDmessage?chat_id=501&text=no", "application/json",
				strings.NewReader(`{"text":"Здравствуй & привет","reply_markup":`+keyboard+`}`))
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			m := must[telego.Message](t, way())
			if m.Text != form.Get("text") || m.ReplyMarkup.InlineKeyboard[0][0].CallbackData != "a" {
				t.Errorf("sent %+v", m)
			}
		})
	}
}

func TestBadRequests(t *testing.T) {
	_, base := start(t, sandbox.Options{})
	method := base + "/bot" + token + "/getMe"
	big := strings.NewReader(`{"text":"` + strings.Repeat("a", 1<<20) + `"}`)
	for name, o := range map[string]struct {
		got         outcome
		code        int
		description string
	}{
		"json":      {post(t, method, "application/json", strings.NewReader(`{"a":`)), 400, "Bad Request: can't parse JSON encoded request parameters"},
		"json tail": {post(t, method, "application/json", strings.NewReader(`{} {}`)), 400, "Bad Request: can't parse JSON encoded request parameters"},
		"json list": {post(t, method, "application/json", strings.NewReader(`[1]`)), 400, "Bad Request: can't parse JSON encoded request parameters"},
		"utf-8":     {post(t, method, "application/json", strings.NewReader("{\"a\":\"\xff\"}")), 400, "Bad Request: strings must be encoded in UTF-8"},
		"form":      {post(t, method, "application/x-www-form-urlencoded", strings.NewReader("a=%ff")), 400, "Bad Request: strings must be encoded in UTF-8"},
		"multipart": {post(t, method, "multipart/form-data; boundary=x", strings.NewReader("--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb")), 400, "Bad Request: can't parse the multipart request"},
		"large":     {post(t, method, "application/json", big), 413, "Request Entity Too Large"},
		"query":     {post(t, method+"?a=%zz", "", nil), 400, "Bad Request: can't parse the query string"},
		"bad form":  {post(t, method, "application/x-www-form-urlencoded", strings.NewReader("a=%zz")), 400, "Bad Request: can't parse the form"},
		"parts":     {uploads(t, base, "getMe", manyParts(), nil), 400, "Bad Request: too many parts in the request"},
		"token":     {post(t, base+"/botnonsense/getMe", "", nil), 404, "Not Found"},
		"no secret": {post(t, base+"/bot7001:/getMe", "", nil), 404, "Not Found"},
		"method":    {post(t, base+"/bot"+token+"/getUs", "", nil), 404, "Not Found: method not found"},
		"path":      {post(t, base+"/elsewhere", "", nil), 404, "Not Found"},
		"download":  {post(t, base+"/file/bot"+token+"/photos/file_9.png", "", nil), 404, "Not Found"},
	} {
		if o.got.OK || o.got.Status != o.code || o.got.ErrorCode != o.code || o.got.Description != o.description {
			t.Errorf("%s: %+v", name, o.got)
		}
	}
	if me := must[telego.User](t, post(t, base+"/bot42:x/getme", "", nil)); me.ID != 42 || !me.IsBot || !strings.HasSuffix(me.Username, "bot") {
		t.Errorf("any token is a bot: %+v", me)
	}
}

func manyParts() map[string]string {
	parts := map[string]string{}
	for i := range 257 {
		parts[strconv.Itoa(i)] = "x"
	}
	return parts
}

// A request whose body ends before it should.
func TestBodyBreaksOff(t *testing.T) {
	s, _ := start(t, sandbox.Options{})
	r := httptest.NewRequest("POST", "http://localhost/bot"+token+"/getMe", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	r.ContentLength = 10
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	refuses(t, read(t, w.Result()), 400, "Bad Request: can't read the request")
}

func TestOtherHTTPMethods(t *testing.T) {
	s, _ := start(t, sandbox.Options{})
	refuses(t, read(t, direct(t, s, "PUT", "/bot"+token+"/getMe", nil)), 405, "Method Not Allowed")
}

func readAll(t testing.TB, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err = closing(resp, err); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// direct makes a request of a server without a network.
func direct(t testing.TB, s *sandbox.Server, method, path string, params fields) *http.Response {
	t.Helper()
	body, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, "http://localhost"+path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Result()
}
