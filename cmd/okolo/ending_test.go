package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"okolo/bot/sandbox"
	"okolo/bot/sandbox/visit"
	"okolo/persistence/pgtest"
)

// TestDemoDrains: SIGTERM ends the demo in order, also after it has served somebody.
func TestDemoDrains(t *testing.T) {
	t.Parallel()
	p := runDemo(t, nil, nil, "--fresh")
	anna, err := visit.Join(t.Context(), sandbox.NewPeople(p.url, nil), sandbox.Profile{ID: 5, FirstName: "Anna", LanguageCode: "en"}, visit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	anna.Say("/start")
	anna.See("the greeting", contains("Hello, Anna!"))
	if err := anna.Err(); err != nil {
		t.Error(err)
	}
	p.terminate(t)
}

// TestDemoStoppedWhileItStarts: that is no failure, and nothing of it stays.
func TestDemoStoppedWhileItStarts(t *testing.T) {
	temp := openDir(t)
	p, _ := launchDemo(t, []string{"TMPDIR=" + temp}, nil, "--fresh")
	p.logs(t, "making a database cluster")
	p.terminate(t)
	if log := p.log.String(); strings.Contains(log, "initdb") || !strings.Contains(log, "stopped while it was starting") {
		t.Errorf("the log:\n%s", log)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

// TestServeStoppedWhileItStarts: so it is while the Bot API does not answer.
func TestServeStoppedWhileItStarts(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	mute := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		once.Do(func() { close(asked) })
		<-release
	}))
	defer mute.Close()
	defer close(release)
	p, _ := launch(t, []string{"BOT_TOKEN=" + demoToken, "DATABASE_URL=" + pgtest.URL(t), "BOT_API_URL=" + mute.URL, "OPS_ADDR=127.0.0.1:0"}, nil, "serve")
	select {
	case <-asked:
	case <-time.After(time.Minute):
		t.Fatalf("the Bot API was not asked:\n%s", p.log.String())
	}
	p.terminate(t)
}

// TestSecondSignal: a first Ctrl-C drains, which takes long where an answer cannot be
// delivered; a second one does not wait for it.
func TestSecondSignal(t *testing.T) {
	direct := localTelegram(t)
	target, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	sending, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Base(r.URL.Path) == "sendMessage" {
			once.Do(func() { close(sending) })
			<-release
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer slow.Close()
	defer close(release)
	p := startServe(t, []string{"BOT_TOKEN=" + demoToken, "DATABASE_URL=" + pgtest.URL(t), "BOT_API_URL=" + slow.URL, "OPS_ADDR=127.0.0.1:0"})
	anna, err := visit.Join(t.Context(), sandbox.NewPeople(direct, nil), sandbox.Profile{ID: 5, FirstName: "Anna", LanguageCode: "en"}, visit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	anna.Say("/start")
	select {
	case <-sending:
	case <-time.After(time.Minute):
		t.Fatalf("nothing was sent:\n%s", p.log.String())
	}
	stop := make(chan struct{})
	var pressing sync.WaitGroup
	pressing.Go(func() { // again and again: signals that come close together are one
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended
			}
		}
	})
	state := p.end(t)
	close(stop)
	pressing.Wait()
	if how, ok := state.Sys().(syscall.WaitStatus); !ok || !how.Signaled() || how.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v\n%s", state, p.log.String())
	}
}

// TestDatabaseThatEndsByItself ends the demo, with a sentence that says so. It is kept in a
// folder whose name needs care wherever it is written.
func TestDatabaseThatEndsByItself(t *testing.T) {
	t.Parallel()
	data := filepath.Join(openDir(t), "it's a, \"folder\"", "Ёлка")
	p := runDemo(t, nil, nil, "--data", data)
	content, err := os.ReadFile(filepath.Join(data, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(content), "\n")
	postmaster, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(postmaster, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	state := p.end(t)
	if log := p.log.String(); state.ExitCode() != exitFailed || !strings.Contains(log, "okolo: PostgreSQL in "+data+" ended by itself") {
		t.Errorf("it ended with %v\n%s", state, log)
	}
	runDemo(t, nil, nil, "--data", data).terminate(t) // and nothing has to be mended by hand
}

// TestHomeThatCannotBeWritten: then the data is in the temporary folder, whatever its name.
func TestHomeThatCannotBeWritten(t *testing.T) {
	as, temp := plainUser(t), filepath.Join(openDir(t), "a, b")
	home := filepath.Join(temp, "home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(home, 0o555); err != nil {
		t.Fatal(err)
	}
	uid := os.Geteuid()
	if as != nil {
		uid = int(as.Uid)
		if err := os.Chown(temp, uid, int(as.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	p := runDemo(t, []string{"HOME=" + home, "TMPDIR=" + temp}, as)
	if _, err := os.Stat(filepath.Join(temp, "okolo-"+strconv.Itoa(uid), "postgres")); err != nil {
		t.Error(err)
	}
	p.terminate(t)
}
