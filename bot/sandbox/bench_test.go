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

// BenchmarkCalls measures what the sandbox spends on a Bot API call while a load run is on. The
// mix is what the bot makes of 4 presses of buttons and a location, by 32 people at once:
//
//	4 answerCallbackQuery
//	4 editMessageText   a list of 600 characters in HTML with 12 buttons
//	4 editMessageMedia  a photo by file_id with a caption
//	1 sendPhoto         by file_id with a caption and 12 buttons
//	1 sendMessage       the list with its buttons
//	½ getUpdates        of 10 updates
//
// The sandbox is a process of its own, with 32 connections that are kept; cpu-µs/call is that
// process' time, user and system, allocs/call and B/call what it allocates, gc/kcall how many
// collections there are in a thousand calls. People press and write before, which is not
// counted. "nethttp" is the yardstick: the same requests, read and answered with as much as the
// sandbox says, by a bare handler of net/http.
func BenchmarkCalls(b *testing.B) {
	for _, kind := range []string{childSandbox, childBare} {
		b.Run(kind, func(b *testing.B) {
			target := newChild(b, childSandbox)
			defer target.end(b)
			measured := target
			if kind == childBare {
				measured = newChild(b, childBare)
				defer measured.end(b)
			}
			bot, people := newCaller(b), newCaller(b)
			m := newMix(b, target.url, bot, people)
			if kind == childBare {
				m.also = func(path string, body []byte, answer int) {
					bot("POST", fmt.Sprintf("%s%s?answer=%d", measured.url, path, answer), body)
				}
			}
			m.run(b, measured.used)
		})
	}
}

// childMark in the environment makes the test program a sandbox; see serveChild.
const childMark = "SANDBOX_TEST_CHILD"

// caller makes a request that has to succeed.
type caller func(method, url string, body []byte) []byte

// newCaller has connections of its own, as a bot and its people have.
func newCaller(b *testing.B) caller {
	hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: visitors}}
	b.Cleanup(hc.CloseIdleConnections)
	return func(method, url string, body []byte) []byte {
		r, err := http.NewRequest(method, url, bytes.NewReader(body))
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
			b.Errorf("%s: %d %s %v", url, resp.StatusCode, out, err)
		}
		return out
	}
}

// What a child serves.
const (
	childSandbox = "sandbox"
	childBare    = "nethttp"
)

// childProcess is a server in a process of its own.
type childProcess struct {
	url string
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func newChild(b *testing.B, kind string) *childProcess {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childMark+"="+kind)
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

// usage is what a process has used since its start.
type usage struct {
	CPU         time.Duration // of processors, user and system
	Allocations uint64
	Bytes       uint64 // allocated
	Collections uint32
}

// used asks the child what it has used.
func (c *childProcess) used(b testing.TB) (u usage) {
	if _, err := io.WriteString(c.in, "\n"); err != nil {
		b.Fatal(err)
	}
	if err := json.Unmarshal([]byte(c.line(b)), &u); err != nil {
		b.Fatal(err)
	}
	return u
}

func (c *childProcess) end(b *testing.B) {
	if err := c.in.Close(); err != nil {
		b.Error(err)
	}
	if err := c.cmd.Wait(); err != nil {
		b.Error(err)
	}
}

// serveChild is the server of a childProcess: it prints its address, then what it has used for
// each line it reads, and ends with its standard input.
func serveChild(kind string) error {
	url, end, err := listenChild(kind)
	if err != nil {
		return err
	}
	fmt.Println(url)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			return err
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		u := usage{time.Duration(r.Utime.Nano() + r.Stime.Nano()), m.Mallocs, m.TotalAlloc, m.NumGC}
		if err := json.NewEncoder(os.Stdout).Encode(u); err != nil {
			return err
		}
	}
	return end()
}

func listenChild(kind string) (url string, end func() error, err error) {
	if kind == childBare {
		srv := httptest.NewServer(http.HandlerFunc(serveBare))
		return srv.URL, func() error { srv.Close(); return nil }, nil
	}
	s, err := sandbox.New(sandbox.Options{})
	if err != nil {
		return "", nil, err
	}
	url, err = s.Listen(context.Background(), "127.0.0.1:0")
	return url, s.Close, err
}

// serveBare reads the request and answers with as many bytes as it is asked for.
func serveBare(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.RawQuery, "answer="))
	if err != nil || n > len(blank) {
		http.Error(w, "no such answer", http.StatusBadRequest)
		return
	}
	body := make([]byte, r.ContentLength)
	_, _ = io.ReadFull(r.Body, body)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(n))
	_, _ = w.Write(blank[:n])
}

var blank = make([]byte, 1<<20)

// mix is the benchmark's load.
type mix struct {
	url         string
	bot, people caller
	also        func(path string, body []byte, answer int) // nil, or called with every call of the bot while the clock runs
	photo       string                                     // file_id
	next        atomic.Int64
	calls       atomic.Int64

	mu     sync.Mutex
	offset int // of getUpdates
}

func newMix(b *testing.B, url string, bot, people caller) *mix {
	said(b, person(b, url, ann), "/start")
	sent := uploads(b, url, "sendPhoto", map[string]string{"chat_id": "501"}, map[string][]byte{"photo": picture(b, 640, 480)})
	return &mix{url: url, bot: bot, people: people, photo: must[telego.Message](b, sent).Photo[0].FileID}
}

// visitors are how many people are there at once; each makes visitRounds rounds of 4 presses
// and a location.
const (
	visitors    = 32
	visitRounds = 20
	roundUps    = 5 // updates of a round
)

// run makes at least b.N rounds of calls, and reports what each call took of a process.
func (m *mix) run(b *testing.B, used func(testing.TB) usage) {
	var spent usage
	b.StopTimer()
	for n := 0; n < b.N; n += visitors * visitRounds {
		visits := make([]*visit, visitors)
		atOnce(visits, func(v **visit) { *v = m.visit(b) })
		m.calls.Add(-2 * visitors)
		before := used(b)
		b.StartTimer()
		atOnce(visits, func(v **visit) { (*v).rounds() })
		b.StopTimer()
		after := used(b)
		spent.CPU += after.CPU - before.CPU
		spent.Allocations += after.Allocations - before.Allocations
		spent.Bytes += after.Bytes - before.Bytes
		spent.Collections += after.Collections - before.Collections
	}
	calls := float64(m.calls.Load())
	b.ReportMetric(float64(spent.CPU.Nanoseconds())/1000/calls, "cpu-µs/call")
	b.ReportMetric(float64(spent.Allocations)/calls, "allocs/call")
	b.ReportMetric(float64(spent.Bytes)/calls, "B/call")
	b.ReportMetric(float64(spent.Collections)*1000/calls, "gc/kcall")
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
	id          int64
	text, media int
	presses     []string // callback query ids
	running     bool     // the clock is
}

// visit has a new person come, get two messages, and press buttons.
func (m *mix) visit(b *testing.B) *visit {
	v := &visit{b: b, mix: m, id: 10_000 + m.next.Add(1)}
	person := m.url + "/people/" + strconv.FormatInt(v.id, 10)
	m.people("PUT", person+"?bot=7001", []byte(`{"first_name":"P"}`))
	m.people("POST", person+"/chats/7001/messages", []byte(`{"text":"/start"}`))
	v.text = v.send("sendMessage", fields{"chat_id": v.id, "text": "list"})
	v.media = v.send("sendPhoto", fields{"chat_id": v.id, "photo": m.photo})
	for n := range 4 * visitRounds {
		var press struct {
			ID string `json:"callback_id"`
		}
		body := fmt.Appendf(nil, `{"message_id":%d,"data":"p:%d"}`, v.text, n)
		if err := json.Unmarshal(m.people("POST", person+"/chats/7001/presses", body), &press); err != nil {
			b.Error(err)
		}
		v.presses = append(v.presses, press.ID)
		if n%4 == 0 {
			m.people("POST", person+"/chats/7001/messages", []byte(`{"location":{"latitude":52.5,"longitude":13.4}}`))
		}
	}
	v.running = true
	return v
}

func (v *visit) call(method string, params fields, into any) {
	body, err := json.Marshal(params)
	if err != nil {
		v.b.Error(err)
	}
	v.mix.calls.Add(1)
	path := "/bot" + token + "/" + method
	answer := v.mix.bot("POST", v.mix.url+path, body)
	if v.running && v.mix.also != nil {
		v.mix.also(path, body, len(answer))
	}
	o := struct {
		Result any `json:"result"`
	}{into}
	if err := json.Unmarshal(answer, &o); err != nil {
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
			v.send("sendPhoto", fields{"chat_id": v.id, "photo": v.mix.photo, "caption": "round " + strconv.Itoa(n), "reply_markup": pageButtons})
			v.send("sendMessage", fields{"chat_id": v.id, "text": list(n), "parse_mode": "HTML", "reply_markup": pageButtons})
		}
		if n%8 == 0 {
			v.mix.confirm(v, 2*roundUps)
		}
	}
}

// confirm takes the next updates.
func (m *mix) confirm(v *visit, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var us []struct {
		ID int `json:"update_id"`
	}
	v.call("getUpdates", fields{"offset": m.offset, "limit": n}, &us)
	if len(us) != n {
		v.b.Errorf("%d updates in place of %d", len(us), n)
		return
	}
	m.offset = us[n-1].ID + 1
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
