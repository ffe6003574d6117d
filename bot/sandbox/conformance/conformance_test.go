package conformance_test

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"okolo/bot/sandbox"
)

const token = "7001:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"

func TestMain(m *testing.M) {
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if grammY.folder != "" {
		if err := os.RemoveAll(grammY.folder); err != nil {
			panic(err)
		}
	}
	if err := goleak.Find(); code == 0 && err != nil {
		println(err.Error())
		code = 1
	}
	os.Exit(code)
}

// The same visit to the same bot on every client, by long polling and by webhook.
func TestForeignClients(t *testing.T) {
	for name, run := range map[string]func(t *testing.T, url, mode string){
		"go-telegram-bot": startGoTelegram,
		"grammY":          startGrammY,
	} {
		for _, mode := range []string{"polling", "webhook"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				url := startSandbox(t)
				run(t, url, mode)
				visit(t, url)
			})
		}
	}
}

func startSandbox(t *testing.T) (url string) {
	t.Helper()
	s, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if url, err = s.Listen(context.Background(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return url
}

// visit goes through everything the bot can do.
func visit(t *testing.T, url string) {
	people := sandbox.NewPeople(url, nil)
	t.Cleanup(people.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	ann, err := people.Join(ctx, sandbox.Profile{ID: 501, FirstName: "Ann"}, "7001")
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t, ctx, ann, 0}

	v.say("/start")
	hello := v.answer("Hello, Ann")
	if hello.HTML != "Hello, <b>Ann</b>" {
		t.Errorf("entities: %s", hello.HTML)
	}
	for _, step := range []struct{ button, toast, text string }{
		{"Count 0", "now 1", "Counted 1"},
		{"Count 1", "now 2", "Counted 2"},
	} {
		v.press(hello.ID, step.button, step.toast, step.text)
	}

	v.say("just – a text 🏟")
	v.answer("just – a text 🏟")

	v.say("/file")
	file := v.answer("a file")
	if file.Document == nil || file.Document.FileName != "hello.txt" {
		t.Fatalf("the file: %+v", file)
	}
	if b, err := ann.File(ctx, file.Document.FileID); err != nil || string(b) != "hello, file" {
		t.Errorf("the person's download: %q, %v", b, err)
	}
	v.answer("downloaded: hello, file")
}

// visitor is a person who fails the test where the bot does not do what it should.
type visitor struct {
	t      *testing.T
	ctx    context.Context
	person *sandbox.Person
	last   int64 // the newest message that was looked at
}

func (v *visitor) say(text string) {
	v.t.Helper()
	if _, err := v.person.Say(v.ctx, text); err != nil {
		v.t.Fatal(err)
	}
}

// answer waits for the bot's next message, which has to be a certain one.
func (v *visitor) answer(body string) sandbox.Message {
	v.t.Helper()
	chat, err := v.person.Wait(v.ctx, func(chat []sandbox.Message) bool { return len(sandbox.FromBot(chat, v.last)) > 0 })
	if err != nil {
		v.t.Fatalf("waiting for %q: %v", body, err)
	}
	m := sandbox.FromBot(chat, v.last)[0]
	if v.last = m.ID; m.Body() != body {
		v.t.Fatalf("the bot said %q, want %q", m.Body(), body)
	}
	return m
}

// press presses a button, and waits for the notice and the edit that follow.
func (v *visitor) press(id int64, label, toast, text string) {
	v.t.Helper()
	chat, err := v.person.Chat(v.ctx)
	if err != nil {
		v.t.Fatal(err)
	}
	m, _ := sandbox.ByID(chat, id)
	b, found := m.Button(label)
	if !found {
		v.t.Fatalf("no button %q below %+v", label, m)
	}
	a, err := v.person.PressAndWait(v.ctx, id, b.Data)
	if err != nil || a.Text != toast {
		v.t.Fatalf("pressed %q: %+v, %v", label, a, err)
	}
	if _, err := v.person.Wait(v.ctx, func(chat []sandbox.Message) bool {
		m, _ := sandbox.ByID(chat, id)
		return m.Text == text
	}); err != nil {
		v.t.Fatalf("pressed %q: no %q: %v", label, text, err)
	}
}
