package sandbox_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

// BenchmarkCalls measures what the sandbox spends on a Bot API call, in a mix as a bot makes
// it for each press: answerCallbackQuery, editMessageMedia by file_id, editMessageText of a
// list of 600 characters in HTML with 12 buttons, and for every fourth a message of the person
// and a sendMessage of the same list; a getUpdates for each hundred. The people's presses and
// messages are not counted as calls, though what they cost is.
//
// "process" has the sandbox in a process of its own, over kept connections, and reports that
// process' time as µs-cpu/call: user and system. "handler" makes the same calls without a
// network or a second process; its time includes the benchmark's own coding of JSON.
func BenchmarkCalls(b *testing.B) {
	b.Run("process", func(b *testing.B) {
		url, stop := child(b)
		m := newMix(b, url)
		hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
		defer hc.CloseIdleConnections()
		calls := m.run(b, func(method, path string, body []byte) []byte {
			r, err := http.NewRequest(method, url+path, bytes.NewReader(body))
			if err != nil {
				b.Error(err)
			}
			r.Header.Set("Content-Type", "application/json")
			resp, err := hc.Do(r)
			if err != nil {
				b.Error(err)
				return nil
			}
			out, err := io.ReadAll(resp.Body)
			if err = closing(resp, err); err != nil || resp.StatusCode != http.StatusOK {
				b.Errorf("%s: %d %s %v", path, resp.StatusCode, out, err)
			}
			return out
		})
		hc.CloseIdleConnections()
		state := stop()
		b.ReportMetric(float64((state.UserTime()+state.SystemTime()).Microseconds())/float64(calls), "µs-cpu/call")
	})
	b.Run("handler", func(b *testing.B) {
		s, err := sandbox.New(sandbox.Options{})
		if err != nil {
			b.Fatal(err)
		}
		h := s.Handler()
		srv := httptest.NewServer(h)
		m := newMix(b, srv.URL)
		srv.Close()
		calls := m.run(b, func(method, path string, body []byte) []byte {
			r := httptest.NewRequest(method, path, bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
			return w.Body.Bytes()
		})
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(calls), "ns/call")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	})
}

// childMark in the environment makes the test program a sandbox; see serveChild.
const childMark = "SANDBOX_TEST_CHILD"

// child runs a sandbox in a process of its own. stop ends it and says what it used.
func child(b *testing.B) (url string, stop func() *os.ProcessState) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childMark+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line), func() *os.ProcessState {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
		return cmd.ProcessState
	}
}

// serveChild is the sandbox of child: it prints its address and ends with its standard input.
func serveChild() error {
	s, err := sandbox.New(sandbox.Options{})
	if err != nil {
		return err
	}
	url, err := s.Listen(context.Background(), "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(url)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return s.Close()
}

// mix is the benchmark's load.
type mix struct {
	photo string // file_id
	next  atomic.Int64
	calls atomic.Int64
}

func newMix(b *testing.B, url string) *mix {
	said(b, person(b, url, ann), "/start")
	sent := uploads(b, url, "sendPhoto", map[string]string{"chat_id": "501"}, map[string][]byte{"photo": picture(b, 640, 480)})
	return &mix{photo: must[telego.Message](b, sent).Photo[0].FileID}
}

type request func(method, path string, body []byte) []byte

// run makes rounds of the mix and returns how many calls that were.
func (m *mix) run(b *testing.B, do request) int64 {
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		var v *visit
		for n := 0; pb.Next(); n++ {
			if n%100 == 0 { // one person is not enough: a chat holds 200 messages
				v = m.visit(b, do)
			}
			v.round(n)
		}
	})
	b.StopTimer()
	return m.calls.Load()
}

// visit is one person's talk with the bot.
type visit struct {
	b           *testing.B
	mix         *mix
	do          request
	id          int64
	chat        string
	text, media int
	offset      int
}

func (m *mix) visit(b *testing.B, do request) *visit {
	v := &visit{b: b, mix: m, do: do, id: 10_000 + m.next.Add(1)}
	p := "/people/" + strconv.FormatInt(v.id, 10)
	v.chat = p + "/chats/7001"
	do("PUT", p+"?bot=7001", []byte(`{"first_name":"P"}`))
	do("POST", v.chat+"/messages", []byte(`{"text":"/start"}`))
	v.text = v.send("sendMessage", fields{"chat_id": v.id, "text": "list"})
	v.media = v.send("sendPhoto", fields{"chat_id": v.id, "photo": m.photo})
	return v
}

func (v *visit) call(method string, params fields, into any) {
	body, err := json.Marshal(params)
	if err != nil {
		v.b.Error(err)
	}
	v.mix.calls.Add(1)
	o := struct {
		Result any `json:"result"`
	}{into}
	if err := json.Unmarshal(v.do("POST", "/bot"+token+"/"+method, body), &o); err != nil {
		v.b.Errorf("%s: %v", method, err)
	}
}

func (v *visit) send(method string, params fields) int {
	var m struct {
		ID int `json:"message_id"`
	}
	v.call(method, params, &m)
	return m.ID
}

func (v *visit) round(n int) {
	var press struct {
		ID string `json:"callback_id"`
	}
	if err := json.Unmarshal(v.do("POST", v.chat+"/presses", fmt.Appendf(nil, `{"message_id":%d,"data":"p:%d"}`, v.text, n)), &press); err != nil {
		v.b.Error(err)
	}
	v.call("answerCallbackQuery", fields{"callback_query_id": press.ID}, new(bool))
	v.send("editMessageMedia", fields{"chat_id": v.id, "message_id": v.media,
		"media": fields{"type": "photo", "media": v.mix.photo, "caption": "round " + strconv.Itoa(n)}})
	v.send("editMessageText", fields{"chat_id": v.id, "message_id": v.text, "text": list(n), "parse_mode": "HTML", "reply_markup": pageButtons})
	if n%4 == 0 {
		v.do("POST", v.chat+"/messages", []byte(`{"location":{"latitude":52.5,"longitude":13.4}}`))
		v.send("sendMessage", fields{"chat_id": v.id, "text": list(n), "parse_mode": "HTML", "reply_markup": pageButtons})
	}
	if n%80 == 79 {
		var us []struct {
			ID int `json:"update_id"`
		}
		v.call("getUpdates", fields{"offset": v.offset}, &us)
		v.offset = us[len(us)-1].ID + 1
	}
}

// list is a text such as the bot's lists are.
func list(n int) string {
	var b bytes.Buffer
	for i := range 10 {
		fmt.Fprintf(&b, "%d. <b>Прогулка по городу %d</b> — <i>сегодня в 19:30</i>, 1,%d км &amp; рядом\n", i+1, n+i, i)
	}
	return b.String()
}

var pageButtons = func() fields {
	var rows [][]fields
	for r := range 3 {
		var row []fields
		for c := range 4 {
			row = append(row, fields{"text": fmt.Sprintf("Кнопка %d", r*4+c), "callback_data": fmt.Sprintf("v1:list:%d:%d", r, c)})
		}
		rows = append(rows, row)
	}
	return fields{"inline_keyboard": rows}
}()
