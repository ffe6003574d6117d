package main

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"

	"okolo/bot/sandbox/webchat/browser"
)

// TestWebChat does with the mouse alone, in a real browser, what the page is for: start, send
// a location, turn the page, widen the radius, create an event, and join it as a second
// person in a second tab. Its screenshots go to $OKOLO_SCREENSHOTS, where that is set.
func TestWebChat(t *testing.T) {
	t.Parallel()
	url := startDemo(t)
	anna := browser.Open(t, url)

	anna.Click("#start", "Start")
	anna.See("#log", "Hello, Anna!")
	sendLocation(anna, "Send my location")
	anna.See(".key", "week")
	anna.Click(".key", "week")
	anna.Read("5 km · week")
	anna.Click(".key", "▶")
	anna.See(".key", "2 / ")
	anna.Click(".key", "➕ 10 km")
	anna.Read("10 km · week")
	anna.Click(".key", "Create")
	anna.Read("Send me the title")
	anna.Click("#text", "")
	anna.Type(tourTitle)
	anna.Click("#send", "")
	anna.Click(".key", "walks")
	anna.Click(".key", "Where I am")
	anna.Click(".key", "tomorrow 19:00")
	anna.Read("Is everything right?")
	anna.Click(".key", "Publish")
	anna.Read("Saved.")

	boris := anna.OpenTabOf("Борис")
	boris.BecomePhone("dark")
	boris.Click("#start", "Start")
	boris.See("#log", "Здравствуйте, Борис!")
	sendLocation(boris, "Отправить")
	boris.Click(".key", "завтра")
	boris.Read(tourTitle)
	boris.Screenshot("phone-dark-list")
	boris.Click(".key", numberOf(t, boris.Newest(), tourTitle))
	boris.Click(".key", "Пойду")
	boris.Read("Вы идёте")
	boris.SeeThat("the notice, at rest", `document.querySelector(".toast")?.getAnimations().length === 0`)
	boris.Screenshot("phone-dark")

	anna.ToFront()
	anna.Click(".key", "Back")
	anna.Read("10 km · week")
	anna.Click(".key", "tomorrow")
	anna.Read("10 km · tomorrow")
	anna.Screenshot("desktop-light")
	anna.Click(".key", numberOf(t, anna.Newest(), tourTitle))
	anna.Read("Борис")
}

// startDemo runs the real program, and returns the address of its web chat.
func startDemo(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(binary, "demo", "--fresh", "--listen", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0")
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	drained := make(chan struct{})
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		late := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		<-drained
		_ = cmd.Wait() // how it ends is not this test's matter
		if t.Failed() {
			t.Logf("the demo's log:\n%s", log.String())
		}
	})
	found := make(chan string, 1)
	go func() {
		defer close(drained)
		defer close(found)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if m := regexp.MustCompile(`Web chat.* (http://\S+)`).FindStringSubmatch(lines.Text()); m != nil {
				found <- m[1]
				break
			}
		}
		_, _ = io.Copy(io.Discard, out) // until the program ends
	}()
	select {
	case url, ok := <-found:
		if ok {
			return url
		}
	case <-time.After(time.Minute):
	}
	t.Fatal("the demo did not print where its web chat is")
	return ""
}

// sendLocation picks a place on the map that a key of the reply keyboard opens, and waits for
// the bot's picture.
func sendLocation(a *browser.Tab, key string) {
	a.Click("#keyboard .key", key)
	a.Click("svg.map", "")
	a.Screenshot("picker")
	a.Click("#send-location", "")
	a.SeeThat("the map picture", `[...document.querySelectorAll("#log .photo img")].some((i) => i.complete && i.naturalWidth > 0)`)
}

// numberOf finds the number of an event in a list, which is what its button says.
func numberOf(t *testing.T, list, title string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^(\d+)\. ` + regexp.QuoteMeta(title) + `$`).FindStringSubmatch(list)
	if m == nil {
		t.Fatalf("no number for %q in %q", title, list)
	}
	return m[1]
}
