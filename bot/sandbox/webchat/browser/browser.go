// Package browser drives the web chat in a real Chromium, for tests: a hand on the mouse and
// the keyboard, and an eye on the page. It knows the page's own elements and nothing of any
// bot.
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// seeWithin is how long a step of the page may take, on a machine that is busy with other tests.
const seeWithin = time.Minute

// Tab is a page of the browser.
type Tab struct {
	t    testing.TB
	ctx  context.Context
	loss *atomic.Bool // what the page asks for may fail to come
}

// Open starts a Chromium of the test's own, which ends with it, and opens the page at url in a
// window of a desktop's size.
func Open(t testing.TB, url string) *Tab {
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
	a := attach(t, browser)
	a.do("open the page", chromedp.Navigate(url))
	a.do("set the size", chromedp.EmulateViewport(1280, 1000))
	return a
}

// attach makes a tab. Whatever its page complains of, the content security policy among it,
// fails the test.
func attach(t testing.TB, parent context.Context, o ...chromedp.ContextOption) *Tab {
	ctx, cancel := chromedp.NewContext(parent, o...)
	loss := new(atomic.Bool)
	complaints, heard := chromedp.Console(ctx), make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-heard
	})
	go func() {
		defer close(heard)
		for m, err := range complaints {
			lost := loss.Load() && strings.Contains(m.String(), "Failed to load resource")
			if err == nil && (m.IsException() || m.Type == "error") && !lost {
				t.Errorf("the page complains: %s (%s:%d)", m, m.URL, m.Line)
			}
		}
	}()
	return &Tab{t, ctx, loss}
}

// AllowLoss says that from now on the page's server may go away.
func (a *Tab) AllowLoss() { a.loss.Store(true) }

// OpenTabOf opens a second person's tab, by the dialog that says who one is.
func (a *Tab) OpenTabOf(name string) *Tab {
	a.t.Helper()
	opened := chromedp.WaitNewTarget(a.ctx, func(i *target.Info) bool { return i.Type == "page" })
	a.Click("#me", "")
	a.Screenshot("people")
	a.Click(`a[aria-label="Open a tab as `+name+`"]`, "")
	a.Type("\x1b")
	select {
	case id := <-opened:
		return attach(a.t, a.ctx, chromedp.WithTargetID(id))
	case <-time.After(seeWithin):
		a.t.Fatalf("no tab opened for %s", name)
		return nil
	}
}

// BecomePhone gives the tab a phone's size, and says what its system prefers: "light" or "dark".
func (a *Tab) BecomePhone(scheme string) {
	a.t.Helper()
	a.do("become a phone", chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2)))
	order(a, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// ToFront shows the tab.
func (a *Tab) ToFront() {
	a.t.Helper()
	order(a, page.BringToFront, cdp.Empty{})
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

// Click presses the mouse on the newest control with a text, once it is there and stands
// still: a live page moves it while messages come.
func (a *Tab) Click(selector, text string) {
	a.t.Helper()
	var at, before []float64
	a.until(fmt.Sprintf("a control %s with %q", selector, text), func() bool {
		at, before = Ask[[]float64](a, fmt.Sprintf(locate, selector, text)), at
		return len(at) == 2 && slices.Equal(at, before)
	})
	a.do("click", chromedp.MouseClickXY(at[0], at[1]))
}

// Type presses keys.
func (a *Tab) Type(keys string) {
	a.t.Helper()
	a.do("type", chromedp.KeyEvent(keys))
}

// TypeShifted presses keys with Shift held.
func (a *Tab) TypeShifted(keys string) {
	a.t.Helper()
	a.do("type", chromedp.KeyEvent(keys, chromedp.KeyModifiers(kb.ModifierShift)))
}

// See waits for an element with a text.
func (a *Tab) See(selector, text string) {
	a.t.Helper()
	a.SeeThat(fmt.Sprintf("%q in %s", text, selector),
		fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.textContent.includes(%q))`, selector, text))
}

// newest is the text of the newest message.
const newest = `([...document.querySelectorAll("#log .text")].at(-1)?.textContent ?? "")`

// Read waits for the newest message to have a text.
func (a *Tab) Read(text string) {
	a.t.Helper()
	a.SeeThat(fmt.Sprintf("%q in the newest message", text), fmt.Sprintf(newest+`.includes(%q)`, text))
}

// Newest returns the text of the newest message.
func (a *Tab) Newest() string {
	a.t.Helper()
	return Ask[string](a, newest)
}

// SeeThat waits for an expression to become true.
func (a *Tab) SeeThat(what, expression string) {
	a.t.Helper()
	a.until(what, func() bool { return Ask[bool](a, expression) })
}

// Ask evaluates an expression in the page.
func Ask[T any](a *Tab, expression string) T {
	a.t.Helper()
	v, err := chromedp.Run(a.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		a.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Screenshot keeps what the tab shows in $OKOLO_SCREENSHOTS, or a folder that ends with the test.
func (a *Tab) Screenshot(name string) {
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

func (a *Tab) until(what string, there func() bool) {
	a.t.Helper()
	for deadline := time.Now().Add(seeWithin); !there(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			a.Screenshot("failed")
			a.t.Fatalf("did not see %s; the page says:\n%s", what, Ask[string](a, `document.body.innerText`))
		}
	}
}

func (a *Tab) do(what string, action chromedp.Action[chromedp.Void]) {
	a.t.Helper()
	if err := chromedp.Do(a.ctx, action); err != nil {
		a.t.Fatalf("%s: %v", what, err)
	}
}

// order gives the browser a command about the tab.
func order[P any](a *Tab, c cdp.Command[P, cdp.Empty], params P) {
	a.t.Helper()
	if _, err := chromedp.Call(a.ctx, c, params); err != nil {
		a.t.Fatalf("%s: %v", c.Method, err)
	}
}
