package rig

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// script is a bot that a shell plays.
func script(t *testing.T, text string) *botProcess {
	t.Helper()
	p, err := startProcess(t.Context(), []string{"sh", "-c", text}, nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.kill(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// TestReady: a bot is ready when it says so, and may say where its statistics are.
func TestReady(t *testing.T) {
	for text, window := range map[string]string{
		`echo "ready: @bot, statistics at http://127.0.0.1:7/stats"; exec sleep 60`: "http://127.0.0.1:7",
		`echo starting; echo "ready: peer"; echo "ready: again" ; exec sleep 60`:    "",
	} {
		p := script(t, text)
		if p.window != window {
			t.Errorf("%s: the statistics are at %q", text, p.window)
		}
		if u, err := p.usage(); err != nil || u.RSS == 0 || u.Handles == 0 {
			t.Errorf("it uses %+v, %v", u, err)
		}
	}
}

// TestNeverReady: one that ends before, or that nobody waits for any more, is told with its words.
func TestNeverReady(t *testing.T) {
	_, err := startProcess(t.Context(), []string{"sh", "-c", "echo no token >&2; exit 3"}, nil, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "no token") {
		t.Errorf("it ended early: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err = startProcess(ctx, []string{"sleep", "60"}, nil, io.Discard); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody waits any more: %v", err)
	}
	if _, err = startProcess(t.Context(), []string{"/nowhere/okolo"}, nil, io.Discard); err == nil {
		t.Error("a program that is not there was started")
	}
}

// TestTerminate: an end that was asked for has to be a good one, and is forced where it does not
// come; one after a kill is nobody's fault.
func TestTerminate(t *testing.T) {
	const loop = `; echo "ready: x"; while :; do sleep 0.02; done`
	if err := script(t, `trap 'exit 0' TERM`+loop).terminate(t.Context()); err != nil {
		t.Error(err)
	}
	if err := script(t, `trap 'echo a write is lost >&2; exit 3' TERM`+loop).terminate(t.Context()); err == nil || !strings.Contains(err.Error(), "a write is lost") {
		t.Errorf("it ended badly: %v", err)
	}
	stubborn := script(t, `trap '' TERM`+loop)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := stubborn.terminate(ctx); err == nil || !strings.Contains(err.Error(), "did not stop") {
		t.Errorf("it did not end: %v", err)
	}
	killed := script(t, `:`+loop)
	if err := errors.Join(killed.kill(), killed.kill(), killed.terminate(t.Context())); err != nil {
		t.Error(err)
	}
}

// TestTail: the end of what a bot says is kept, and no more.
func TestTail(t *testing.T) {
	var all bytes.Buffer
	x := &tail{next: &all}
	for range 3 {
		if _, err := x.Write(bytes.Repeat([]byte("x"), tailSize)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := x.Write([]byte("the end\n")); err != nil || len(x.String()) >= tailSize || !strings.HasSuffix(x.String(), "the end") || all.Len() != 3*tailSize+8 {
		t.Errorf("%v, of %d bytes %d are kept", err, all.Len(), len(x.String()))
	}
}

// TestBuild: what cannot be built is told with what to do, and leaves nothing behind.
func TestBuild(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	if _, _, err := Build(t.Context(), "okolo/cmd/nothing"); err == nil || !strings.Contains(err.Error(), "--okolo") {
		t.Errorf("%v", err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
}

// TestConfine: a program runs within its memory, and not beyond; where this machine makes no
// cgroup, by the other limit.
func TestConfine(t *testing.T) {
	for name, limit := range map[string]func() confined{
		"as here":     func() confined { return confine([]string{"sh", "-c", allocate}, 64) },
		"RLIMIT_DATA": func() confined { return byRlimit([]string{"sh", "-c", allocate}, 64, errors.ErrUnsupported) },
	} {
		for _, x := range []struct {
			mb   string
			fits bool
		}{{"1", true}, {"400", false}} {
			c := limit()
			p, err := startProcess(t.Context(), c.command, []string{"MB=" + x.mb}, io.Discard)
			if (err == nil) != x.fits {
				t.Errorf("%s: %s MB within %s: %v", name, x.mb, c.how, err)
			}
			if p != nil {
				if err := p.kill(); err != nil {
					t.Error(err)
				}
			}
			if err := c.release(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// allocate holds MB of memory, of the shell's own, and is ready when it does.
const allocate = `x=$(head -c "$MB"000000 /dev/zero | tr '\0' x) && [ ${#x} = "$MB"000000 ] && echo "ready: it fits" && exec sleep 60`
