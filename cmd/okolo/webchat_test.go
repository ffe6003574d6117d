package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// seeWithin is how long a step of the page may take, on a machine that is busy with other tests.
const seeWithin = 20 * time.Second

// TestWebChat does with the mouse alone, in a real browser, what the page is for: start, send
// a location, turn the page, widen the radius, create an event, and join it as a second
// person in a second tab. Its screenshots go to $OKOLO_SCREENSHOTS, where that is set.
func TestWebChat(t *testing.T) {
	url := startDemo(t)
	anna := openTab(t, newBrowser(t), url)
	anna.act("set the size", chromedp.EmulateViewport(1280, 1000))

	anna.click("#start", "Start")
	anna.see("#log", "Hello, Anna!")
	anna.sendLocation("Send my location")
	anna.see(".key", "week")
	anna.click(".key", "week")
	anna.read("5 km · week")
	anna.click(".key", "▶")
	anna.see(".key", "2 / ")
	anna.click(".key", "➕ 10 km")
	anna.read("10 km · week")
	anna.click(".key", "Create")
	anna.read("Send me the title")
	anna.click("#text", "")
	anna.act("type the title", chromedp.KeyEvent(tourTitle))
	anna.click("#send", "")
	anna.click(".key", "walks")
	anna.click(".key", "Where I am")
	anna.click(".key", "tomorrow 19:00")
	anna.read("Is everything right?")
	anna.click(".key", "Publish")
	anna.read("Saved.")

	boris := anna.openTabOf("Борис")
	boris.act("become a phone", chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2)))
	order(boris, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	boris.click("#start", "Start")
	boris.see("#log", "Здравствуйте, Борис!")
	boris.sendLocation("Отправить")
	boris.click(".key", "завтра")
	boris.read(tourTitle)
	boris.screenshot("phone-dark-list")
	boris.click(".key", boris.numberOf(tourTitle))
	boris.click(".key", "Пойду")
	boris.read("Вы идёте")
	boris.seeThat("the notice, at rest", `document.querySelector(".toast")?.getAnimations().length === 0`)
	boris.screenshot("phone-dark")

	order(anna, page.BringToFront, cdp.Empty{})
	anna.click(".key", "Back")
	anna.read("10 km · week")
	anna.click(".key", "tomorrow")
	anna.read("10 km · tomorrow")
	anna.screenshot("desktop-light")
	anna.click(".key", anna.numberOf(tourTitle))
	anna.read("Борис")
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

// newBrowser starts a Chromium of its own.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no chromium on PATH: install Debian's package \"chromium\" (apt-get install chromium)")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's sandbox does not work as root
	}
	allocated, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	browser, cancel := chromedp.NewContext(allocated)
	t.Cleanup(cancel)
	if err := chromedp.Do(browser); err != nil {
		t.Fatal(err)
	}
	return browser
}

// tab is a page of the browser and the hand on the mouse.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func openTab(t *testing.T, browser context.Context, url string) *tab {
	t.Helper()
	a := newTab(t, browser)
	a.act("open the page", chromedp.Navigate(url))
	return a
}

// newTab attaches to a page. Whatever the page complains of, the content security policy
// among it, fails the test.
func newTab(t *testing.T, parent context.Context, o ...chromedp.ContextOption) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, o...)
	complaints, heard := chromedp.Console(ctx), make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-heard
	})
	go func() {
		defer close(heard)
		for m, err := range complaints {
			if err == nil && (m.IsException() || m.Type == "error") {
				t.Errorf("the page complains: %s (%s:%d)", m, m.URL, m.Line)
			}
		}
	}()
	return &tab{t, ctx}
}

// openTabOf opens a second person's tab, by the dialog that says who one is.
func (a *tab) openTabOf(name string) *tab {
	a.t.Helper()
	opened := chromedp.WaitNewTarget(a.ctx, func(i *target.Info) bool { return i.Type == "page" })
	a.click("#me", "")
	a.screenshot("people")
	a.click(`a[aria-label="Open a tab as `+name+`"]`, "")
	a.act("close the dialog", chromedp.KeyEvent("\x1b"))
	select {
	case id := <-opened:
		return newTab(a.t, a.ctx, chromedp.WithTargetID(id))
	case <-time.After(seeWithin):
		a.t.Fatalf("no tab opened for %s", name)
		return nil
	}
}

func (a *tab) act(what string, action chromedp.Action[chromedp.Void]) {
	a.t.Helper()
	if err := chromedp.Do(a.ctx, action); err != nil {
		a.t.Fatalf("%s: %v", what, err)
	}
}

// order gives the browser a command about the tab.
func order[P any](a *tab, c cdp.Command[P, cdp.Empty], params P) {
	a.t.Helper()
	if _, err := chromedp.Call(a.ctx, c, params); err != nil {
		a.t.Fatalf("%s: %v", c.Method, err)
	}
}

// ask evaluates an expression in the page.
func ask[T any](a *tab, expression string) T {
	a.t.Helper()
	v, err := chromedp.Run(a.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		a.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// locate finds the middle of the newest control with a text, if it can be, exactly that, where
// the mouse can reach it.
const locate = `((selector, text) => {
	const all = [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility());
	const e = all.findLast((e) => e.textContent === text) ?? all.findLast((e) => e.textContent.includes(text));
	if (!e || e.disabled) return null;
	e.scrollIntoView({ block: "nearest" });
	const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
	return e.contains(document.elementFromPoint(x, y)) ? [x, y] : null;
})(%q, %q)`

// click presses the mouse on the newest control with a text, once it is there.
func (a *tab) click(selector, text string) {
	a.t.Helper()
	var at []float64
	a.until(fmt.Sprintf("a control %s with %q", selector, text), func() bool {
		at = ask[[]float64](a, fmt.Sprintf(locate, selector, text))
		return len(at) == 2
	})
	a.act("click", chromedp.MouseClickXY(at[0], at[1]))
}

// see waits for an element with a text.
func (a *tab) see(selector, text string) {
	a.t.Helper()
	a.seeThat(fmt.Sprintf("%q in %s", text, selector),
		fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.textContent.includes(%q))`, selector, text))
}

// read waits for the newest message to have a text.
func (a *tab) read(text string) {
	a.t.Helper()
	a.seeThat(fmt.Sprintf("%q in the newest message", text), fmt.Sprintf(newest+`?.textContent.includes(%q) ?? false`, text))
}

// newest is the text of the newest message.
const newest = `[...document.querySelectorAll("#log .text")].at(-1)`

func (a *tab) seeThat(what, expression string) {
	a.t.Helper()
	a.until(what, func() bool { return ask[bool](a, expression) })
}

func (a *tab) until(what string, there func() bool) {
	a.t.Helper()
	for deadline := time.Now().Add(seeWithin); !there(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			a.screenshot("failed")
			a.t.Fatalf("did not see %s; the page says:\n%s", what, ask[string](a, `document.body.innerText`))
		}
	}
}

// sendLocation picks a place on the map that a key of the reply keyboard opens, and waits for
// the bot's picture.
func (a *tab) sendLocation(key string) {
	a.t.Helper()
	a.click("#keyboard .key", key)
	a.click("svg.map", "")
	a.screenshot("picker")
	a.click("#send-location", "")
	a.seeThat("the map picture", `[...document.querySelectorAll("#log .photo img")].some((i) => i.complete && i.naturalWidth > 0)`)
}

// numberOf finds the number of an event in the newest list, which is what its button says.
func (a *tab) numberOf(title string) string {
	a.t.Helper()
	list := ask[string](a, newest+`.textContent`)
	before, _, found := strings.Cut(list, title)
	numbers := regexp.MustCompile(`(?m)^\D*(\d+)`).FindAllStringSubmatch(before, -1)
	if !found || numbers == nil {
		a.t.Fatalf("no number for %q in %q", title, list)
	}
	return numbers[len(numbers)-1][1]
}

// screenshot keeps what the tab shows.
func (a *tab) screenshot(name string) {
	a.t.Helper()
	folder := os.Getenv("OKOLO_SCREENSHOTS")
	if folder == "" {
		folder = a.t.TempDir()
	}
	png, err := chromedp.Run(a.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600); err != nil {
		a.t.Fatal(err)
	}
}
