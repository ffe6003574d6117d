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
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mymmrac/telego"

	"okolo/bot/sandbox"
)

// BenchmarkCalls measures what the sandbox spends on a Bot API call, in a mix as a bot makes
// it for each press of a button: answerCallbackQuery, editMessageMedia by file_id with a
// caption, editMessageText of a list of 600 characters in HTML with 12 buttons; for every
// fourth press a sendMessage of the same list; for every 80 a getUpdates of 100 updates.
//
// "process" has the sandbox in a process of its own, with 32 connections that are kept, and
// reports that process' time, user and system, while it serves the calls; the people's presses
// and messages come before and are not counted. "handler" makes the same calls without a
// network; its time has the benchmark's own coding of JSON in it.
func BenchmarkCalls(b *testing.B) {
	b.Run("process", func(b *testing.B) {
		c := newChild(b)
		defer c.end(b)
		hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: visitors}}
		defer hc.CloseIdleConnections()
		spent := newMix(b, c.url).run(b, c.used, func(method, path string, body []byte) []byte {
			r, err := http.NewRequest(method, c.url+path, bytes.NewReader(body))
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
		b.ReportMetric(spent, "cpu-ns/call")
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
		began := time.Now()
		wall := func(testing.TB) time.Duration { return time.Since(began) * time.Duration(runtime.GOMAXPROCS(0)) }
		spent := m.run(b, wall, func(method, path string, body []byte) []byte {
			r := httptest.NewRequest(method, path, bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
			return w.Body.Bytes()
		})
		b.ReportMetric(spent, "core-ns/call")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	})
}

// childMark in the environment makes the test program a sandbox; see serveChild.
const childMark = "SANDBOX_TEST_CHILD"

// childProcess is a sandbox in a process of its own.
type childProcess struct {
	url string
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func newChild(b *testing.B) *childProcess {
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
	c := &childProcess{cmd: cmd, in: in, out: bufio.NewReader(out)}
	c.url = c.line(b)
	return c
}

func (c *childProcess) line(b testing.TB) string {
	line, err := c.out.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// used asks the child how much processor time it has used.
func (c *childProcess) used(b testing.TB) time.Duration {
	if _, err := io.WriteString(c.in, "\n"); err != nil {
		b.Fatal(err)
	}
	n, err := strconv.ParseInt(c.line(b), 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(n)
}

func (c *childProcess) end(b *testing.B) {
	if err := c.in.Close(); err != nil {
		b.Error(err)
	}
	if err := c.cmd.Wait(); err != nil {
		b.Error(err)
	}
}

// serveChild is the sandbox of a childProcess: it prints its address, then the processor time
// used so far for each line it reads, and ends with its standard input.
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
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			return err
		}
		fmt.Println(u.Utime.Nano() + u.Stime.Nano())
	}
	return s.Close()
}

// mix is the benchmark's load.
type mix struct {
	photo string // file_id
	next  atomic.Int64
	calls atomic.Int64

	mu     sync.Mutex
	offset int // of getUpdates
}

func newMix(b *testing.B, url string) *mix {
	said(b, person(b, url, ann), "/start")
	sent := uploads(b, url, "sendPhoto", map[string]string{"chat_id": "501"}, map[string][]byte{"photo": picture(b, 640, 480)})
	return &mix{photo: must[telego.Message](b, sent).Photo[0].FileID}
}

type request func(method, path string, body []byte) []byte

// visitors are how many people are there at once; each makes visitRounds rounds.
const (
	visitors    = 32
	visitRounds = 80
)

// run makes at least b.N rounds, and returns how many nanoseconds by a clock a call of the bot
// took.
func (m *mix) run(b *testing.B, clock func(testing.TB) time.Duration, do request) float64 {
	var spent time.Duration
	b.StopTimer()
	for n := 0; n < b.N; n += visitors * visitRounds {
		visits := make([]*visit, visitors)
		atOnce(visits, func(v **visit) { *v = m.visit(b, do) })
		m.calls.Add(-2 * visitors)
		before := clock(b)
		b.StartTimer()
		atOnce(visits, func(v **visit) { (*v).rounds() })
		b.StopTimer()
		spent += clock(b) - before
	}
	return float64(spent.Nanoseconds()) / float64(m.calls.Load())
}

func atOnce(visits []*visit, do func(**visit)) {
	var all sync.WaitGroup
	for i := range visits {
		all.Go(func() { do(&visits[i]) })
	}
	all.Wait()
}

// visit is one person's talk with the bot: what the bot has to answer.
type visit struct {
	b           *testing.B
	mix         *mix
	do          request
	id          int64
	text, media int
	presses     []string // callback query ids
}

// visit has a new person come, get two messages, and press buttons.
func (m *mix) visit(b *testing.B, do request) *visit {
	v := &visit{b: b, mix: m, do: do, id: 10_000 + m.next.Add(1)}
	person := "/people/" + strconv.FormatInt(v.id, 10)
	do("PUT", person+"?bot=7001", []byte(`{"first_name":"P"}`))
	do("POST", person+"/chats/7001/messages", []byte(`{"text":"/start"}`))
	v.text = v.send("sendMessage", fields{"chat_id": v.id, "text": "list"})
	v.media = v.send("sendPhoto", fields{"chat_id": v.id, "photo": m.photo})
	for n := range visitRounds {
		var press struct {
			ID string `json:"callback_id"`
		}
		body := fmt.Appendf(nil, `{"message_id":%d,"data":"p:%d"}`, v.text, n)
		if err := json.Unmarshal(do("POST", person+"/chats/7001/presses", body), &press); err != nil {
			b.Error(err)
		}
		v.presses = append(v.presses, press.ID)
		if n%4 == 0 {
			do("POST", person+"/chats/7001/messages", []byte(`{"location":{"latitude":52.5,"longitude":13.4}}`))
		}
	}
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

func (v *visit) rounds() {
	for n, id := range v.presses {
		v.call("answerCallbackQuery", fields{"callback_query_id": id}, new(bool))
		v.send("editMessageMedia", fields{"chat_id": v.id, "message_id": v.media,
			"media": fields{"type": "photo", "media": v.mix.photo, "caption": "round " + strconv.Itoa(n)}})
		v.send("editMessageText", fields{"chat_id": v.id, "message_id": v.text, "text": list(n), "parse_mode": "HTML", "reply_markup": pageButtons})
		if n%4 == 0 {
			v.send("sendMessage", fields{"chat_id": v.id, "text": list(n), "parse_mode": "HTML", "reply_markup": pageButtons})
		}
	}
	v.mix.confirm(v)
}

// confirm takes the next hundred updates.
func (m *mix) confirm(v *visit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var us []struct {
		ID int `json:"update_id"`
	}
	v.call("getUpdates", fields{"offset": m.offset}, &us)
	m.offset = us[len(us)-1].ID + 1
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
